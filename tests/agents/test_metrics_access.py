"""The metrics page over real sockets: TLS, a password, a client's certificate, silence."""

import base64
import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import trustme
from prometheus_client import CollectorRegistry

from agents.errors import SettingsError
from agents.metrics.access import Access
from agents.metrics.server import MetricsServer
from agents.settings import Settings

PASSWORD = "correct horse"


class Files:
    """A certificate authority and what it signed, as files."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.folder = folder
        self.authority.cert_pem.write_to_path(self.path("ca.pem"))
        self.issue(self.authority, "server", "127.0.0.1", "localhost")
        self.issue(self.authority, "client", "prometheus")
        self.issue(trustme.CA(), "stranger", "prometheus")

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def issue(self, authority: trustme.CA, name: str, *identities: str) -> None:
        made = authority.issue_cert(*identities)
        made.private_key_pem.write_to_path(self.path(f"{name}.key"))
        for pem in made.cert_chain_pems:
            pem.write_to_path(self.path(f"{name}.pem"), append=True)

    def settings(self, **more: str) -> Settings:
        tls = {"CERTIFICATE_FILE": self.path("server.pem"), "KEY_FILE": self.path("server.key")}
        given = tls | {name.upper(): value for name, value in more.items()}
        return Settings.from_env(
            {f"RINGSIDE_METRICS_{name}": value for name, value in given.items()}
        )

    def client(self, certificate: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        if certificate is not None:
            context.load_cert_chain(
                self.path(f"{certificate}.pem"), self.path(f"{certificate}.key")
            )
        return context


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@contextmanager
def serving(settings: Settings) -> Iterator[int]:
    server = MetricsServer(
        CollectorRegistry(), live=lambda: None, ready=lambda: None, access=Access.of(settings)
    )
    port = server.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        server.stop()


def get(
    port: int, path: str, *, tls: ssl.SSLContext | None = None, login: str | None = None
) -> http.client.HTTPResponse:
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=60)
        if tls is not None
        else http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    )
    headers = {}
    if login is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    with closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer


def test_without_a_password_the_page_asks_nobody() -> None:
    with serving(Settings()) as port:
        assert get(port, "/metrics").status == 200


@pytest.mark.parametrize(
    "login", [None, "prometheus:", f"somebody:{PASSWORD}", f"prometheus:{PASSWORD} ", PASSWORD]
)
def test_a_wrong_login_gets_no_metrics_but_the_probes(login: str | None) -> None:
    settings = Settings.from_env({"RINGSIDE_METRICS_PASSWORD": PASSWORD})
    with serving(settings) as port:
        refused = get(port, "/metrics", login=login)
        assert refused.status == 401
        assert str(refused.getheader("WWW-Authenticate")).startswith("Basic ")
        assert get(port, "/live").status == get(port, "/ready").status == 200
        assert get(port, "/metrics", login=f"prometheus:{PASSWORD}").status == 200


def test_no_header_is_so_wrong_that_it_raises() -> None:
    access = Access(login=("prometheus", PASSWORD))
    right = base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()
    assert access.admits(f"basic {right}")
    for header in (
        "",
        "Basic",
        "Basic é",
        "Basic ====",
        f"Bearer {right}",
        f"Basic  {right}",
        "\x00",
    ):
        assert not access.admits(header), header


def test_over_tls_the_page_shows_its_certificate_and_plain_text_gets_nothing(files: Files) -> None:
    with serving(files.settings(password=PASSWORD)) as port:
        assert (
            get(port, "/metrics", tls=files.client(), login=f"prometheus:{PASSWORD}").status == 200
        )
        with pytest.raises((http.client.HTTPException, OSError)):
            get(port, "/metrics")
        with pytest.raises(ssl.SSLCertVerificationError):
            get(port, "/metrics", tls=ssl.create_default_context())


def test_with_an_authority_for_clients_only_its_clients_are_served(files: Files) -> None:
    with serving(files.settings(client_ca_file=files.path("ca.pem"))) as port:
        assert get(port, "/metrics", tls=files.client("client")).status == 200
        for certificate in (None, "stranger"):
            with pytest.raises((ssl.SSLError, http.client.HTTPException, OSError)):
                get(port, "/metrics", tls=files.client(certificate))


def test_one_who_connects_and_says_nothing_holds_up_nobody(files: Files) -> None:
    with serving(files.settings()) as port, socket.create_connection(("127.0.0.1", port)):
        assert get(port, "/live", tls=files.client()).status == 200


def test_a_file_that_is_no_certificate_is_told_by_variable(files: Files) -> None:
    (files.folder / "server.pem").write_text("not a certificate")
    with pytest.raises(SettingsError, match="RINGSIDE_METRICS_CERTIFICATE_FILE"):
        Access.of(files.settings())
