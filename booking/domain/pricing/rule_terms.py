"""What a rate rule says, by its kind: the terms as they are given, kept and read back.

Amounts are in the property's currency, percents are numbers (10 is a tenth). Days are counted in the property's zone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from booking.domain.inputs import Input, StayLimit, accept, decimal_text, one_of, refuse
from booking.domain.notices import AnyOf, Notice
from booking.domain.pricing.deposits import TERMS, DepositPlan

# Kinds of which, for each night, the strongest rule makes the price.
PRICE, ADJUST, DYNAMIC = NIGHT_KINDS = ("price", "adjust", "dynamic")
# Kinds that are looked up by the day of arrival.
GUESTS, LENGTH, EARLY_BIRD, LAST_MINUTE = ARRIVAL_KINDS = ("guests", "length", "early_bird", "last_minute")
MIN_NIGHTS, MAX_NIGHTS, CLOSED_TO_ARRIVAL, NOTICE, HORIZON = ARRIVAL_LIMITS = (
    "min_nights", "max_nights", "closed_to_arrival", "notice", "horizon",
)  # fmt: skip
CLOSED_TO_DEPARTURE = "closed_to_departure"  # by the day of departure
# Of each name the strongest one that covers the day of arrival: a stay may bear several fees and taxes.
FEE, TAX = CHARGE_KINDS = ("fee", "tax")
# A cancellation policy of the property, by its name; and what else a room can be had for than its own price and policy:
# of each name the strongest one that covers the day of arrival.
POLICY, PLAN = "policy", "plan"
KINDS = (*NIGHT_KINDS, *ARRIVAL_KINDS, *ARRIVAL_LIMITS, CLOSED_TO_DEPARTURE, *CHARGE_KINDS, POLICY, PLAN)
DISCOUNT_KINDS = (LENGTH, EARLY_BIRD, LAST_MINUTE)

LONGEST, FARTHEST = 365, 540  # nights of a stay, and days of an advance; days ahead
MOST_STEPS, ADULT_AGE = 20, 18
DEPOSIT = re.compile(r"^([1-9][0-9]?(\.[0-9]{1,2})?%|[1-9][0-9]{0,8}(\.[0-9]{1,3})?)$")  # 30% or an amount

_number = BeforeValidator(decimal_text)
Money = Annotated[Decimal, Field(ge=0, le=999_999_999, decimal_places=3), _number]
Change = Annotated[Decimal, Field(ge=-999_999_999, le=999_999_999, decimal_places=3), _number]
OfBase = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2), _number]
Percent = Annotated[Decimal, Field(ge=-100, le=1000, decimal_places=2), _number]
Off = Annotated[Decimal, Field(gt=0, le=100, decimal_places=2), _number]
TaxRate = Annotated[Decimal, Field(gt=0, le=100, decimal_places=4), _number]
Nights = Annotated[int, Field(ge=1, le=LONGEST)]
Days = Annotated[int, Field(ge=0, le=FARTHEST)]
ChildAge = Annotated[int, Field(ge=0, lt=ADULT_AGE)]


class Terms(Input):
    """Of one rule. What a kind does not know is refused, so that no rule says something that nobody heeds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> dict[str, Any]:
        """As they are kept: decimals as text, so that no digit is lost."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def amounts(self) -> dict[str, Decimal]:
        """What of them is money, by field."""
        return {}


class _AmountOrPercent(Terms):
    @model_validator(mode="after")
    def _one_of_both(self) -> _AmountOrPercent:
        if (getattr(self, "amount", None) is None) == (getattr(self, "percent", None) is None):
            raise refuse(Notice("one_of_these", names=AnyOf(("amount", "percent"))), "amount")
        return self


class PriceTerms(_AmountOrPercent):
    """The night costs `amount`, or so many percent of the room's own price: seasons, holidays, single days."""

    amount: Money | None = None
    percent: OfBase | None = None

    def amounts(self) -> dict[str, Decimal]:
        return {} if self.amount is None else {"amount": self.amount}

    def of(self, price: Decimal) -> Decimal:
        """What a night costs whose room's own price is this."""
        return self.amount if self.amount is not None else price * (self.percent or 0) / 100


