"""How the deals of each stage and day of entry ended, by age."""

from agents.postgres.scripts import run_in_alembic

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0009_stage_cohorts.sql")
