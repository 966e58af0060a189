"""A view of the database, and what views assume of a queue that the roster does not know."""

from dataclasses import dataclass

UNKNOWN_QUEUE_LIMITS = {"target_seconds": 20, "short_abandon_seconds": 5}
"""Of a queue that the roster does not know: those of schemas.roster, which a test compares."""


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, what it says, its query."""

    name: str
    help: str
    query: str

    def __str__(self) -> str:
        return (
            f"\n-- {self.help}\nCREATE VIEW ringside.{self.name} AS\n{self.query};\n"
            f"COMMENT ON VIEW ringside.{self.name} IS '{quoted(self.help)}';\n"
            f"GRANT SELECT ON ringside.{self.name} TO ringside_reader;\n"
        )


def quoted(text: str) -> str:
    """Return *text* for use between single quotes in SQL."""
    return text.replace("'", "''")