class AdjustTerms(_AmountOrPercent):
    """The night costs so much more, or less where it is below 0, than it would: weekends."""

    amount: Change | None = None
    percent: Percent | None = None

    def amounts(self) -> dict[str, Decimal]:
        return {} if self.amount is None else {"amount": self.amount}

    def of(self, price: Decimal) -> Decimal:
        return price + self.amount if self.amount is not None else price * (100 + (self.percent or 0)) / 100


class DynamicStep(Terms):
    """From so many percent of the house being taken on, and at most `days` before the night: so much more or less."""

    occupancy: Annotated[int, Field(ge=0, le=100)] = 0
    days: Days = FARTHEST
    percent: Percent


class DynamicTerms(Terms):
    """By occupancy and lead time, decided `ahead` days before at the earliest.

    A decision stays within `floor` and `ceiling`, and is at most `step` away from the one before it; all in percent.
    """

    steps: Annotated[tuple[DynamicStep, ...], Field(min_length=1, max_length=MOST_STEPS)]
    floor: Annotated[Decimal, Field(ge=-90, le=0, decimal_places=2), _number]
    ceiling: Annotated[Decimal, Field(ge=0, le=500, decimal_places=2), _number]
    step: Annotated[Decimal, Field(gt=0, le=590, decimal_places=2), _number]
    ahead: Annotated[int, Field(ge=1, le=LONGEST)] = 90


class ChildrenTerms(Terms):
    """A child who is `age` or younger costs so much a night where it is one more than the price is for."""

    age: ChildAge
    amount: Money


class GuestsTerms(Terms):
    """A night's price is for `included` guests: each one more costs `extra` a night, each one fewer saves `fewer`."""

    included: Annotated[int, Field(ge=1, le=1000)]
    extra: Money = Decimal(0)
    fewer: Money = Decimal(0)
    children: Annotated[tuple[ChildrenTerms, ...], Field(max_length=MOST_STEPS)] = ()

    def amounts(self) -> dict[str, Decimal]:
        of_children = {f"children[{place}].amount": one.amount for place, one in enumerate(self.children)}
        return {"extra": self.extra, "fewer": self.fewer, **of_children}

    def child(self, age: int) -> Decimal:
        """What one more guest of this age costs a night."""
        bands = [band for band in self.children if age <= band.age]
        return min(bands, key=lambda band: band.age).amount if bands else self.extra


class LengthStep(Terms):
    nights: Nights
    percent: Off


class LengthTerms(Terms):
    """A stay of so many nights or more costs so many percent less; of several steps the longest counts."""

    steps: Annotated[tuple[LengthStep, ...], Field(min_length=1, max_length=MOST_STEPS)]

    def percent(self, nights: int) -> Decimal:
        """What a stay of so many nights costs less, 0 where it is too short."""
        reached = [step for step in self.steps if step.nights <= nights]
        return max(reached, key=lambda step: step.nights).percent if reached else Decimal(0)


class EarlyBirdTerms(Terms):
    """Booked so many days before arrival or earlier: so many percent less."""

    days: Days
    percent: Off

    def counts(self, lead_days: int) -> bool:
        return lead_days >= self.days


class LastMinuteTerms(Terms):
    """Booked so many days before arrival or later: so many percent less."""

    days: Days
    percent: Off

    def counts(self, lead_days: int) -> bool:
        return lead_days <= self.days


class NightsTerms(Terms):
    """A stay has at least, or at most, so many nights."""

    nights: StayLimit


class ClosedTerms(Terms):
    """Nobody may arrive, or leave, on these days; with False they may, though a weaker rule says otherwise."""

    closed: bool = True


class DaysTerms(Terms):
    """Booked at least, or at most, so many days before arrival."""

    days: Days


PER_STAY, PER_NIGHT, PER_GUEST, PER_GUEST_NIGHT = PER = ("stay", "night", "guest", "guest_night")
OF_NIGHTS, OF_ALL = OF = ("nights", "all")


