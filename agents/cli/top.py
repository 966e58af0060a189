"""`ringside top`: the floor in a terminal, live."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

import typer
from rich.console import RenderableType
from rich.live import Live

from agents import clock
from agents.cli.context import out, settings_of
from agents.cli.floor import Sample, add_up, parse
from agents.cli.floor_view import render
from agents.errors import InputError, RingsideError
from agents.settings import Settings

commands = typer.Typer(add_completion=False)

_TIMEOUT_SECONDS = 3.0
_ONCE_SECONDS = 20.0
"""Who asks once has no next time to be answered."""
_MAX_BYTES = 64 * 2**20

Window = Literal["5m", "15m", "1h", "today"]


class UnreachableError(RingsideError):
    """No worker answers. Start one with `ringside worker`, or say where it is with --url."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one worker answered, or why it did not."""

    samples: tuple[Sample, ...]
    problem: str = ""


@commands.command(
    epilog="[bold]Examples[/bold]\n\nringside top\n\n"
    "ringside top --url http://10.0.0.5:9464 --url http://10.0.0.6:9464 --window today"
)
def top(
    ctx: typer.Context,
    *,
    url: Annotated[
        list[str] | None,
        typer.Option(
            "--url", help="Address of a worker's metrics; repeatable. Default: this machine."
        ),
    ] = None,
    window: Annotated[Window, typer.Option("--window", help="Window of the counts.")] = "15m",
    every: Annotated[
        float, typer.Option("--every", min=0.2, help="Seconds between updates.")
    ] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Print once and exit.")] = False,
) -> None:
    """Watch queues and teams live, from the workers' metrics. Ctrl-C ends it."""
    settings = settings_of(ctx)
    urls = [_complete(one) for one in url or [_of_this_machine(settings)]]
    if once:
        scrapes = scrape_all(urls, _ONCE_SECONDS)
        _raise_if_none(scrapes)
        out().print(_screen(scrapes, window))
        return
    # The alternate screen: what was in the terminal before is there again afterwards.
    console = out()
    with (
        suppress(KeyboardInterrupt),  # the usual way out
        Live(console=console, screen=console.is_terminal, auto_refresh=False) as live,
    ):
        for scrapes in _forever(urls, every):
            live.update(_screen(scrapes, window), refresh=True)


def _forever(urls: Sequence[str], every_seconds: float) -> Iterator[list[Scrape]]:
    """Yield what the workers answer, again and again, also when they do not."""
    while True:
        began_at = clock.monotonic()
        yield scrape_all(urls)
        time.sleep(max(0.0, began_at + every_seconds - clock.monotonic()))


def _screen(scrapes: Sequence[Scrape], window: str) -> RenderableType:
    floor = add_up((scrape.samples for scrape in scrapes), window)
    problems = [scrape.problem for scrape in scrapes if scrape.problem]
    at = f"{datetime.fromtimestamp(clock.now(), UTC):%Y-%m-%d %H:%M:%S}Z"
    return render(floor, window=window, problems=problems, at=at)


def scrape_all(urls: Sequence[str], seconds: float = _TIMEOUT_SECONDS) -> list[Scrape]:
    """Ask all workers at once: one that hangs delays nobody by more than its timeout."""
    with ThreadPoolExecutor(max_workers=min(16, len(urls))) as pool:
        return list(pool.map(partial(scrape, seconds=seconds), urls))


def scrape(url: str, seconds: float = _TIMEOUT_SECONDS) -> Scrape:
    """Ask one worker."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310 - _complete allows http only
            page = answer.read(_MAX_BYTES).decode("utf-8", "replace")
        return Scrape(tuple(parse(page)))
    except urllib.error.HTTPError as error:
        error.close()
        return Scrape((), f"{url} is not a worker: it answers {error.code}")
    except (OSError, http.client.HTTPException) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        return Scrape((), f"the worker at {url} does not answer ({why}); trying again")
    except (ValueError, KeyError):
        return Scrape((), f"{url} is not a worker: it sends no metrics page")


def _raise_if_none(scrapes: Sequence[Scrape]) -> None:
    if all(scrape.problem for scrape in scrapes):
        problems = "\n".join(scrape.problem.removesuffix("; trying again") for scrape in scrapes)
        raise UnreachableError(f"{problems}\nStart one with `ringside worker`, or give its --url")


def _of_this_machine(settings: Settings) -> str:
    host = settings.metrics_host
    return f"{f'[{host}]' if ':' in host else host}:{settings.metrics_port}"


def _complete(url: str) -> str:
    """Return the address of the metrics page that *url* stands for: host:port is enough."""
    if "://" not in url:
        url = f"http://{url}"
    if not url.startswith(("http://", "https://")):
        raise InputError(f"--url {url}: this should begin with http:// or https://")
    rest = url.partition("://")[2]
    return url if "/" in rest.rstrip("/") else f"{url.rstrip('/')}/metrics"
