"""Generated passwords in files: `python3 -m agents.embedded.secret_files FOLDER` for compose.

Only the standard library, so that it runs before anything is installed.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

RANDOM = (
    "postgres_password",
    "writer_password",
    "reader_password",
    "grafana_admin_password",
    "metrics_password",
    "customer_key",
    "alerts_token",
)
_SERVER = "postgres:5432/ringside"


def ensure_secret(folder: Path, name: str) -> str:
    """Return the secret of this name, generated the first time."""
    # The folder is closed to everybody else, so the files in it can be readable: a container's
    # user, whose number is another one, sees only the file that is mounted for it.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    path = folder / name
    if not path.exists():
        _write(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()


def ensure_all(folder: Path) -> None:
    """Every file that docker-compose.yml names under `secrets:`; what is there is kept."""
    values = {name: ensure_secret(folder, name) for name in RANDOM}
    # Made of the passwords, and therefore written anew each time.
    admin, writer = values["postgres_password"], values["writer_password"]
    _write(folder / "database_admin_url", f"postgresql://postgres:{admin}@{_SERVER}")
    _write(folder / "database_url", f"postgresql://worker:{writer}@{_SERVER}")


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="ascii")
    partial.chmod(0o644)
    partial.replace(path)


if __name__ == "__main__":
    ensure_all(Path(sys.argv[1]))
    sys.stdout.write(f"The secrets for docker compose are in {sys.argv[1]}.\n")
