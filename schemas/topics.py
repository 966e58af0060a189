"""The Kafka topics as data: name, key, partitions, retention. See `ringside topics apply`."""

from dataclasses import dataclass, field

from schemas import events

DAY_SECONDS = 86_400

CHANGELOG_OPTIONS = {
    "cleanup.policy": "compact",
    # A changelog is read as a whole at every start: small segments let compaction keep it short.
    "segment.bytes": str(64 * 2**20),
    "min.cleanable.dirty.ratio": "0.3",
    "delete.retention.ms": str(DAY_SECONDS * 1000),
    # So that a customer who is forgotten is gone from the log, too, and not only from its end.
    "max.compaction.lag.ms": str(DAY_SECONDS * 1000),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `partitions` None means: as many as the source topics have."""

    name: str
    key: str
    help: str
    partitions: int | None = None
    options: dict[str, str] = field(default_factory=dict)

    def partition_count(self, source_partitions: int) -> int:
        """Return the partitions it must have where the source topics have *source_partitions*."""
        return self.partitions or source_partitions


def _retained(days: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * DAY_SECONDS * 1000)}


CALLS = Topic("ringside.calls", "call id", "The life of every call.", options=_retained(30))
REPS = Topic("ringside.reps", "rep id", "Every change of a rep's state.", options=_retained(30))
MEETINGS = Topic("ringside.meetings", "meeting id", "The life of a meeting.", options=_retained(90))
DEALS = Topic("ringside.deals", "deal id", "The life of every deal.", options=_retained(365))
ACTIVITIES = Topic(
    "ringside.activities",
    "activity, lead or source id",
    "Logged activities; leads; heartbeats.",
    options=_retained(30),
)
COUNTERS = Topic(
    "ringside.counters",
    "any name of the interval",
    "What a PBX counts itself, for comparison.",
    options=_retained(30),
)
SOURCES = (CALLS, REPS, MEETINGS, DEALS, ACTIVITIES, COUNTERS)
"""What the outside world publishes. All have the same number of partitions."""

CUSTOMERS = Topic(
    "ringside.customers",
    "customer token",
    "What the workers tell each other about a customer's calls; internal.",
    options=_retained(30),
)
FOLDED = (*SOURCES, CUSTOMERS)
"""What the workers fold: shard *i* is partition *i* of each of these."""

DEAD_LETTERS = Topic(
    "ringside.deadletters",
    "as the original",
    "Every refused message, byte for byte, with its reason and origin in headers.",
    options={**_retained(30), "max.message.bytes": str(2 * 2**20)},
)
ROSTER = Topic(
    "ringside.roster",
    "kind/id",
    "Reps, teams, sites, queues and pipelines, each with its dated history.",
    partitions=1,
    options={"cleanup.policy": "compact"},
)

LEDGER = "ledger"
TABLES = ("entities", "panes", LEDGER)
"""The worker's tables, in the order in which a checkpoint writes them."""


def changelog(app_id: str, table: str) -> Topic:
    """Return the changelog topic of one of the worker's tables."""
    return Topic(
        f"{app_id}-{table}-changelog",
        "source topic and table key",
        f"The state of the table {table}; internal.",
        options=CHANGELOG_OPTIONS,
    )


def installation(app_id: str) -> Topic:
    """Return the topic that says whose the name *app_id* is."""
    return Topic(
        f"{app_id}-installation",
        "constant",
        "Which database and customers' key the name belongs to; internal.",
        partitions=1,
        options={"cleanup.policy": "compact"},
    )


def all_topics(app_id: str) -> tuple[Topic, ...]:
    """Return every topic that an installation named *app_id* needs."""
    changelogs = (changelog(app_id, table) for table in TABLES)
    return (*FOLDED, DEAD_LETTERS, ROSTER, *changelogs, installation(app_id))


_TOPIC_OF_FAMILY = {
    "call": CALLS.name,
    "rep": REPS.name,
    "meeting": MEETINGS.name,
    "deal": DEALS.name,
    "activity": ACTIVITIES.name,
    "lead": ACTIVITIES.name,
    "source": ACTIVITIES.name,
    "pbx": COUNTERS.name,
}

TOPIC_OF_TYPE: dict[str, str] = {
    type_: _TOPIC_OF_FAMILY[type_.split(".")[0]] for type_ in events.TYPES
}
"""CloudEvents `type` -> the one source topic on which it is accepted."""
