"""SQL: the schema, its migrations, roles and rights, generated views. See agents/postgres."""
