"""Promotions as sentences, and their form read and filled in; how the audit log calls what they say."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from booking.domain.errors import BookingError
from booking.domain.inputs import accept
from booking.domain.notices import Notice
from booking.domain.pricing import Promotion, PromotionInput
from booking.http import date_format, number_format
from booking.infra.ids import decode, encode
from booking.pages import formats
from booking.pages.forms import Form

_ = lazy_gettext

PERCENT = "percent"  # in the form, where else a currency stands
STATES = {
    "running": (_("Running"), "good"),
    "planned": (_("Planned"), ""),
    "used_up": (_("Used up"), "warn"),
    "ended": (_("Ended"), ""),
}
DATES = ("validFrom", "validTo", "staysFrom", "staysTo")
PLAIN = ("code", "name", "minNights", "mostUses", "mostPerGuest", *DATES)
# What the audit log tells of it, by the names of its columns.
FACTS = {
    "code": _("Code"),
    "percent": _("Percent off"),
    "property_ids": _("Properties"),
    "min_nights": _("Shortest stay"),
    "valid_from": _("First day of use"),
    "valid_to": _("Last day of use"),
    "stays_from": _("First night"),
    "stays_to": _("Last night"),
    "most_uses": _("Limit for all guests"),
    "most_per_guest": _("Limit for each guest"),
}
DAYS = ("valid_from", "valid_to", "stays_from", "stays_to")
CALLED: dict[str, Callable[[str], str]] = {
    "percent": lambda said: number_format.exact_percent(Decimal(said)),
    "property_ids": lambda said: _properties(said.count(",") + 1),
}


def _properties(number: int) -> str:
    return str(ngettext("%(num)s property", "%(num)s properties", number))


def off(of: Promotion) -> str:
    """10% off, or €25 off."""
    if of.amount is not None:
        return str(gettext("%(amount)s off", amount=formats.money(of.amount, of.currency or "")))
    return str(gettext("%(percent)s off", percent=number_format.exact_percent(of.percent or Decimal(0))))


def terms(of: Promotion, houses: Mapping[uuid.UUID, str]) -> list[str]:
    """For whom and when; `houses` are names that the reader may know."""
    said = [_where(of, houses)]
    if of.min_nights and of.min_nights > 1:
        said.append(gettext("stays of %(nights)s or more", nights=number_format.nights(of.min_nights)))
    if nights := _between(of.stays_from, of.stays_to):
        said.append(gettext("nights %(between)s", between=nights))
    if use := _between(of.valid_from, of.valid_to):
        said.append(gettext("to be used %(between)s", between=use))
    if most := of.most_per_guest:
        said.append(ngettext("%(num)s room for each guest", "%(num)s rooms for each guest", most))
    return [str(one) for one in said]


def _where(of: Promotion, houses: Mapping[uuid.UUID, str]) -> str:
    if not of.property_ids:
        return str(gettext("All properties"))
    known = [houses[one] for one in of.property_ids if one in houses]
    others = len(of.property_ids) - len(known)
    more = ngettext("%(num)s other property", "%(num)s other properties", others) if others else ""
    return ", ".join([*known, *([str(more)] if more else [])])


def _between(first: Any, last: Any) -> str:
    if first and last:
        return str(gettext("from %(first)s to %(last)s", first=date_format.day(first), last=date_format.day(last)))
    if first:
        return str(gettext("from %(first)s on", first=date_format.day(first)))
    return str(gettext("until %(last)s", last=date_format.day(last))) if last else ""


def used(uses: int, most: int | None) -> str:
    """3 of 100, or 3."""
    shown = number_format.number(uses)
    return str(gettext("%(uses)s of %(most)s", uses=shown, most=number_format.number(most))) if most else shown


def said(form: Form) -> PromotionInput:
    """What the form says. Raises Invalid."""
    given: dict[str, Any] = {name: form.value(name).strip() for name in PLAIN if form.value(name).strip()}
    taken, unit = form.value("off").strip().replace(",", "."), form.value("unit", PERCENT)
    if taken:
        given |= {"percent": taken} if unit == PERCENT else {"amount": taken, "currency": unit}
    given["properties"] = [known for one in form.sent("properties") if (known := decode("property", one))]
    return accept(PromotionInput, given, strict=False)


def by_fields(refusal: BookingError, form: Form) -> BookingError:
    """What is wrong with percent or amount stands at the one field for both."""
    found = {("off" if field in (PERCENT, "amount", "currency") else field): problem
             for field, problem in refusal.details.items()}  # fmt: skip
    if "off" in found and not form.value("off").strip():
        found["off"] = Notice("missing")
    refusal.details = found
    return refusal


def filled(of: Promotion) -> Form:
    """The form of one as it is."""
    number = of.amount if of.amount is not None else of.percent
    values: dict[str, str | list[str]] = {
        "code": of.code,
        "name": of.name,
        "off": f"{(number or Decimal(0)).normalize():f}",
        "unit": of.currency or PERCENT,
        "properties": [encode("property", one) for one in of.property_ids],
        "version": str(of.version),
        "minNights": str(of.min_nights or ""),
        "mostUses": str(of.most_uses or ""),
        "mostPerGuest": str(of.most_per_guest or ""),
    }
    days = (of.valid_from, of.valid_to, of.stays_from, of.stays_to)
    return Form.of(values | {name: str(day or "") for name, day in zip(DATES, days, strict=True)})
