"""A seeded call floor that sells. Yields events; sends nothing and asks no clock."""

from streams.simulation.plan import FloorPlan
from streams.simulation.plan_roster import plan_pipelines, plan_roster
from streams.simulation.run import next_opening, simulate

__all__ = ["FloorPlan", "next_opening", "plan_pipelines", "plan_roster", "simulate"]
