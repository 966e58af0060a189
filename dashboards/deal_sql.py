"""What the queries of the boards of deals have in common: the chosen time, the filters, money."""

from schemas.money import minor_digits

FROM, TO = "$__timeFrom()::timestamptz", "$__timeTo()::timestamptz"
BEFORE = f"({FROM} - ({TO} - {FROM}))"
"""As long before the chosen time as it lasts."""

# Dollar-quoted, so that a name with a quote in it does not end the text.
PIPELINE = "pipeline ~ $re$^(${pipeline:regex})$$re$"
CHOSEN = f"{PIPELINE} AND team ~ $re$^(${{team:regex}})$$re$"

PIPELINES = """SELECT DISTINCT coalesce(known.pipeline, deal.pipeline) AS pipeline
FROM ringside.deal
LEFT JOIN ringside.pipeline_name AS known ON known.name = deal.pipeline
WHERE deal.pipeline <> ''
ORDER BY 1"""


def money(minor: str) -> str:
    """Return an amount in units of the column `currency`; never added over currencies."""
    cases = " ".join(
        f"WHEN currency IN ({', '.join(map(_quoted, currencies))}) THEN {10**digits}"
        for digits, currencies in sorted(minor_digits().items())
    )
    return f"({minor})::float8 / CASE {cases} ELSE 100 END"


def _quoted(text: str) -> str:
    return f"'{text}'"
