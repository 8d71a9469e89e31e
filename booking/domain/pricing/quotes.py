"""The only place that prices a stay: a line for each night, fee, tax and discount; the total is their sum, and no more.

quote() writes the lines. totals() is its short form for many rooms at once, and per_night() is what a room costs where
nobody has said when; a test holds them equal. Every night costs the room's own price, or what the rules of its property
make of it (nightly.py).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any, Protocol

from booking.domain.money import decimals, rounded
from booking.domain.pricing import charges, nightly, plans, promotion_terms, rule_terms, tariffs
from booking.domain.pricing.nightly import BASE, Reason
from booking.domain.pricing.plans import RatePlan
from booking.domain.pricing.promotion_terms import PROMOTION
from booking.domain.pricing.rule_terms import LENGTH
from booking.domain.pricing.rules import NO_RULES, RatedRoom, RoomRules
from booking.domain.pricing.tariffs import Tariff
from booking.domain.stays import Stay

NIGHT, FEE, TAX, DISCOUNT = LINE_KINDS = ("night", "fee", "tax", "discount")
SOLD_ELSEWHERE = "elsewhere"  # the price was agreed before the reservation came here
GOODWILL = "goodwill"  # a discount that the house has given afterwards
KEPT_ON_CHANGE = "kept_on_change"  # a fee: what the house kept of nights that were given back


class Priced(Protocol):
    """A room, or a row of one, with what its prices are made of."""

    @property
    def price_per_night(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...


class FoundRow(Priced, Protocol):
    """A room as a search has read it; `rated_total` is None where no rules are for it."""

    @property
    def rated_total(self) -> Decimal | None: ...


class PricedRoom(Priced, RatedRoom, Protocol):
    """The base price changes with the room, so the room's version is the rule's.

    `rates_version` is its property's: 0 where it has no rules, and then nothing is asked of the room's other facts.
    """

    @property
    def version(self) -> int: ...
    @property
    def rates_version(self) -> int: ...
    @property
    def property_id(self) -> uuid.UUID: ...
    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One reason why a stay costs what it costs; `amount` is below 0 where it costs less.

    `date` is the day that it is for, None where it is for the whole stay. `version` is the rule's at that time, None in
    bookings from before it was kept. `label` is what the house calls the rules that made it, empty where it is the
    room's own price; `reasons` say what each of them did.
    """

    kind: str
    date: dt.date | None
    amount: Decimal
    rule: str
    version: int | None
    label: str = ""
    reasons: tuple[Reason, ...] = ()
    included: bool = False  # a tax that other lines hold already: it is shown, and adds nothing

    @property
    def adds(self) -> Decimal:
        """To the total."""
        return Decimal(0) if self.included else self.amount

    def as_json(self) -> dict[str, Any]:
        """As it is kept in a booking: the amount as text, so that no digit is lost."""
        day = self.date and self.date.isoformat()
        kept: dict[str, Any] = {
            "kind": self.kind,
            "date": day,
            "amount": str(self.amount),
            "rule": self.rule,
            "version": self.version,
        }
        if self.reasons:
            kept |= {"label": self.label, "reasons": [reason.as_json() for reason in self.reasons]}
        if self.included:
            kept["included"] = True
        # The release before this one knows only nights, and reads them by this name.
        return kept | {"night": day} if self.kind == NIGHT else kept


@dataclass(frozen=True, slots=True)
class PriceLine:
    """Lines in a row that are alike but for their dates: so many nights at the same price, by the same rule."""

    count: int
    each: Decimal
    rule: str
    kind: str = NIGHT
    label: str = ""
    reason: Reason | None = None  # of a fee or tax, which says how it counts
    included: bool = False  # in the other lines

    @property
    def amount(self) -> Decimal:
        return self.count * self.each


@dataclass(frozen=True, slots=True)
class Extra:
    """What a guest may choose beside a stay, and what it would cost for all of it; `reason` says how it counts."""

    id: str  # of the rule
    label: str
    amount: Decimal
    reason: Reason


