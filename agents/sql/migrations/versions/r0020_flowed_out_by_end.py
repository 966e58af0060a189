"""Calls that flowed out of their queue, by when they did."""

from agents.postgres.scripts import run_in_alembic

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0020_flowed_out_by_end.sql")
