"""Apache Kafka as one should run it: TLS, SCRAM or client certificates, and access by rule only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from agents.embedded.kafka import ApacheKafka
from agents.embedded.kafka_jars import find_jars, find_java
from agents.embedded.ports import HOST, free_port
from agents.errors import BrokerError
from agents.kafka.admin import connect
from agents.settings import Settings
from tests.integration.pipeline import PATIENCE_SECONDS, wait_until
from tests.integration.security.authority import Authority

HOST_NAME = "localhost"
"""What the broker's certificate is for; by its address it is somebody else."""

USERS = ("operator", "worker", "publisher")


@dataclass(slots=True)
class SecureKafka:
    """The broker. Its plain listener is the test's own: whoever comes by it may do anything."""

    broker: ApacheKafka
    authority: Authority
    sasl_port: int
    mtls_port: int
    passwords: Mapping[str, str]

    @classmethod
    def create(
        cls, data: Path, authority: Authority, downloads: Path, env: Mapping[str, str]
    ) -> SecureKafka:
        """Make one that is not started yet."""
        sasl_port, mtls_port = free_port(), free_port()
        port, controller_port = free_port(), free_port()
        server = authority.issue("broker", HOST_NAME).as_one_file()
        listeners = {
            "PLAINTEXT": f"{HOST}:{port}",
            "SASL_SSL": f"{HOST_NAME}:{sasl_port}",
            "SSL": f"{HOST_NAME}:{mtls_port}",
        }
        shown = ",".join(f"{name}://{address}" for name, address in listeners.items())
        protocols = ",".join(f"{name}:{name}" for name in listeners)
        overrides = {
            "listeners": f"{shown},CONTROLLER://{HOST}:{controller_port}",
            "advertised.listeners": shown,
            "controller.quorum.voters": f"1@{HOST}:{controller_port}",
            "listener.security.protocol.map": f"{protocols},CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(server),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(authority.ca_file),
            "listener.name.ssl.ssl.client.auth": "required",
            "listener.name.ssl.ssl.principal.mapping.rules": "RULE:^.*CN=([a-z]+).*$/$1/,DEFAULT",
            "authorizer.class.name": ("org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
            "super.users": "User:ANONYMOUS",
        }
        broker = ApacheKafka.create(
            data,
            libs=find_jars(downloads, env, lambda _: None),
            java=find_java(env),
            port=port,
            overrides=overrides,
        )
        broker.controller_port = controller_port
        passwords = {user: f"password of {user}" for user in USERS}
        return cls(broker, authority, sasl_port, mtls_port, passwords)

    @property
    def bootstrap(self) -> str:
        """The plain listener, for the test's own needs."""
        return self.broker.bootstrap

    def start(self) -> None:
        """Start it and make its users."""
        self.broker.start()
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        changes = [
            UserScramCredentialUpsertion(user, how, password.encode())
            for user, password in self.passwords.items()
        ]
        for answer in admin.alter_user_scram_credentials(changes).values():
            answer.result(30)
        # The controller has them at once, the broker a little later.
        for user in self.passwords:
            wait_until(lambda user=user: self._lets_in(user), f"{user} to be let in")

    def _lets_in(self, user: str) -> bool:
        env = self.scram(user)
        try:
            connect(Settings.from_env(env), wait_seconds=PATIENCE_SECONDS)
        except BrokerError:
            return False
        return True

    def stop(self) -> None:
        """End it."""
        self.broker.stop()

    def scram(self, user: str) -> dict[str, str]:
        """Return the settings of one who logs in with a password."""
        password = self.authority.ca_file.with_name(f"{user}.password")
        password.write_text(self.passwords[user] + "\n", encoding="utf-8")
        return {
            "RINGSIDE_KAFKA_BOOTSTRAP": f"{HOST_NAME}:{self.sasl_port}",
            "RINGSIDE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "RINGSIDE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "RINGSIDE_KAFKA_USERNAME": user,
            "RINGSIDE_KAFKA_PASSWORD_FILE": str(password),
            "RINGSIDE_KAFKA_CA_FILE": str(self.authority.ca_file),
        }

    def mtls(self, user: str) -> dict[str, str]:
        """Return the settings of one who shows a certificate."""
        certificate = self.authority.issue(user)
        return {
            "RINGSIDE_KAFKA_BOOTSTRAP": f"{HOST_NAME}:{self.mtls_port}",
            "RINGSIDE_KAFKA_SECURITY_PROTOCOL": "SSL",
            "RINGSIDE_KAFKA_CA_FILE": str(self.authority.ca_file),
            "RINGSIDE_KAFKA_CERTIFICATE_FILE": str(certificate.chain),
            "RINGSIDE_KAFKA_KEY_FILE": str(certificate.key),
        }
