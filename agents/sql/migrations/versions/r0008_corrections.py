"""What corrections moved, and the reps' latest states."""

from agents.postgres.scripts import run_in_alembic

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0008_corrections.sql")
