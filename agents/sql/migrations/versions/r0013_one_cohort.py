"""Cohorts are read from the deals; their own counts go."""

from agents.postgres.scripts import run_in_alembic

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0013_one_cohort.sql")
