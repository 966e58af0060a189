"""Users who log in: the worker's, Grafana's, the pruner's. Each is in one group role, no more."""

import base64
import hashlib
import hmac
import secrets
from typing import Literal

from agents.errors import DatabaseError
from agents.postgres.connection import Connection

Role = Literal["writer", "reader", "pruner"]
ROLES: tuple[Role, ...] = ("writer", "reader", "pruner")

ITERATIONS = 4096
_READER_SETTINGS = {
    # A board must not be able to hold up the database, nor a typing error to change it.
    "default_transaction_read_only": "on",
    "statement_timeout": "30s",
    # To compile a board's query takes longer than to run it.
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
}
_WRITER_SETTINGS = {"idle_in_transaction_session_timeout": "60s"}
_SETTINGS: dict[Role, dict[str, str]] = {
    "reader": _READER_SETTINGS,
    "writer": _WRITER_SETTINGS,
    "pruner": _WRITER_SETTINGS,
}


def verifier(password: str, salt: bytes) -> str:
    """Return what PostgreSQL keeps of a password (SCRAM-SHA-256), as it would make it itself.

    Made here, the password itself never reaches the server, whose logs show statements.
    """
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"


async def create_user(connection: Connection, name: str, role: Role, password: str) -> bool:
    """Make a user, or give an existing one this password and role. Return whether it is new.

    Raises:
        DatabaseError: the name is taken by somebody who is not of ours, or the password is none.
    """
    _check_password(password)
    async with connection.transaction():
        is_new = await _require_free_or_ours(connection, name)
        verb = "CREATE" if is_new else "ALTER"
        kept = verifier(password, secrets.token_bytes(16))
        await _run(connection, f"{verb} ROLE %I LOGIN PASSWORD %L", name, kept)
        await _run(connection, "GRANT %I TO %I", f"ringside_{role}", name)
        for other in ROLES:
            if other != role and await _is_member(connection, name, f"ringside_{other}"):
                await _run(connection, "REVOKE %I FROM %I", f"ringside_{other}", name)
        database = await connection.fetchval("SELECT current_database()")
        # Settings are not inherited from a group role, so each user has its own.
        await _run(connection, "ALTER ROLE %I IN DATABASE %I RESET ALL", name, database)
        for setting, value in ({"search_path": "ringside"} | _SETTINGS[role]).items():
            statement = "ALTER ROLE %I IN DATABASE %I SET %I = %L"
            await _run(connection, statement, name, database, setting, value)
        await _run(connection, "GRANT CONNECT ON DATABASE %I TO %I", database, name)
    return is_new


def _check_password(password: str) -> None:
    # Outside ASCII the same characters can be spelled in several ways (SASLprep).
    if not password or not password.isascii() or not password.isprintable():
        raise DatabaseError("the password must be one line of printable ASCII characters")


async def _require_free_or_ours(connection: Connection, name: str) -> bool:
    """Return whether no such role is there; raise if one is that this must not change."""
    found = await connection.fetchrow(
        "SELECT rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
        " OR rolbypassrls AS is_powerful FROM pg_roles WHERE rolname = $1",
        name,
    )
    if found is None and not name.startswith(("ringside_", "pg_")):
        return True
    if found is not None and found["rolcanlogin"] and not found["is_powerful"]:
        member = [await _is_member(connection, name, f"ringside_{role}") for role in ROLES]
        if any(member):
            return False
    raise DatabaseError(
        f"the name {name} belongs to a role that `ringside db create-user` did not make; "
        "choose another"
    )


async def _is_member(connection: Connection, name: str, group: str) -> bool:
    return bool(await connection.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", name, group))


async def _run(connection: Connection, template: str, *words: str) -> None:
    """Run a statement whose %I (names) and %L (texts) the server itself fills in, quoted."""
    slots = ", ".join(f"${index + 2}::text" for index in range(len(words)))
    statement = await connection.fetchval(f"SELECT format($1, {slots})", template, *words)
    await connection.execute(statement)
