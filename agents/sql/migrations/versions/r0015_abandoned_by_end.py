"""How long abandoned calls had waited, by their end."""

from agents.postgres.scripts import run_in_alembic

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0015_abandoned_by_end.sql")
