"""How long outbound calls took."""

from agents.postgres.scripts import run_in_alembic

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0019_outbound_times.sql")
