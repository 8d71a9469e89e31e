"""What another stay costs somebody who has booked one, and what comes back: from the booking and the day alone.

Nights that are kept in the same room by as many guests cost what they were sold for; all others what they cost now.
What is given back brings back what cancelling it would, and the house keeps the rest, as a line of the price. Money
that was paid before keeps the earlier deadlines, whatever day the stay begins on afterwards. So nothing comes back by
changing that would not by cancelling.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from booking.domain import pricing
from booking.domain.pricing import Line, PricePart


@dataclass(frozen=True, slots=True)
class Sold:
    """What a booking says about its price."""

    check_in: dt.date
    total: Decimal
    currency: str
    lines: tuple[Line, ...]
    policy: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewPrice:
    """The price of the other stay. `difference` is what it adds, below 0 what comes back; `kept` what does not."""

    lines: tuple[Line, ...]
    total: Decimal
    difference: Decimal
    kept: Decimal
    policy: dict[str, Any]


def new_price(sold: Sold, stay_lines: Sequence[Line], check_in: dt.date, now: dt.datetime) -> NewPrice:
    """Agreed at `now`. `stay_lines` are those of the other stay, without what was kept of earlier changes."""
    stay_lines = pricing.included_again(_never_below_zero(stay_lines), sold.currency)
    parts = pricing.price_parts(sold.policy, sold.check_in, sold.total)
    worth, returnable = _sum(stay_lines), sum((part.amount for part in parts), Decimal(0))
    left = _without_newest(parts, returnable - worth)
    # Not what comes back of the amount that is dropped: two roundings could make it more than one.
    whole = pricing.refund_of_parts(sold.policy, parts, sold.currency, now)
    back = whole - pricing.refund_of_parts(sold.policy, left, sold.currency, now)
    kept = max(Decimal(0), returnable - worth) - back
    lines = [*stay_lines, *(line for line in sold.lines if is_kept(line))]
    if kept:
        lines.append(Line(pricing.FEE_LINE, None, kept, pricing.KEPT_ON_CHANGE, None))
    paid_before = [PricePart(part.amount, min(part.check_in, check_in)) for part in left]
    paid_now = [PricePart(worth - returnable, check_in)] if worth > returnable else []
    total = _sum(lines)
    nights = sum(line.kind == pricing.NIGHT_LINE for line in stay_lines)
    policy = pricing.policy_in_parts(pricing.policy_of_nights(sold.policy, nights), [*paid_before, *paid_now])
    return NewPrice(tuple(lines), total, total - sold.total, kept, policy)


def lowered(sold: Sold, amount: Decimal) -> NewPrice:
    """The same stay for so much less, by the house's goodwill: at most what it costs without what was kept of it.

    What was agreed last is worth less from then on, so no change or cancellation brings the amount back once more.
    """
    left = _without_newest(pricing.price_parts(sold.policy, sold.check_in, sold.total), amount)
    less = Line(pricing.DISCOUNT_LINE, None, -amount, pricing.GOODWILL, None)
    lines = pricing.included_again((*sold.lines, less), sold.currency)
    total = _sum(lines)
    return NewPrice(tuple(lines), total, total - sold.total, Decimal(0), pricing.policy_in_parts(sold.policy, left))


def taken_off(price: NewPrice, off: Decimal) -> NewPrice:
    """So much `off` the price of before, and not what the policy says: the house keeps less or more of what is given
    back, at least nothing.
    """
    kept = price.kept - price.difference - off
    lines = list(price.lines[:-1] if price.kept else price.lines)
    if kept:
        lines.append(Line(pricing.FEE_LINE, None, kept, pricing.KEPT_ON_CHANGE, None))
    return NewPrice(tuple(lines), _sum(lines), -off, kept, price.policy)


def goodwill_lines(sold: Sold) -> list[Line]:
    """What the house has taken off the price already: it counts for the stay, whatever room that is in."""
    return [line for line in sold.lines if line.rule == pricing.GOODWILL]


def stay_lines(sold: Sold, nights: Iterable[dt.date], offered: Iterable[Line]) -> list[Line]:
    """The lines of a stay in the same room by as many guests: nights as they were sold, others as `offered` now, each
    with the fees and taxes of the night.

    Without what is for the whole stay: discounts, other fees and taxes, and goodwill.
    """
    was, new = _by_date(sold.lines), _by_date(offered)
    return [line for night in nights for line in (was.get(night) or new[night])]


def with_extras(sold: Sold, chosen: Collection[str], offered: Iterable[Line]) -> Sold:
    """The same with these extras alone: those it had as they were sold, others as they are `offered` now."""
    had = set(pricing.chosen_extras(sold.lines))
    if had == set(chosen):
        return sold
    kept = [line for line in sold.lines if line.rule not in had - set(chosen)]
    nights = {line.date for line in kept if line.kind == pricing.NIGHT_LINE} | {None}
    new = [line for line in offered if line.rule in set(chosen) - had and line.date in nights]
    return replace(sold, lines=(*kept, *new))


def lines_before(sold: Sold, day: dt.date) -> tuple[Line, ...]:
    """Those of the nights before it, and of the whole stay."""
    return tuple(line for line in sold.lines if line.date is None or line.date < day)


def discounts(sold: Sold, lines: Sequence[Line], offered: Iterable[Line], lead_days: int) -> list[Line]:
    """Those of the other stay, whose `lines` are these without them.

    To give nights back never costs: where fewer nights of what was sold would lose more discount than they cost, the
    stay costs what it did.
    """
    nights = [line for line in lines if line.kind == pricing.NIGHT_LINE]
    was = [line for line in sold.lines if pricing.is_of_nights(line) and line.rule != pricing.GOODWILL]
    made = pricing.discounts_again(was, offered, nights, lead_days, sold.currency)
    beyond = _sum(nights) + _sum(made) - _sum(was)
    discount = next((line for line in reversed([*was, *made]) if line.kind == pricing.DISCOUNT_LINE), None)
    if discount is None or beyond <= 0 or not {line.date for line in nights} <= {line.date for line in was}:
        return made
    others = [line for line in made if line is not discount]
    amount = -beyond + (discount.amount if len(others) < len(made) else 0)
    return [*others, replace(discount, amount=amount)]


def charges(sold: Sold, lines: Sequence[Line]) -> list[Line]:
    """The fees and taxes of the other stay, whose `lines` are these with its discounts."""
    return pricing.charges_again(sold.lines, lines, sold.currency)


def is_kept(line: Line) -> bool:
    """Whether it is what the house kept of an earlier change."""
    return line.rule == pricing.KEPT_ON_CHANGE


def _never_below_zero(lines: Sequence[Line]) -> list[Line]:
    """Goodwill counts as far as there is a price, also where little is left of the stay."""
    beyond, counted = max(Decimal(0), -_sum(lines)), list[Line]()
    for line in lines:
        if line.rule == pricing.GOODWILL and beyond:
            less = min(beyond, -line.amount)
            beyond, line = beyond - less, replace(line, amount=line.amount + less)  # noqa: PLW2901
        if line.amount or line.rule != pricing.GOODWILL:
            counted.append(line)
    return counted


def _without_newest(parts: Sequence[PricePart], dropped: Decimal) -> list[PricePart]:
    """Without so much of the money that was paid last."""
    left: list[PricePart] = []
    for part in reversed(parts):
        taken = min(part.amount, max(Decimal(0), dropped))
        dropped -= taken
        if taken < part.amount:
            left.insert(0, PricePart(part.amount - taken, part.check_in))
    return left


def _by_date(lines: Iterable[Line]) -> dict[dt.date | None, list[Line]]:
    found: dict[dt.date | None, list[Line]] = {}
    for line in lines:
        found.setdefault(line.date, []).append(line)
    return found


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((line.adds for line in lines), Decimal(0))
