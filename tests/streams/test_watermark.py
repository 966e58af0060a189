"""Event time: forward only, by events and by idle time."""

from streams.watermark import Watermark


def test_there_is_none_before_the_first_event() -> None:
    watermark = Watermark(60.0)
    assert watermark.at is None
    watermark.idle(1e6, now=1e9)
    assert watermark.at is None


def test_it_is_the_newest_event_less_the_lateness() -> None:
    watermark = Watermark(60.0)
    watermark.newest_at = 1000.0
    assert watermark.at == 940.0


def test_idle_time_moves_it_by_as_much_and_not_past_now() -> None:
    watermark = Watermark(60.0, newest_at=1000.0)
    watermark.idle(30.0, now=5000.0)
    assert watermark.newest_at == 1030.0
    watermark.idle(30.0, now=1040.0)
    assert watermark.newest_at == 1040.0


def test_it_never_goes_back() -> None:
    # A source whose clock is ahead, then a pause, on a worker whose clock is behind it.
    watermark = Watermark(60.0, newest_at=1000.0)
    watermark.idle(30.0, now=500.0)
    watermark.idle(-30.0, now=5000.0)
    assert watermark.newest_at == 1000.0


def test_a_pause_in_a_replay_does_not_make_last_years_events_late() -> None:
    watermark = Watermark(60.0, newest_at=1000.0)
    watermark.idle(5.0, now=3e7)
    assert watermark.at == 945.0
