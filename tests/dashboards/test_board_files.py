"""The boards: what Grafana would trip over, and what a reader would."""

import json
import re
from itertools import combinations
from typing import Any, get_args

import pytest
from grafanalib import core

from dashboards.alerts import recorded_names
from dashboards.boards import boards
from dashboards.floor import ACT, SOON, WALL_ROWS
from dashboards.layout import Row, placed
from dashboards.panels import CALM
from dashboards.queries import EVERYTHING, queries, substituted
from dashboards.rules import rule_names
from schemas.events import RepState
from schemas.funnel import COUNTS
from schemas.kpis import BY_NAME, NOW, WHEN_READ, WITHINS
from schemas.measures import HISTOGRAMS, MEASURES, OF_REPS, WINDOWS

BOARDS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in boards().items()}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]
SHOWING = [(name, panel) for name, panel in PANELS if panel["type"] != "row"]

# What a worker exposes beside the catalogue, and what Prometheus adds itself.
SERVICE = {
    *("ringside_events_consumed_total", "ringside_events_total", "ringside_dead_letters_total"),
    *("ringside_source_over_limit", "ringside_lag_events", "ringside_lag_seconds"),
    "ringside_event_lag_seconds",
    *("ringside_watermark_timestamp_seconds", "ringside_snapshot_age_seconds"),
    *("ringside_snapshot_pending_rows", "ringside_snapshot_failures_total"),
    *("ringside_checkpoint_age_seconds", "ringside_recovery_seconds"),
    *("ringside_assigned_partitions", "ringside_rebalances_total", "ringside_table_entries"),
    *("ringside_partitions", "ringside_event_lag_seconds"),
    *("ringside_monthly_target", "ringside_monthly_target_reached"),
    "ringside_monthly_target_time_ratio",
    *("ringside_unknown_reps", "ringside_unknown_queues", "ringside_roster_entries"),
    *("ringside_source_facts", "ringside_source_expected", "ringside_source_age_seconds"),
    *("ringside_baseline_timestamp_seconds", "ringside_replay_announced", "ALERTS"),
    *("ringside_reconciliation_difference", "ringside_reconciliation_missing"),
    *("ringside_build_info", "process_resident_memory_bytes", "up"),
}
EXPOSED = (
    SERVICE
    | rule_names()
    | recorded_names()
    | {f"ringside_{each.name}" for each in (*MEASURES, *WITHINS, *WHEN_READ, *NOW)}
    | {f"ringside_{each.name}_seconds_bucket" for each in HISTOGRAMS}
    | {f"ringside_team_{each.name}_seconds_bucket" for each in OF_REPS}
    | {f"ringside_funnel_{each.name}" for each in COUNTS}
    | {f"ringside_funnel_{name}" for name in ("stalled", "stalled_after_seconds")}
    | {"ringside_funnel_partitions_counting"}
    | {"ringside_activity_volume", "ringside_unknown_stages"}
)


def metrics_of(expression: str) -> set[str]:
    without_names = re.sub(r'__name__=~"([^"]*)"', lambda m: m[1].replace("|", " "), expression)
    without_texts = re.sub(r'"[^"]*"', "", without_names)
    return set(re.findall(r"\b(?:ringside[_:][\w:]+|process_\w+|up|ALERTS)\b", without_texts))


def test_every_metric_that_a_query_names_is_one_that_exists() -> None:
    for query in queries():
        if query.datasource == "prometheus":
            named = metrics_of(query.expression)
            assert named, f"{query.panel}: no metric in {query.expression}"
            assert named <= EXPOSED, f"{query.board}, {query.panel}: {named - EXPOSED}"


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_overlap_and_stay_on_the_grid(name: str) -> None:
    places = [panel["gridPos"] for panel in BOARDS[name]["panels"]]
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


@pytest.mark.parametrize("name", BOARDS)
def test_panels_leave_no_hole(name: str) -> None:
    places = [panel["gridPos"] for panel in BOARDS[name]["panels"]]
    height = max(place["y"] + place["h"] for place in places)
    assert sum(place["w"] * place["h"] for place in places) == 24 * height


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_has_an_id_of_its_own(name: str) -> None:
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert len(set(ids)) == len(ids)
    assert all(ids)


def test_every_panel_says_what_it_shows() -> None:
    for name, panel in SHOWING:
        assert panel.get("description"), f"{name}: {panel['title']} has no description"


