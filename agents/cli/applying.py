"""What `roster apply` and `pipelines apply` do with their changes."""

from collections.abc import Sequence

from agents.cli.context import say
from agents.kafka.sending import Sender
from agents.settings import Settings
from schemas.codec import Message


def publish_changes(
    settings: Settings, messages: Sequence[Message], *, what: str, dry_run: bool
) -> None:
    """Publish the *messages* that change *what* (a plural), unless it is a dry run; say which."""
    if not messages:
        say("no change")
    elif dry_run:
        say(f"{len(messages)} {what} would change; nothing was published (--dry-run)")
    else:
        with Sender(settings) as sender:
            for message in messages:
                sender.send(message)
            sender.finish()
        say(f"{len(messages)} {what} published")
