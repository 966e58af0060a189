"""Missed calls that we closed."""

from agents.postgres.scripts import run_in_alembic

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0016_missed_closed.sql")
