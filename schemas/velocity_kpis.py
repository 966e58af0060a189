"""Velocity KPIs: what a pipeline makes a day, how long deals stay, what activity does."""

from schemas.conversion_kpis import COUNT, MONEY, MONEY_A_DAY, RATIO, SECONDS, FunnelKpi

_VELOCITY, _CHANGES = "`sales_velocity`", "`velocity_changes`"
_TIMES, _AGES = "`stage_times`", "`deal_ages`"
_LIVE = "ringside_funnel_"

VELOCITY_KPIS: tuple[FunnelKpi, ...] = (
    FunnelKpi(
        "sales_velocity",
        "Velocity a day",
        MONEY_A_DAY,
        "open deals x win rate x average won / cycle in days",
        "The money that the pipeline makes a day.",
        f"{_VELOCITY}, `ringside:funnel_velocity_minor_per_day:pipeline`",
    ),
    FunnelKpi(
        "open_deals",
        "Open deals",
        COUNT,
        "`open`",
        "Deals that are neither won nor lost at the end of the time.",
        f"{_VELOCITY}, `{_LIVE}open`",
    ),
    FunnelKpi(
        "pipeline_win_rate",
        "Win rate (pipeline)",
        RATIO,
        "`won` / (`won` + `lost`)",
        "Of the deals that ended in the time, the share that was won. A deal ends by an event, or "
        "by a stage that the pipeline defines as an end.",
        f"{_VELOCITY}, `ringside:funnel_win_rate:pipeline`",
    ),
    FunnelKpi(
        "average_won_value",
        "Average won",
        MONEY,
        "`won_minor` / `won_priced`",
        "The mean worth of won deals whose amount is known.",
        f"{_VELOCITY}, `ringside:funnel_average_won_minor:pipeline`",
    ),
    FunnelKpi(
        "cycle",
        "Cycle",
        SECONDS,
        "`cycle_seconds` / `won`",
        "The mean time from creation to win, of deals won in the time.",
        f"{_VELOCITY}, `cycles` (median, p90), `ringside:funnel_cycle_seconds:pipeline`",
    ),
    FunnelKpi(
        "change_by_open_deals",
        "By open deals",
        MONEY_A_DAY,
        "mean over all orders of the four factors (Shapley)",
        "The part of the change of velocity against the time before that open deals account for.",
        _CHANGES,
    ),
    FunnelKpi(
        "change_by_win_rate",
        "By win rate",
        MONEY_A_DAY,
        "mean over all orders of the four factors (Shapley)",
        "The part of it that the win rate accounts for.",
        _CHANGES,
    ),
    FunnelKpi(
        "change_by_average_won",
        "By average won",
        MONEY_A_DAY,
        "mean over all orders of the four factors (Shapley)",
        "The part of it that the average won value accounts for.",
        _CHANGES,
    ),
    FunnelKpi(
        "change_by_cycle",
        "By cycle",
        MONEY_A_DAY,
        "mean over all orders of the four factors (Shapley)",
        "The part of it that the cycle accounts for. The four add up to the change.",
        _CHANGES,
    ),
    # Time
    FunnelKpi(
        "stay_p50",
        "Stays median",
        SECONDS,
        "median of the stays that ended in the time",
        "Half of the stays in the stage lasted at most this long.",
        f"{_TIMES}, `{_LIVE}stay_time_seconds_bucket`",
    ),
    FunnelKpi(
        "stay_p90",
        "Stays p90",
        SECONDS,
        "p90 of the stays that ended in the time",
        "Nine of ten stays in the stage lasted at most this long.",
        f"{_TIMES}, `{_LIVE}stay_time_seconds_bucket`",
    ),
    FunnelKpi(
        "open_age_p50",
        "Still there median",
        SECONDS,
        "median of the ages in the stage of deals that are there",
        "Half of the deals that are still there have been there at most this long.",
        f"{_TIMES}, `{_LIVE}open_age_seconds_bucket`",
    ),
    FunnelKpi(
        "open_age_p90",
        "Still there p90",
        SECONDS,
        "p90 of the ages in the stage of deals that are there",
        "Nine of ten of them have been there at most this long.",
        f"{_TIMES}, `{_LIVE}open_age_seconds_bucket`",
    ),
    FunnelKpi(
        "stalled",
        "Stalled",
        COUNT,
        "open deals older in their stage than its limit",
        "The limit is `stalled_after_days` of the stage, else the p90 of its ended stays.",
        f"{_AGES}, `{_LIVE}stalled`",
    ),
    # Activity meets the funnel
    FunnelKpi(
        "touches_per_stay",
        "Touches a stay",
        "mean number, 0 and more",
        "touches / stays",
        "Answered calls, held meetings and logged activities during a stay in the stage. They "
        "belong to the deal they name, else to each deal of that customer that was open then.",
        "`stage_touches`",
    ),
    FunnelKpi(
        "conversion_by_touches",
        "Moved on, of ended",
        RATIO,
        "stays that a move or a win ended / stays that ended",
        "By the number of touches during the stay. It shows what goes together, not a cause.",
        "`conversion_by_touches`",
    ),
    FunnelKpi(
        "to_first_call",
        "To first call",
        SECONDS,
        "median of first answered call - creation",
        "Of deals created in the time, how long until the first answered call.",
        "`deal_paces`",
    ),
    FunnelKpi(
        "call_to_meeting",
        "Call to meeting",
        SECONDS,
        "median of first held meeting after it - first answered call",
        "Time from the first answered call to the first held meeting after it.",
        "`deal_paces`",
    ),
    FunnelKpi(
        "meeting_to_next_stage",
        "Meeting to next stage",
        SECONDS,
        "median of next move or win - that meeting",
        "Time from that meeting to the next move or win.",
        "`deal_paces`",
    ),
    FunnelKpi(
        "meetings_held_of_due",
        "Show rate",
        RATIO,
        "held / (held + no-show)",
        "Of the meetings booked in the time that were reported as held or as no-show, the share "
        "that was held. A meeting that was moved counts once.",
        "`meeting_funnel`",
    ),
    FunnelKpi(
        "at_stake",
        "Worth at stake",
        MONEY,
        "worth of open deals of customers whose call was missed",
        "Missed calls of 7 days without a call back or a later answered call, ranked by the deal "
        "within each currency.",
        "`missed_call_at_stake`",
    ),
)
