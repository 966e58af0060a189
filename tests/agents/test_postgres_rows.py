"""Snapshots become rows: figures worked out by hand."""

from typing import Any

from agents.postgres.rows import batches, cumulative
from agents.postgres.tables import CALL, LEDGER, PANE, REP_STATE, TABLES, Table
from schemas.measures import SECONDS_BOUNDS
from streams.activities import Activity
from streams.call_state import Call
from streams.deal_state import Deal, Move, Owned
from streams.facts import Dims
from streams.ledger import Ledger
from streams.meetings import Meeting
from streams.packed import Packed
from streams.rep_turns import TAKEN_BACK, RepTurn
from streams.reps import Rep, Turn
from streams.snapshot import Entity, PaneKey, Snapshot

QUARTER_AT = 1_700_000_100
SALES = Dims("sales", "mai", "inbound", "", "pbx/1")


def snapshot(partition: int = 0, *, next_offset: int = 10, **fields: Any) -> Snapshot:  # noqa: ANN401
    return Snapshot("ringside.calls", partition, Ledger(5, next_offset), **fields)


def rows(*snapshots: Snapshot, chunk_rows: int = 5000) -> dict[str, list[dict[str, Any]]]:
    """What is written, as one would read it: rows by column, per table."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, columns in batches(snapshots, lateness_of=lambda _: 60, chunk_rows=chunk_rows):
        height = len(next(column for column in columns if column is not None))
        filled = [column if column is not None else [None] * height for column in columns]
        found.setdefault(table.name, []).extend(
            dict(zip(table.columns, row, strict=True)) for row in zip(*filled, strict=True)
        )
    return found


def entity(key: str, value: Entity) -> dict[str, Any]:
    found = rows(snapshot(entities={key: value}))
    found.pop("ledger")
    ((row,),) = found.values()
    return row


def test_a_pane_says_which_messages_are_in_it() -> None:
    panes = {PaneKey(QUARTER_AT, SALES): {"calls_offered": 3}}
    (row,) = rows(snapshot(2, next_offset=17, panes=panes))["pane"]
    fence = row["topic"], row["partition"], row["epoch"], row["last_offset"]
    assert fence == ("ringside.calls", 2, 5, 17)
    assert (row["start_at"], row["queue"], row["rep"]) == (QUARTER_AT, "sales", "mai")
    assert row["calls_offered"] == 3


def test_what_is_zero_in_every_row_is_not_sent() -> None:
    panes = {PaneKey(QUARTER_AT, SALES): {"calls_offered": 3, "calls_abandoned": 0, "talk:4": 0}}
    (row,) = rows(snapshot(panes=panes))["pane"]
    assert row["calls_abandoned"] is None
    assert row["talk"] is None


def test_nothing_is_stored_below_zero() -> None:
    # A release that counted no buckets of outbound calls saw one end. Its after-call work, told
    # to this one, moves it from the fourth bucket, where it never was, to the fifth.
    counted = {"dialled_handle:3": -1, "dialled_handle:4": 1, "outbound_wrapup_seconds": 3.0}
    (row,) = rows(snapshot(panes={PaneKey(QUARTER_AT, SALES): counted}))["pane"]
    assert row["dialled_handle"] == cumulative([0] * 4 + [1] + [0] * (len(SECONDS_BOUNDS) - 4))
    assert row["outbound_wrapup_seconds"] == 3


def test_a_histogram_is_stored_as_running_totals_with_the_total_last() -> None:
    # 2 calls of at most 1 s, 1 of 3600 s, 4 longer: 2, 2, ..., 2 + 1 = 3, 3 + 4 = 7.
    last = len(SECONDS_BOUNDS) - 1
    cells = {"talk:0": 2, f"talk:{last}": 1, f"talk:{last + 1}": 4}
    (row,) = rows(snapshot(panes={PaneKey(QUARTER_AT, SALES): cells}))["pane"]
    assert row["talk"] == "{" + "2," * last + "3,7}"


def test_running_totals_of_three_buckets() -> None:
    assert cumulative([1, 0, 4]) == "{1,1,5}"


def test_a_cell_of_another_release_is_left_out() -> None:
    panes = {PaneKey(QUARTER_AT, SALES): {"calls_teleported": 3, "calls_offered": 1}}
    (row,) = rows(snapshot(panes=panes))["pane"]
    assert row["calls_offered"] == 1


def test_rows_come_in_the_order_of_their_keys_whoever_writes_them() -> None:
    keys = [PaneKey(at, Dims(queue)) for at in (900, 0) for queue in ("b", "a")]
    panes = {key: {"calls_offered": 1} for key in keys}
    found = rows(snapshot(1, panes=panes), snapshot(0, panes=panes), chunk_rows=3)["pane"]
    order = [(row["partition"], row["start_at"], row["queue"]) for row in found]
    assert order == [(p, at, queue) for p in (0, 1) for at in (0, 900) for queue in ("a", "b")]


def test_tables_are_always_written_in_the_same_order_and_the_ledger_last() -> None:
    full = snapshot(
        panes={PaneKey(0, SALES): {"calls_offered": 1}},
        entities={"r": Rep("r", (Turn(1.0, "available"),)), "c": Call(last_at=1.0)},
    )
    tables: list[Table] = [table for table, _ in batches([full], lateness_of=lambda _: 0)]
    assert tables == [PANE, CALL, REP_STATE, LEDGER]
    assert tables == sorted(tables, key=TABLES.index)


def test_no_statement_has_more_rows_than_a_chunk() -> None:
    panes = {PaneKey(900 * n, SALES): {"calls_offered": 1} for n in range(7)}
    entities = {f"c{n}": Call(last_at=1.0) for n in range(4)}
    found = batches(
        [snapshot(panes=panes, entities=entities)], lateness_of=lambda _: 0, chunk_rows=3
    )
    heights = [(table.name, len(columns[0] or ())) for table, columns in found]
    assert heights == [
        ("pane", 3), ("pane", 3), ("pane", 1), ("call", 3), ("call", 1), ("ledger", 1)
    ]  # fmt: skip


def test_entities_are_written_topic_by_topic_and_made_no_sooner_than_they_are_asked_for() -> None:
    class Kept(Packed):
        asked = 0

        def __getitem__(self, key: str) -> Any:  # noqa: ANN401
            Kept.asked += 1
            return super().__getitem__(key)

    deals = Kept(Deal)
    deals.update({f"d{n}": Deal("crm") for n in range(5)})
    told = Snapshot("ringside.deals", 0, Ledger(5, 10), entities=deals)
    more = Snapshot("ringside.deals", 1, Ledger(5, 10), entities={"d9": Deal("crm")})
    found = batches(
        [more, told, snapshot(entities={"c": Call(last_at=1.0)})],
        lateness_of=lambda _: 0,
        chunk_rows=2,
    )
    written = [(table.name, columns[2], Kept.asked) for table, columns in found]
    assert written == [
        ("call", ("c",), 0),
        ("deal", ("d0", "d1"), 2),
        ("deal", ("d2", "d3"), 4),
        ("deal", ("d4", "d9"), 5),
        ("ledger", written[-1][1], 5),
    ]


def test_a_handled_call_has_its_four_durations() -> None:
    # Waited 100..112 = 12; on hold 130..140 = 10; talked 112..180 less 10 = 58; wrap-up 20.
    call = Call(
        source="pbx/1", queue="sales", rep="mai", customer="t1", offered_at=100.0,
        answered_at=112.0, holds=(130.0,), resumes=(140.0,), ended_at=180.0, wrapup_ended_at=200.0,
        last_at=200.0,
    )  # fmt: skip
    row = entity("c1#2", call)
    assert (row["call_id"], row["leg"], row["outcome"]) == ("c1", 2, "answered")
    durations = [row[f"{name}_seconds"] for name in ("wait", "talk", "hold", "wrapup")]
    assert durations == [12, 58, 10, 20]
    assert row["holds"] == 1


def test_what_of_a_call_is_not_yet_known_is_null_not_zero() -> None:
    waiting = entity("c1", Call(offered_at=100.0, last_at=100.0))
    talking = entity("c1", Call(offered_at=100.0, answered_at=112.0, last_at=112.0))
    assert waiting["wait_seconds"] is None
    assert waiting["outcome"] is None
    assert (talking["wait_seconds"], talking["talk_seconds"]) == (12, None)


def test_an_answer_heard_of_before_the_arrival_has_no_wait_yet() -> None:
    assert entity("c1", Call(answered_at=112.0, last_at=112.0))["wait_seconds"] is None


def test_a_meeting_says_how_often_it_was_moved() -> None:
    row = entity("m1", Meeting(rep="mai", booked_at=1.0, moves=(5.0, 9.0), last_at=9.0))
    assert (row["times_moved"], row["last_moved_at"], row["outcome"]) == (2, 9.0, None)


def test_a_deleted_deal_keeps_its_row_and_says_so() -> None:
    deal = Deal(
        rep="mai", pipeline="new", created_at=1.0, moves=(Move(1.0, "lead"), Move(4.0, "offer")),
        amount_minor=990, currency="VND", status="deleted", status_at=7.0, last_at=7.0,
    )  # fmt: skip
    row = entity("d1", deal)
    assert (row["status"], row["stage"], row["stage_at"]) == ("deleted", "offer", 4.0)
    assert row["moves"] == '[[1.0,"lead",""],[4.0,"offer",""]]'


def test_a_deals_row_names_who_owns_it_now_and_all_who_did() -> None:
    deal = Deal(rep="mai", created_at=1.0, owners=(Owned(5.0, "linh"),), segment="smb", last_at=5.0)
    row = entity("d1", deal)
    assert (row["rep"], row["segment"], row["is_cut"]) == ("linh", "smb", False)
    assert row["owners"] == '[[1.0,"mai",""],[5.0,"linh",""]]'


def test_a_reps_row_is_the_present_state_and_since_when() -> None:
    turns = (Turn(1.0, "available", "", "pbx"), Turn(5.0, "paused", "lunch", "pbx"))
    row = entity("mai", Rep("mai", turns))
    assert (row["rep"], row["state"], row["reason"], row["since"]) == ("mai", "paused", "lunch", 5)


def test_each_turn_of_a_rep_is_a_row_and_one_that_was_taken_back_ends_as_it_begins() -> None:
    turns = {
        ("mai", 1.0): RepTurn(5.0, "paused", "lunch", "pbx"),
        ("mai", 5.0): RepTurn(None, "on_call", "", "pbx"),
        ("an", 3.0): TAKEN_BACK,
    }
    found = rows(snapshot(turns=turns))["rep_turn"]
    assert [
        tuple(row[name] for name in ("rep", "since", "until", "state", "reason", "source"))
        for row in found
    ] == [
        ("an", 3.0, 3.0, "", "", ""),
        ("mai", 1.0, 5.0, "paused", "lunch", "pbx"),
        ("mai", 5.0, None, "on_call", "", "pbx"),
    ]


def test_a_logged_activity_has_a_row_and_a_lead_none() -> None:
    entities = {
        "a1": Activity(("activity.logged",), 1.0, "crm", "linh", "e-mail", "ct1_x", "d1", 1.0),
        "lead/l1": Activity(("lead.created",), 2.0),
    }
    (row,) = rows(snapshot(entities=entities))["activity"]
    assert (row["activity_id"], row["source"], row["rep"], row["kind"]) == (
        *("a1", "crm", "linh", "e-mail"),
    )
    assert (row["customer"], row["deal"], row["logged_at"]) == ("ct1_x", "d1", 1.0)


def test_the_watermark_is_the_newest_event_less_the_lateness() -> None:
    ledger = Ledger(5, 10, consumed=10, applied=8, duplicate=1, late=1, newest_at=1000.0)
    ledger.reasons = {"too_late": 1}
    (row,) = rows(Snapshot("ringside.calls", 0, ledger))["ledger"]
    assert (row["newest_at"], row["watermark_at"]) == (1000, 940)
    assert row["reasons"] == '{"too_late":1}'


def test_before_the_first_event_there_is_no_watermark() -> None:
    (row,) = rows(snapshot())["ledger"]
    assert row["watermark_at"] is None
