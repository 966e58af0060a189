"""An activity that was taken back has no time any more."""

from agents.postgres.scripts import run_in_alembic

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0012_corrected_activities.sql")
