"""`python -m tests.fuzz [libFuzzer's options]`: coverage-guided, by atheris. `make fuzz` runs it.

What it finds is written to a file `crash-...`; `python -m tests.fuzz crash-...` runs that alone.
"""

import random
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["schemas", "streams", "agents.state", "agents.kafka"]):
    from tests.fuzz.check import check
    from tests.fuzz.mutate import mutated
    from tests.fuzz.seeds import cases, words

_SEEDS = list(cases())


def one_input(data: bytes) -> None:
    """Run one case."""
    check(data)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change a case: half of the time as JSON, half as libFuzzer would."""
    if seed % 2:
        changed = mutated(data, random.Random(seed), _SEEDS)  # noqa: S311 - not for secrets
        return changed[:max_size]
    return bytes(atheris.Mutate(data, max_size))


def main() -> None:
    """Write seeds and a dictionary, and hand over to libFuzzer."""
    folder = Path(tempfile.mkdtemp(prefix="ringside-fuzz-"))
    for number, case in enumerate(_SEEDS):
        (folder / f"seed-{number}").write_bytes(case)
    dictionary = folder.with_suffix(".dict")
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words() if len(word) < 64)
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")
    given = sys.argv[1:]
    options = [] if any(Path(one).is_file() for one in given) else [f"-dict={dictionary}"]
    corpus = [] if any(Path(one).is_file() for one in given) else [str(folder)]
    atheris.Setup([sys.argv[0], *options, *given, *corpus], one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