@dataclass(frozen=True, slots=True)
class Quote:
    """What a stay costs so many guests, line by line, when asked for at an instant.

    `children` are the ages of those of the guests who are children; `extras` the rules of what was chosen.
    """

    stay: Stay
    guests: int
    at: dt.datetime
    currency: str
    lines: tuple[Line, ...]
    children: tuple[int, ...] = ()

    @property
    def extras(self) -> tuple[str, ...]:
        """What of the lines was chosen, by their rules."""
        return chosen_extras(self.lines)

    @property
    def total(self) -> Decimal:
        return total(self.lines)

    @property
    def price_lines(self) -> tuple[PriceLine, ...]:
        return price_lines(self.lines)

    def as_json(self) -> list[dict[str, Any]]:
        return [line.as_json() for line in self.lines]


def quote(
    room: PricedRoom,
    stay: Stay,
    guests: int,
    at: dt.datetime,
    plan: RatePlan | None = None,
    *,
    children: Sequence[int] = (),
    extras: Collection[str] = (),
    sold: Iterable[Line] = (),
    by: Tariff | None = None,
) -> Quote:
    """The price of a stay: its nights, discounts, fees and taxes. Other dates, guests or another room are another.

    Without a `plan` it is what the room's own policy costs. Of the guests `children` are those whose ages are these;
    `extras` are rules of optional fees, of which those count that there are, or that are among the `sold` lines. `by`:
    other rules than those in force, to see what they would make of it.
    """
    rules, children = by.of_room(room) if by else rules_of(room), tuple(children)
    kept = _extras_sold(sold)
    if not rules and plan is None and not kept:
        plain = _plain_nights(room, stay.dates()) if by else nights(room, stay.dates(), guests, at)
        return Quote(stay, guests, at, room.currency, tuple(plain), children)
    dates = stay.dates()
    facts = nightly.Facts(nightly.Party(guests, children), stay.check_in, (by or _tariff(room)).decided)
    lines = [_night(rules, room, night, facts) for night in dates]
    lead = nightly.lead_days(at, room.time_zone, stay.check_in)
    of_plan = plan.reason if plan else None
    off = nightly.discounts(rules, stay.check_in, [line.amount for line in lines], lead, room.currency, plan=of_plan)
    lines += map(_discount, off)
    charged = charges.Charged(dates, total(lines), guests, room.currency, children)
    lines += map(charge_line, charges.of_stay(rules, stay.check_in, charged, extras, kept))
    return Quote(stay, guests, at, room.currency, tuple(lines), children)


def extras_of(room: PricedRoom, stay: Stay, guests: int, children: Sequence[int] = ()) -> tuple[Extra, ...]:
    """What its guests may choose beside a stay, by name; from memory."""
    charged = charges.Charged(stay.dates(), Decimal(0), guests, room.currency, children)
    found = charges.extras_of_stay(rules_of(room), stay.check_in, charged)
    return tuple(
        Extra(made[0].reason.rule, made[0].reason.label, sum((one.amount for one in made), Decimal(0)), made[0].reason)
        for made in found
    )


def chosen_extras(lines: Iterable[Line]) -> tuple[str, ...]:
    """The rules of the extras among lines."""
    return tuple(reason.rule for reason in _extras_sold(lines))


def _extras_sold(lines: Iterable[Line]) -> list[Reason]:
    """Each of them with its terms."""
    sold = (line.reasons[0] for line in lines if is_charge(line) and _is_optional(line.reasons[0]))
    return list({reason.rule: reason for reason in sold}.values())


def _is_optional(reason: Reason) -> bool:
    return bool((reason.terms or {}).get("optional"))


def asks_for_ages(room: PricedRoom) -> bool:
    """Whether what a stay costs depends on how old its guests are."""
    return any(
        bool(getattr(rule.terms, "children", ())) or getattr(rule.terms, "from_age", None) is not None
        for these in rules_of(room).by_kind.values()
        for rule in these
    )


