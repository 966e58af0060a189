from datetime import datetime, timedelta, timezone

from rich.console import Console

from agents.cli.tables import minute, plain_table


def printed(width: int = 40) -> list[str]:
    rows = [("[red]", "7"), ("cards", "1,250")]
    console = Console(width=width)
    with console.capture() as capture:
        console.print(plain_table(("queue", "calls"), rows, numbers={"calls"}))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_numbers_stand_to_the_right_and_names_are_not_read_as_markup() -> None:
    assert printed() == [
        "queue  calls",
        "[red]      7",
        "cards  1,250",
    ]


def test_an_instant_is_shown_in_utc_whatever_its_zone() -> None:
    hanoi = timezone(timedelta(hours=7))
    assert minute(datetime(2026, 9, 1, 2, 30, tzinfo=hanoi)) == "2026-08-31 19:30Z"
