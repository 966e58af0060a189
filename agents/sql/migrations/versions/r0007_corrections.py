"""What corrections moved, and the reps' latest states."""

from agents.postgres.scripts import run_in_alembic

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0007_corrections.sql")
