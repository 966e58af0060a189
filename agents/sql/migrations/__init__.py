"""Migrations, forward only: hand-written SQL, and for each a revision that names it."""
