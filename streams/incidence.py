"""What share of deals will be won, and lost, in the end: the Aalen-Johansen estimate.

A deal that is still open is neither. Whoever counts it as lost makes every young cohort look
bad, and whoever leaves it out makes it look good, as quick wins come first. Here it counts as
*censored*: it says that nothing has happened up to its age, and no more than that.

Only counts go in, by age in whole days since the entry; no deal is looked at. All deals that
entered on one day are of one age today, so entries by day, and ends by day of entry and age, say
how many were *at risk* at each age, for any set of days and at any time:

    at_risk(0)     = entered
    at_risk(a + 1) = at_risk(a) - reached(a) - lost(a) - open(entries of a days ago)

An end at an age comes before a censoring at the same age, as everywhere in the field.

Sources: Aalen and Johansen, Scandinavian Journal of Statistics 5 (1978), 141-150. Variance: Dinse
and Larson, Biometrika 73 (1986), 379-386, equation 6 (the delta method; without censoring it is the
binomial F (1 - F) / n exactly). Interval: 95 %, by log(-log F), so that it stays within 0 and 1;
Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (2002), section 8.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log, sqrt
from typing import NamedTuple

MAX_AGE_DAYS = 730
"""Ends are told apart by age up to here; a deal that is older counts as censored at this age."""

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: two-sided 95 %."""


class Cohort(NamedTuple):
    """The deals that entered on one day: how many, and how many ended at which age in days.

    `entered_day` is any numbering of days, the same for all. `reached` is won, or the next stage.
    """

    entered_day: int
    entered: int
    reached: Mapping[int, int]
    lost: Mapping[int, int]

    @property
    def open(self) -> int:
        """How many have neither reached the end nor been lost."""
        return self.entered - sum(self.reached.values()) - sum(self.lost.values())


class Age(NamedTuple):
    """What happened at one age: how many deals were at risk there, and how many ended."""

    age_days: int
    at_risk: int
    reached: int
    lost: int