def nights(room: PricedRoom, dates: Iterable[dt.date], guests: int, at: dt.datetime) -> list[Line]:  # noqa: ARG001 a night's price does not depend on when it is asked for
    """The line of each night by itself, as a calendar shows them: of a stay that begins with it."""
    rules = rules_of(room)
    if not rules:
        return _plain_nights(room, dates)
    facts = nightly.Facts(nightly.Party(guests), None, _tariff(room).decided)
    return [_night(rules, room, date, facts) for date in dates]


def _plain_nights(room: PricedRoom, dates: Iterable[dt.date]) -> list[Line]:
    """Where no rule is for the room."""
    amount = per_night(room.price_per_night, room.currency)
    return [Line(NIGHT, date, amount, BASE, room.version) for date in dates]


def rules_of(room: PricedRoom) -> RoomRules:
    """The rules that are in force for the room, as its row was read."""
    return _tariff(room).of_room(room) if room.rates_version else NO_RULES


def plans_of(room: PricedRoom, arrival: dt.date) -> tuple[RatePlan, ...]:
    """What a stay from this day can be had on beside the room's own policy, the cheapest first; from memory."""
    return _tariff(room).plans(room, arrival) if room.rates_version else ()


def _tariff(room: PricedRoom) -> Tariff:
    return tariffs.of(room.property_id, room.rates_version)


def _night(rules: RoomRules, room: PricedRoom, date: dt.date, facts: nightly.Facts) -> Line:
    found = nightly.nightly(rules, room, date, facts)
    by_rules = found.reasons[1:]
    if not by_rules:
        return Line(NIGHT, date, found.amount, BASE, room.version)
    label = " + ".join(reason.label for reason in by_rules)
    return Line(NIGHT, date, found.amount, by_rules[-1].rule, by_rules[-1].version, label, found.reasons)


def _discount(off: nightly.Discount) -> Line:
    kind = DISCOUNT if off.amount < 0 else FEE
    return Line(kind, None, off.amount, off.reason.rule, off.reason.version, off.reason.label, (off.reason,))


def charge_line(made: charges.Charge) -> Line:
    """A fee or a tax."""
    why = made.reason
    return Line(made.kind, made.date, made.amount, why.rule, why.version, why.label, (why,), made.included)


def total(lines: Iterable[Line]) -> Decimal:
    """What lines add up to: taxes that are in others already add nothing."""
    return sum((line.adds for line in lines), Decimal(0))


def is_charge(line: Line) -> bool:
    """Whether it is a fee or tax that a rule has made."""
    return line.kind in (FEE, TAX) and bool(line.reasons) and not plans.is_of_plan(line.reasons)


def is_of_nights(line: Line) -> bool:
    """Whether it is a night, or changes what the nights cost together: discounts, and what a rate plan adds."""
    return line.kind in (NIGHT, DISCOUNT) or plans.is_of_plan(line.reasons)


def is_promotion(line: Line) -> bool:
    """Whether a promotion has made it."""
    return line.kind == DISCOUNT and bool(line.reasons) and line.reasons[0].kind == PROMOTION


def promotion_off(priced: Sequence[Line], by: Reason, currency: str) -> list[Line]:
    """What a promotion takes off these nights and discounts by the terms that it was sold on; no line for nothing."""
    dates = [line.date for line in priced if line.kind == NIGHT and line.date]
    if not promotion_terms.fits(by.terms, dates):
        return []
    off = promotion_terms.off_nights(total(priced), by.percent, by.amount, currency)
    return [_discount(nightly.Discount(-off, by))] if off else []


