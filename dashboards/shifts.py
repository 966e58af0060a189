"""A rep's shift as a timeline: the states as they were told, before them what the calls tell."""

from dashboards.selection import REPS_SQL

BETWEEN_CALLS = "between_calls"
"""No state that anybody told: what a rep did is not known where calls alone are left."""

PAUSED_FOR = "paused: "
"""Begins the name of a pause with its reason."""

_SECONDS_BEFORE = 14_400
"""A call that was answered so long before the chosen time may reach into it."""


_TURNS = f"""SELECT rep, state, reason, since, until
FROM ringside.rep_turn
WHERE since >= $__timeFrom()::timestamptz
    AND since < $__timeTo()::timestamptz
    AND (until IS NULL OR until > since)
    AND {REPS_SQL}
UNION ALL
SELECT held.rep, held.state, held.reason, held.since, held.until
FROM (SELECT topic, partition, rep FROM ringside.rep_state WHERE {REPS_SQL}) AS known
CROSS JOIN LATERAL (
    SELECT turn.rep, turn.state, turn.reason, turn.since, turn.until
    FROM ringside.rep_turn AS turn
    WHERE turn.topic = known.topic
        AND turn.partition = known.partition
        AND turn.rep = known.rep
        AND turn.since < $__timeFrom()::timestamptz
        AND (turn.until IS NULL OR turn.until > turn.since)
    ORDER BY turn.since DESC
    LIMIT 1
) AS held
WHERE held.until IS NULL OR held.until > $__timeFrom()::timestamptz"""  # noqa: S608 - made of the catalogue alone
"""The states that begin in the chosen time, and those that hold when it begins."""


def pauses() -> str:
    """Return the query of the pauses: by rep and reason how many, how long, the longest one."""
    return f"""SELECT
    rep AS "Rep",
    CASE WHEN reason = '' THEN '(no reason)' ELSE reason END AS "Reason",
    count(*) AS "Times",
    max(seconds) AS "Longest",
    sum(seconds) AS "Paused"
FROM ({_TURNS}) AS turn
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM
        least(coalesce(until, now()), $__timeTo()::timestamptz)
            - greatest(since, $__timeFrom()::timestamptz)
    )::double precision AS seconds
) AS pause
WHERE state = 'paused' AND seconds > 0
GROUP BY rep, reason
ORDER BY 5 DESC"""  # noqa: S608 - made of the catalogue alone


def shifts() -> str:
    """Return the query of time, rep and state, by time.

    Not every PBX tells of states, so before the first one the calls speak. Where a rep has several
    at once, one conversation is enough to be on a call.
    """
    return f"""WITH kept AS (
{_TURNS}
),
told_since AS (
    SELECT rep, min(since) AS since FROM kept GROUP BY rep
),
told AS (
    SELECT rep, answered_at, over_at, greatest(over_at, wrapup_ended_at) AS done_at
    FROM ringside.call
    CROSS JOIN LATERAL (SELECT least(ended_at, transferred_at) AS over_at) AS conversation
    WHERE offered_at >= $__timeFrom()::timestamptz - interval '{_SECONDS_BEFORE} s'
        AND offered_at <= $__timeTo()::timestamptz
        AND answered_at < over_at
        AND rep <> ''
        AND {REPS_SQL}
),
level AS (
    SELECT
        rep,
        at,
        sum(sum(talks)) OVER (PARTITION BY rep ORDER BY at) AS talks,
        sum(sum(wraps)) OVER (PARTITION BY rep ORDER BY at) AS wraps
    FROM told
    CROSS JOIN LATERAL (
        VALUES (answered_at, 1, 0), (over_at, -1, 1), (done_at, 0, -1)
    ) AS step (at, talks, wraps)
    GROUP BY rep, at
)
SELECT at AS "time", level.rep AS "Rep",
    CASE
        WHEN talks > 0 THEN 'on_call'
        WHEN wraps > 0 THEN 'after_call_work'
        ELSE '{BETWEEN_CALLS}'
    END AS "State"
FROM level
LEFT JOIN told_since ON told_since.rep = level.rep
WHERE at <= $__timeTo()::timestamptz
    AND (told_since.since IS NULL OR at < told_since.since)
UNION ALL
SELECT greatest(since, $__timeFrom()::timestamptz), rep,
    CASE WHEN reason = '' THEN state ELSE '{PAUSED_FOR}' || reason END
FROM kept
ORDER BY 1"""  # noqa: S608 - made of the catalogue alone
