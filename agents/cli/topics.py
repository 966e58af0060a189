"""`ringside topics`: create the Kafka topics, and check those that are there."""

from typing import Annotated

import typer

from agents.cli.context import note, out, say, settings_of, warn
from agents.cli.tables import plain_table
from agents.errors import SettingsError, TopicsError
from agents.kafka import rights, topics
from agents.kafka.admin import connect
from agents.kafka.rights import Role
from schemas.topics import all_topics

commands = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Create and check the Kafka topics."
)

Wait = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait for a broker that does not answer.")
]


@commands.command()
def apply(
    ctx: typer.Context,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be done.")
    ] = False,
    alter: Annotated[
        bool, typer.Option("--alter", help="Also correct the options of existing topics.")
    ] = False,
    wait: Wait = 60,
) -> None:
    """Create the topics that are missing. Safe to repeat; nothing is ever deleted."""
    settings = settings_of(ctx)
    admin = connect(settings, wait_seconds=wait, progress=note)
    plan = topics.compare(admin, settings)
    for topic in plan.missing:
        count = topic.partition_count(settings.partitions)
        say(f"+ {topic.name}: {count} partitions, {settings.replication_factor} replicas")
    for option in plan.options:
        verb = "~" if alter else "!"
        say(f"{verb} {option.topic}: {option.name} is {option.is_}, should be {option.should_be}")
    if dry_run:
        if plan.wrong_counts:
            raise TopicsError(topics.wrong_counts(plan, settings))
        say("nothing to do" if plan.is_done else "nothing was changed (--dry-run)")
        return
    topics.apply(admin, settings, plan, alter=alter)
    if plan.options and not alter:
        warn("options of existing topics were left as they are; --alter changes them")
    say("all topics are there")


@commands.command("list")
def list_(ctx: typer.Context, *, wait: Wait = 10) -> None:
    """List the topics of this installation, and mark those that are missing or differ."""
    settings = settings_of(ctx)
    admin = connect(settings, wait_seconds=wait, progress=note)
    counts = topics.partition_counts(admin)
    table = plain_table(("topic", "partitions", "key", "holds"))
    for topic in all_topics(settings.app_id):
        have, should = counts.get(topic.name), topic.partition_count(settings.partitions)
        count = "[red]missing[/]" if have is None else str(have)
        if have not in {None, should}:
            count = f"[red]{have}[/], should be {should}"
        table.add_row(topic.name, count, topic.key, topic.help)
    out().print(table)


def _user(role: Role) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        f"--{role}", metavar="USER", help=f"Kafka's name of the {role}."
    )
    return option


@commands.command()
def acls(
    ctx: typer.Context,
    *,
    worker: Annotated[str | None, _user(Role.WORKER)] = None,
    publisher: Annotated[str | None, _user(Role.PUBLISHER)] = None,
    operator: Annotated[str | None, _user(Role.OPERATOR)] = None,
    apply_: Annotated[
        bool, typer.Option("--apply", help="Grant the rights instead of printing commands.")
    ] = False,
) -> None:
    """Print the commands that give each user of Kafka the rights it needs, and no others.

    A user is the name that logs in (SASL), or the name that the broker takes from a certificate.
    Name the users you have. If you name none, all three are shown with example names.
    """
    settings = settings_of(ctx)
    users = {Role.WORKER: worker, Role.PUBLISHER: publisher, Role.OPERATOR: operator}
    named = {role: user for role, user in users.items() if user is not None}
    if not apply_:
        for role, user in (named or {role: f"ringside-{role}" for role in Role}).items():
            say(f"# The {role}")
            for right in rights.rights(role, settings.app_id):
                say(f"{rights.command(right, user, settings.kafka_bootstrap)}  # {right.why}")
        return
    if not named:
        raise SettingsError("--apply needs to know whom: --worker USER, --publisher USER, ...")
    admin = connect(settings, wait_seconds=10, progress=note)
    for role, user in named.items():
        count = rights.apply(admin, rights.rights(role, settings.app_id), user)
        say(f"{user} has the {count} rights of the {role}")
