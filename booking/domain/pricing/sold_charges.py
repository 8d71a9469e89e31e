"""Fees and taxes of a stay that was sold with some and is another one now: by the terms that it was sold on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from booking.domain.pricing import charges
from booking.domain.pricing.nightly import Reason
from booking.domain.pricing.quotes import FEE, NIGHT, Line, charge_line, is_charge, is_of_nights, total
from booking.domain.pricing.rule_terms import TaxTerms


def charges_again(sold: Iterable[Line], stay: Iterable[Line], currency: str) -> list[Line]:
    """Those of the other stay, whose `stay` lines are its nights, its discounts, and the fees and taxes that each night
    has brought along.

    Of what each night has brought along as much stays as counts; what was sold for the whole stay is as it was;
    percents count anew.
    """
    stay = list(stay)
    by_night = sorted((line for line in stay if is_charge(line)), key=_order)
    counts = charges.within_caps(line.reasons[0] for line in by_night)
    made = _up_to_caps([line for line, is_within in zip(by_night, counts, strict=True) if is_within])
    of_whole = [line for line in sold if is_charge(line) and line.date is None]
    made += (line for line in of_whole if line.reasons[0].percent is None)
    base = [line for line in stay if is_of_nights(line)]
    again = (_by_percent(line.reasons[0], base, made, currency) for line in of_whole)
    return sorted([*made, *(line for line in again if line)], key=_order)


def included_again(lines: Sequence[Line], currency: str) -> list[Line]:
    """The lines, of which some have become less: percents that they include are of what is left."""
    base = [line for line in lines if is_of_nights(line)]
    made = [line for line in lines if is_charge(line)]
    found = []
    for line in lines:
        if line.included and line.date is None and line.reasons[0].percent is not None:
            again = _by_percent(line.reasons[0], base, made, currency)
            found.append(replace(line, amount=again.amount if again else Decimal(0)))
        else:
            found.append(line)
    return found


def _up_to_caps(by_night: Sequence[Line]) -> list[Line]:
    """Of each charge by the night as much as its cap lets be: as many guests count as at the night that costs most."""
    found = list[Line]()
    for _, lines in groupby(by_night, lambda line: (line.kind, line.label.casefold(), line.rule)):
        alike = list(lines)
        amounts = charges.up_to(_most(alike), [line.amount for line in alike])
        found += (replace(line, amount=part) for line, part in zip(alike, amounts, strict=True) if part)
    return found


def _most(alike: Sequence[Line]) -> Decimal | None:
    reason = alike[0].reasons[0]
    cap = charges.kept_terms(reason).cap
    if cap is None or not reason.amount:
        return cap
    return cap * max(line.amount for line in alike) / min(reason.amount, cap or reason.amount)


def _by_percent(reason: Reason, base: Sequence[Line], made: Iterable[Line], currency: str) -> Line | None:
    """None where it comes to nothing, or is no tax in percent."""
    terms = charges.kept_terms(reason)
    if not isinstance(terms, TaxTerms) or terms.percent is None:
        return None
    nights = [line.date for line in base if line.kind == NIGHT and line.date]
    fees = total(line for line in made if line.kind == FEE)
    stay = charges.Charged(nights, max(Decimal(0), total(base)), 1, currency)
    charge = charges.by_percent(reason, terms, stay, fees)
    return charge_line(charge) if charge else None


def _order(line: Line) -> tuple[bool, str, dt.date]:
    """Fees before taxes, by name, then by night."""
    return line.kind != FEE, line.label.casefold(), line.date or dt.date.min
