"""Prometheus as a local process, with the configuration that docker-compose.yml mounts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import yaml

from agents.embedded.errors import EmbeddedError, MissingError
from agents.embedded.http import get
from agents.embedded.page_server import PageServer
from agents.embedded.paths import DEPLOY
from agents.embedded.ports import HOST, claim, writable_folder
from agents.embedded.process import ChildProcess, Program

_HOW_TO_GET_IT = "apt-get install prometheus, or put the upstream release's programs on the PATH"


@dataclass(slots=True)
class Prometheus(PageServer):
    """A Prometheus server that reads its targets and rules from its own folder."""

    NAME = "Prometheus"

    @classmethod
    def create(
        cls,
        home: Path,
        *,
        port: int | None = None,
        rules: Sequence[Path] = (),
        password: str = "",
    ) -> Prometheus:
        """Return a server that keeps everything under `home`; not started yet.

        Args:
            home: holds the configuration, the targets, the rules and the samples.
            port: the loopback port; any free one if None.
            rules: rule files, copied beside the configuration.
            password: what the workers' pages ask for, if they do.

        Raises:
            EmbeddedError: it is not installed, the port is taken, the folder cannot be written.
        """
        executable = find_prometheus()
        home = writable_folder("Prometheus", home)
        port = claim("Prometheus", port)
        _lay_out(home, rules, password)
        command = (
            str(executable),
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'data'}",
            f"--web.listen-address={HOST}:{port}",
            "--log.level=warn",
        )
        program = Program(name="Prometheus", command=command, log=home / "prometheus.log")
        server = cls(home, port, ChildProcess(program))
        server.set_targets({"prometheus": [f"{HOST}:{port}"], "workers": [], "alertmanagers": []})
        return server

    def set_targets(self, targets: Mapping[str, Sequence[str]]) -> None:
        """Sets what is scraped (`workers`, `prometheus`) and told (`alertmanagers`).

        A running server notices within seconds.
        """
        for kind, addresses in targets.items():
            path = self.home / "targets" / f"{kind}.yml"
            partial = path.with_suffix(".partial")
            partial.write_text(yaml.safe_dump([{"targets": list(addresses)}]), encoding="utf-8")
            partial.replace(path)

    def query(self, expression: str) -> list[dict[str, object]]:
        """Return the samples of an instant query: each with `metric` (labels) and `value`.

        Raises:
            EmbeddedError: Prometheus does not answer or does not understand the expression.
        """
        answer = get(self.port, f"/api/v1/query?{urlencode({'query': expression})}")
        if answer is None:
            raise EmbeddedError(f"Prometheus does not answer at {self.url}.")
        content = json.loads(answer.body)
        if content["status"] != "success":
            raise EmbeddedError(f"Prometheus refused {expression!r}: {content['error']}")
        samples: list[dict[str, object]] = content["data"]["result"]
        return samples


def find_prometheus() -> Path:
    """Return the `prometheus` on the path.

    Raises:
        MissingError: there is none.
    """
    return _find("prometheus", "Prometheus")


def find_promtool() -> Path:
    """Return the `promtool` on the path, which checks configurations, rules and metrics.

    Raises:
        MissingError: there is none.
    """
    return _find("promtool", "promtool")


def _find(executable: str, name: str) -> Path:
    if found := shutil.which(executable):
        return Path(found)
    raise MissingError(name, _HOW_TO_GET_IT)


def _lay_out(home: Path, rules: Sequence[Path], password: str) -> None:
    shutil.copyfile(DEPLOY / "prometheus/prometheus.yml", home / "prometheus.yml")
    (home / "targets").mkdir(exist_ok=True)
    (home / "secrets").mkdir(mode=0o700, exist_ok=True)
    secret = home / "secrets" / "metrics_password"
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="utf-8")
    shutil.rmtree(home / "rules", ignore_errors=True)
    (home / "rules").mkdir()
    for rule in rules:
        shutil.copyfile(rule, home / "rules" / rule.name)
