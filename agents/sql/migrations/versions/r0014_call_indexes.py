"""Calls by their end, and those of several legs."""

from agents.postgres.scripts import run_in_alembic

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0014_call_indexes.sql")
