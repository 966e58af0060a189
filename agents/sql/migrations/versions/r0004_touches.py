"""Activities as rows, and the deal that they and meetings are about."""

from agents.postgres.scripts import run_in_alembic

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0004_touches.sql")
