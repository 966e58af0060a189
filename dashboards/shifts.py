"""A rep's shift as a timeline: the states that are kept, and before them what the calls tell."""

from dashboards.selection import REPS_SQL

BETWEEN_CALLS = "between_calls"
"""No state that anybody told: what a rep did is not known where calls alone are left."""

_SECONDS_BEFORE = 14_400
"""A call that was answered so long before the chosen time may reach into it."""


def shifts() -> str:
    """Return the query of time, rep and state, by time.

    Of a state only the latest hour is kept; calls are kept as long as anybody likes. Where a rep
    has several calls at once, one conversation is enough to be on a call.
    """
    return f"""WITH kept AS (
    SELECT rep, state, since, until
    FROM ringside.rep_turn
    WHERE {REPS_SQL}
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
SELECT at AS "time", rep AS "Rep",
    CASE
        WHEN talks > 0 THEN 'on_call'
        WHEN wraps > 0 THEN 'after_call_work'
        ELSE '{BETWEEN_CALLS}'
    END AS "State"
FROM level
WHERE at <= $__timeTo()::timestamptz
    AND at < coalesce((SELECT min(since) FROM kept WHERE kept.rep = level.rep), 'infinity')
UNION ALL
SELECT since, rep, state
FROM kept
WHERE coalesce(until, $__timeTo()::timestamptz) >= $__timeFrom()::timestamptz
    AND since <= $__timeTo()::timestamptz
ORDER BY 1"""  # noqa: S608 - made of the catalogue alone
