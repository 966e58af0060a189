"""What the queries of the boards of deals have in common: the chosen time, the filters, money."""

from schemas.money import minor_digits

FROM, TO = "$__timeFrom()::timestamptz", "$__timeTo()::timestamptz"


def _among(column: str, variable: str) -> str:
    """Return the filter by a variable; where all are chosen the planner leaves it out.

    Dollar-quoted, so that a name with a quote in it does not end the text.
    """
    chosen = f"${{{variable}:regex}}"
    return f"($re${chosen}$re$ = '.*' OR {column} ~ $re$^({chosen})$$re$)"


PIPELINE = _among("pipeline", "pipeline")
CHOSEN = " AND ".join(
    _among(column, variable)
    for column, variable in (
        ("pipeline", "pipeline"),
        ("team", "team"),
        ("rep", "owner"),
        ("source", "source"),
        ("segment", "segment"),
        ("currency", "currency"),
    )
)
"""Of what has all of these columns; owner and team are those of the time that a count is about."""

_NAMED = ", ".join(
    f"$re$${{{variable}:regex}}$re$"
    for variable in ("team", "owner", "source", "segment", "currency")
)
ONLY = f"ringside.only_deals({_NAMED})"
"""The same choice but for the pipeline, as an argument of functions of agents/sql/estimates.sql."""

WITHIN = f"({FROM}, {TO})"
"""The arguments of a function of agents/sql/funnel.sql."""

PIPELINES = """SELECT DISTINCT coalesce(known.pipeline, 'unknown') AS pipeline
FROM ringside.deal
LEFT JOIN ringside.pipeline_name AS known ON known.name = deal.pipeline
WHERE deal.created_at IS NOT NULL
ORDER BY 1"""


def values_of(column: str) -> str:
    """Return the query for the values that deals have in a column."""
    return f"""SELECT DISTINCT coalesce({column}, '') AS {column}
FROM ringside.deal
WHERE created_at IS NOT NULL
ORDER BY 1"""  # noqa: S608 - a constant name


def money(minor: str) -> str:
    """Return an amount in units of the column `currency`; never added over currencies."""
    cases = " ".join(
        f"WHEN currency IN ({', '.join(map(_quoted, currencies))}) THEN {10**digits}"
        for digits, currencies in sorted(minor_digits().items())
    )
    return f"({minor})::float8 / CASE {cases} ELSE 100 END"


def _quoted(text: str) -> str:
    return f"'{text}'"
