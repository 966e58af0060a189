"""Grafana as a local process, provisioned by the files that docker-compose.yml mounts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents.embedded.errors import MissingError
from agents.embedded.page_server import PageServer
from agents.embedded.paths import DEPLOY, GENERATED
from agents.embedded.ports import HOST, claim, writable_folder
from agents.embedded.process import ChildProcess, Program
from agents.embedded.secret_files import ensure_secret

_HOMES = (Path("/usr/share/grafana"), Path("/opt/grafana"), Path("/opt/homebrew/share/grafana"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the boards read, as the embedded stack has it."""

    prometheus_url: str
    database_address: str
    database_name: str
    database_user: str
    database_password: str = field(repr=False)


@dataclass(slots=True)
class Grafana(PageServer):
    """A Grafana server with a generated password for `admin`."""

    NAME = "Grafana"
    READY_PATH = "/api/health"
    START_SECONDS = 90.0

    @classmethod
    def create(cls, home: Path, sources: Sources, *, port: int | None = None) -> Grafana:
        """Return a server that keeps everything under `home`; not started yet.

        Raises:
            EmbeddedError: it is not installed, the port is taken, the folder cannot be written.
        """
        command, homepath = find_grafana()
        home = writable_folder("Grafana", home, mode=0o700)
        port = claim("Grafana", port)
        _lay_out(home, sources)
        program = Program(
            name="Grafana",
            command=(*command, f"--homepath={homepath}", f"--config={home / 'grafana.ini'}"),
            log=home / "grafana.log",
        )
        (home / "grafana.ini").write_text(_settings(home, port), encoding="utf-8")
        return cls(home, port, ChildProcess(program))

    @property
    def admin_password(self) -> str:
        """The password of `admin`, generated when the folder was made."""
        return ensure_secret(self.home / "secrets", "admin_password")


def find_grafana() -> tuple[tuple[str, ...], Path]:
    """How to start it, and the folder with its pages.

    Raises:
        MissingError: there is none.
    """
    homepath = next((home for home in _HOMES if (home / "conf" / "defaults.ini").exists()), None)
    if homepath is not None:
        own = shutil.which("grafana") or shutil.which(str(homepath / "bin" / "grafana"))
        if own is not None:
            return (own, "server"), homepath
        if old := shutil.which("grafana-server"):
            return (old,), homepath
    raise MissingError(
        "Grafana",
        "install the package from Grafana's website (Debian has none), or use docker-compose.yml",
    )


def _lay_out(home: Path, sources: Sources) -> None:
    folder = home / "secrets"
    ensure_secret(folder, "admin_password")
    (folder / "reader_password").write_text(sources.database_password, encoding="utf-8")
    provisioning = home / "provisioning"
    shutil.rmtree(provisioning, ignore_errors=True)
    shutil.copytree(DEPLOY / "grafana/provisioning", provisioning)
    for path in provisioning.rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(localised(text, replacements(folder, sources)), encoding="utf-8")


def replacements(folder: Path, sources: Sources) -> dict[str, str]:
    """What the provisioning files say of the containers, and what it is on this machine.

    Args:
        folder: holds the secrets.
        sources: what the boards read.
    """
    return {
        "http://prometheus:9090": sources.prometheus_url,
        "url: postgres:5432": f"url: {sources.database_address}",
        "user: grafana": f"user: {sources.database_user}",
        "database: ringside": f"database: {sources.database_name}",
        "/run/secrets": str(folder),
        "/var/lib/grafana/dashboards": str(GENERATED / "boards"),
    }


def localised(text: str, replacements: Mapping[str, str]) -> str:
    """Return the text with each address of the containers replaced by the local one."""
    for there, here in replacements.items():
        text = text.replace(there, here)
    return text


def _settings(home: Path, port: int) -> str:
    return f"""\
[paths]
data = {home / "data"}
logs = {home / "logs"}
plugins = {home / "plugins"}
provisioning = {home / "provisioning"}

[server]
http_addr = {HOST}
http_port = {port}

[security]
admin_user = admin
admin_password = $__file{{{home / "secrets" / "admin_password"}}}

[auth.anonymous]
enabled = false

[users]
allow_sign_up = false

[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
feedback_links_enabled = false

[news]
news_feed_enabled = false
"""
