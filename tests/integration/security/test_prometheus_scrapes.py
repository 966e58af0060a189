"""Prometheus itself reads a metrics page that has TLS and a password, as its configuration says."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge

from agents.embedded.prometheus import Prometheus
from agents.metrics.access import Access
from agents.metrics.server import MetricsServer
from agents.settings import Settings
from tests.integration.pipeline import wait_until
from tests.integration.security.authority import Authority

pytestmark = pytest.mark.long
COMMENTED = """\
    #   scheme: https
    #   tls_config: {ca_file: secrets/metrics_ca.pem}
"""
"""What deploy/prometheus/prometheus.yml says to add."""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[tuple[int, Authority, str]]:
    """A page behind TLS and a password: its port, who signed its certificate, the password."""
    authority, password = Authority(tmp_path / "authority"), secrets.token_hex(16)
    signed = authority.issue("worker", "127.0.0.1")
    given = {"CERTIFICATE_FILE": signed.chain, "KEY_FILE": signed.key, "PASSWORD": password}
    settings = Settings.from_env(
        {f"RINGSIDE_METRICS_{name}": str(value) for name, value in given.items()}
    )
    registry = CollectorRegistry()
    Gauge("ringside_test_answer", "What is to be read.", registry=registry).set(42)
    server = MetricsServer(
        registry, live=lambda: None, ready=lambda: None, access=Access.of(settings)
    )
    yield server.start("127.0.0.1", 0), authority, password
    server.stop()


@pytest.fixture
def prometheus(server_folder: Path, page: tuple[int, Authority, str]) -> Iterator[Prometheus]:
    """Prometheus with the deployed configuration, and the two lines that it says TLS needs."""
    port, authority, password = page
    home = server_folder / f"prometheus-{secrets.token_hex(4)}"
    made = Prometheus.create(home, password=password)
    config = home / "prometheus.yml"
    text = config.read_text(encoding="utf-8")
    assert COMMENTED in text
    lines = COMMENTED.replace("    #   ", "    ")
    text = text.replace(COMMENTED, lines).replace("_interval: 5s", "_interval: 1s")
    config.write_text(text.replace("timeout: 4s", "timeout: 1s"), encoding="utf-8")
    (home / "secrets" / "metrics_ca.pem").write_bytes(authority.ca_file.read_bytes())
    made.set_targets({"workers": [f"127.0.0.1:{port}"]})
    made.start()
    yield made
    made.stop()


def values(prometheus: Prometheus, expression: str) -> list[str]:
    """Return the values of an instant query."""
    return [sample["value"][1] for sample in prometheus.query(expression)]  # type: ignore[index]


def test_prometheus_reads_the_page_with_the_password_and_not_without(
    prometheus: Prometheus,
) -> None:
    def is_up(expected: str) -> bool:
        return values(prometheus, 'up{job="ringside"}') == [expected]

    wait_until(lambda: is_up("1"), prometheus.process.log_tail)
    assert values(prometheus, "ringside_test_answer") == ["42"]
    # It reads the file anew for each scrape.
    (prometheus.home / "secrets" / "metrics_password").write_text("a wrong one", encoding="ascii")
    wait_until(lambda: is_up("0"), "Prometheus reads the page with a wrong password")


def test_prometheus_does_not_trust_a_page_of_another_authority(
    prometheus: Prometheus, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    wait_until(
        lambda: values(prometheus, 'up{job="ringside"}') == ["1"], prometheus.process.log_tail
    )
    trusted = prometheus.home / "secrets" / "metrics_ca.pem"
    trusted.write_bytes(stranger.ca_file.read_bytes())
    wait_until(
        lambda: values(prometheus, 'up{job="ringside"}') == ["0"],
        "Prometheus trusts a page of a stranger",
    )
