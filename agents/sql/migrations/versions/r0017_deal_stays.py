"""How deals have gone, as rows."""

from agents.postgres.scripts import run_in_alembic

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0017_deal_stays.sql")
