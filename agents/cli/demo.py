"""`ringside demo`: everything on this machine, with a simulated floor."""

from typing import Annotated

import typer

from agents.cli.context import Invocation, say, settings_of
from agents.embedded.demo import run_demo

commands = typer.Typer(help="Start everything on this machine.", add_completion=False)


@commands.command()
def demo(
    ctx: typer.Context,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the data of the last demo.")] = False,
) -> None:
    """Start Kafka, PostgreSQL, a worker and a simulated floor, and show where to look.

    Prometheus, Alertmanager and Grafana are started too if they are installed. All servers listen
    on this machine only; Ctrl-C stops them. To use existing servers instead, set
    RINGSIDE_KAFKA_BOOTSTRAP and RINGSIDE_DATABASE_URL.
    """
    settings = settings_of(ctx)
    invocation = ctx.ensure_object(Invocation)
    run_demo(settings.data_dir.resolve(), invocation.env, say, keep=keep)
