"""The service itself: workers, lag, the database, the baseline, what is refused."""

from tests.dashboards.alert_cases.settings import RULES
from tests.dashboards.promtool import OWNED, Case, Firing

LAGGING: Firing = ("PipelineLagging", {"topic": "ringside.calls"})
LAG = 'ringside_lag_seconds{topic="ringside.calls", partition="0"}'
EVENT_LAG = 'ringside_event_lag_seconds{topic="ringside.calls", partition="0"}'
NOTHING: Firing = ("NothingCounted", {})
UNCOUNTED: Firing = ("PartitionsUncounted", {})
DATABASE: Firing = ("DatabaseBehind", {})
UNTOLD: Firing = ("AlertsUndelivered", {"integration": "email"})
PIPELINE_CASES = [
    Case(
        "counting that is behind raises an alert until it has caught up",
        {LAG: "0x4 60+60x9 0x10", 'ringside_replay_announced{instance="one"}': "0x30"},
        # Over 120 s from minute 7 on; for a minute in minute 8.
        {7: [], 8: [LAGGING], 13: [LAGGING], 15: []},
    ),
    Case(
        "an announced replay is no lag, and after it lag is lag again",
        {LAG: "9999x20", 'ringside_replay_announced{instance="one"}': "1x9 0x10"},
        {9: [], 12: [LAGGING]},
    ),
    Case(
        "events that come in late are lag, too, until their source has caught up",
        # Older than 900 s from minute 6 on; for a minute in minute 7.
        {EVENT_LAG: "0x4 600+400x9 5x20"},
        {6: [], 7: [LAGGING], 14: [LAGGING], 16: []},
    ),
    Case(
        "a CRM that brings old deals is none, nor are events ten minutes old",
        {
            'ringside_event_lag_seconds{topic="ringside.deals", partition="0"}': "99999x20",
            EVENT_LAG: "600x20",
        },
        {19: []},
    ),
    Case(
        "an announced replay brings old events, and they are no lag",
        {EVENT_LAG: "99999x20", 'ringside_replay_announced{instance="one"}': "1x20"},
        {19: []},
    ),
    Case(
        "workers without partitions raise an alert after a minute, until one has a partition",
        {OWNED: "4x4 0x4 4x9"},
        # No partition from minute 5 to 9.
        {5: [], 6: [NOTHING], 8: [NOTHING], 10: []},
    ),
    Case(
        "so do workers that are not there at all",
        {OWNED: "4x4 stale"},
        {4: [], 5: [], 6: [NOTHING], 60: [NOTHING]},
    ),
    Case(
        "a partition that no worker has raises an alert after two minutes, until a worker has it",
        {OWNED: "2x9 4x9", 'ringside_assigned_partitions{instance="two"}': "2x4 stale"},
        # Two of four from minute 5 to 9.
        {6: [], 7: [UNCOUNTED], 9: [UNCOUNTED], 10: []},
        {
            7: (
                "PartitionsUncounted",
                {"severity": "critical"},
                {
                    "summary": "Workers have only 2 of the partitions of each topic, all of them "
                    "expected, since 1970-01-01 00:05:00 +0000 UTC",
                    "value": "2",
                    "expected": "4",
                    "pending_seconds": "120",
                    "runbook_url": f"{RULES.runbooks_url}/PartitionsUncounted.md",
                    "dashboard_url": f"{RULES.grafana_url}/d/ringside-service",
                },
            )
        },
    ),
    Case(
        "partitions on their way between workers, or exposed by two, do not count as uncounted",
        {OWNED: "2x4 4x9", 'ringside_assigned_partitions{instance="two"}': "2x3 0 2x9"},
        {minute: [] for minute in range(10)},
    ),
    Case(
        "a database that takes nothing for five minutes raises an alert until it does",
        # Over 300 s from minute 6 on; for a minute in minute 7.
        {'ringside_snapshot_age_seconds{instance="one"}': "0+60x10 2x10"},
        {6: [], 7: [DATABASE], 10: [DATABASE], 11: []},
    ),
    Case(
        "a database that is a little behind raises no alert",
        {'ringside_snapshot_age_seconds{instance="one"}': "0x4 290x20"},
        {20: []},
    ),
    Case(
        "alerts that were not delivered raise an alert through the other channels for five minutes",
        {
            'alertmanager_notifications_failed_total{integration="email", reason="x"}': "0x4 1x20",
            'alertmanager_notifications_failed_total{integration="slack", reason="x"}': "7x25",
        },
        # One more in minute 5; the last five minutes hold that until minute 9.
        {4: [], 5: [UNTOLD], 9: [UNTOLD], 10: []},
    ),
    Case(
        "a worker that does not answer raises an alert until it does",
        {'up{job="ringside", instance="one"}': "1x4 0x4 1x9"},
        {4: [], 5: [], 6: [("WorkerDown", {"instance": "one"})], 11: []},
    ),
    Case(
        "another target that does not answer raises no alert",
        {'up{job="prometheus", instance="p"}': "0x9"},
        {9: []},
    ),
    Case(
        "a baseline that is not relearnt raises an alert until it is",
        {
            # Learnt in minute 0, and in minute 41 again; here half an hour is too old.
            "ringside_baseline_timestamp_seconds": "0x40 2460x10",
        },
        {30: [], 32: [("BaselineStale", {})], 45: []},
    ),
]

INPUT_CASES = [
    Case(
        "one message in ten refused raises an alert until it is better",
        {
            'ringside_events_consumed_total{topic="ringside.calls", partition="0"}': "0+100x60",
            'ringside_dead_letters_total{topic="ringside.calls", partition="0", reason="x"}': (
                "0+10x19 190x41"
            ),
        },
        {4: [], 8: [("BadInput", {"topic": "ringside.calls"})], 40: []},
    ),
    Case(
        "a few refused among few messages raise no alert",
        {
            'ringside_events_consumed_total{topic="ringside.calls", partition="0"}': "0+1x60",
            'ringside_dead_letters_total{topic="ringside.calls", partition="0", reason="x"}': (
                "0+1x60"
            ),
        },
        {30: []},
    ),
    Case(
        "a source over its limit is named by an alert until it is below",
        {'ringside_source_over_limit{source="pbx", instance="one"}': "0x3 1x10 0x5"},
        {8: [], 9: [("BadSource", {"source": "pbx"})], 15: []},
    ),
    Case(
        "a source that makes up names is named by an alert until the names have passed",
        {
            'ringside_source_unknown_names{source="crm", instance="one"}': "_x4 1001x10 stale",
            'ringside_source_unknown_names{source="crm", instance="two"}': "_x4 1200x8 stale",
        },
        # Its sample is there from minute 4 to 14; for five minutes in minute 9.
        {8: [], 9: [("TooManyNames", {"source": "crm"})], 18: []},
        {
            9: (
                "TooManyNames",
                {"severity": "warning", "source": "crm"},
                {
                    "summary": "crm has named 1200 reps, queues and kinds that are not in the "
                    "roster within about a day, limit 1000, since 1970-01-01 00:04:00 +0000 UTC",
                    "value": "1200",
                    "expected": "1000",
                    "pending_seconds": "300",
                    "runbook_url": f"{RULES.runbooks_url}/TooManyNames.md",
                    "dashboard_url": f"{RULES.grafana_url}/d/ringside-service",
                },
            )
        },
    ),
    Case(
        "a source with a thousand names raises no alert",
        {'ringside_source_unknown_names{source="crm", instance="one"}': "1000x20"},
        {20: []},
    ),
]