def test_the_description_of_a_kpi_is_its_definition_in_the_catalogue() -> None:
    shown = next(p for _, p in SHOWING if p["title"] == "Abandonment")
    assert shown["description"].startswith(BY_NAME["abandonment"].help)
    assert "ISO 18295-1" in shown["description"]
    assert "Target: 5% or less." in shown["description"]


def test_a_ratio_is_shown_as_a_share_and_a_duration_in_seconds() -> None:
    units = {p["title"]: p["fieldConfig"]["defaults"]["unit"] for _, p in SHOWING if p["title"]}
    assert units["Abandonment"] == "percentunit"
    assert units["ASA"] == "s"
    assert units["Offered"] == "short"


def steps(title: str) -> list[tuple[str, float | None]]:
    shown = next(p for _, p in SHOWING if p["title"] == title)
    found = shown["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return [(step["color"], step["value"]) for step in found]


def test_a_target_that_is_missed_is_red_and_one_that_is_met_has_no_colour() -> None:
    assert steps("Service level") == [("red", None), ("transparent", 0.8)]


def test_a_target_to_stay_under_is_red_only_above_it() -> None:
    (good, start), (bad, limit) = steps("Abandonment")
    assert (good, start, bad) == ("transparent", None, "red")
    assert limit is not None
    assert 0.05 < limit < 0.050001


@pytest.mark.parametrize("name", BOARDS)
def test_datasources_are_named_by_type_and_uid(name: str) -> None:
    known = (
        {"type": "prometheus", "uid": "prometheus"},
        {"type": "grafana-postgresql-datasource", "uid": "postgres"},
    )
    for panel in BOARDS[name]["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["datasource"] in known
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_links_to_the_others_and_takes_the_variables_along(name: str) -> None:
    links = BOARDS[name]["links"]
    assert {link["url"] for link in links} == {
        f"/d/ringside-{other}" for other in BOARDS if other != name
    }
    assert all(link["includeVars"] for link in links)
    of_deals = {"pipeline", "owner", "source", "segment", "currency"}
    own = {"deals": of_deals, "pipeline": {*of_deals, "by"}}.get(name, set())
    assert {each["name"] for each in BOARDS[name]["templating"]["list"]} == {
        *("site", "queue", "team", "rep", "window", *own)
    }


def test_the_boards_have_the_names_that_the_links_use() -> None:
    assert {board["uid"] for board in BOARDS.values()} == {
        *("ringside-floor", "ringside-queue", "ringside-rep", "ringside-contacts"),
        *("ringside-activity", "ringside-service", "ringside-alerts"),
        *("ringside-pipeline", "ringside-deals"),
    }
    assert {board["schemaVersion"] for board in BOARDS.values()} == {39}


@pytest.mark.parametrize("name", BOARDS)
def test_every_variable_of_a_query_is_one_that_the_board_has(name: str) -> None:
    known = {each["name"] for each in BOARDS[name]["templating"]["list"]}
    for panel in BOARDS[name]["panels"]:
        for target in panel.get("targets", ()):
            expression = target.get("expr") or target["rawSql"]
            used = set(re.findall(r"\$\{?(\w+)", expression))
            grafanas_own = {each for each in used if each.startswith("__")}
            assert used - grafanas_own - {"re"} <= known


def test_the_windows_to_choose_from_are_those_of_the_catalogue() -> None:
    variable = next(
        each for each in BOARDS["floor"]["templating"]["list"] if each["name"] == "window"
    )
    assert [option["value"] for option in variable["options"]] == [w.name for w in WINDOWS]
    assert variable["current"]["value"] == "15m"


def test_the_cohorts_by_week_are_a_heat_map_whose_cells_stay_empty_without_a_number() -> None:
    (cohorts,) = (panel for _, panel in SHOWING if panel["title"] == "Cohorts by week")
    for each in cohorts["fieldConfig"]["overrides"]:
        looks = {one["id"]: one["value"] for one in each["properties"]}
        assert looks["custom.cellOptions"]["type"] == "color-background"
        none, *steps = looks["thresholds"]["steps"]
        assert none == {"color": "transparent", "value": None}
        assert [step["value"] for step in steps] == sorted(step["value"] for step in steps)


def test_a_number_of_now_is_asked_of_now() -> None:
    # Grafana's last value of a range would still be there an hour after the worker has died.
    for name, panel in SHOWING:
        if panel["type"] in ("stat", "bargauge"):
            # SQL has no last value: a query that is refused shows nothing.
            of_now = (each.get("instant") or "rawSql" in each for each in panel["targets"])
            assert all(of_now), (name, panel["title"])


def test_the_letters_of_a_panels_queries_differ() -> None:
    for _, panel in SHOWING:
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)
        assert all(letters)


def test_every_query_is_listed_with_its_variables_replaced() -> None:
    listed = queries()
    asked = sum(len(panel["targets"]) for _, panel in SHOWING)
    # Site, queue, team and rep of each; what deals are chosen by, of two; the window is fixed.
    variables = 4 * len(BOARDS) + 2 * 5
    annotations = len(BOARDS)  # the alerts, on each
    assert len(listed) == asked + variables + annotations
    for query in listed:
        left = re.findall(r"\$\{?(?!__|re\$)\w+", query.expression)
        assert left == [], query


def test_a_variable_is_replaced_in_each_of_its_forms_and_macros_stay() -> None:
    text = '$site ${team:regex} "$window" $__timeFilter(start_at) $re$x$re$ $unknown'
    values = {**EVERYTHING, "team": "north", "window": "5m"}
    assert substituted(text, values) == ('.* north "5m" $__timeFilter(start_at) $re$x$re$ $unknown')


def test_a_row_that_does_not_fill_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="the row of Offered must be 24 wide"):
        placed([Row(4, ((12, core.Stat(title="Offered")),))])


