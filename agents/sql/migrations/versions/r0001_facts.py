"""Panes, calls, meetings, deals, rep states and the ledger."""

from agents.postgres.scripts import run_in_alembic

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0001_facts.sql")
