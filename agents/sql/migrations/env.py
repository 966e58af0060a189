"""Alembic runs this. The connection, in a transaction already, comes from agents/postgres."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="ringside",
    transactional_ddl=True,
)
context.run_migrations()
