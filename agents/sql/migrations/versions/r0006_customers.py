"""What meets by customer: repeats, resolution, calls back."""

from agents.postgres.scripts import run_in_alembic

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the migration."""
    run_in_alembic("migrations/0006_customers.sql")
