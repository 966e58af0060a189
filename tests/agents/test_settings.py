"""Settings come from a mapping; what is wrong is told by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from agents.cli.settings import as_markdown
from agents.errors import RingsideError, SettingsError
from agents.exposure import is_loopback
from agents.settings import Settings, secrets, variable

KEY = "0123456789abcdef"


def complaint(**env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    return str(caught.value)


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = Settings.from_env({"PATH": "/bin", "RINGSIDE_CUSTOMER_KEY": ""})
    assert (settings.app_id, settings.kafka_bootstrap) == ("ringside", "127.0.0.1:9092")
    assert (settings.partitions, settings.replication_factor) == (4, 1)
    assert settings.lateness_seconds == 3600
    assert settings.customer_key is None


def test_variables_are_read_with_their_types() -> None:
    settings = Settings.from_env(
        {"RINGSIDE_PARTITIONS": "12", "RINGSIDE_IDLE_SECONDS": "1.5", "RINGSIDE_DATA_DIR": "/x"}
    )
    assert (settings.partitions, settings.idle_seconds) == (12, 1.5)
    assert settings.data_dir == Path("/x")


def test_a_wrong_value_is_told_with_its_variable_and_what_was_expected() -> None:
    assert complaint(RINGSIDE_PARTITIONS="many").startswith(
        "RINGSIDE_PARTITIONS='many' should be a valid integer"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ID", "Ring Side"),
        ("KAFKA_BOOTSTRAP", "127.0.0.1"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("PARTITIONS", "0"),
        ("PARTITIONS", "4.5"),
        ("COUNTRY_CODE", "+84"),
        ("LATENESS_SECONDS", "-1"),
        ("LATENESS_SECONDS", "nan"),
        ("IDLE_SECONDS", "inf"),
        ("METRICS_PORT", "65536"),
        ("LOG_LEVEL", "LOUD"),
        ("ALLOW_PLAINTEXT", "perhaps"),
        ("KAFKA_CA_FILE", "/does/not/exist.pem"),
    ],
)
def test_values_out_of_bounds_are_refused_by_name(name: str, value: str) -> None:
    assert complaint(**{f"RINGSIDE_{name}": value}).startswith(f"RINGSIDE_{name}={value!r} ")


def test_everything_wrong_is_told_at_once() -> None:
    lines = complaint(RINGSIDE_PARTITIONS="x", RINGSIDE_METRICS_PORT="y").splitlines()
    assert len(lines) == 2


def test_an_unknown_variable_is_an_error_that_suggests_the_nearest() -> None:
    assert complaint(RINGSIDE_KAFKA_BOOTSTRP="h:1") == (
        "RINGSIDE_KAFKA_BOOTSTRP is not a setting; did you mean RINGSIDE_KAFKA_BOOTSTRAP?"
    )
    assert "`ringside settings` lists" in complaint(RINGSIDE_ZZZZZZZZZZ="1")


def test_a_secret_is_never_in_an_error_nor_in_the_settings_text() -> None:
    assert "tooshort" not in complaint(RINGSIDE_CUSTOMER_KEY="tooshort")
    assert "hunter2" not in complaint(RINGSIDE_DATABASE_URL="mysql://u:hunter2@h/d")
    assert KEY not in repr(Settings.from_env({"RINGSIDE_CUSTOMER_KEY": KEY}))


def test_a_secret_can_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    settings = Settings.from_env({"RINGSIDE_CUSTOMER_KEY_FILE": str(tmp_path / "key")})
    assert settings.required("customer_key") == KEY


def test_a_secret_given_twice_or_in_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    assert "both set" in complaint(RINGSIDE_CUSTOMER_KEY=KEY, RINGSIDE_CUSTOMER_KEY_FILE=missing)
    assert complaint(RINGSIDE_CUSTOMER_KEY_FILE=missing) == (
        f"RINGSIDE_CUSTOMER_KEY_FILE={missing!r} cannot be read: No such file or directory"
    )


def test_what_is_no_secret_has_no_file() -> None:
    assert "not a setting" in complaint(RINGSIDE_PARTITIONS_FILE="/x")


@pytest.mark.parametrize(
    ("risk", "env"),
    [
        ("kafka", {"KAFKA_BOOTSTRAP": "kafka:9092"}),
        ("kafka", {"KAFKA_BOOTSTRAP": "127.0.0.1:9092,10.0.0.7:9092"}),
        ("database", {"DATABASE_URL": "postgresql://u:p@db/ringside"}),
        ("database", {"DATABASE_URL": "postgresql://u:p@db/ringside?sslmode=prefer"}),
        # Encrypted, but to whoever answers.
        ("database", {"DATABASE_URL": "postgresql://u:p@db/ringside?sslmode=require"}),
        ("database", {"DATABASE_ADMIN_URL": "postgresql://u:p@db/ringside"}),
        ("database", {"DATABASE_URL": "postgresql:///ringside?host=db.example.com"}),
        ("metrics", {"METRICS_HOST": "0.0.0.0"}),  # noqa: S104 - what is refused
        ("metrics", {"METRICS_HOST": "::", "METRICS_PASSWORD": "p"}),
    ],
)
def test_plain_text_to_another_machine_must_be_allowed_by_name(
    risk: str, env: dict[str, str]
) -> None:
    variables = {f"RINGSIDE_{name}": value for name, value in env.items()}
    assert f"RINGSIDE_ALLOW_PLAINTEXT={risk}" in complaint(**variables)
    others = ",".join({"kafka", "database", "metrics"} - {risk})
    assert "RINGSIDE_ALLOW_PLAINTEXT=" in complaint(**variables, RINGSIDE_ALLOW_PLAINTEXT=others), (
        "allowing the others allows this one"
    )
    allowed = Settings.from_env(variables | {"RINGSIDE_ALLOW_PLAINTEXT": risk}).allow_plaintext
    assert allowed == {risk}


def test_plain_text_is_not_allowed_without_saying_what() -> None:
    said = complaint(RINGSIDE_KAFKA_BOOTSTRAP="kafka:9092", RINGSIDE_ALLOW_PLAINTEXT="true")
    assert "should name what may go unencrypted, of kafka, database, metrics" in said


def test_the_metrics_page_may_be_reached_from_afar_if_it_is_encrypted_and_asks(
    tmp_path: Path,
) -> None:
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).write_text("")
    tls = {
        "RINGSIDE_METRICS_HOST": "10.0.0.1",
        "RINGSIDE_METRICS_CERTIFICATE_FILE": str(tmp_path / "cert.pem"),
        "RINGSIDE_METRICS_KEY_FILE": str(tmp_path / "key.pem"),
    }
    assert "asks nobody" in complaint(**tls)
    assert Settings.from_env(tls | {"RINGSIDE_METRICS_PASSWORD": "p"})
    assert Settings.from_env(tls | {"RINGSIDE_METRICS_CLIENT_CA_FILE": str(tmp_path / "ca.pem")})
    del tls["RINGSIDE_METRICS_KEY_FILE"]
    assert "belong together" in complaint(**tls)


def test_sasl_without_tls_is_refused_off_loopback_too() -> None:
    sasl = {
        "RINGSIDE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "RINGSIDE_KAFKA_SASL_MECHANISM": "PLAIN",
        "RINGSIDE_KAFKA_USERNAME": "u",
        "RINGSIDE_KAFKA_PASSWORD": "p",
    }
    assert Settings.from_env(sasl)
    assert "not encrypted" in complaint(**sasl, RINGSIDE_KAFKA_BOOTSTRAP="kafka:9092")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@127.0.0.1:5432/d",
        "postgresql://u:p@localhost/d",
        "postgresql://u:p@[::1]/d",
        "postgresql:///d?host=/var/run/postgresql",
        "postgresql://u:p@db/d?sslmode=verify-full",
        "postgresql://u:p@db/d?sslmode=verify-ca",
    ],
)
def test_a_database_on_this_machine_or_with_tls_is_allowed(url: str) -> None:
    assert Settings.from_env({"RINGSIDE_DATABASE_URL": url}).required("database_url") == url


def test_a_host_that_only_begins_like_this_machine_is_another() -> None:
    assert is_loopback("127.9.9.9")
    assert not is_loopback("localhost.example.com")
    assert not is_loopback("127.0.0.1.example.com")


def test_sasl_needs_all_its_parts_and_a_certificate_its_key(tmp_path: Path) -> None:
    assert "RINGSIDE_KAFKA_SASL_MECHANISM is missing" in complaint(
        RINGSIDE_KAFKA_SECURITY_PROTOCOL="SASL_SSL"
    )
    (tmp_path / "c.pem").write_text("")
    assert "belong together" in complaint(RINGSIDE_KAFKA_CERTIFICATE_FILE=str(tmp_path / "c.pem"))


def test_a_command_names_the_setting_it_misses() -> None:
    with pytest.raises(SettingsError, match=r"RINGSIDE_CUSTOMER_KEY \(or .*_FILE\) is not set"):
        Settings().tokeniser()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().partitions = 5


def test_every_setting_is_documented_and_the_document_is_up_to_date() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    document = Path(__file__).parents[2] / "docs" / "settings.md"
    assert document.read_text(encoding="utf-8") == as_markdown(), (
        "run `ringside settings --markdown > docs/settings.md`"
    )


def test_secrets_are_what_holds_passwords_and_keys() -> None:
    expected = {"kafka_password", "database_url", "database_admin_url", "customer_key"}
    expected |= {"metrics_password"}
    assert secrets(Settings) == expected
    assert variable("app_id") == "RINGSIDE_APP_ID"


def test_an_errors_docstring_is_its_message() -> None:
    class LateError(RingsideError):
        """It is too
        late. Go home.
        """  # noqa: D205

    assert str(LateError()) == "It is too late. Go home."
