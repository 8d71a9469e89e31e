"""Rate rules as sentences: what a rule does, when, and for which rooms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext

from booking.domain.errors import Invalid
from booking.domain.pricing import CHARGE_KINDS, PriceReason, Rule, read_terms
from booking.http import date_format, money_format, number_format
from booking.http.language import locale
from booking.http.words import price_lines

_ = lazy_gettext

KINDS = {
    "price": _("Price of a season or of some days"),
    "adjust": _("More or less on some days"),
    "dynamic": _("Price by how full the house is"),
    "guests": _("Price by number of guests"),
    "length": _("Discount for longer stays"),
    "early_bird": _("Early-bird discount"),
    "last_minute": _("Last-minute discount"),
    "min_nights": _("Minimum stay"),
    "max_nights": _("Maximum stay"),
    "closed_to_arrival": _("Closed to arrival"),
    "closed_to_departure": _("Closed to departure"),
    "notice": _("Advance notice"),
    "horizon": _("How far ahead guests can book"),
    "fee": _("Fee"),
    "tax": _("Tax"),
}
HINTS = {
    "price": _("Nights cost another amount, or a part of the room’s own price: seasons, holidays, single days."),
    "adjust": _("On top of the season: weekends, a fair, a quiet Tuesday."),
    "dynamic": _("Decided anew every day, by how many rooms are taken and how near the night is."),
    "guests": _("More for each guest beyond those the price is for, less for fewer, children by age."),
    "length": _("A week costs less than seven single nights."),
    "early_bird": _("For who books long before arrival."),
    "last_minute": _("For who books just before arrival."),
    "min_nights": _("How short a stay may be that begins on these days."),
    "max_nights": _("How long a stay may be that begins on these days."),
    "closed_to_arrival": _("Days on which no stay begins."),
    "closed_to_departure": _("Days on which no stay ends."),
    "notice": _("How long before arrival guests must book."),
    "horizon": _("How long before arrival guests can book at the earliest."),
    "fee": _("Cleaning, linen, a pet: for the stay, a night or a guest."),
    "tax": _("City tax, VAT: an amount or a percent, on top or in the prices already."),
}


def does(kind: str, terms: Mapping[str, Any], currency: str) -> str:
    """What a rule does, as a sentence without its full stop: Nights cost 20% more. Without a currency: bare numbers."""
    return _WAYS[kind](terms, currency)


def of_rule(rule: Rule, currency: str) -> str:
    """Nights cost 20% more, on Fri and Sat, from 1 Jun 2027 until 31 Aug 2027."""
    return ", ".join([does(rule.kind, rule.terms.as_json(), currency), *filter(None, [covers(rule)])])


def covers(rule: Rule) -> str:
    """On which days: on Fri and Sat, until 31 Aug 2027; empty where always."""
    return ", ".join(filter(None, [on_weekdays(rule.weekdays), between(rule.first, rule.last)]))


def on_weekdays(weekdays: Sequence[int] | frozenset[int]) -> str:
    """on Fri and Sat; empty for every day."""
    if not weekdays or len(weekdays) == 7:
        return ""
    return str(gettext("on %(days)s", days=listed([weekday(number) for number in sorted(weekdays)])))


def weekday(number: int) -> str:
    """1 is Mon."""
    return str(locale().days["stand-alone"]["abbreviated"][number - 1])


def between(first: dt.date | None, last: dt.date | None) -> str:
    """from 1 Jun 2027 until 31 Aug 2027; empty for always."""
    if first and first == last:
        return str(gettext("on %(day)s", day=date_format.day(first)))
    if first and last:
        return str(gettext("from %(first)s until %(last)s", first=date_format.day(first), last=date_format.day(last)))
    if first:
        return str(gettext("from %(first)s on", first=date_format.day(first)))
    return str(gettext("until %(last)s", last=date_format.day(last))) if last else ""


def rooms(rule: Rule, names: Mapping[Any, str]) -> str:
    """For which: all rooms, those of a kind, one by its name."""
    if rule.room_id:
        return names.get(rule.room_id) or str(gettext("a room that is no longer sold"))
    return rule.room_kind or str(gettext("all rooms"))


def logged(said: Mapping[str, Any], currency: str) -> str:
    """The terms of an entry of the audit log, which keeps them as one line, as a sentence; as they stand where it does
    not say the kind.
    """
    text, kind = str(said.get("terms", "")), str(said.get("kind", ""))
    if kind not in _WAYS:
        return text
    try:
        return does(kind, _kept(kind, text), currency)
    except (Invalid, KeyError, ValueError, ArithmeticError):
        return text


def logged_weekdays(text: str) -> str:
    """fri,sat as people read it."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return listed([weekday(names.index(one) + 1) for one in text.split(",") if one in names])


