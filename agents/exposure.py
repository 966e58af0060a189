"""What may leave this machine unprotected: nothing, unless it is allowed by name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from pydantic import SecretStr

    from agents.settings import Settings

Risk = Literal["kafka", "database", "metrics"]
RISKS: tuple[Risk, ...] = ("kafka", "database", "metrics")

_VERIFIED = frozenset({"verify-ca", "verify-full"})


def risks(text: object) -> object:
    """Return the risks that a text names, separated by commas.

    Raises:
        ValueError: one is none of ours; `true` is none, since it does not say what is risked.
    """
    if not isinstance(text, str):
        return text
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := set(names) - set(RISKS):
        message = (
            f"should name what may go unencrypted, of {', '.join(RISKS)}, separated by commas; "
            f"{min(unknown)!r} is none of them"
        )
        raise ValueError(message)
    return frozenset(names)


def is_loopback(host: str) -> bool:
    """Return whether *host* names this machine itself; '' (a local socket) does."""
    if host in {"", "localhost"} or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, and names can point anywhere
        return False


def complaint(settings: Settings) -> str | None:
    """Return what goes to another machine unprotected and was not allowed; None if nothing does."""
    for risk, why in _exposures(settings):
        if risk not in settings.allow_plaintext:
            allowed = ",".join(sorted({*settings.allow_plaintext, risk}))
            return (
                f"{why}; or, where the network itself is private (as between the containers of "
                f"one compose file), set RINGSIDE_ALLOW_PLAINTEXT={allowed}"
            )
    return None


def _exposures(settings: Settings) -> Iterator[tuple[Risk, str]]:
    if settings.kafka_security_protocol in {"PLAINTEXT", "SASL_PLAINTEXT"}:
        for address in settings.kafka_bootstrap.split(","):
            host = address.strip().rpartition(":")[0].strip("[]")
            if not is_loopback(host):
                protocol = settings.kafka_security_protocol
                why = (
                    f"RINGSIDE_KAFKA_BOOTSTRAP names {host}, another machine, and "
                    f"RINGSIDE_KAFKA_SECURITY_PROTOCOL={protocol} is not encrypted. Set it to "
                    "SASL_SSL or SSL"
                )
                yield "kafka", why
    for field in ("database_url", "database_admin_url"):
        url: SecretStr | None = getattr(settings, field)
        if url is not None and not _is_verified(url.get_secret_value()):
            why = (
                f"RINGSIDE_{field.upper()} goes to another machine without sslmode=verify-full, so "
                "it may be read, or answered by somebody else. Put `?sslmode=verify-full&"
                "sslrootcert=/path/to/ca.pem` behind the database's name"
            )
            yield "database", why
    yield from _metrics(settings)


def _metrics(settings: Settings) -> Iterator[tuple[Risk, str]]:
    if is_loopback(settings.metrics_host):
        return
    is_encrypted = settings.metrics_certificate_file is not None
    asks = settings.metrics_password is not None or settings.metrics_client_ca_file is not None
    if not (is_encrypted and asks):
        lacks = "asks nobody who they are" if not asks else "sends its password unencrypted"
        why = (
            f"RINGSIDE_METRICS_HOST={settings.metrics_host} can be reached from other machines, "
            f"and the page {lacks}. Set RINGSIDE_METRICS_CERTIFICATE_FILE, "
            "RINGSIDE_METRICS_KEY_FILE and RINGSIDE_METRICS_PASSWORD (or "
            "RINGSIDE_METRICS_CLIENT_CA_FILE)"
        )
        yield "metrics", why


def _is_verified(url: str) -> bool:
    """Return whether a database URL stays on this machine or makes the server prove who it is."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    hosts = [*query.get("host", []), parts.hostname or ""]
    mode = query.get("sslmode", ["prefer"])[-1]
    return mode in _VERIFIED or all(is_loopback(host) for host in hosts)
