"""Pipelines, and what they are joined to of a deal."""

from agents.postgres.scripts import run_in_alembic

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0005_pipelines.sql")