class ChargeTerms(Terms):
    """What a stay costs beside its nights: an amount for the stay, or for each night, guest, or guest and night.

    Of guests those who are younger than `from_age` cost nothing, where their ages are known. What counts by the night
    or in percent comes to at most its `cap` for the stay, or for each guest where it counts by guests.
    """

    amount: Money | None = None
    per: Annotated[str, AfterValidator(one_of(PER))] | None = None
    from_age: Annotated[int, Field(ge=1, le=ADULT_AGE)] | None = None
    cap: Money | None = None

    @model_validator(mode="after")
    def _of_guests(self) -> Self:
        if self.from_age is not None and not self.is_by_guest:
            raise refuse(Notice("only_beside", other="per=guest, per=guest_night"), "fromAge")
        if self.cap is not None and self.amount is not None and not self.is_by_night:
            raise refuse(Notice("only_beside", other="per=night, per=guest_night, percent"), "cap")
        return self

    def amounts(self) -> dict[str, Decimal]:
        return {name: said for name in ("amount", "cap") if (said := getattr(self, name)) is not None}

    @property
    def is_by_guest(self) -> bool:
        return self.per in (PER_GUEST, PER_GUEST_NIGHT)

    @property
    def is_by_night(self) -> bool:
        return self.per in (PER_NIGHT, PER_GUEST_NIGHT)

    def times(self, guests: int, children: Sequence[int] = ()) -> int:
        """How often amount and cap count for a stay, or a night of it; `children` are the ages of some guests."""
        return guests - sum(age < (self.from_age or 0) for age in children) if self.is_by_guest else 1


class FeeTerms(ChargeTerms):
    """Cleaning, linen, a pet: what the house takes for something beside the nights.

    An `optional` one is an extra: it counts where the guest has chosen it.
    """

    amount: Money
    per: Annotated[str, AfterValidator(one_of(PER))] = PER_STAY
    optional: bool = False

    def as_json(self) -> dict[str, Any]:
        """Without what the version before does not know, where it says nothing."""
        return {name: value for name, value in super().as_json().items() if name != "optional" or value}


class TaxTerms(ChargeTerms):
    """An amount, or so many percent of the nights less discounts, or of these and the fees (`of`).

    Of the stay's nights at most so many count (`nights`). A tax that is `included` is in the other prices already: it
    is shown, and adds nothing.
    """

    percent: TaxRate | None = None
    of: Annotated[str, AfterValidator(one_of(OF))] | None = None
    nights: Nights | None = None
    included: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise refuse(Notice("one_of_these", names=AnyOf(("amount", "percent"))), "amount")
        if self.percent is None and self.per is None:
            raise refuse(Notice("missing"), "per")
        if self.percent is not None and self.per is not None:
            raise refuse(Notice("only_beside", other="amount"), "per")
        if self.percent is None and self.of is not None:
            raise refuse(Notice("only_beside", other="percent"), "of")
        if self.nights and not (self.percent or self.is_by_night):
            raise refuse(Notice("only_beside", other="per=night, per=guest_night, percent"), "nights")
        return self


