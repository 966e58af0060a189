"""What can be wrong with the database, and what to do about it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import asyncpg
from sqlalchemy.exc import DBAPIError

from agents.errors import DatabaseError


class UnreachableError(DatabaseError):
    """PostgreSQL does not answer. Start it, or correct the URL."""


class AccessRefusedError(DatabaseError):
    """PostgreSQL refuses this user. Correct the user or the password in the URL."""


class NoRightsError(DatabaseError):
    """The user may not do this."""


class SchemaBehindError(DatabaseError):
    """The database schema is older than this release. Run `ringside db migrate`."""


class SchemaAheadError(DatabaseError):
    """The database schema is newer than this release. Upgrade the service, then retry."""


FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What asyncpg raises; OSError includes TimeoutError, ConnectionError and ssl.SSLError."""

_Types = tuple[type[BaseException], ...]

_MISMATCH = frozenset({62, 64})
"""OpenSSL's numbers for a certificate of another host, or of another address."""

_MEANINGS: tuple[tuple[_Types, type[DatabaseError], str], ...] = (
    ((ssl.SSLError,), DatabaseError, "TLS failed; check sslmode and sslrootcert in the URL"),
    ((asyncpg.ClientConfigurationError,), DatabaseError, "Correct the URL"),
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        AccessRefusedError,
        "Correct the user or the password in the URL",
    ),
    ((asyncpg.InvalidCatalogNameError,), DatabaseError, "Create it: CREATE DATABASE"),
    ((asyncpg.InsufficientPrivilegeError,), NoRightsError, "This needs a user with more rights"),
    (
        (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError),
        SchemaBehindError,
        "Run `ringside db migrate`",
    ),
    ((asyncpg.LockNotAvailableError,), DatabaseError, "Somebody holds a table; try again later"),
    (
        (asyncpg.DependentObjectsStillExistError,),
        DatabaseError,
        "Views are made anew by each migration: drop what was built on them, or move it out",
    ),
    (
        (
            OSError,
            asyncpg.CannotConnectNowError,
            asyncpg.TooManyConnectionsError,
            asyncpg.PostgresConnectionError,
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
        ),
        UnreachableError,
        "PostgreSQL does not answer: start it, or correct the URL",
    ),
)
"""What to make of an error: the first that fits."""


def place(url: str) -> str:
    """Return where a URL leads, without its password."""
    parts = urlsplit(url)
    user = f"{unquote(parts.username)}@" if parts.username else ""
    return f"{user}{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Raise a DatabaseError, which says what to do, in place of what asyncpg raises within."""
    try:
        yield
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig is not None else None
        raise explain(cause or error, url) from error
    except FAILURES as error:
        raise explain(error, url) from error


def explain(error: BaseException, url: str) -> DatabaseError:
    """Return what an error of asyncpg's means for the operator."""
    where, why = place(url), str(error) or type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        why = error.message or why  # without its detail, which may quote a row
    if isinstance(error, ssl.SSLCertVerificationError):
        return DatabaseError(f"{where} {_certificate(error)}")
    if isinstance(error, asyncpg.DependentObjectsStillExistError):
        why = f"{why}: {error.detail}"
    for types, kind, advice in _MEANINGS:
        if isinstance(error, types):
            return kind(f"{where}: {why}. {advice}")
    return DatabaseError(f"{where}: {why}")


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _MISMATCH:
        return (
            f"shows a certificate for another host ({error.verify_message}). Put a name that the "
            "certificate holds into the URL"
        )
    return (
        f"shows a certificate that cannot be trusted ({error.verify_message}). Let sslrootcert in "
        "the URL name the file of the authority that signed it"
    )
