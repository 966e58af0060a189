"""The jars of Apache Kafka: from KAFKA_HOME, else by name through Maven into a folder of ours."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from agents.embedded.errors import EmbeddedError, MissingError
from agents.embedded.paths import DEPLOY
from agents.embedded.ports import writable_folder
from agents.embedded.process import Program, run_to_end

_MAVEN_SECONDS = 900.0


def find_java(env: Mapping[str, str]) -> Path:
    """Return the `java` of JAVA_HOME, else the one on the path.

    Raises:
        MissingError: there is none.
    """
    if home := env.get("JAVA_HOME"):
        candidate = Path(home) / "bin" / "java"
        if candidate.exists():
            return candidate
    if found := shutil.which("java"):
        return Path(found)
    raise MissingError("Java 17 or newer", "apt-get install openjdk-17-jre-headless")


def kafka_version() -> str:
    """Return the version of Apache Kafka that deploy/kafka/pom.xml names."""
    pom = (DEPLOY / "kafka/pom.xml").read_text(encoding="utf-8")
    match = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", pom)
    if match is None:
        raise EmbeddedError("deploy/kafka/pom.xml names no <kafka.version>.")
    return match.group(1)


def find_jars(home: Path, env: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """Return the folder with the broker's jars, filled by Maven the first time.

    Args:
        home: where the folder `kafka-<version>` is kept.
        env: `KAFKA_HOME` in it names an unpacked Kafka and is used instead.
        say: told what is being done when it takes long.

    Raises:
        MissingError: KAFKA_HOME is wrong, or Maven is needed and not there.
        EmbeddedError: Maven could not bring them.
    """
    if kafka_home := env.get("KAFKA_HOME"):
        libs = Path(kafka_home) / "libs"
        if not any(libs.glob("kafka_2.13-*.jar")):
            raise MissingError(
                f"Apache Kafka in KAFKA_HOME={kafka_home}",
                "let it name the folder that has libs/kafka_2.13-*.jar, or unset it.",
            )
        return libs
    folder = writable_folder("Apache Kafka", home / f"kafka-{kafka_version()}")
    libs = folder / "libs"
    # Two test runs may start at once; the second waits and finds the first one's jars.
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not libs.exists():
            _download(folder, libs, say)
    return libs


def _download(folder: Path, libs: Path, say: Callable[[str], None]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingError("Maven", "apt-get install maven, or set KAFKA_HOME to an unpacked Kafka")
    say(f"Fetching the jars of Apache Kafka {kafka_version()} through Maven (about 45 MB, once).")
    partial = folder / "libs.partial"
    shutil.rmtree(partial, ignore_errors=True)
    log = folder / "maven.log"
    command = (
        *(maven, "-q", "-B", "-f", str(DEPLOY / "kafka/pom.xml")),
        *("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={partial}"),
    )
    finished = run_to_end(Program(name="Maven", command=command, log=log), _MAVEN_SECONDS)
    if finished.exit_code != 0 or not any(partial.glob("kafka_2.13-*.jar")):
        raise EmbeddedError(
            "Maven could not fetch the jars of Apache Kafka. Is a repository reachable "
            f"(~/.m2/settings.xml)? The end of {log}:\n{finished.output[-2000:]}"
        )
    partial.rename(libs)
    say(f"Apache Kafka {kafka_version()} is in {libs}.")
