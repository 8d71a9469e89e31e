"""Dynamic prices: what a rule decides about a night, by how full the house is and how near the night has come.

A decision is kept with what it was made from, and quotes read the kept one: so a price moves when it was decided to,
and anybody can see why.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from booking.domain.pricing.rule_terms import DynamicTerms


@dataclass(frozen=True, slots=True)
class Inputs:
    """`occupancy`: how many percent of the house's rooms are taken; `previous`: what was decided before, in percent."""

    occupancy: int
    days_ahead: int
    previous: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """The night costs so many percent more, or less where it is below 0."""

    percent: Decimal
    inputs: Inputs
    wanted: Decimal  # before floor, ceiling and step

    def as_json(self) -> dict[str, Any]:
        """What it was made from, as it is kept."""
        return {
            "occupancy": self.inputs.occupancy,
            "daysAhead": self.inputs.days_ahead,
            "previous": str(self.inputs.previous),
            "wanted": str(self.wanted),
        }


def decide(terms: DynamicTerms, inputs: Inputs) -> Decision:
    """The step with the highest occupancy that is reached counts, and of several the one nearest to the night."""
    reached = [step for step in terms.steps if inputs.occupancy >= step.occupancy and inputs.days_ahead <= step.days]
    best = max(reached, key=lambda step: (step.occupancy, -step.days), default=None)
    wanted = best.percent if best else Decimal(0)
    within = min(max(wanted, terms.floor), terms.ceiling)
    moved = min(max(within, inputs.previous - terms.step), inputs.previous + terms.step)
    # What was decided under other terms may lie outside: these count at once.
    return Decision(min(max(moved, terms.floor), terms.ceiling), inputs, wanted)
