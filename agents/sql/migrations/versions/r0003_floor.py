"""Later legs, calls by their end, outbound calls, and what a PBX gets wrong."""

from agents.postgres.scripts import run_in_alembic

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0003_floor.sql")
