"""What a line of a price is called, and why it costs what it costs."""

from __future__ import annotations

from decimal import Decimal

from booking.domain.pricing import CHARGE_KINDS, Line, PriceReason
from booking.http import money_format, number_format
from booking.http.words.templates import Template, Templates, _

RULES: Templates = {
    "base": _("The room’s own price"),
    "elsewhere": _("As agreed where it was booked"),
    "goodwill": _("Goodwill"),
    "kept_on_change": _("Kept for nights you gave back"),
    "kept_on_cancellation": _("Cancellation charge"),
}
# By what rules of a kind do; where they say so in money, and where in percent.
IN_MONEY: Templates = {
    "base": _("The room’s own price: %(amount)s"),
    "price": _("%(rule)s: %(amount)s"),
    "adjust": _("%(rule)s: %(amount)s more"),
    "guests": _("%(rule)s: %(amount)s more for this number of guests"),
    "promotion": _("%(rule)s: %(amount)s off"),
}
LESS_MONEY: Templates = {
    "adjust": _("%(rule)s: %(amount)s less"),
    "guests": _("%(rule)s: %(amount)s less for this number of guests"),
}
IN_PERCENT: Templates = {
    "price": _("%(rule)s: %(percent)s of the room’s own price"),
    "adjust": _("%(rule)s: %(percent)s more"),
    "dynamic": _("%(rule)s: %(percent)s more, by how many rooms are taken and how near the night is"),
    "length": _("%(rule)s: %(percent)s off for a stay of this length"),
    "early_bird": _("%(rule)s: %(percent)s off for booking early"),
    "last_minute": _("%(rule)s: %(percent)s off for booking at short notice"),
    "plan": _("%(rule)s: %(percent)s more"),
    "promotion": _("%(rule)s: %(percent)s off"),
}
LESS_PERCENT: Templates = {
    "adjust": _("%(rule)s: %(percent)s less"),
    "dynamic": _("%(rule)s: %(percent)s less, by how many rooms are taken and how near the night is"),
    "plan": _("%(rule)s: %(percent)s less"),
}

# Of a fee or tax, by what it counts.
PER: Templates = {
    "stay": _("%(amount)s for the stay"),
    "night": _("%(amount)s for each night"),
    "guest": _("%(amount)s for each guest"),
    "guest_night": _("%(amount)s for each guest and night"),
}
PERCENT_OF: Templates = {
    "nights": _("%(percent)s of the nights"),
    "all": _("%(percent)s of the nights and fees"),
}
OF_RULE: Template = _("%(rule)s: %(terms)s")
AT_MOST: Template = _("for at most %(nights)s")
CAPPED: Template = _("at most %(amount)s in all")
CAPPED_EACH: Template = _("at most %(amount)s for each guest")
INCLUDED: Template = _("%(tax)s, included")
WITH_RATE: Template = _("%(tax)s (%(percent)s)")


def label(line: Line) -> str:
    """What the line is called: by the house where rules made it."""
    return line.label or name_of(line.rule)


def name_of(rule: str) -> str:
    """One that we have no words for says its own name."""
    return str(RULES.get(rule, rule))


def reason(of: PriceReason, currency: str) -> str:
    """Why: Weekend: 20% more."""
    if of.kind in CHARGE_KINDS:
        return str(OF_RULE) % {"rule": of.label, "terms": charged_by(of, currency)}
    by_money = of.percent is None
    value = (of.amount if by_money else of.percent) or Decimal(0)
    less = LESS_MONEY if by_money else LESS_PERCENT
    template: Template = (
        less[of.kind] if value < 0 and of.kind in less else (IN_MONEY if by_money else IN_PERCENT)[of.kind]
    )
    shown = money_format.money(abs(value), currency) if by_money else number_format.exact_percent(abs(value))
    return str(template) % {"rule": of.label, "amount": shown, "percent": shown}


def reasons(line: Line, currency: str) -> str:
    """All of a line's, with semicolons between them; empty where there is nothing to say but the room's own price."""
    return "; ".join(reason(one, currency) for one in line.reasons)


def charged_by(of: PriceReason, currency: str) -> str:
    """How a fee or tax counts: €3.50 for each guest and night, for at most 7 nights."""
    terms = of.terms or {}
    if of.percent is None:
        said = [str(PER[terms["per"]]) % {"amount": money_format.money(of.amount or Decimal(0), currency)}]
    else:
        rate = number_format.exact_percent(of.percent)
        said = [str(PERCENT_OF[terms.get("of") or "nights"]) % {"percent": rate}]
    if most := terms.get("nights"):
        said.append(str(AT_MOST) % {"nights": number_format.nights(most)})
    if terms.get("cap") is not None:
        cap = money_format.money(Decimal(str(terms["cap"])), currency)
        said.append(str(CAPPED_EACH if terms.get("per") == "guest_night" else CAPPED) % {"amount": cap})
    return ", ".join(said)


def tax_included(name: str, percent: Decimal | None) -> str:
    """A tax that other lines hold already: VAT (20%), included."""
    rate = "" if percent is None else number_format.exact_percent(percent)
    return str(INCLUDED) % {"tax": str(WITH_RATE) % {"tax": name, "percent": rate} if rate else name}
