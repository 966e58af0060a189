"""What PBXs count themselves."""

from agents.postgres.scripts import run_in_alembic

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0010_pbx_counters.sql")