class TierTerms(Terms):
    """Cancelled so many days or hours before check-in (5d, 48h) or earlier: so many percent come back (100), or all but
    so many nights (-1n).
    """

    before: Annotated[str, Field(pattern=r"^[0-9]{1,3}[dh]$")]
    refund: Annotated[str, Field(pattern=r"^(100|[1-9][0-9]?|-[1-9][0-9]{0,2}n)$")]

    @property
    def percent(self) -> int | None:
        return None if self.refund.endswith("n") else int(self.refund)

    @property
    def kept_nights(self) -> int | None:
        return int(self.refund[1:-1]) if self.refund.endswith("n") else None

    @property
    def hours(self) -> int:
        """Before check-in, on days without a change of the clocks."""
        return int(self.before[:-1]) * (24 if self.before[-1] == "d" else 1)

    def gives_more_than(self, later: TierTerms) -> bool:
        """Of every stay, or as much: nights may be all that there are of it, or few of them."""
        if self.kept_nights:
            return (later.kept_nights or 0) > self.kept_nights
        return self.percent == 100 if later.kept_nights else (later.percent or 0) < (self.percent or 0)

    def as_tier(self) -> dict[str, Any]:
        """As pricing.policies reads it."""
        said: dict[str, Any] = {"daysBefore": -(-self.hours // 24), "percent": self.percent or 0}
        if self.before[-1] == "h":
            said["hoursBefore"] = self.hours
        return said | ({"keptNights": self.kept_nights} if self.kept_nights else {})


class PolicyTerms(Terms):
    """What comes back until when, the earliest first; without tiers nothing ever does. Later never gives back more.

    With a `deposit` (30%, or an amount) only that is paid at once, and the rest `rest_days` before check-in. Where it
    cannot be charged then, the stay is cancelled by the policy `cancel_after` days later, or as the house decides.
    """

    tiers: Annotated[tuple[TierTerms, ...], Field(max_length=6)] = ()
    deposit: Annotated[str, Field(pattern=DEPOSIT.pattern)] | None = None
    rest_days: Annotated[int, Field(ge=0, le=LONGEST)] | None = None
    cancel_after: Annotated[int, Field(ge=1, le=30)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.deposit and self.rest_days is None:
            raise refuse(Notice("missing"), "restDays")
        if not self.deposit and not (self.rest_days is None and self.cancel_after is None):
            raise refuse(Notice("missing"), "deposit")
        if self.cancel_after and self.cancel_after > (self.rest_days or 0):
            raise refuse(Notice("too_large", most=self.rest_days), "cancelAfter")
        return self

    @property
    def deposit_plan(self) -> DepositPlan | None:
        return DepositPlan.said(self.deposit, self.rest_days or 0, self.cancel_after) if self.deposit else None

    def amounts(self) -> dict[str, Decimal]:
        plan = self.deposit_plan
        return {"deposit": plan.amount} if plan and plan.amount is not None else {}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for earlier, later in pairwise(self.tiers):
            if later.hours >= earlier.hours:
                raise refuse(Notice("tiers_in_order"), "tiers")
            if not earlier.gives_more_than(later):
                raise refuse(Notice("tiers_give_less"), "tiers")
        return self

    def as_policy(self, name: str) -> dict[str, Any]:
        """As rooms have it; what a booking keeps of it, pricing.deposits says."""
        policy: dict[str, Any] = {"name": name, "tiers": [tier.as_tier() for tier in self.tiers]}
        return policy | ({TERMS: plan.as_json()} if (plan := self.deposit_plan) else {})


class PlanTerms(Terms):
    """The room's nights at so many percent more, or less where it is below 0, under another cancellation policy: one
    that every property has, by its name, or one of its own, by its id.
    """

    percent: Annotated[Decimal, Field(ge=-90, le=500, decimal_places=2), _number] = Decimal(0)
    policy: Annotated[str, Field(min_length=1, max_length=64)]


MODELS: dict[str, type[Terms]] = {
    PRICE: PriceTerms,
    ADJUST: AdjustTerms,
    DYNAMIC: DynamicTerms,
    GUESTS: GuestsTerms,
    LENGTH: LengthTerms,
    EARLY_BIRD: EarlyBirdTerms,
    LAST_MINUTE: LastMinuteTerms,
    MIN_NIGHTS: NightsTerms,
    MAX_NIGHTS: NightsTerms,
    CLOSED_TO_ARRIVAL: ClosedTerms,
    CLOSED_TO_DEPARTURE: ClosedTerms,
    NOTICE: DaysTerms,
    HORIZON: DaysTerms,
    FEE: FeeTerms,
    TAX: TaxTerms,
    POLICY: PolicyTerms,
    PLAN: PlanTerms,
}


def as_policy(name: str, kept: object) -> dict[str, Any]:
    """A policy of this name, by its terms as they are kept, as rooms have it."""
    return PolicyTerms.model_validate(kept).as_policy(name)


def read(kind: str, said: object) -> Terms:
    """The terms of a rule of this kind, as they were given or kept. Raises Invalid."""
    return accept(MODELS[kind], said, strict=False)
