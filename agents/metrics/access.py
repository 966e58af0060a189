"""Who may read the metrics page: TLS, and a password or a client's certificate."""

import base64
import binascii
import hmac
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from agents.errors import SettingsError
from agents.settings import Settings

_VARIABLES = (
    "RINGSIDE_METRICS_CERTIFICATE_FILE, RINGSIDE_METRICS_KEY_FILE and "
    "RINGSIDE_METRICS_CLIENT_CA_FILE"
)


@dataclass(frozen=True, slots=True)
class Access:
    """What the server asks of its clients; by default nothing, which is for loopback."""

    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    """User and password of `/metrics`."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what *settings* ask for.

        Raises:
            SettingsError: the certificates cannot be read.
        """
        login = None
        if settings.metrics_password is not None:
            login = settings.metrics_username, settings.metrics_password.get_secret_value()
        certificate, key = settings.metrics_certificate_file, settings.metrics_key_file
        if certificate is None or key is None:
            return cls(None, login)
        return cls(_context(certificate, key, settings.metrics_client_ca_file), login)

    def admits(self, authorization: str) -> bool:
        """Return whether an `Authorization` header is the right one, if one is asked for."""
        if self.login is None:
            return True
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            given = b""
        # In constant time: how long it takes must not tell how much of it was right.
        is_right = hmac.compare_digest(given, ":".join(self.login).encode())
        return is_right and scheme.lower() == "basic"


def _context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"the files for TLS of the metrics page cannot be used: {error}. Check {_VARIABLES}: "
            "they must be PEM"
        ) from None
    return context
