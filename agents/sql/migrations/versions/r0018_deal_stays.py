"""How deals have gone, as rows."""

from agents.postgres.scripts import run_in_alembic

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0018_deal_stays.sql")