class Share(NamedTuple):
    """An estimated share, 0..1, and its variance."""

    value: float
    variance: float

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval; None where nothing, or everything, has been seen to end so."""
        if not 0.0 < self.value < 1.0 or self.variance <= 0.0:
            return None
        spread = Z_95 * sqrt(self.variance) / (self.value * log(self.value))
        low, high = self.value ** exp(-spread), self.value ** exp(spread)
        return low, high


class Incidence(NamedTuple):
    """What share has ended which way by an age. What is neither, nobody can tell from the data."""

    age_days: int
    at_risk: int
    reached: Share
    lost: Share

    @property
    def undecided(self) -> float:
        """The share that was open past the last age at which a deal ended."""
        return max(0.0, 1.0 - self.reached.value - self.lost.value)


def ages(cohorts: Iterable[Cohort], today: int) -> list[Age]:
    """Return what happened at each age, from 0 to the greatest that a deal has reached.

    As seen on `today`: what entered later is not there, what ended later is open. Deals are
    followed for MAX_AGE_DAYS; what ended later was open then.
    """
    reached: Counter[int] = Counter()
    lost: Counter[int] = Counter()
    censored: Counter[int] = Counter()
    at_risk = 0
    for cohort in cohorts:
        if cohort.entered_day > today:
            continue
        now_age = min(today - cohort.entered_day, MAX_AGE_DAYS)
        ended = _within(cohort.reached, now_age, reached) + _within(cohort.lost, now_age, lost)
        censored[now_age] += cohort.entered - ended
        at_risk += cohort.entered
    found: list[Age] = []
    for age in range(max(censored, default=-1) + 1):
        found.append(Age(age, at_risk, reached[age], lost[age]))
        at_risk -= reached[age] + lost[age] + censored[age]
    return found


def _within(ends: Mapping[int, int], now_age: int, total: Counter[int]) -> int:
    """Add the ends up to an age to the total; return how many those are."""
    ended = 0
    for age, count in ends.items():
        if age <= now_age:
            total[age] += count
            ended += count
    return ended


class _Variance:
    """Dinse and Larson's variance of one kind of end, brought forward from age to age.

    Their sums over squared differences F(t) - F(t_k) are multiplied out into powers of F(t_k), so
    each age costs the same however many came before.
    """

    __slots__ = ("_cross", "_cross_f", "_own", "_square", "_square_f", "_square_ff")

    def __init__(self) -> None:
        self._square = self._square_f = self._square_ff = 0.0
        self._own = 0.0
        self._cross = self._cross_f = 0.0

    def add(self, at_risk: int, of_this: int, of_all: int, survived: float, share: float) -> None:
        """Take in an age: deals at risk, ended so, ended at all; survival before, share after."""
        if at_risk > of_all:
            weight = of_all / (at_risk * (at_risk - of_all))
            self._square += weight
            self._square_f += weight * share
            self._square_ff += weight * share * share
        self._own += survived**2 * of_this * (at_risk - of_this) / at_risk**3
        weight = survived * of_this / at_risk**2
        self._cross += weight
        self._cross_f += weight * share

    def at(self, share: float) -> float:
        """Return the variance now, when the share is *share*."""
        squares = share * share * self._square - 2 * share * self._square_f + self._square_ff
        return max(0.0, squares + self._own - 2 * (share * self._cross - self._cross_f))


def incidence(table: Sequence[Age], *, after_age: int = -1) -> list[Incidence]:
    """Return the estimate at every age > `after_age` at which a deal ended.

    With `after_age` it is the estimate for deals that were still open at the end of that age.
    """
    survived = 1.0
    reached = lost = 0.0
    of_reached, of_lost = _Variance(), _Variance()
    found: list[Incidence] = []
    for age in table:
        ended = age.reached + age.lost
        if age.age_days <= after_age or not ended:
            continue
        reached += survived * age.reached / age.at_risk
        lost += survived * age.lost / age.at_risk
        of_reached.add(age.at_risk, age.reached, ended, survived, reached)
        of_lost.add(age.at_risk, age.lost, ended, survived, lost)
        survived *= 1 - ended / age.at_risk
        found.append(
            Incidence(
                age.age_days,
                age.at_risk,
                Share(reached, of_reached.at(reached)),
                Share(lost, of_lost.at(lost)),
            )
        )
    return found


class Expected(NamedTuple):
    """What share of some cohorts will be reached in the end: seen so far, expected, within which.

    `low` and `high` bound the share that will be *seen*, with 95 %: the estimate's own uncertainty
    and the chance in how the open deals turn out. None where the data say nothing of deals so old.
    """

    observed: float
    open: float
    expected: float | None
    low: float | None
    high: float | None


def expected(cohorts: Iterable[Cohort], table: Sequence[Age], today: int) -> Expected | None:
    """Return what to expect of cohorts, if their open deals end like those in *table* did.

    None if nobody entered. Where no deal of the table has ended at a greater age than that of an
    open deal, nothing can be said of it, and no share is expected. Errors of the estimate at
    several ages are added up as if they went together, which they nearly do: all come from the same
    tail.
    """
    n = opened = reached = 0
    gain, error, chance_variance = 0.0, 0.0, 0.0
    is_known = True
    for cohort in cohorts:
        n += cohort.entered
        opened += cohort.open
        reached += sum(cohort.reached.values())
        if cohort.open <= 0:
            continue
        curve = incidence(table, after_age=min(max(today - cohort.entered_day, 0), MAX_AGE_DAYS))
        is_known = is_known and bool(curve)
        if curve:
            share = curve[-1].reached
            gain += cohort.open * share.value
            error += cohort.open * sqrt(share.variance)
            chance_variance += cohort.open * share.value * (1 - share.value)
    if n <= 0:
        return None
    observed, share_open = reached / n, opened / n
    if not is_known:
        return Expected(observed, share_open, None, None, None)
    middle, spread = observed + gain / n, Z_95 * sqrt(error**2 + chance_variance) / n
    low, high = max(observed, middle - spread), min(observed + share_open, middle + spread)
    return Expected(observed, share_open, middle, low, high)
