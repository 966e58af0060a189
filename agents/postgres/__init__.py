"""PostgreSQL: migrations, users, and the sink that keeps what was checkpointed."""