def listed(names: Sequence[str]) -> str:
    """a, b and c"""
    if len(names) < 2:
        return "".join(names)
    return str(gettext("%(some)s and %(last)s", some=", ".join(names[:-1]), last=names[-1]))


def _kept(kind: str, text: str) -> dict[str, Any]:
    truths = {"true": True, "false": False}
    return {name: truths.get(value, value) if isinstance(value, str) else value
            for name, value in read_terms(kind, text).items()}  # fmt: skip


# --- by kind


def _money(value: Any, currency: str) -> str:
    amount = Decimal(str(value))
    return money_format.money(amount, currency) if currency else f"{amount.normalize():f}"


def _percent(value: Any) -> str:
    return number_format.exact_percent(abs(Decimal(str(value))))


def _price(terms: Mapping[str, Any], currency: str) -> str:
    if terms.get("amount") is not None:
        return str(gettext("Nights cost %(amount)s", amount=_money(terms["amount"], currency)))
    return str(gettext("Nights cost %(percent)s of the room’s own price", percent=_percent(terms["percent"])))


def _adjust(terms: Mapping[str, Any], currency: str) -> str:
    value = terms["amount"] if terms.get("amount") is not None else terms["percent"]
    by_money = terms.get("amount") is not None
    shown = _money(abs(Decimal(str(value))), currency) if by_money else _percent(value)
    if Decimal(str(value)) < 0:
        return str(gettext("Nights cost %(change)s less", change=shown))
    return str(gettext("Nights cost %(change)s more", change=shown))


def _dynamic(terms: Mapping[str, Any], _currency: str) -> str:
    steps = [_dynamic_step(step) for step in terms["steps"]]
    bounds = gettext(
        "never more than %(less)s less or %(more)s more, and by at most %(step)s at a time",
        less=_percent(terms["floor"]), more=_percent(terms["ceiling"]), step=_percent(terms["step"]),
    )  # fmt: skip
    return "; ".join((*steps, str(bounds)))


def _dynamic_step(step: Mapping[str, Any]) -> str:
    facts = {"taken": number_format.percent(int(step["occupancy"])), "days": number_format.days(int(step["days"]))}
    if Decimal(str(step["percent"])) < 0:
        said = gettext("With %(taken)s of the rooms taken, up to %(days)s before: %(change)s less",
                       **facts, change=_percent(step["percent"]))  # fmt: skip
    else:
        said = gettext("With %(taken)s of the rooms taken, up to %(days)s before: %(change)s more",
                       **facts, change=_percent(step["percent"]))  # fmt: skip
    return str(said)


def _guests(terms: Mapping[str, Any], currency: str) -> str:
    said = [str(gettext("Prices are for %(guests)s", guests=number_format.guests(int(terms["included"]))))]
    if Decimal(str(terms.get("extra", 0))):
        said.append(str(gettext("each one more costs %(amount)s a night", amount=_money(terms["extra"], currency))))
    if Decimal(str(terms.get("fewer", 0))):
        said.append(str(gettext("each one fewer saves %(amount)s a night", amount=_money(terms["fewer"], currency))))
    for child in terms.get("children") or ():
        said.append(str(gettext("a child up to %(age)s costs %(amount)s a night",
                                age=child["age"], amount=_money(child["amount"], currency))))  # fmt: skip
    return ", ".join(said)


