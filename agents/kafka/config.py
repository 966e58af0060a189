"""From our settings to those of the Kafka clients, librdkafka (confluent-kafka) and aiokafka."""

import logging
import ssl
from typing import Any

from agents.errors import SettingsError
from agents.settings import Settings

MAX_MESSAGE_BYTES = 2 * 2**20
"""What a producer may send: a dead letter is a whole message and its origin."""

_log = logging.getLogger("librdkafka")


def librdkafka(settings: Settings) -> dict[str, Any]:
    """Return the configuration that every client of confluent-kafka shares."""
    config: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "client.id": settings.app_id,
        "security.protocol": settings.kafka_security_protocol,
        # Else librdkafka writes to stderr itself, past our log.
        "logger": _log,
    }
    optional = {
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.username": settings.kafka_username,
        "ssl.ca.location": settings.kafka_ca_file,
        "ssl.certificate.location": settings.kafka_certificate_file,
        "ssl.key.location": settings.kafka_key_file,
    }
    config |= {name: str(value) for name, value in optional.items() if value is not None}
    if settings.kafka_password is not None:
        config["sasl.password"] = settings.kafka_password.get_secret_value()
    return config


def producer(settings: Settings) -> dict[str, Any]:
    """Return the configuration of a producer: idempotent, in order, all replicas confirm."""
    return librdkafka(settings) | {
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "lz4",
        "linger.ms": 20,
        "message.max.bytes": MAX_MESSAGE_BYTES,
        # As Java's clients and aiokafka do it; librdkafka's own default would put the same key
        # elsewhere, and the life of an entity must be in one partition whoever sends it.
        "partitioner": "murmur2_random",
    }


def consumer(settings: Settings, group: str) -> dict[str, Any]:
    """Return the configuration of a consumer that commits by itself only when told to."""
    return librdkafka(settings) | {
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }


def aiokafka(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments that every client of aiokafka shares.

    Raises:
        SettingsError: the certificates cannot be read.
    """
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "client_id": settings.app_id,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": settings.required("kafka_sasl_mechanism"),
            "sasl_plain_username": settings.required("kafka_username"),
            "sasl_plain_password": settings.required("kafka_password"),
        }
    return arguments


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """Return what TLS needs, or None without TLS.

    Raises:
        SettingsError: the certificates cannot be read.
    """
    if settings.kafka_security_protocol not in {"SSL", "SASL_SSL"}:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
        if settings.kafka_certificate_file is not None:
            context.load_cert_chain(settings.kafka_certificate_file, settings.kafka_key_file)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"the files for TLS with Kafka cannot be used: {error}. Check RINGSIDE_KAFKA_CA_FILE, "
            "RINGSIDE_KAFKA_CERTIFICATE_FILE and RINGSIDE_KAFKA_KEY_FILE: they must be PEM"
        ) from None
    return context