# The wall screen.

FLOOR = BOARDS["floor"]["panels"]


def test_the_floor_fits_a_screen_of_1080_pixels() -> None:
    # A row of the grid is 30 pixels and 8 between; the line of variables and the margins take 80.
    assert WALL_ROWS * 38 + 80 <= 1080
    assert max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in FLOOR) <= WALL_ROWS


def test_the_floor_has_few_big_numbers_in_its_first_row() -> None:
    first = [panel for panel in FLOOR if panel["gridPos"]["y"] == 0]
    assert len(first) <= 6
    assert {panel["type"] for panel in first} == {"stat"}
    assert all(panel["gridPos"]["h"] * 38 >= 300 for panel in first)


def test_the_floor_is_coloured_only_where_somebody_must_act() -> None:
    for panel in FLOOR:
        if panel["type"] == "stat":
            defaults = panel["fieldConfig"]["defaults"]
            colours = {step["color"] for step in defaults["thresholds"]["steps"]}
            assert colours <= {CALM, SOON, ACT, "text"}, panel["title"]
            assert colours & {CALM, "text"}, panel["title"]


def test_no_text_is_drawn_in_the_colour_of_nothing() -> None:
    # A background may be transparent; a number in that colour is not there.
    for board in BOARDS.values():
        for panel in board["panels"]:
            of_fields = panel.get("fieldConfig", {"overrides": []})
            for override in map(json.dumps, of_fields["overrides"]):
                assert CALM not in override or "color-background" in override, panel["title"]
            if panel.get("options", {}).get("colorMode") != "background":
                steps = of_fields.get("defaults", {}).get("thresholds", {})
                assert CALM not in json.dumps(steps), panel["title"]


def test_a_name_in_a_table_leads_to_its_board_with_all_else_that_was_chosen() -> None:
    (queues,) = (panel for panel in FLOOR if panel["type"] == "table")
    links = {
        each["matcher"]["options"]: link["value"]
        for each in queues["fieldConfig"]["overrides"]
        for link in each["properties"]
        if link["id"] == "links"
    }
    kept = "&".join(f"${{{name}:queryparam}}" for name in ("site", "team", "rep", "window"))
    url = f"/d/ringside-queue?{kept}&var-queue=${{__value.raw}}"
    assert links == {"Queue": [{"title": "Queue ${__value.raw}", "url": url}]}


def test_the_states_of_a_rep_are_a_timeline_with_a_colour_for_each() -> None:
    (panel,) = (panel for panel in BOARDS["rep"]["panels"] if panel["type"] == "state-timeline")
    mapping, pauses = panel["fieldConfig"]["defaults"]["mappings"]
    assert mapping["options"].keys() == {*get_args(RepState), "between_calls"}
    assert re.match(pauses["options"]["pattern"], "paused: lunch")[1] == "lunch"  # type: ignore[index]
    assert pauses["options"]["result"]["color"] == mapping["options"]["paused"]["color"]
    assert [each["id"] for each in panel["transformations"]] == ["partitionByValues"]
