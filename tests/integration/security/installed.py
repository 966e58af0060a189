"""An installation behind TLS, made by the commands that an operator would use."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.embedded.paths import PROJECT
from agents.embedded.ports import free_port
from agents.embedded.process import ChildProcess
from tests.integration.pipeline import Worker, ringside
from tests.integration.security.secure_kafka import USERS, SecureKafka
from tests.integration.security.secure_postgres import SecurePostgres

APP_ID = "secured"
CUSTOMER_KEY = "a key for the tests"
DATABASE = "secured"

Env = dict[str, str]


@dataclass(slots=True)
class Installation:
    """Who is who in it: environments by role."""

    folder: Path
    kafka: SecureKafka
    postgres: SecurePostgres
    base: Env
    passwords: Mapping[str, str]

    @classmethod
    def make(
        cls, folder: Path, kafka: SecureKafka, postgres: SecurePostgres, env: Mapping[str, str]
    ) -> Installation:
        """Make rights, topics, schema and users."""
        base = {name: value for name, value in env.items() if not name.startswith("RINGSIDE_")}
        base |= {"RINGSIDE_APP_ID": APP_ID, "RINGSIDE_LOG_FORMAT": "console"}
        passwords = {role: secrets.token_hex(8) for role in ("writer", "reader")}
        made = cls(folder, kafka, postgres, base, passwords)
        named = [word for user in USERS for word in (f"--{user}", user)]
        made.run(made.superuser(), "topics", "acls", "--apply", *named)
        made.run(made.env("operator"), "topics", "apply")
        postgres.server.create_database(DATABASE)
        admin = base | {"RINGSIDE_DATABASE_ADMIN_URL": postgres.admin_url(DATABASE)}
        made.run(admin, "db", "migrate")
        for role, password in passwords.items():
            file = folder / f"{role}.password"
            file.write_text(password, encoding="ascii")
            user = ("create-user", f"the_{role}", "--role", role, "--password-file", str(file))
            made.run(admin, "db", *user)
        return made

    def superuser(self) -> Env:
        """Return the environment of the test's own way in."""
        return self.base | {"RINGSIDE_KAFKA_BOOTSTRAP": self.kafka.bootstrap}

    def env(self, user: str, *, by: str = "scram") -> Env:
        """Return the environment of a user of Kafka."""
        found = self.kafka.scram(user) if by == "scram" else self.kafka.mtls(user)
        return self.base | found

    def url(self, role: str) -> str:
        """Return the URL of a user of PostgreSQL."""
        return self.postgres.url(DATABASE, f"the_{role}", self.passwords[role])

    def worker_env(self, *, by: str = "scram") -> Env:
        """Return a worker's environment, its secrets in files."""
        files = {"database_url": self.url("writer"), "customer_key": CUSTOMER_KEY}
        env = self.env("worker", by=by)
        for name, text in files.items():
            path = self.folder / f"worker.{name}"
            path.write_text(text + "\n", encoding="ascii")
            env[f"RINGSIDE_{name.upper()}_FILE"] = str(path)
        return env | {
            "RINGSIDE_SNAPSHOT_SECONDS": "0.5",
            "RINGSIDE_CHECKPOINT_SECONDS": "0.5",
        }

    def worker(self, env: Env) -> Worker:
        """Return a worker that is not started yet."""
        port = free_port()
        env = env | {
            "RINGSIDE_METRICS_PORT": str(port),
            "RINGSIDE_DATA_DIR": str(self.folder / f"worker-{port}"),
        }
        program = ringside("worker", log=self.folder / f"worker-{port}.log", env=env)
        return Worker(ChildProcess(program), port)

    def run(
        self, env: Env, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a `ringside` command to its end."""
        finished = subprocess.run(  # noqa: S603 - our own command line
            (sys.executable, "-m", "agents", *arguments),
            env=env,
            cwd=PROJECT,
            text=True,
            capture_output=True,
            check=False,
            timeout=300,
        )
        if check:
            assert finished.returncode == 0, finished.stderr
        return finished
