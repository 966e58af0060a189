"""Which database this is, however it is reached."""

from agents.postgres.connection import CONNECT_SECONDS, open_connection
from agents.postgres.errors import explained

# The server's own number, made with its data folder and kept by replicas; the database's there.
_QUERY = """
    SELECT system_identifier::text || '/' || pg_database.oid::text
    FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


async def database_id(url: str) -> str:
    """Return what tells this database from every other one.

    Raises:
        DatabaseError: it does not answer, or does not say.
    """
    connection = await open_connection(url, application="ringside worker")
    try:
        with explained(url):
            return str(await connection.fetchval(_QUERY))
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
