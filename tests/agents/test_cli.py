"""The command line as somebody meets it: help, mistakes, exit codes."""

import importlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
import typer

from agents import log
from agents.__main__ import run
from agents.cli.context import settings_of
from agents.cli.lazy import REGISTRY
from agents.errors import BrokerError

PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")


def test_help_names_the_commands_and_shows_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"], {}) == 0
    text = capsys.readouterr().out
    for command in ("topics", "roster", "publish", "deadletters", "top", "settings"):
        assert command in text
    assert "ringside topics apply" in text


def test_a_paragraph_of_help_fills_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    for command, begins in (
        (["explain"], "Reads the measures"),
        (["deadletters", "retry"], "Each dead letter"),
        (["privacy", "erase"], "What was counted"),
    ):
        assert run([*command, "--help"], {}) == 0
        lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
        (paragraph,) = [line for line in lines if line.startswith(begins)]
        assert lines[lines.index(paragraph) + 1] == "", "its end is on the same line"


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("topics", "roster", "publish", "deadletters", "top", "settings"):
        assert run([command, "--help"], {}) == 0
        assert "Usage: ringside" in capsys.readouterr().out


def test_help_imports_neither_kafka_nor_faust() -> None:
    program = (
        "import sys; from agents.__main__ import run; run(['--help'], {}); "
        "heavy = {'faust', 'aiokafka', 'confluent_kafka', 'asyncpg', 'sqlalchemy'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["topcs"], {}) == 2
    assert "'topics'" in capsys.readouterr().err


def test_an_unknown_option_is_wrong_use() -> None:
    assert run(["topics", "apply", "--nonsense"], {}) == 2


def test_wrong_settings_are_one_red_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["topics", "apply"], {"RINGSIDE_PARTITIONS": "x"}) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: RINGSIDE_PARTITIONS='x'")
    assert "Traceback" not in error


def test_an_unreachable_broker_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    # Port 1 of this machine: nobody listens there.
    env = {"RINGSIDE_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    assert run(["topics", "list", "--wait", "0"], env) == 1
    error = capsys.readouterr().err
    assert "error: Kafka at 127.0.0.1:1 does not answer" in error
    assert "RINGSIDE_KAFKA_BOOTSTRAP" in error


def test_debug_shows_where_an_error_came_from() -> None:
    env = {"RINGSIDE_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    with pytest.raises(BrokerError):
        run(["--debug", "topics", "list", "--wait", "0"], env)


def test_settings_are_listed_without_their_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    env = {"RINGSIDE_CUSTOMER_KEY": "very secret indeed", "RINGSIDE_PARTITIONS": "7"}
    assert run(["settings"], env) == 0
    text = capsys.readouterr().out
    assert "RINGSIDE_CUSTOMER_KEY" in text
    assert "(set)" in text
    assert "very secret" not in text


def test_the_command_runs_as_a_module_and_tells_its_version() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "agents", "--version"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("ringside ")


def test_each_registered_module_that_is_there_holds_commands() -> None:
    for entry in REGISTRY:
        if importlib.util.find_spec(entry.module):
            module = importlib.import_module(entry.module)
            assert isinstance(module.commands, typer.Typer), entry.module


def test_settings_outside_a_run_are_a_bug_and_not_a_guess() -> None:
    command = typer.main.get_command(
        typer.Typer(callback=lambda: None, invoke_without_command=True)
    )
    with pytest.raises(TypeError):
        settings_of(typer.Context(command))


def test_logs_of_structlog_and_of_libraries_are_one_json_object_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with (tmp_path / "log").open("w") as stream:
        log.configure("json", "INFO", stream=stream)
        log.get("ours", partition=3).info("checkpointed", seconds=0.5)
        logging.getLogger("theirs").warning("lost %s", "it")
        logging.getLogger("aiokafka.consumer").info("chatter")
        log.get("ours").debug("too fine")
    structlog.reset_defaults()
    ours, theirs = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert (ours["event"], ours["partition"], ours["seconds"]) == ("checkpointed", 3, 0.5)
    assert (ours["level"], ours["logger"]) == ("info", "ours")
    assert ours["at"].endswith("Z")
    assert (theirs["event"], theirs["level"]) == ("lost it", "warning")


def test_ctrl_c_ends_a_command_quietly() -> None:
    # A reader of standard input waits; SIGINT must end it with 130 and no traceback.
    program = (
        "import os, signal, sys; from agents.__main__ import run; "
        # A job in the background of a shell inherits that SIGINT is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from agents.cli import publish; "
        "publish.lines = lambda stream: os.kill(os.getpid(), signal.SIGINT) or iter(()); "
        "sys.exit(run(['publish', '-', '--dry-run'], {}))"
    )
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.defpath},
    )
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