def discounts_again(
    sold: Iterable[Line], offered: Iterable[Line], nights: Sequence[Line], lead_days: int, currency: str
) -> list[Line]:
    """The discounts of a stay that was sold with some and has other nights now, by the terms that it was sold on.

    `offered` are the lines that it would have if it were sold now: a stay that was too short for a discount by its
    length gets today's. A promotion counts last. `lead_days` count from the sale. Without these terms a long stay could
    be sold back to a short one at the long one's price.
    """
    sold = [line for line in sold if line.kind != NIGHT and is_of_nights(line) and line.reasons]
    was = [line.reasons[0] for line in sold if not is_promotion(line)]
    offs = [(_at(reason, off), off) for reason in was if (off := _off(reason, len(nights), lead_days))]
    if not any(reason.kind == LENGTH for reason in was):
        now = [line.reasons[0] for line in offered if line.kind == DISCOUNT and line.reasons]
        offs += [(one, one.percent) for one in now if one.kind == LENGTH and one.percent]
    whole = sum((line.amount for line in nights), Decimal(0))
    made = [_discount(off) for off in nightly.taken_off(whole, offs, currency)]
    for promotion in filter(is_promotion, sold):
        made += promotion_off([*nights, *made], promotion.reasons[0], currency)
    return made


def _at(reason: Reason, off: Decimal) -> Reason:
    return reason if reason.kind == rule_terms.PLAN else replace(reason, percent=off)


def _off(reason: Reason, nights: int, lead_days: int) -> Decimal:
    return nightly.off_by(reason.kind, rule_terms.read(reason.kind, reason.terms), nights, lead_days)


def as_sold(total: Decimal, stay: Stay, currency: str) -> tuple[Line, ...]:
    """The lines of a stay that was sold elsewhere, of which only the total is known: as much for each night.

    What cannot be divided is the first night's.
    """
    unit = Decimal(1).scaleb(-decimals(currency))
    each = total / stay.nights // unit * unit
    amounts = [total - each * (stay.nights - 1), *[each] * (stay.nights - 1)]
    return tuple(
        Line(NIGHT, date, rounded(amount, currency), SOLD_ELSEWHERE, None)
        for date, amount in zip(stay.dates(), amounts, strict=True)
    )


def totals(rooms: Iterable[Priced], stay: Stay, guests: int, at: dt.datetime) -> list[Decimal]:  # noqa: ARG001 as above
    """What quote() adds up to for each of many rooms, without writing their lines."""
    nights = stay.nights
    return [per_night(room.price_per_night, room.currency) * nights for room in rooms]


def found_total(row: FoundRow, own: Decimal) -> Decimal:
    """Of a room as a search has read it: what the projection knows of a rated one, else its `own` of totals()."""
    return own if row.rated_total is None else rounded(row.rated_total, row.currency)


def shown_per_night(row: FoundRow, total: Decimal, stay: Stay) -> Decimal:
    """What a night costs: of a rated room, on average of the stay."""
    return row.price_per_night if row.rated_total is None else rounded(total / stay.nights, row.currency)


def per_night(base_price: Decimal, currency: str) -> Decimal:
    """What a night costs by the base price, rounded once."""
    return rounded(base_price, currency)


def kept_lines(kept: Iterable[dict[str, Any]]) -> tuple[Line, ...]:
    """The lines of a booking, also of one from before lines had a kind: then each was a night."""
    return tuple(_kept_line(line) for line in kept)


def _kept_line(line: dict[str, Any]) -> Line:
    day = line["date"] if "date" in line else line["night"]
    date = dt.date.fromisoformat(day) if day else None
    said = Decimal(line["amount"]), str(line["rule"]), line.get("version"), line.get("label", "")
    reasons = tuple(map(nightly.kept_reason, line.get("reasons", ())))
    return Line(line.get("kind", NIGHT), date, *said, reasons, line.get("included", False))


def price_lines(lines: Iterable[Line]) -> tuple[PriceLine, ...]:
    """The lines for reading: nights in a row at the same price as one."""
    groups = groupby(lines, key=lambda line: (line.amount, line.rule, line.kind, line.label))
    return tuple(_price_line(list(group)) for _, group in groups)


def _price_line(alike: Sequence[Line]) -> PriceLine:
    line = alike[0]
    reason = line.reasons[0] if is_charge(line) else None
    return PriceLine(len(alike), line.amount, line.rule, line.kind, line.label, reason, line.included)
