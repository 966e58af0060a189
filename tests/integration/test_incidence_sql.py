"""The estimate in SQL is the estimate in Python, on random and on degenerate ages."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from postgres_support import Users, prepared, session

from streams.incidence import Age, Cohort, ages, incidence

if TYPE_CHECKING:
    from agents.embedded.postgres import Database


def random_table(rng: random.Random) -> list[Age]:
    """Cohorts of 60 days; a part of each ends at random ages before today."""
    cohorts = []
    for day in range(60):
        entered = rng.randrange(0, 30)
        ends: list[dict[int, int]] = [{}, {}]
        for _ in range(entered):
            age = rng.randrange(0, 80)
            if day + age <= 60:
                kind = ends[rng.randrange(0, 2)]
                kind[age] = kind.get(age, 0) + 1
        cohorts.append(Cohort(day, entered, *ends))
    return ages(cohorts, today=60)


DEGENERATE = (
    [],
    [Age(0, 5, 0, 0)],
    [Age(0, 5, 5, 0)],
    [Age(0, 4, 1, 1), Age(1, 2, 0, 2)],
    [Age(0, 1, 0, 1)],
)


def some_tables() -> list[list[Age]]:
    rng = random.Random(5)  # noqa: S311 - a load, no secret
    return [*DEGENERATE, *(random_table(rng) for _ in range(30))]


async def test_sql_and_python_agree(database: Database) -> None:
    users = await prepared(database)
    tables = some_tables()
    async with session(users.reader_url) as connection:
        for table in tables:
            for after_age in (-1, 0, 17, 10_000):
                found = await connection.fetch(
                    "SELECT * FROM ringside.incidence($1, $2, $3, $4)",
                    [age.at_risk for age in table],
                    [age.reached for age in table],
                    [age.lost for age in table],
                    after_age,
                )
                expected = incidence(table, after_age=after_age)
                assert len(found) == (1 if expected else 0)
                if not expected:
                    continue
                row, last = found[0], expected[-1]
                assert row["last_age"] == last.age_days
                assert row["undecided"] == pytest.approx(last.undecided, abs=1e-12)
                for name, share in (("reached", last.reached), ("lost", last.lost)):
                    assert row[f"share_{name}"] == pytest.approx(share.value, abs=1e-12)
                    assert row[f"{name}_variance"] == pytest.approx(share.variance, abs=1e-12)
                    bounds = (row[f"{name}_low"], row[f"{name}_high"])
                    if share.variance > 1e-9:
                        assert bounds == pytest.approx(share.interval or (None, None), abs=1e-9)
    await all_ages_at_once_agree_too(users)


async def all_ages_at_once_agree_too(users: Users) -> None:
    """What is expected of the open deals of each age, from one pass over the ages."""
    compared = 0
    async with session(users.reader_url) as connection:
        for table in some_tables():
            rows = await connection.fetch(
                "SELECT * FROM ringside.incidence_after($1, $2, $3)",
                [age.at_risk for age in table],
                [age.reached for age in table],
                [age.lost for age in table],
            )
            found = {after_age: (share, variance) for after_age, share, variance in rows}
            for after_age in range(-1, len(table) + 2):
                expected = incidence(table, after_age=after_age)
                assert (after_age in found) == bool(expected)
                if expected:
                    reached = expected[-1].reached
                    assert found[after_age] == pytest.approx(
                        (reached.value, reached.variance), abs=1e-12
                    )
                    compared += 1
    assert compared > 1000
