"""The line of numbers that the demo prints."""

from __future__ import annotations

from agents.embedded.moving import Numbers, numbers_on, read_numbers
from agents.embedded.ports import free_port

PAGE = """\
# TYPE ringside_events_consumed counter
ringside_events_consumed_total{topic="calls",partition="0"} 1000.0
ringside_events_consumed_total{topic="reps",partition="0"} 234.0
# TYPE ringside_calls_offered gauge
ringside_calls_offered{queue="sales",window="5m"} 3.0
ringside_calls_offered{queue="sales",window="15m"} 10.0
ringside_calls_offered{queue="care",window="15m"} 5.0
# TYPE ringside_calls_waiting gauge
ringside_calls_waiting{queue="sales"} 2.0
ringside_calls_waiting{queue="care"} 1.0
# TYPE ringside_calls_in_progress gauge
ringside_calls_in_progress{queue="sales"} 7.0
"""


def test_the_numbers_are_added_up_over_queues_and_taken_of_one_window() -> None:
    # 1000 + 234 events; 10 + 5 calls of 15 minutes, not the 3 of 5 minutes; 2 + 1 waiting
    expected = Numbers(events=1234, calls_offered=15, calls_waiting=3, calls_in_progress=7)
    assert numbers_on(PAGE) == expected
    assert expected.line().startswith("1,234 events counted · 7 calls in progress, 3 waiting")


def test_a_worker_that_does_not_answer_has_no_numbers() -> None:
    assert read_numbers(free_port()) is None
