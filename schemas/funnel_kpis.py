"""Every number on the boards of deals, once: its title, unit, formula and definition.

The counts behind them are in schemas/funnel.py. They are read in two ways: live from Prometheus
(`ringside_funnel_*`), and from PostgreSQL's functions about deals and touches.
"""

from schemas.conversion_kpis import (
    CONVERSION_KPIS,
    COUNT,
    MONEY,
    MONEY_A_DAY,
    RATIO,
    SECONDS,
    FunnelKpi,
)
from schemas.velocity_kpis import VELOCITY_KPIS

__all__ = [
    "COUNT",
    "FUNNEL_BY_NAME",
    "FUNNEL_KPIS",
    "MONEY",
    "MONEY_A_DAY",
    "RATIO",
    "SECONDS",
    "FunnelKpi",
]

FUNNEL_KPIS: tuple[FunnelKpi, ...] = (*CONVERSION_KPIS, *VELOCITY_KPIS)
FUNNEL_BY_NAME: dict[str, FunnelKpi] = {kpi.name: kpi for kpi in FUNNEL_KPIS}
