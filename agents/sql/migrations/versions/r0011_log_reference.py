"""Which part of the log a pane was made of."""

from agents.postgres.scripts import run_in_alembic

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0011_log_reference.sql")
