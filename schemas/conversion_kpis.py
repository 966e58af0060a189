"""Conversion KPIs: of a step, of the whole, how it will end, and where deals are lost."""

from dataclasses import dataclass

RATIO, COUNT, SECONDS, MONEY = "ratio, 0 to 1", "count", "seconds", "money, per currency"
MONEY_A_DAY = "money a day, per currency"


@dataclass(frozen=True, slots=True)
class FunnelKpi:
    """A KPI of the funnel, of velocity, or of the activity around deals."""

    name: str
    title: str
    unit: str
    formula: str
    help: str
    read_from: str
    """A function of PostgreSQL, and the live series if there is one."""


_COHORTS, _DAYS = "`funnel_cohorts`", "`funnel_days`"
_LOSSES, _ESTIMATE = "`funnel_leaks`", "`conversion_estimate`"
_LIVE = "ringside_funnel_"

CONVERSION_KPIS: tuple[FunnelKpi, ...] = (
    # Of a step
    FunnelKpi(
        "cohort_conversion",
        "Step conversion",
        RATIO,
        "`cohort_advanced` / `cohort_entered`",
        "Cohort, any stage: of the deals that first entered the stage in the time, the share that "
        "has since reached the next one or beyond, or was won. It grows while deals are open.",
        f"{_COHORTS}, `ringside:funnel_cohort_conversion:stage`",
    ),
    FunnelKpi(
        "path_conversion",
        "Every stage in order",
        RATIO,
        "`path_advanced` / `path_entered`",
        "All stages: of the deals that came through every earlier stage in order, the share that "
        "also went on to the next one in order.",
        "`funnel_paths`, `ringside:funnel_path_conversion:stage`",
    ),
    FunnelKpi(
        "period_conversion",
        "Period conversion",
        RATIO,
        "`next_entries` / `entries`",
        "Entries into the next stage in the time, divided by entries into this one in the time. "
        "May be above 1.",
        f"{_DAYS}, `ringside:funnel_period_conversion:stage`",
    ),
    FunnelKpi(
        "cohort_win_share",
        "Won so far",
        RATIO,
        "`cohort_won` / `cohort_entered`",
        "Of the deals that first entered the stage in the time, the share that has been won since.",
        f"{_COHORTS}, `ringside:funnel_cohort_win_share:stage`",
    ),
    FunnelKpi(
        "cohort_open_share",
        "Share open",
        RATIO,
        "(`cohort_entered` - `cohort_advanced` - `cohort_lost`) / `cohort_entered`",
        "Of the deals of the cohort, the share that has neither got further nor been lost yet. The "
        "greater it is, the less the conversion beside it says.",
        f"{_COHORTS}, `ringside:funnel_cohort_open_share:stage`",
    ),
    FunnelKpi(
        "skipped",
        "Skipped",
        COUNT,
        "`skipped`",
        "Times that a deal skipped the stage.",
        f"{_DAYS}, `{_LIVE}skipped`",
    ),
    FunnelKpi(
        "backward",
        "Moved back",
        COUNT,
        "`backward`",
        "Times that a deal came back to the stage from a later one.",
        f"{_DAYS}, `{_LIVE}backward`",
    ),
    FunnelKpi(
        "re_entries",
        "Re-entered",
        COUNT,
        "`re_entries`",
        "Times that a deal entered the stage after it had been there before.",
        f"{_DAYS}, `{_LIVE}re_entries`",
    ),
    # Of the whole
    FunnelKpi(
        "created_win_share",
        "Won of created",
        RATIO,
        "`created_won` / `created`",
        "Of the deals created in the time, the share that has been won since. It grows while deals "
        "are open.",
        "`deal_journeys`, `ringside:funnel_created_win_share:pipeline`",
    ),
    FunnelKpi(
        "decided_win_share",
        "Won of decided",
        RATIO,
        "`created_won` / (`created_won` + `created_lost`)",
        "The same without the deals that are still open. It flatters young cohorts, because quick "
        "wins come first.",
        "`deal_journeys`",
    ),
    # How it will end
    FunnelKpi(
        "estimated_conversion",
        "Estimate",
        RATIO,
        "Aalen-Johansen at the last age at which a deal ended",
        "Of the deals that entered the stage, the share that will be won if the open ones end as "
        "the others did at their age. Won and lost are competing ends.",
        f"{_ESTIMATE}; live, of the next stage: `ringside:funnel_estimate:stage`",
    ),
    FunnelKpi(
        "estimated_conversion_low",
        "Low",
        RATIO,
        "95 % interval by log(-log), variance of Dinse and Larson",
        "The lower bound of the estimate.",
        f"{_ESTIMATE}; `ringside:funnel_estimate_low:stage`",
    ),
    FunnelKpi(
        "estimated_conversion_high",
        "High",
        RATIO,
        "95 % interval by log(-log), variance of Dinse and Larson",
        "The upper bound of the estimate.",
        f"{_ESTIMATE}; `ringside:funnel_estimate_high:stage`",
    ),
    FunnelKpi(
        "estimated_loss",
        "Will be lost",
        RATIO,
        "Aalen-Johansen at the last age at which a deal ended",
        "The share that will be lost, by the same estimate.",
        _ESTIMATE,
    ),
    FunnelKpi(
        "undecided",
        "Undecided",
        RATIO,
        "1 - estimate - will be lost",
        "The share that was still open beyond the last age at which any deal ended.",
        _ESTIMATE,
    ),
    # The leak
    FunnelKpi(
        "lost_share",
        "Share lost",
        RATIO,
        "`cohort_lost` / `cohort_entered`",
        "Of the deals that first entered the stage in the time, the share that was lost before it "
        "got further. The step with rank 1 by deals, or by money, is the leak.",
        f"{_LOSSES}, `ringside:funnel_lost_share:stage`",
    ),
    FunnelKpi(
        "lost_of_decided",
        "Lost of decided",
        RATIO,
        "`cohort_lost` / (`cohort_lost` + `cohort_advanced`)",
        "The same without the deals that are open in the stage. Use it to compare with an older "
        "cohort.",
        _LOSSES,
    ),
    FunnelKpi(
        "lost_value",
        "Money lost",
        MONEY,
        "`cohort_lost_minor`",
        "The worth of the deals that were lost at the step.",
        f"{_LOSSES}, `{_LIVE}cohort_lost_minor`",
    ),
    FunnelKpi(
        "lost_share_change",
        "Change of share",
        RATIO,
        "share lost - share lost of the time before",
        "The change of the share lost against the equally long time before.",
        _LOSSES,
    ),
    FunnelKpi(
        "exits_by_reason",
        "Deals by reason",
        COUNT,
        "deals lost in the time, by reason",
        "Why deals were lost, as the CRM says.",
        "`lost_reasons`",
    ),
)
