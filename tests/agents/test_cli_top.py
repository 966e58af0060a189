"""`ringside top`: pages of two workers added up, as a person reads them."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from rich.console import Console

from agents.__main__ import run
from agents.cli.floor import add_up, parse
from agents.cli.floor_view import duration, render
from agents.cli.top import scrape

ONE = """\
ringside_calls_waiting{queue="loans",site="hanoi"} 3
ringside_longest_wait_seconds{queue="loans",site="hanoi"} 187
ringside_calls_in_progress{queue="loans",site="hanoi"} 4
ringside_calls_offered{queue="loans",team="",site="hanoi",kind="",window="15m"} 10
ringside_calls_offered{queue="loans",team="",site="hanoi",kind="",window="1h"} 999
ringside_calls_answered{queue="loans",team="a",site="hanoi",kind="",window="15m"} 5
ringside_calls_answered{queue="loans",team="b",site="hanoi",kind="",window="15m"} 2
ringside_calls_abandoned{queue="loans",team="",site="hanoi",kind="",window="15m"} 1
ringside_answered_wait_within_target{queue="loans",team="a",site="hanoi",window="15m"} 5
ringside_reps_in_state{team="a",site="hanoi",state="on_call"} 4
ringside_activity_volume{team="a",site="hanoi",window="15m"} 21
ringside_lag_seconds{topic="ringside.calls",partition="0"} 2
ringside_lag_events{topic="ringside.calls",partition="0"} 30
ringside_events_total{topic="ringside.calls",partition="0",result="applied"} 1200
python_info{version="3"} 1
"""

TWO = """\
ringside_calls_waiting{queue="loans",site="hanoi"} 1
ringside_longest_wait_seconds{queue="loans",site="hanoi"} 12
ringside_calls_answered{queue="loans",team="a",site="hanoi",kind="",window="15m"} 1
ringside_calls_abandoned{queue="loans",team="",site="hanoi",kind="",window="15m"} 1
ringside_answered_wait_within_target{queue="loans",team="a",site="hanoi",window="15m"} 1
ringside_reps_in_state{team="a",site="hanoi",state="on_call"} 2
ringside_lag_seconds{topic="ringside.calls",partition="1"} 5
ringside_lag_events{topic="ringside.calls",partition="1"} 12
"""
PAGES = (parse(ONE), parse(TWO))


def test_counts_of_workers_add_up_and_waits_do_not() -> None:
    row = add_up(PAGES, "15m").queues["hanoi", "loans"]
    assert (row.waiting, row.longest_wait_seconds, row.in_progress) == (4, 187, 4)
    assert row.cells["calls_offered"] == 10
    assert row.cells["calls_answered"] == 5 + 2 + 1


def test_what_top_does_not_show_makes_no_row() -> None:
    page = parse('ringside_reconciliation_missing{queue="loans",source="/pbx/hanoi"} 1\n')
    assert not add_up([page], "15m").queues


def test_the_service_level_is_that_of_the_sums() -> None:
    # Answered in target 5 + 1, of 8 answered and 2 abandoned.
    assert add_up(PAGES, "15m").queues["hanoi", "loans"].service_level == 6 / 10


def test_a_queue_without_calls_has_no_service_level() -> None:
    assert add_up(PAGES, "5m").queues["hanoi", "loans"].service_level is None


def test_reps_and_activities_are_per_team() -> None:
    team = add_up(PAGES, "15m").teams["hanoi", "a"]
    assert (team.states["on_call"], team.volume) == (6, 21)


def test_the_lag_in_events_adds_up_and_in_seconds_is_the_worst() -> None:
    totals = add_up(PAGES, "15m").totals
    assert (totals["ringside_lag_events"], totals["ringside_lag_seconds"]) == (42, 5)


def test_what_is_shown_is_what_a_supervisor_reads() -> None:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file:
        floor = add_up(PAGES, "15m")
        console.print(render(floor, window="15m", problems=["worker B is away"], at="now"))
    lines = console.export_text().splitlines()
    (loans,) = [line.split() for line in lines if line.startswith("loans")]
    assert loans == ["loans", "hanoi", "4", "3:07", "4", "10", "8", "2", "60%"]
    (team,) = [line.split() for line in lines if line.startswith("a ")]
    assert team == ["a", "hanoi", "0", "0", "6", "0", "0", "0", "21"]
    assert "worker B is away" in lines
    assert any("behind 42 events, 5 s" in line and "1,200 applied" in line for line in lines)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.6, "1:00"), (187, "3:07"), (7387, "2:03:07")]
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.fixture
def worker() -> Iterator[str]:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(ONE.encode() if self.path == "/metrics" else b"<html>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_once_prints_the_floor(worker: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["top", "--once", "--url", worker], {}) == 0
    assert "loans" in capsys.readouterr().out


def test_one_unreachable_worker_of_two_is_told_and_the_other_shown(
    worker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["top", "--once", "--url", worker, "--url", "127.0.0.1:1"], {}) == 0
    text = capsys.readouterr().out
    assert "loans" in text
    assert "the worker at http://127.0.0.1:1/metrics does not answer" in text


def test_no_worker_at_all_is_an_error_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["top", "--once", "--url", "127.0.0.1:1"], {}) == 1
    assert "ringside worker" in capsys.readouterr().err


def test_something_else_that_answers_is_no_worker(worker: str) -> None:
    assert scrape(f"http://{worker}/").problem.endswith("is not a worker: it answers 404")
