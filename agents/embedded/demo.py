"""`ringside demo`: the embedded stack with a worker and the simulator, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote
from types import FrameType
from urllib.parse import urlsplit

from agents.alerting.settings import Webhook
from agents.embedded.errors import NotStartedError
from agents.embedded.http import is_ok
from agents.embedded.moving import read_numbers
from agents.embedded.paths import PROJECT
from agents.embedded.ports import HOST, preferred
from agents.embedded.prepare import prepare_database, prepare_topics
from agents.embedded.process import ChildProcess, Program
from agents.embedded.shell import write_exports
from agents.embedded.stack import Stack, Wanted, start_stack
from agents.settings import Settings

_METRICS_PORT = 9464
_READY_SECONDS = 120.0
_LOOK_SECONDS = 5.0

_WORKER = ("worker",)
# Twenty minutes at once, so that the windows are full, then as it happens, at any hour of the day.
_SIMULATE = (
    *("simulate", "--reps", "120", "--always-open"),
    *("--backfill", "20m", "--apply-roster"),
)
_SHARED = (
    "RINGSIDE_KAFKA_BOOTSTRAP",
    "RINGSIDE_DATABASE_URL",
    "RINGSIDE_CUSTOMER_KEY",
    "RINGSIDE_CUSTOMER_KEY_FILE",
    "RINGSIDE_METRICS_PORT",
)
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


def run_demo(home: Path, env: Mapping[str, str], say: Say, *, keep: bool = False) -> None:
    """Start everything, print what to open, and stop it all in order on Ctrl-C.

    Args:
        home: where the servers' programs, data and logs are kept.
        env: the environment; RINGSIDE_KAFKA_BOOTSTRAP and RINGSIDE_DATABASE_URL in it name
            servers to use instead of starting some.
        say: told what happens.
        keep: goes on with the data of the last demo instead of with none.

    Raises:
        RingsideError: something that is needed cannot be started, or has ended.
    """
    with _ended_by_signal(), ExitStack() as running:
        try:
            wanted = _wanted(env, say, is_fresh=not keep)
            stack = running.enter_context(start_stack(home, env=env, say=say, wanted=wanted))
            children = start_children(home, stack, env, say, running)
            exports = write_exports(home / "stack", shell_environment(stack, children))
            say(what_to_open(home, stack, exports, metrics_port=children.metrics_port))
            children.watch(say)
        except KeyboardInterrupt:
            say("Stopping ...")
    say("Everything has been stopped.")


class Children:
    """The worker and the simulator of a demo."""

    def __init__(
        self, worker: ChildProcess, simulator: ChildProcess, env: Mapping[str, str]
    ) -> None:
        self.worker = worker
        self.simulator = simulator
        self.env = env
        self.metrics_port = int(env["RINGSIDE_METRICS_PORT"])

    def watch(self, say: Say) -> None:
        """Print the numbers every few seconds; ends only by an exception.

        Raises:
            NotStartedError: the worker or the simulator has ended; shows the end of its log.
        """
        while True:
            for child in (self.worker, self.simulator):
                # A process that goes on is what is wanted here, and is told by "still running".
                try:
                    code = child.wait(_LOOK_SECONDS / 2)
                except NotStartedError:
                    continue
                tail, log = child.log_tail(), child.program.log
                raise NotStartedError(child.program.name, f"ended ({code})", log, tail)
            numbers = read_numbers(self.metrics_port)
            say("The worker does not answer." if numbers is None else numbers.line())


def start_children(
    home: Path, stack: Stack, env: Mapping[str, str], say: Say, running: ExitStack
) -> Children:
    """Create the topics, start the worker and the simulator, and wait for the worker.

    Raises:
        RingsideError: Kafka refuses, or one of them cannot be started.
    """
    port = preferred(_METRICS_PORT)
    child_env = child_environment(stack, env, metrics_port=port)
    logs = home / "stack" / "logs"
    prepare_topics(Settings.from_env(child_env), say)
    worker = ChildProcess(_ringside(_WORKER, logs, child_env))
    simulator = ChildProcess(_ringside(_SIMULATE, logs, child_env))
    say("Starting the worker and the simulator ...")
    for child in (worker, simulator):
        running.callback(child.stop)
        child.start()
    if stack.alerts is not None:
        receiver = ChildProcess(_ringside(_receive(stack.alerts), logs, child_env))
        running.callback(receiver.stop)
        receiver.start()
    worker.wait_until(lambda: is_ok(port, "/ready"), _READY_SECONDS)
    if stack.prometheus is not None:
        stack.prometheus.set_targets({"workers": [f"{HOST}:{port}"]})
    return Children(worker, simulator, child_env)


def _receive(alerts: Webhook) -> tuple[str, ...]:
    """Return the command that keeps what Alertmanager tells of."""
    port, token_file = urlsplit(alerts.url).port, alerts.token_file
    return ("alerts", "receive", f"--port={port}", f"--token-file={token_file}")


def child_environment(stack: Stack, env: Mapping[str, str], *, metrics_port: int) -> dict[str, str]:
    """Return the environment of the worker and the simulator."""
    ours = {
        "RINGSIDE_KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "RINGSIDE_DATABASE_URL": stack.database_url,
        "RINGSIDE_CUSTOMER_KEY": stack.customer_key,
        "RINGSIDE_METRICS_HOST": HOST,
        "RINGSIDE_METRICS_PORT": str(metrics_port),
    }
    # A key that was given stays: another key makes other tokens of the same customers.
    if env.get("RINGSIDE_CUSTOMER_KEY") or env.get("RINGSIDE_CUSTOMER_KEY_FILE"):
        del ours["RINGSIDE_CUSTOMER_KEY"]
    files = {f"{name}_FILE" for name in ours}
    given = {name: value for name, value in env.items() if name not in files}
    return given | ours


def shell_environment(stack: Stack, children: Children) -> dict[str, str]:
    """Return the settings with which commands in another terminal reach all that runs here.

    The database's user is its administrator, if it is ours: some commands read, others write.
    """
    admin_url = stack.database_admin_url
    admin = {"RINGSIDE_DATABASE_URL": admin_url, "RINGSIDE_DATABASE_ADMIN_URL": admin_url}
    ours = {name: children.env[name] for name in _SHARED if name in children.env}
    return ours | {name: url for name, url in admin.items() if url is not None}


def what_to_open(home: Path, stack: Stack, exports: Path, *, metrics_port: int) -> str:
    """Return the text that a person reads once everything is up."""
    lines = [
        "",
        "Ringside is running. Ctrl-C stops it.",
        f"  metrics        http://{HOST}:{metrics_port}/metrics",
        f"  Kafka          {stack.kafka_bootstrap} ({stack.kafka_name})",
    ]
    if stack.postgres is not None:
        password_file = stack.postgres.home / "password"
        lines.append(
            f"  PostgreSQL     {HOST}:{stack.postgres.port}, database ringside, user postgres, "
            f"password in {password_file}"
        )
    if stack.prometheus is not None:
        lines.append(f"  Prometheus     {stack.prometheus.url}")
    if stack.alertmanager is not None:
        lines.append(f"  Alertmanager   {stack.alertmanager.url}")
    if stack.grafana is not None:
        lines.append(
            f"  Grafana        {stack.grafana.url} (admin / {stack.grafana.admin_password})"
        )
    lines.append(f"  logs           {home / 'stack' / 'logs'}")
    lines.append(f"  in a terminal  . {quote(str(exports))}")
    lines.append("                 ringside top    (or any other command: ringside --help)")
    lines.extend(f"Not started: {error}" for error in stack.missing)
    return "\n".join(lines)


def _wanted(env: Mapping[str, str], say: Say, *, is_fresh: bool) -> Wanted:
    return Wanted(
        kafka_bootstrap=env.get("RINGSIDE_KAFKA_BOOTSTRAP") or None,
        database_url=env.get("RINGSIDE_DATABASE_URL") or None,
        is_fresh=is_fresh,
        meanwhile=lambda access: prepare_database(access, say),
    )


def _ringside(command: tuple[str, ...], logs: Path, env: Mapping[str, str]) -> Program:
    return Program(
        name=f"ringside {command[0]}",
        command=(sys.executable, "-m", "agents", *command),
        log=logs / f"{command[0]}.log",
        env=env,
        working_folder=PROJECT,
    )


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Lets `kill` and a closed terminal end the demo as Ctrl-C does: in order.

    SIGINT is set too: a shell script that starts the demo in the background has it ignored.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
