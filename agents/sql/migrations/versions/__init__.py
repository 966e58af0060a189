"""The revisions, in the order of their numbers. What they run is in `../*.sql`."""
