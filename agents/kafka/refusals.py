"""Why a broker that is there does not let us in: found out by one handshake of our own.

librdkafka says "Broker transport failure" to all of this, and the same words to a wrong authority
as to a wrong host name.
"""

import socket
import ssl
from collections.abc import Iterator

from confluent_kafka import KafkaError

from agents.kafka import config
from agents.settings import Settings

_HANDSHAKE_SECONDS = 5.0
_ALERT_SECONDS = 0.5
_PROTOCOL = "RINGSIDE_KAFKA_SECURITY_PROTOCOL"


class Refusals:
    """Remembers what librdkafka says of a log-in that was refused; its `error_cb`."""

    def __init__(self) -> None:
        self.login: str | None = None

    def __call__(self, error: KafkaError) -> None:
        """Take note of an error that no waiting will put right."""
        if error.code() == KafkaError._AUTHENTICATION:  # noqa: SLF001 - its public constant
            self.login = str(error.str())


def refusal(settings: Settings, refusals: Refusals) -> str | None:
    """Return why the broker refuses us and what to do; None if it may only be starting."""
    if refusals.login is not None:
        return (
            f"Kafka at {settings.kafka_bootstrap} refuses the user {settings.kafka_username}. "
            "Correct RINGSIDE_KAFKA_USERNAME, RINGSIDE_KAFKA_PASSWORD (or _FILE) or "
            "RINGSIDE_KAFKA_SASL_MECHANISM"
        )
    for host, port in _addresses(settings):
        why = _of_handshake(settings, host, port)
        if why is not None:
            return f"Kafka at {host}:{port} {why}"
    return None


def _addresses(settings: Settings) -> Iterator[tuple[str, int]]:
    for address in settings.kafka_bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        yield host.strip("[]"), int(port)


def _of_handshake(settings: Settings, host: str, port: int) -> str | None:
    context = config.ssl_context(settings)
    try:
        with socket.create_connection((host, port), _HANDSHAKE_SECONDS) as plain:
            if context is None:
                return _of_plain(plain, settings)
            with context.wrap_socket(plain, server_hostname=host) as encrypted:
                # TLS 1.3 tells of a client's certificate only after the handshake.
                encrypted.settimeout(_ALERT_SECONDS)
                encrypted.recv(1)
    except ssl.SSLCertVerificationError as error:
        return _of_certificate(error)
    except ssl.SSLError as error:
        return _of_alert(error, settings)
    except OSError:  # nobody is there, or says anything: it may be starting
        return None
    return None


def _of_plain(plain: socket.socket, settings: Settings) -> str | None:
    """Return a complaint if the listener speaks TLS, which we were told not to."""
    asking = ssl.create_default_context()
    asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
    try:
        asking.wrap_socket(plain).close()
    except OSError:
        return None
    return (
        f"speaks TLS only, but {_PROTOCOL}={settings.kafka_security_protocol}. Set it to SASL_SSL "
        "(user and password) or SSL (certificate)"
    )


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in {62, 64}:  # X509_V_ERR_HOSTNAME_MISMATCH, ..._IP_ADDRESS_MISMATCH
        return (
            f"shows a certificate for another host ({error.verify_message}). Set "
            "RINGSIDE_KAFKA_BOOTSTRAP to a name that the certificate holds"
        )
    return (
        f"shows a certificate that cannot be trusted ({error.verify_message}). Set "
        "RINGSIDE_KAFKA_CA_FILE to the authority that signed it"
    )


def _of_alert(error: ssl.SSLError, settings: Settings) -> str:
    reason = error.reason or str(error)
    if "WRONG_VERSION" in reason or "RECORD_LAYER" in reason or "UNEXPECTED_EOF" in reason:
        return (
            f"does not speak TLS at this port ({reason}), but "
            f"{_PROTOCOL}={settings.kafka_security_protocol}. Correct one of the two"
        )
    return (
        f"asks for a client's certificate, and refuses what it got ({reason}). Set "
        "RINGSIDE_KAFKA_CERTIFICATE_FILE and RINGSIDE_KAFKA_KEY_FILE to one that it trusts"
    )
