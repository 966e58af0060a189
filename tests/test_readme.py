"""The documents say what is true: commands exist, links lead somewhere, tables are up to date."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from agents.__main__ import run
from docs.pictures.render import PICTURE, picture
from docs.readme import README, rewritten
from schemas.events import TYPES
from schemas.topics import SOURCES, TOPIC_OF_TYPE

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(PROJECT).as_posix()
    for path in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"))
)
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
GLOBAL_OPTIONS = {"--help", "--version", "--debug"}
SUBCOMMANDS = {
    "alerts",
    "baseline",
    "pipelines",
    "topics",
    "db",
    "roster",
    "deadletters",
    "dashboards",
    "import",
}

every_document = pytest.mark.parametrize("document", DOCUMENTS)


def text_of(document: str) -> str:
    return (PROJECT / document).read_text("utf-8")


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(document), re.MULTILINE | re.DOTALL)


def commands(document: str) -> Iterator[list[str]]:
    """Yield the `ringside ...` command lines of a document, in blocks and in running text."""
    text = text_of(document)
    found = re.findall(r"(?<!`)`(ringside [a-z][^`]*)`(?!`)", text)
    for block in blocks(document, "sh"):
        found += re.findall(r"^ringside [^\n|#]*", block, re.MULTILINE)
    for line in found:
        yield shlex.split(line)[1:]


def test_the_documents_are_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"} <= set(
        DOCUMENTS
    )


@every_document
def test_every_make_target_that_is_named_exists(document: str) -> None:
    named = re.findall(r"`make ([a-z-]+)`", text_of(document))
    named += re.findall(r"^make ([a-z-]+)", "".join(blocks(document, "sh")), re.MULTILINE)
    assert set(named) <= TARGETS


@every_document
def test_every_ringside_command_that_is_named_exists_with_its_options(
    document: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in commands(document):
        depth = 2 if command[0] in SUBCOMMANDS and len(command) > 1 else 1
        name = command[:depth]
        # `a|b` in running text stands for both.
        for one in name[-1].split("|"):
            path = [*name[:-1], one]
            assert run([*path, "--help"], {}) == 0, path
            help_ = capsys.readouterr().out
            for option in (word for word in command[depth:] if word.startswith("--")):
                assert option in help_ or option in GLOBAL_OPTIONS, (path, option)


@every_document
def test_every_link_to_a_file_leads_to_one(document: str) -> None:
    here = (PROJECT / document).parent
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(document)):
        if "://" not in target:
            assert (here / target).exists(), target


@every_document
def test_every_file_that_is_named_in_code_type_exists(document: str) -> None:
    # Only what is unmistakably one of ours; sketches such as `streams/…` name none.
    folders = "agents|schemas|streams|dashboards|docs|tests|deploy|benchmarks|requirements"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", text_of(document))
    missing = [path for path in named if not (PROJECT / path).exists()]
    assert missing == []


@every_document
def test_no_document_names_a_folder_of_somebodys_machine(document: str) -> None:
    assert not re.search(r"(?<![\w.])/(home|work|Users|root|tmp)/", text_of(document))


@every_document
def test_python_blocks_compile(document: str) -> None:
    for block in blocks(document, "python"):
        ast.parse(block)


def test_the_generated_parts_of_the_readme_are_up_to_date() -> None:
    text = README.read_text("utf-8")
    assert rewritten(text) == text, "run `make generate` and commit the result"


def test_the_picture_is_what_top_shows() -> None:
    assert PICTURE.read_text("utf-8") == picture(), "run `make generate` and commit the result"


def test_the_readme_names_every_event_type_beside_its_topic() -> None:
    rows = re.findall(r"^\| `(ringside\.\w+)` \| (.*) \|$", text_of("README.md"), re.MULTILINE)
    named = {type_: topic for topic, types in rows for type_ in re.findall(r"`([\w.]+)`", types)}
    assert named == {type_: TOPIC_OF_TYPE[type_] for type_ in TYPES}
    assert [topic for topic, _ in rows] == [topic.name for topic in SOURCES]


def test_the_readme_names_every_port_of_compose() -> None:
    services = yaml.safe_load(text_of("docker-compose.yml"))["services"]
    ports = {port.split(":")[1] for each in services.values() for port in each.get("ports", ())}
    text = text_of("README.md")
    assert ports
    for port in ports:
        assert f"127.0.0.1:{port.partition('-')[0]}" in text


def test_pre_commit_runs_only_what_is_installed() -> None:
    hooks = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    assert {hook["language"] for repo in hooks for hook in repo["hooks"]} == {"system"}
