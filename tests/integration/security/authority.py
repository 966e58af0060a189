"""Certificates made for a test: an authority, and what it signs, as PEM files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate: its chain and its key."""

    chain: Path
    key: Path

    def as_one_file(self) -> Path:
        """Return a file with both, which is what Kafka wants."""
        path = self.key.with_suffix(".both.pem")
        path.write_bytes(self.key.read_bytes() + self.chain.read_bytes())
        return path


class Authority:
    """A certificate authority of this test alone. `ca_file` is what clients are to trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self._folder = folder
        self._authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, name: str, *hosts: str) -> Certificate:
        """Return a certificate for *name* (its common name), valid for these hosts."""
        made = self._authority.issue_cert(*(hosts or (name,)), common_name=name)
        chain, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        chain.write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
        # PKCS 8: Kafka reads no other.
        private = load_pem_private_key(made.private_key_pem.bytes(), None)
        key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        key.chmod(0o600)
        return Certificate(chain, key)
