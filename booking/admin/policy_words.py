"""Policies and plans as sentences, and their forms read and filled in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext, ngettext

from booking.admin.house_forms import POLICIES
from booking.domain import pricing
from booking.domain.pricing import RateInput, RateRule
from booking.http import money_format, number_format
from booking.infra.ids import encode
from booking.pages.forms import Form

_ROW = re.compile(r"tiers\[(\d+)\]\.(before|refund)")


def name(policy: dict[str, Any]) -> str:
    """What it is called: ours in the reader's language."""
    known = POLICIES.get(str(policy.get("name"))) if "id" not in policy else None
    return str(known[0]) if known else str(policy.get("name", ""))


def named(policy: dict[str, Any], currency: str) -> str:
    """Its name, and what it does."""
    return f"{name(policy)}: {does(policy, currency)}"


def does(policy: dict[str, Any], currency: str) -> str:
    """All back until 5 days before check-in, 50% until 24 hours before; then nothing. And its deposit."""
    return " ".join(filter(None, [_refunds(policy), _deposit(policy, currency)]))


def _refunds(policy: dict[str, Any]) -> str:
    if not policy["tiers"]:
        return str(gettext("No refund after booking."))
    parts = ", ".join(_tier(tier) for tier in policy["tiers"])
    return str(gettext("%(parts)s; then no refund.", parts=parts[:1].upper() + parts[1:]))


def of_plan(rule: RateRule, names: dict[str, str]) -> str:
    """10% less, Non-refundable."""
    policy = str(rule.terms["policy"])
    return f"{percent(Decimal(rule.terms['percent']))}, {names.get(policy, policy)}"


def percent(value: Decimal) -> str:
    """A plan's price beside the room's own."""
    if not value:
        return str(gettext("the room’s own price"))
    shown = number_format.exact_percent(abs(value))
    return str(gettext("%(percent)s less", percent=shown) if value < 0 else gettext("%(percent)s more", percent=shown))


def of_rule(rule: RateRule, names: dict[str, str], currency: str) -> str:
    """What a version said."""
    if rule.kind == "plan":
        return of_plan(rule, names)
    return does(pricing.policy_of_terms(rule.name, rule.terms), currency)


def said(form: Form, kind: str, rows: int) -> RateInput:
    """What the form says. Raises Invalid."""
    given: dict[str, Any] = {"kind": kind, "name": form.value("name"), "terms": _terms(form, kind, rows)}
    if kind == "plan":
        scope = form.value("rooms")
        given |= {"from": form.value("from"), "to": form.value("to")}
        given |= {"room_kind": scope.removeprefix("kind:")} if scope.startswith("kind:") else {"room": scope}
    return pricing.rate_said({name: value for name, value in given.items() if value})


def _terms(form: Form, kind: str, rows: int) -> dict[str, Any]:
    if kind == "plan":
        amount = form.value("percent", "0").replace(",", ".").strip()
        sign = "-" if form.value("way") == "less" and amount != "0" else ""
        return {"percent": f"{sign}{amount}", "policy": form.value("policy")}
    filled_in = [row for row in range(1, rows + 1) if form.value(f"before-{row}") or form.value(f"refund-{row}")]
    return {"tiers": [_row(form, row) for row in filled_in], **_deposit_terms(form)}


def _deposit_terms(form: Form) -> dict[str, str]:
    part = form.value("deposit").replace(",", ".").strip()
    sign = "%" if part and form.value("deposit-of", "percent") == "percent" else ""
    given = {"deposit": part + sign, "restDays": form.value("restDays"), "cancelAfter": form.value("cancelAfter")}
    return {name: value.strip() for name, value in given.items() if value.strip()}


def _row(form: Form, row: int) -> dict[str, str]:
    back = form.value(f"refund-{row}").strip()
    refund = f"-{back}n" if form.value(f"back-{row}") == "nights" else back
    return {"before": f"{form.value(f'before-{row}').strip()}{form.value(f'unit-{row}', 'd')}", "refund": refund}


def filled(rule: RateRule, rows: int) -> Form:
    """The form of a rule as it is."""
    values = {"name": rule.name, "version": str(rule.version)}
    if rule.kind == "plan":
        amount = Decimal(rule.terms["percent"])
        values |= {"percent": f"{abs(amount).normalize():f}", "way": "less" if amount < 0 else "more"}
        values |= {"policy": str(rule.terms["policy"]), "rooms": _scope(rule)}
        values |= {"from": str(rule.first_day or ""), "to": str(rule.last_day or "")}
        return Form(values)
    if deposit := rule.terms.get("deposit"):
        values |= {"deposit": deposit.rstrip("%"), "deposit-of": "percent" if deposit.endswith("%") else "amount"}
        values |= {"restDays": str(rule.terms["restDays"]), "cancelAfter": str(rule.terms.get("cancelAfter", ""))}
    for row, tier in enumerate(rule.terms.get("tiers", [])[:rows], start=1):
        by_nights = tier["refund"].endswith("n")
        values |= {f"before-{row}": tier["before"][:-1], f"unit-{row}": tier["before"][-1]}
        values |= {f"refund-{row}": tier["refund"].strip("-n"), f"back-{row}": "nights" if by_nights else "percent"}
    return Form(values)


def field_of(name: str) -> str:
    """The field of the form that a finding is about."""
    if row := _ROW.fullmatch(name):
        return f"{row[2]}-{int(row[1]) + 1}"
    return {"tiers": "before-1", "roomKind": "rooms", "roomId": "rooms", "room": "rooms"}.get(name, name)


def _scope(rule: RateRule) -> str:
    if rule.room_kind:
        return f"kind:{rule.room_kind}"
    return encode("room", rule.room_id) if rule.room_id else ""


def _deposit(policy: dict[str, Any], currency: str) -> str:
    """30% is paid when booking, the rest 30 days before check-in. Not charged then: cancelled 3 days later."""
    plan = pricing.deposit_of_policy(policy)
    if plan is None:
        return ""
    part = (
        number_format.exact_percent(plan.percent)
        if plan.percent
        else money_format.money(plan.amount or Decimal(0), currency)
    )
    rest = ngettext(
        "%(part)s is paid when booking, the rest %(count)s day before check-in.",
        "%(part)s is paid when booking, the rest %(count)s days before check-in.",
        plan.balance_days,
        part=part,
        count=plan.balance_days,
    )
    if not plan.cancel_after:
        return str(rest)
    after = ngettext(
        "If it can’t be charged, the stay is cancelled %(count)s day later.",
        "If it can’t be charged, the stay is cancelled %(count)s days later.",
        plan.cancel_after,
        count=plan.cancel_after,
    )
    return f"{rest} {after}"


def _tier(tier: dict[str, Any]) -> str:
    if keeps := tier.get("keptNights"):
        back = gettext("all but %(nights)s back", nights=number_format.nights(keeps))
    elif tier["percent"] == 100:
        back = gettext("all back")
    else:
        back = gettext("%(percent)s back", percent=number_format.exact_percent(Decimal(tier["percent"])))
    if "hoursBefore" in tier:
        hours = tier["hoursBefore"]
        until = ngettext("%(count)s hour before check-in", "%(count)s hours before check-in", hours, count=hours)
    elif days := tier["daysBefore"]:
        until = ngettext("%(count)s day before check-in", "%(count)s days before check-in", days, count=days)
    else:
        until = gettext("check-in")
    return str(gettext("%(back)s until %(until)s", back=back, until=until))
