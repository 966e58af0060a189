"""PostgreSQL that speaks TLS and nothing else."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from agents.embedded.postgres import Postgres
from tests.integration.security.authority import Authority

HOST_NAME = "localhost"
_RULES = "hostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all all reject\n"


def programs_with_tls() -> Path:
    """Return the machine's own PostgreSQL: the wheel's is built without TLS."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found:
        pytest.skip("needs PostgreSQL with TLS: apt-get install postgresql")
    return max(found, key=lambda folder: int(folder.parent.name))


@dataclass(slots=True)
class SecurePostgres:
    """The server, and URLs that ask it who it is."""

    server: Postgres
    authority: Authority

    @classmethod
    def create(cls, home: Path, authority: Authority) -> SecurePostgres:
        """Make and start one."""
        server = Postgres.create(home, programs=programs_with_tls(), is_durable=False)
        server.start()
        server.stop()
        certificate = authority.issue("postgres", HOST_NAME)
        data = home / "data"
        owner = data.stat()
        for name, source in (("server.crt", certificate.chain), ("server.key", certificate.key)):
            shutil.copyfile(source, data / name)
            (data / name).chmod(0o600)
            os.chown(data / name, owner.st_uid, owner.st_gid)
        (data / "pg_hba.conf").write_text(_RULES, encoding="ascii")
        with (data / "postgresql.conf").open("a", encoding="ascii") as options:
            options.write("ssl = on\nssl_min_protocol_version = 'TLSv1.2'\n")
        server.start()
        return cls(server, authority)

    def url(
        self,
        database: str,
        user: str,
        password: str,
        *,
        host: str = HOST_NAME,
        mode: str = "verify-full",
        ca_file: Path | None = None,
    ) -> str:
        """Return the URL of a user."""
        query = f"sslmode={mode}"
        if mode.startswith("verify"):
            query += f"&sslrootcert={ca_file or self.authority.ca_file}"
        port = self.server.port
        return f"postgresql://{user}:{quote(password)}@{host}:{port}/{database}?{query}"

    def admin_url(self, database: str) -> str:
        """Return the superuser's URL."""
        return self.url(database, "postgres", self.server.admin_password)
