"""Catalogue -> agents/sql/views.sql: from panes per partition to KPIs per queue, team and rep.

pane -> pane_located (whose, where, within which limits) -> kpi_quarter and kpi_day (added up over
partitions) -> one view of KPIs for each grain and for each of queue, team and rep.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill, indent

from dashboards import promql, sql
from dashboards.day_views import counted_day, panes_of_day
from dashboards.floor_views import floor_views
from dashboards.mark import GENERATED_BY
from dashboards.pane_comments import pane_comments
from dashboards.view import UNKNOWN_QUEUE_LIMITS, View
from schemas.kpis import KPIS, WAITING_IN_TARGET, WITHINS, Kpi
from schemas.measures import ACTIVITY_VOLUME, SECONDS_BOUNDS

_DIMENSIONS = ("site", "zone", "team", "queue", "rep", "direction", "kind", "source")

_BOUNDS_FUNCTION = f"""
-- The bounds of the histograms.
CREATE OR REPLACE FUNCTION ringside.seconds_bounds() RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[
{indent(fill(", ".join(f"{bound:g}" for bound in SECONDS_BOUNDS), 88), " " * 8)}
    ]::double precision[]
$$;
"""

_FUNCTIONS = """
-- The q-quantile of a histogram, interpolated linearly within its bucket like Prometheus'
-- histogram_quantile: the lowest bucket starts at 0, and above the last bound it is the last bound.
-- `counts` is cumulative, one for each bound and then the total. NULL of nothing.
CREATE OR REPLACE FUNCTION ringside.quantile(
    counts bigint[], bounds double precision[], q double precision
) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN counts[cardinality(counts)] = 0 THEN NULL
        ELSE coalesce(
            (
                SELECT low + (bounds[i] - low) * (q * counts[cardinality(counts)] - below)
                    / (counts[i] - below)
                FROM generate_series(1, cardinality(bounds)) AS i,
                    LATERAL (
                        SELECT
                            coalesce(bounds[i - 1], 0) AS low,
                            coalesce(counts[i - 1], 0) AS below
                    ) AS bucket
                WHERE counts[i] >= q * counts[cardinality(counts)] AND counts[i] > below
                ORDER BY i
                LIMIT 1
            ),
            bounds[cardinality(bounds)]
        )
    END
$$;

