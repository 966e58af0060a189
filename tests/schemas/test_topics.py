"""Every type has its topic; what an installation needs is named once."""

from schemas.events import TYPES
from schemas.topics import (
    DEAD_LETTERS,
    FOLDED,
    ROSTER,
    SOURCES,
    TOPIC_OF_TYPE,
    all_topics,
    changelog,
)


def test_every_event_type_is_accepted_on_exactly_one_source_topic() -> None:
    assert set(TOPIC_OF_TYPE) == set(TYPES)
    assert set(TOPIC_OF_TYPE.values()) == {topic.name for topic in SOURCES}


def test_leads_and_heartbeats_share_the_topic_of_activities_and_nothing_else_is_shared() -> None:
    by_topic = {
        topic.name: {type_.split(".")[0] for type_, of in TOPIC_OF_TYPE.items() if of == topic.name}
        for topic in SOURCES
    }
    assert by_topic == {
        "ringside.calls": {"call"},
        "ringside.reps": {"rep"},
        "ringside.meetings": {"meeting"},
        "ringside.deals": {"deal"},
        "ringside.activities": {"activity", "lead", "source"},
        "ringside.counters": {"pbx"},
    }


def test_topic_names_are_unique_and_kafka_takes_them() -> None:
    names = [topic.name for topic in all_topics("ringside")]
    assert len(names) == len(set(names)) == 13
    assert all(
        len(name) <= 249 and set(name) <= set("abcdefghijklmnopqrstuvwxyz.-") for name in names
    )


def test_two_installations_share_sources_but_no_changelog() -> None:
    one = {topic.name for topic in all_topics("one")}
    other = {topic.name for topic in all_topics("other")}
    shared = {topic.name for topic in (*FOLDED, DEAD_LETTERS, ROSTER)}
    assert one & other == shared


def test_a_topic_has_as_many_partitions_as_the_sources_unless_it_says_otherwise() -> None:
    assert changelog("ringside", "panes").partition_count(6) == 6
    assert DEAD_LETTERS.partition_count(6) == 6
    assert ROSTER.partition_count(6) == 1


def test_a_message_of_the_greatest_size_fits_into_a_dead_letter() -> None:
    # 1 MiB is what a broker takes by default; its dead letter is longer by six headers.
    assert int(DEAD_LETTERS.options["max.message.bytes"]) >= 2**20 + 65_536


def test_state_is_compacted_and_never_expires() -> None:
    for topic in (ROSTER, changelog("ringside", "entities")):
        assert topic.options["cleanup.policy"] == "compact"
        assert "retention.ms" not in topic.options
