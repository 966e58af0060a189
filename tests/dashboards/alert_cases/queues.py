"""What queues promise."""

from tests.dashboards.alert_cases.settings import labels
from tests.dashboards.promtool import Case, Firing

SALES = {"queue": "sales", "site": "hq"}


def queue(name: str, window: str, *, answered: str, within: str, abandoned: str) -> dict[str, str]:
    of = labels(queue=name, site="hq", window=window, direction="inbound")
    return {
        f"ringside_calls_answered{{{of}}}": answered,
        f"ringside_answered_wait_within_target{{{of}}}": within,
        f"ringside_calls_abandoned{{{of}}}": abandoned,
    }


def calls(name: str, quarter: tuple[str, str, str], hour: tuple[str, str, str]) -> dict[str, str]:
    """Answered, of them within the target, abandoned; in a quarter of an hour and in an hour."""
    keys = ("answered", "within", "abandoned")
    return {
        **queue(name, "15m", **dict(zip(keys, quarter, strict=True))),
        **queue(name, "1h", **dict(zip(keys, hour, strict=True))),
    }


LOW: Firing = ("ServiceLevelLow", SALES)
HIGH: Firing = ("AbandonmentHigh", SALES)
MISSED: Firing = ("MissedCallsWaiting", SALES)
WAIT: Firing = ("LongestWaitHigh", SALES)
QUEUE_CASES = [
    Case(
        "a service level under the promise in both windows raises an alert after five minutes",
        # 70 of 100 within the target, then 90.
        calls("sales", ("100x30", "70x9 90x20", "0x30"), ("400x30", "300x30", "0x30")),
        {4: [], 5: [LOW], 9: [LOW], 10: []},
    ),
    Case(
        "neither a bad quarter in a good hour raises an alert nor a good quarter in a bad hour",
        {
            **calls("sales", ("100x9", "70x9", "0x9"), ("400x9", "390x9", "0x9")),
            **calls("other", ("100x9", "95x9", "0x9"), ("400x9", "200x9", "0x9")),
        },
        {9: []},
    ),
    Case(
        "nineteen calls raise no alert, however badly they went",
        calls("sales", ("15x9", "0x9", "4x9"), ("60x9", "0x9", "40x9")),
        {9: []},
    ),
    Case(
        "a queue with a stricter limit is judged by its own limit",
        # 85 %: enough for all others.
        {
            **calls("vip.gold", ("100x9", "85x9", "0x9"), ("400x9", "340x9", "0x9")),
            **calls("vipXgold", ("100x9", "85x9", "0x9"), ("400x9", "340x9", "0x9")),
        },
        {9: [("ServiceLevelLow", {"queue": "vip.gold", "site": "hq"})]},
    ),
    Case(
        "abandoned calls raise an alert above a tenth",
        # 12 of 100, then 8 of 100; all that were answered were in time: 88 %, then 92 %.
        calls("sales", ("88x9 92x9", "88x9 92x9", "12x9 8x9"), ("350x20", "350x20", "50x20")),
        {4: [], 5: [HIGH], 9: [HIGH], 11: []},
    ),
    Case(
        "a customer who waits for more than five minutes raises an alert at once, until answered",
        {'ringside_longest_wait_seconds{queue="sales", site="hq"}': "240+30x4 60x5"},
        # 300 s in minute 2 are no more than the limit.
        {2: [], 3: [WAIT], 4: [WAIT], 5: []},
    ),
    Case(
        "a missed call that nobody calls back raises an alert after half an hour of work",
        {
            # Four hours are 14,400 s. The site opens in minute 10.
            'ringside_oldest_missed_call_seconds{queue="sales", site="hq"}': "20000x49 60x9",
            'ringside_site_working{site="hq", instance="one"}': "0x9 1x49",
        },
        {9: [], 39: [], 40: [MISSED], 49: [MISSED], 50: []},
    ),
    Case(
        "a young backlog raises no alert, and that of another site only while that site works",
        {
            'ringside_oldest_missed_call_seconds{queue="sales", site="hq"}': "14400x50",
            'ringside_oldest_missed_call_seconds{queue="sales", site="far"}': "20000x50",
            'ringside_site_working{site="hq", instance="one"}': "1x50",
            'ringside_site_working{site="far", instance="one"}': "0x50",
        },
        {49: []},
    ),
]