-- How many of a histogram are at or under a limit that is one of its bounds.
CREATE OR REPLACE FUNCTION ringside.count_within(
    counts bigint[], bounds double precision[], at_most double precision
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(counts[width_bucket(at_most, bounds)], 0)
$$;
"""


def views_sql() -> str:
    """Return the file that `ringside db migrate` runs after the migrations."""
    header = (
        f"-- {GENERATED_BY}\n"
        "-- Run by `ringside db migrate` after the migrations, once it has dropped the old views.\n"
    )
    return header + pane_comments() + _BOUNDS_FUNCTION + _FUNCTIONS + "".join(map(str, views()))


def views() -> tuple[View, ...]:
    """Return the views in the order in which they build on each other."""
    return (
        _choice(),
        _located(),
        _added_up("kpi_quarter", ("start_at", "day", *_TEAM_PLACE), "a quarter of an hour"),
        counted_day(),
        _added_up("kpi_day", (_DAY,), "a day in the time zone of the site", panes_of_day("day")),
        *(_of_kpis(grain, entity) for entity in _ENTITIES for grain in _GRAINS),
        _missed_calls(),
        *floor_views(),
    )


_TEAM_PLACE = ("team_day", "team_site", "team_zone")
"""A team may serve queues of another site; its own day and site are these."""

_OWN_PLACE = tuple(f"{name} AS {name.removeprefix('team_')}" for name in _TEAM_PLACE)

_DAY = "of_day AS day"
_GRAINS = {"quarter": ("start_at",), "day": ()}


@dataclass(frozen=True, slots=True)
class _Entity:
    """Whose KPIs a view has. What cannot be told of it is NULL there."""

    name: str
    keys: tuple[str, ...]

    @property
    def day(self) -> str:
        """The column that says which day it is for it."""
        return "day" if "day" in self.keys else "team_day"

    def knows(self, kpi: Kpi) -> bool:
        """Whether the KPI can be told of one of these."""
        if self.name == "queue":
            return promql.is_by_queue(kpi)
        return not promql.terms_of(kpi) or promql.is_by_team(kpi)


_ENTITIES = (
    _Entity("queue", ("day", "site", "zone", "queue")),
    _Entity("team", (*_OWN_PLACE, "team")),
    _Entity("rep", (*_OWN_PLACE, "team", "rep")),
)


def _choice() -> View:
    chosen = ",\n    ".join(
        f"coalesce(bool_or(measure = '{term.name}'), false) AS {term.name}"
        for term in ACTIVITY_VOLUME
    )
    return View(
        "activity_volume_choice",
        "One row: whether each measure counts as activity, as the roster says.",
        f"SELECT\n    {chosen}\nFROM ringside.roster_activity_volume",
    )


# Nobody waits longer than the longest target, which is an hour: older rows need not be looked for.
_WAITING = f"""CASE
        WHEN pane.calls_offered > 0 AND pane.start_at > now() - interval '90 minutes' THEN (
            SELECT count(*)
            FROM ringside.call AS waiting
            WHERE waiting.offered_at >= pane.start_at
                AND waiting.offered_at < pane.start_at + interval '15 minutes'
                AND waiting.offered_at
                    >= now() - make_interval(secs => coalesce(
                        queues.target_seconds, {UNKNOWN_QUEUE_LIMITS["target_seconds"]}
                    ))
                AND (waiting.topic, waiting.partition) = (pane.topic, pane.partition)
                AND (waiting.queue, waiting.source) = (pane.queue, pane.source)
                AND waiting.direction = 'inbound'
                AND waiting.outcome IS NULL
                AND waiting.closed_by_us_at IS NULL
        )
        ELSE 0
    END AS {WAITING_IN_TARGET.name}"""  # noqa: S608 - made of the catalogue alone


def _located() -> View:
    defaults = UNKNOWN_QUEUE_LIMITS
    withins = ",\n    ".join(
        f"ringside.count_within(\n        pane.{term.histogram.name}, {sql.BOUNDS},\n"
        f"        coalesce(queues.{term.limit.value}, {defaults[term.limit.value]})\n"
        f"    ) AS {term.name}"
        for term in WITHINS
    )
    query = f"""SELECT
    pane.*,
    place.site,
    coalesce(sites.zone, 'UTC') AS zone,
    (pane.start_at AT TIME ZONE coalesce(sites.zone, 'UTC'))::date AS day,
    place.team,
    place.team_site,
    coalesce(team_sites.zone, 'UTC') AS team_zone,
    (pane.start_at AT TIME ZONE coalesce(team_sites.zone, 'UTC'))::date AS team_day,
    coalesce(queues.target_seconds, {defaults["target_seconds"]}) AS target_seconds,
    coalesce(
        queues.short_abandon_seconds, {defaults["short_abandon_seconds"]}
    ) AS short_abandon_seconds,
    {withins},
    {_WAITING},
    {sql.activity_volume()} AS activity_volume
FROM ringside.pane
CROSS JOIN ringside.activity_volume_choice AS choice
{_as_of("roster_rep", "reps", "pane.rep")}
{_as_of("roster_team", "teams", "reps.team")}
{_as_of("roster_queue", "queues", "pane.queue")}
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN pane.rep = '' THEN '' ELSE coalesce(reps.team, 'unknown') END AS team,
        CASE
            WHEN pane.queue <> '' THEN coalesce(queues.site, 'unknown')
            WHEN pane.rep <> '' THEN coalesce(teams.site, 'unknown')
            ELSE ''
        END AS site,
        CASE WHEN pane.rep = '' THEN '' ELSE coalesce(teams.site, 'unknown') END AS team_site
) AS place
{_as_of("roster_site", "sites", "place.site")}
{_as_of("roster_site", "team_sites", "place.team_site")}"""  # noqa: S608 - made of the catalogue alone
    return View(
        "pane_located",
        "Panes with team, site, zone, day and limits, as the roster has them for that time.",
        query,
    )


def _as_of(table: str, alias: str, key: str) -> str:
    return (
        f"LEFT JOIN ringside.{table} AS {alias}\n"
        f"    ON {alias}.id = {key}\n"
        f"    AND {alias}.valid_from <= pane.start_at AND pane.start_at < {alias}.valid_to"
    )


def _added_up(
    name: str, period: Sequence[str], per: str, source: str = "ringside.pane_located"
) -> View:
    keys = (*period, *_DIMENSIONS)
    return View(
        name,
        f"Everything measured in {per}, added up over the source partitions.",
        _grouped(keys, sql.measure_columns(), source),
    )


def _of_kpis(grain: str, entity: _Entity) -> View:
    keys = (*_GRAINS[grain], *entity.keys)
    columns = [
        f"{sql.value(kpi) if entity.knows(kpi) else sql.undefined(kpi)} AS {kpi.name}"
        for kpi in KPIS
    ]
    per = "quarter of an hour" if grain == "quarter" else "day in the time zone of the site"
    source = "ringside.pane_located"
    if grain == "day":
        source = panes_of_day(entity.day)
        keys = (_DAY, *(key for key in keys if key.partition(" AS ")[0] != entity.day))
    return View(
        f"kpi_{entity.name}_{grain}",
        f"Every KPI per {entity.name} and {per}; NULL where it cannot be told of a {entity.name}.",
        _grouped(keys, columns, source, f"{entity.name} <> ''"),
    )


def _missed_calls() -> View:
    query = """SELECT
    customer.customer,
    missed.call_id,
    missed.source,
    missed.queue,
    to_timestamp(missed.arrived_at) AS arrived_at,
    to_timestamp(missed.missed_at) AS missed_at,
    missed.is_open AND to_timestamp(missed.missed_at) > now() - interval '7 days' AS is_open,
    extract(epoch FROM now() - to_timestamp(missed.missed_at))::double precision AS age_seconds,
    coalesce(missed.is_closed_by_us, false) AS is_closed_by_us
FROM ringside.customer
CROSS JOIN LATERAL jsonb_to_recordset(customer.missed) AS missed (
    call_id text,
    source text,
    queue text,
    arrived_at double precision,
    missed_at double precision,
    is_open boolean,
    is_closed_by_us boolean
)"""
    return View(
        "missed_call",
        "Calls that nobody answered, and whether they still wait to be called back.",
        query,
    )


def _grouped(
    keys: Sequence[str], columns: Iterable[str], source: str, where: str | None = None
) -> str:
    listed = ",\n    ".join((*keys, *columns))
    chosen = f"\nWHERE {where}" if where else ""
    groups = ", ".join(key.partition(" AS ")[0] for key in keys)
    return f"SELECT\n    {listed}\nFROM {source}{chosen}\nGROUP BY {groups}"