def _length(terms: Mapping[str, Any], _currency: str) -> str:
    steps = (
        gettext("%(nights)s or more cost %(percent)s less",
                nights=number_format.nights(int(step["nights"])), percent=_percent(step["percent"]))
        for step in terms["steps"]
    )  # fmt: skip
    return ", ".join(map(str, steps))


def _early(terms: Mapping[str, Any], _currency: str) -> str:
    facts = {"days": number_format.days(int(terms["days"])), "percent": _percent(terms["percent"])}
    return str(gettext("Booked %(days)s before arrival or earlier, a stay costs %(percent)s less", **facts))


def _late(terms: Mapping[str, Any], _currency: str) -> str:
    facts = {"days": number_format.days(int(terms["days"])), "percent": _percent(terms["percent"])}
    return str(gettext("Booked %(days)s before arrival or later, a stay costs %(percent)s less", **facts))


def _least(terms: Mapping[str, Any], _currency: str) -> str:
    return str(gettext("Stays have at least %(nights)s", nights=number_format.nights(int(terms["nights"]))))


def _most(terms: Mapping[str, Any], _currency: str) -> str:
    return str(gettext("Stays have at most %(nights)s", nights=number_format.nights(int(terms["nights"]))))


def _arrival(terms: Mapping[str, Any], _currency: str) -> str:
    return str(gettext("Nobody can arrive") if terms.get("closed", True) else gettext("Guests can arrive"))


def _departure(terms: Mapping[str, Any], _currency: str) -> str:
    return str(gettext("Nobody can leave") if terms.get("closed", True) else gettext("Guests can leave"))


def _notice(terms: Mapping[str, Any], _currency: str) -> str:
    return str(gettext("Guests book at least %(days)s before arrival", days=number_format.days(int(terms["days"]))))


def _horizon(terms: Mapping[str, Any], _currency: str) -> str:
    return str(gettext("Guests book at most %(days)s before arrival", days=number_format.days(int(terms["days"]))))


def _charge(kind: str) -> Callable[[Mapping[str, Any], str], str]:
    def said(terms: Mapping[str, Any], currency: str) -> str:
        amount, percent = (
            None if terms.get(one) is None else Decimal(str(terms[one])) for one in ("amount", "percent")
        )
        counted = {**terms, "nights": int(terms["nights"])} if terms.get("nights") else dict(terms)
        if amount is not None and not currency:
            return f"{amount.normalize():f}"
        whole = price_lines.charged_by(PriceReason(kind, amount=amount, percent=percent, terms=counted), currency)
        return _whole(terms, whole)

    return said


def _whole(terms: Mapping[str, Any], charge: str) -> str:
    """With whom it counts for, and whether it adds anything."""
    if terms.get("fromAge"):
        charge = str(gettext("%(charge)s, from the age of %(age)s", charge=charge, age=terms["fromAge"]))
    if terms.get("optional") is True:
        charge = str(gettext("%(charge)s, where the guest chooses it", charge=charge))
    if terms.get("included") is True:
        charge = str(gettext("%(charge)s, in the prices already", charge=charge))
    return charge


_WAYS: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "price": _price,
    "adjust": _adjust,
    "dynamic": _dynamic,
    "guests": _guests,
    "length": _length,
    "early_bird": _early,
    "last_minute": _late,
    "min_nights": _least,
    "max_nights": _most,
    "closed_to_arrival": _arrival,
    "closed_to_departure": _departure,
    "notice": _notice,
    "horizon": _horizon,
    **{kind: _charge(kind) for kind in CHARGE_KINDS},
}
