"""Alertmanager's configuration: who is told of what, and when not. amtool routes; we compare."""

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
import yaml

from agents.alerting.calendar import closed
from agents.alerting.config import configuration
from agents.alerting.settings import AlertSettings, Delivery, Mail, Receiver, Slack, Webhook, read
from agents.errors import InputError
from schemas.alerting import DropOf, LimitsOf, Rules
from schemas.roster import Site

PROJECT = Path(__file__).parents[2]
HQ = Site(
    id="hq",
    zone="Asia/Seoul",
    working_hours={"mon": "08:30-17:00", "sat": "00:00-24:00"},
    holidays=(date(2026, 1, 1),),
)
DELIVERY = Delivery(
    heartbeat=Webhook(url="https://heartbeat.example.com/ringside"),
    mail=Mail(server="smtp.example.com:587", sender="r@example.com", password_file="/run/s/smtp"),
    receivers={
        "oncall": Receiver(
            email=("oncall@example.com",),
            webhook=(Webhook(url="https://pager.example.com/v1", token_file="/run/s/pager"),),
        ),
        "floor": Receiver(slack=(Slack(channel="#floor", url_file="/run/s/slack"),)),
        "lead": Receiver(email=("lead@example.com",)),
    },
    critical=("oncall",),
    warning=("floor",),
    teams={'north "one"': ("lead",)},
)
needs_amtool = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="needs amtool, which comes with Alertmanager"
)


def amtool(*arguments: str) -> str:
    command = ("amtool", *arguments)
    done = subprocess.run(  # noqa: S603 - a fixed program
        command, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration(DELIVERY, (HQ,)), "utf-8")
    return str(path)


@needs_amtool
def test_amtool_accepts_it(file: str) -> None:
    assert "6 receivers" in amtool("check-config", file)


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (("alertname=ActivityDropped", "severity=critical", "team=red"), "history,oncall"),
        (
            ("alertname=ActivityDropped", "severity=critical", 'team=north "one"'),
            "history,lead,oncall",
        ),
        (("alertname=ServiceLevelLow", "severity=warning", "site=hq"), "history,floor"),
        (("alertname=BadInput", "severity=warning", "topic=calls"), "history,floor"),
        (("alertname=Watchdog", "severity=none"), "heartbeat"),
    ],
)
def test_each_severity_and_team_has_its_receivers(
    file: str, labels: tuple[str, ...], told: str
) -> None:
    quoted = [label.replace('"', '\\"') for label in labels]
    matched = [f'{name}="{value}"' for name, _, value in (each.partition("=") for each in quoted)]
    assert amtool("config", "routes", "test", f"--config.file={file}", *matched).strip() == told


def test_a_site_is_closed_around_its_hours_on_free_days_and_on_holidays() -> None:
    found = closed(HQ)
    assert found["name"] == "closed: hq"
    assert {each.pop("location") for each in found["time_intervals"]} == {"Asia/Seoul"}
    times = found["time_intervals"]
    before = {"start_time": "00:00", "end_time": "08:30"}
    after = {"start_time": "17:00", "end_time": "24:00"}
    assert times[:2] == [
        {"weekdays": ["monday"], "times": [before]},
        {"weekdays": ["monday"], "times": [after]},
    ]
    # Tuesday to Friday and Sunday nobody works; on Saturday somebody always does.
    free = [each["weekdays"][0] for each in times if set(each) == {"weekdays"}]
    assert free == ["tuesday", "wednesday", "thursday", "friday", "sunday"]
    assert times[-1] == {"years": ["2026"], "months": ["1"], "days_of_month": ["1"]}


def test_only_warnings_are_muted_while_a_site_is_closed() -> None:
    routes = yaml.safe_load(configuration(DELIVERY, (HQ,)))["route"]["routes"]
    muted = [each for each in routes if "mute_time_intervals" in each]
    assert [each["matchers"] for each in muted] == [['severity="warning"', 'site="hq"']]


def test_the_first_two_silences_inhibit_the_third() -> None:
    rules = yaml.safe_load(configuration(Delivery(), ()))["inhibit_rules"]
    sources = {each["source_matchers"][0]: each for each in rules}
    silent = sources['alertname="SourceSilent"']
    assert "ActivityDropped" in silent["target_matchers"][0]
    assert silent["equal"] == ["site"]
    lagging = sources['alertname="PipelineLagging"']
    for effect in ("ActivityDropped", "SourceSilent"):
        assert effect in lagging["target_matchers"][0]
    assert "equal" not in lagging


def test_without_any_partition_only_that_is_told_and_not_its_effects() -> None:
    rules = yaml.safe_load(configuration(Delivery(), ()))["inhibit_rules"]
    (uncounted,) = [each for each in rules if "NothingCounted" in each["source_matchers"][0]]
    for effect in ("WorkerDown", "PipelineLagging", "SourceSilent", "ActivityDropped"):
        assert effect in uncounted["target_matchers"][0]
    assert "equal" not in uncounted


def test_what_always_fires_goes_to_nobody_unless_somebody_listens() -> None:
    (first, *_) = yaml.safe_load(configuration(Delivery(), ()))["route"]["routes"]
    assert (first["matchers"], first["receiver"]) == (['alertname="Watchdog"'], "nobody")
    assert "continue" not in first  # so it is no history


def test_no_secret_is_in_it_only_the_names_of_their_files(file: str) -> None:
    text = Path(file).read_text("utf-8")
    for name in ("smtp_auth_password_file", "credentials_file", "api_url_file"):
        assert name in text
    for name in ("smtp_auth_password:", "credentials:", "api_url:"):
        assert name not in text


def test_the_committed_configuration_is_the_default_one() -> None:
    committed = (PROJECT / "deploy/alertmanager/alertmanager.yml").read_text("utf-8")
    assert committed == configuration(Delivery(), ())


def test_the_example_can_be_read_and_differs_from_the_defaults() -> None:
    settings = read(PROJECT / "deploy" / "alerts.yaml")
    assert settings.rules.drop_of == {"night-desk": DropOf(share=0.5)}
    assert settings.rules.limits()["vip"].service_level == 0.9
    assert settings.rules.limits()["vip"].abandonment == Rules().queue.abandonment
    assert settings.rules.queue_of["vip"] == LimitsOf(service_level=0.9, longest_wait_seconds=60)
    assert settings.delivery.critical == ("on-call",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("rules: {drop: {share: 75}}", r"rules\.drop\.share"),
        ("rules: {dorp: {}}", "dorp"),
        ("delivery: {critical: [nobody]}", "unknown receiver nobody; delivery.receivers has none"),
        (
            "delivery: {receivers: {a: {email: [a@example.com]}}}",
            "a should get e-mail, and delivery.mail",
        ),
        ("rules: [", "is not YAML"),
        ("delivery: {receivers: {history: {}}}", "history is a name of ours"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=complaint):
        read(file)


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text("# nothing\n", "utf-8")
    assert read(file) == AlertSettings()
