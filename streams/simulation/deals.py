"""Deals: created out of conversations, then from stage to stage until won or lost."""

import math
from dataclasses import dataclass

from schemas import events as e
from streams.simulation.crew import Rep
from streams.simulation.meetings import DAY_SECONDS
from streams.simulation.office import CRM, Office

_LOSS_REASONS = ("price", "competitor", "no_budget", "timing", "no_answer")
_AMOUNT_SIGMA = 0.6
_QUICK_STAGE_SECONDS = 240
_OLD_STAGE_KNOWN_SHARE = 0.9
_SKIP_SHARE = 0.08
_NEW_AMOUNT_SHARE = 0.12
_DELETED_SHARE = 0.005
_REOPENED_SHARE = 0.03


@dataclass(slots=True)
class _Deal:
    id: str
    rep: Rep
    customer: str
    amount_minor: int
    currency: str
    is_quick: bool
    stage: int = 0


@dataclass(frozen=True, slots=True)
class Deals:
    """The pipeline of all reps."""

    office: Office

    def create(self, rep: Rep, customer: str) -> None:
        """Open a deal, now."""
        engine, plan, site = self.office.engine, self.office.plan, self.office.site(rep)
        deal = _Deal(
            id=engine.new_id("d"),
            rep=rep,
            customer=customer,
            amount_minor=self._amount(site.mean_deal_minor),
            currency=site.currency,
            is_quick=engine.chance(plan.same_day_share),
        )
        data = e.DealCreated(
            rep=rep.id,
            pipeline=plan.pipeline,
            stage=plan.stages[0],
            amount_minor=deal.amount_minor,
            currency=deal.currency,
            customer=customer,
        )
        self._tell(deal, "created", data)
        if engine.chance(_DELETED_SHARE):
            engine.after(engine.rng.uniform(60, 3600), self._tell, deal, "deleted", e.DealDeleted())
        else:
            self._wait(deal)

    def _amount(self, mean_minor: int) -> int:
        """Draw an amount in steps of a thousandth of the mean, as price lists have them."""
        location = math.log(mean_minor) - _AMOUNT_SIGMA**2 / 2
        step = max(1, mean_minor // 1000)
        return round(self.office.engine.rng.lognormvariate(location, _AMOUNT_SIGMA) / step) * step

    def _wait(self, deal: _Deal) -> None:
        rng = self.office.engine.rng
        if deal.is_quick:
            seconds = rng.expovariate(1 / _QUICK_STAGE_SECONDS)
        else:
            seconds = self.office.plan.stage.sample(rng)
        self.office.later(deal.rep, seconds, self._advance, deal)

    def _advance(self, deal: _Deal) -> None:
        engine, plan = self.office.engine, self.office.plan
        if engine.chance(plan.loss_share):
            self._lose(deal)
        elif deal.stage + 1 >= len(plan.stages):
            data = e.DealWon(amount_minor=deal.amount_minor, currency=deal.currency)
            self._tell(deal, "won", data)
        else:
            self._move(deal)
            self._wait(deal)

    def _move(self, deal: _Deal) -> None:
        """Go to the next stage, or the one after; sometimes the price changes with it."""
        engine, stages = self.office.engine, self.office.plan.stages
        old = stages[deal.stage] if engine.chance(_OLD_STAGE_KNOWN_SHARE) else None
        steps = 2 if engine.chance(_SKIP_SHARE) else 1
        deal.stage = min(deal.stage + steps, len(stages) - 1)
        stage = stages[deal.stage]
        self._tell(deal, "stage_changed", e.DealStageChanged(stage=stage, from_stage=old))
        if stage == "demo":
            demo = e.ActivityLogged(rep=deal.rep.id, kind="demo", customer=deal.customer)
            engine.emit(CRM, engine.new_id("a"), "activity.logged", demo)
        if engine.chance(_NEW_AMOUNT_SHARE):
            deal.amount_minor = self._amount(deal.amount_minor or 1)
            data = e.DealAmountChanged(amount_minor=deal.amount_minor, currency=deal.currency)
            self._tell(deal, "amount_changed", data)

    def _lose(self, deal: _Deal) -> None:
        engine = self.office.engine
        self._tell(deal, "lost", e.DealLost(reason=engine.rng.choice(_LOSS_REASONS)))
        if engine.chance(_REOPENED_SHARE):
            self.office.later(deal.rep, DAY_SECONDS, self._reopen, deal)

    def _reopen(self, deal: _Deal) -> None:
        stage = self.office.plan.stages[deal.stage]
        self._tell(deal, "reopened", e.DealReopened(stage=stage))
        self._wait(deal)

    def _tell(self, deal: _Deal, what: str, data: e.DealFact) -> None:
        self.office.engine.emit(CRM, deal.id, f"deal.{what}", data)
