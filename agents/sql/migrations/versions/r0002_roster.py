"""The roster and its version."""

from agents.postgres.scripts import run_in_alembic

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0002_roster.sql")
