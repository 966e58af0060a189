"""Proofs that the faults' tests can fail: each runs once more without the defence that it tests.

    @pytest.mark.fails_without("comparing topics", found="it started")
    def test_a_changed_partition_count_is_named(...)

The test then has a second form, in which Ringside's programs run without that defence
(tests/faults/undefended.py). The form passes if the test fails, by an assertion, and says what is
to be found: a pattern. `quick`: also within `make test`. The other proofs are those by a naive
agent (tests/faults/naive.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults import verdict

PATIENCE_SECONDS = 15.0
"""What is wrong stays wrong: there is no need to wait as long as for what is to become right."""
UNDER = "tests.faults.undefended"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "fails_without(defence, found, quick=False): a fault's test that fails without that"
        " defence, and then finds something that matches",
    )
    config.addinivalue_line("markers", "proof(found, quick=False): the second form of such a test")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the test its second forms, one for each defence."""
    proofs = [*metafunc.definition.iter_markers("fails_without")]
    if proofs:
        forms = [pytest.param((), id=pytest.HIDDEN_PARAM), *map(_form, proofs)]
        metafunc.parametrize("under", forms, indirect=True)


def _form(proof: pytest.Mark) -> object:
    (defence,) = proof.args
    marks = [pytest.mark.proof(**proof.kwargs)]
    return pytest.param((UNDER, defence), id=f"without {defence}", marks=marks)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test with several parameters, the first one is proof enough."""
    proved: set[object] = set()
    for item in [*items]:
        if isinstance(item, pytest.Function) and proof_of(item) is not None:
            proof = (item.path, item.originalname, item.callspec.params["under"])
            if proof in proved:
                items.remove(item)
            proved.add(proof)


def proof_of(item: pytest.Item) -> pytest.Mark | None:
    """Return what a second form is to find; None: the test is itself."""
    return item.get_closest_marker("proof")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Of a second form, expect that it fails."""
    proof = proof_of(pyfuncitem)
    if proof is None:
        return (yield)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verdict, "PATIENCE_SECONDS", PATIENCE_SECONDS)
        with pytest.raises(AssertionError, match=proof.kwargs["found"]) as found:
            yield
    pyfuncitem.user_properties.append(("found", verdict.first_wrong(found.value)))
    return True
