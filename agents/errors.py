"""What an operator can put right. Each says what happened and what to do; none needs a traceback.

The docstring of a class is its default message, so the two cannot disagree.
"""

import inspect


class RingsideError(Exception):
    """Something went wrong. Run the command again with --debug to see where."""

    exit_code = 1
    """What `ringside` exits with: 2 for a wrong command line or wrong settings, else 1."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((inspect.getdoc(type(self)) or "").split()))


class SettingsError(RingsideError):
    """A setting is wrong or missing. `ringside settings` prints them all."""

    exit_code = 2


class InputError(RingsideError):
    """A file given on the command line cannot be read, or does not hold what it should."""

    exit_code = 2


class BrokerError(RingsideError):
    """Kafka cannot be reached. Start it, or set RINGSIDE_KAFKA_BOOTSTRAP to where it listens."""


class TopicsError(RingsideError):
    """The topics are not as they should be. Run `ringside topics apply`."""


class RightsError(RingsideError):
    """Kafka does not allow this user what the command needs. See `ringside topics acls`."""


class DeliveryError(RingsideError):
    """Kafka did not confirm every message. What was confirmed is kept; run the command again."""


class RefusedError(RingsideError):
    """Some of the input was refused."""


class RosterError(RingsideError):
    """The roster is not consistent; nothing of it was published. Correct the file, apply again."""

    exit_code = 2


class DatabaseError(RingsideError):
    """PostgreSQL cannot be used. Check RINGSIDE_DATABASE_URL and run `ringside db migrate`."""


class OccupiedPortError(RingsideError):
    """The port for metrics is in use. Choose another with RINGSIDE_METRICS_PORT."""
