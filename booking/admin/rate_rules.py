"""Rules of prices and stays, fees and taxes: as sentences, in forms that ask what their kind needs, as seasons."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from booking.admin import rate_check, rate_forms, season_strip, states
from booking.admin.entrance import desk
from booking.domain import pricing
from booking.domain.errors import NotFound
from booking.domain.pricing import RateHistory, RateNotFound, RateRule, RatesForm, RateStep, Rule
from booking.http.services import current_services
from booking.http.words import rate_rules
from booking.infra.ids import decode, encode
from booking.pages import options
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("rate_rules", __name__)

MOST_YEARS = 10  # back and ahead

ORDER = (
    "price", "adjust", "guests", "length", "early_bird", "last_minute", "dynamic", "min_nights", "max_nights",
    "closed_to_arrival", "closed_to_departure", "notice", "horizon",
)  # fmt: skip


@blueprint.get("/rates/rules")
def index() -> Response:
    """All in force by kind, the strongest first; the seasons of a year; what has ended."""
    return _list("admin/rates_rules.html", ORDER)


@blueprint.get("/taxes")
def taxes() -> Response:
    """Fees and taxes."""
    return _list("admin/taxes.html", pricing.CHARGE_KINDS)


@blueprint.get("/rates/new")
def new() -> Response:
    """Which kind; then its form."""
    house, form = _house(), Form.asked()
    if not (kind := rate_forms.asked_kind(form)):
        kinds = [(one, rate_rules.KINDS[one], rate_rules.HINTS[one]) for one in (*ORDER, *pricing.CHARGE_KINDS)]
        return page("admin/rates_kinds.html", block="main", kinds=kinds, house_key_of=_key(house))
    if not form.sent("rooms"):
        form.put("rooms", [rate_forms.ALL])
    return _form_page(form, kind, house)


@blueprint.post("/rates/new")
def add() -> Response:
    """First what it would touch, then make it."""
    house, form = _house(), Form.posted()
    kind = rate_forms.asked_kind(request.args)
    if not kind:
        raise NotFound
    return rate_check.answer(
        house.property_id,
        form,
        lambda: [RateStep(rate_forms.read(form, kind))],
        show=lambda shown, status: _form_page(shown, kind, house, status=status),
        then=_list_of(kind, house),
    )


@blueprint.get("/rates/<rate_id>")
def show(rate_id: str) -> Response:
    """The rule in a form, where it is in force; every version there was."""
    history = pricing.rate_history(actor(), _id(rate_id))
    versions = history.versions
    if versions[-1].kind not in rate_rules.KINDS:  # a policy or a plan, as the audit log links them
        return go_to(url_for("admin.policies.show", rate_id=rate_id))
    house = pricing.rates_form(actor(), versions[-1].property_id)
    rule = next((one for one in house.rules if one.id == versions[-1].rule_id), None)
    form = rate_forms.of_rule(rule) if rule else Form()
    return _form_page(form, versions[-1].kind, house, history=history)


@blueprint.post("/rates/<rate_id>")
def change(rate_id: str) -> Response:
    """First what it would touch, then save it."""
    history, house = _for_editing(rate_id)
    form, rule = Form.posted(), history.versions[-1]
    return rate_check.answer(
        house.property_id,
        form,
        lambda: [RateStep(rate_forms.read(form, rule.kind), rule.rule_id)],
        show=lambda shown, status: _form_page(shown, rule.kind, house, history=history, status=status),
        then=_list_of(rule.kind, house),
    )


@blueprint.post("/rates/<rate_id>/end")
def end(rate_id: str) -> Response:
    """First what it would touch, then it counts no longer."""
    return _step(rate_id, lambda last: RateStep(None, last.rule_id))


@blueprint.post("/rates/<rate_id>/undo")
def undo(rate_id: str) -> Response:
    """Take back what was done to it last: first what that would touch."""
    return _step(rate_id, lambda last: RateStep(None, last.rule_id, is_back=True, seen=_seen(last)))


# --- parts


def _step(rate_id: str, step: Any) -> Response:
    history, house = _for_editing(rate_id)
    last = history.versions[-1]
    rule = next((one for one in house.rules if one.id == last.rule_id), None)

    def shown(form: Form, status: int) -> Response:
        filled = rate_forms.of_rule(rule) if rule else Form()
        filled.problems |= form.problems
        return _form_page(filled, last.kind, house, history=history, status=status)

    return rate_check.answer(
        house.property_id, Form.posted(), lambda: [step(last)], show=shown, then=_list_of(last.kind, house)
    )


def _seen(last: RateRule) -> tuple[int, bool]:
    """The version that the page showed, where it says so, and whether it was in force."""
    said = Form.posted().number("version")
    return (last.version if said is None else said), last.until is None


def _for_editing(rate_id: str) -> tuple[RateHistory, RatesForm]:
    """Raises RateNotFound, PropertyNotFound."""
    history = pricing.rate_history(actor(), _id(rate_id))
    if history.versions[-1].kind not in rate_rules.KINDS:
        raise RateNotFound
    return history, pricing.rates_form(actor(), history.versions[-1].property_id, for_editing=True)


def _list(template: str, kinds: Sequence[str]) -> Response:
    house = desk().house_of(request.args.get("property", ""))
    found = pricing.rates_form(actor(), house.id, ended=True)
    names = rate_forms.names_of(found.rooms)
    listed = [(kind, rate_rules.KINDS[kind], [_line(one, found, names) for one in found.rules if one.kind == kind])
              for kind in kinds]  # fmt: skip
    today = current_services().booking_context.rules.today(house.time_zone)
    year = _year(request.args.get("year", ""), today.year)
    ended = [(encode("rate", one.rule_id), one.name, one.ended_at) for one in found.ended if one.kind in kinds]
    facts: dict[str, Any] = {
        "house": house,
        "found": found,
        "listed": [one for one in listed if one[2]],
        "kinds": [(kind, rate_rules.KINDS[kind]) for kind in kinds],
        "ended": ended,
        "told": rate_check.taken(),
        "form": Form.asked(),
        "strip": season_strip.of(found.rules, year),
        "year": year,
        "line": lambda rule: _line(rule, found, names),
        "today": today,
    }
    return page(template, block="main", **facts)


def _year(said: str, this: int) -> int:
    """That is asked for, as far as anybody looks ahead or back; else this one."""
    found = options.count(said)
    return found if abs(found - this) <= MOST_YEARS else this


def _line(rule: Rule, house: RatesForm, names: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "key": encode("rate", rule.id),
        "name": rule.name,
        "does": rate_rules.does(rule.kind, rule.terms.as_json(), house.currency),
        "covers": rate_rules.covers(rule) or gettext("always"),
        "rooms": rate_rules.rooms(rule, names),
        "priority": rule.priority,
    }


def _form_page(
    form: Form, kind: str, house: RatesForm, *, history: RateHistory | None = None, status: int = 200
) -> Response:
    last = history.versions[-1] if history else None
    facts = rate_forms.facts(form, kind, house)
    facts |= {
        "house": house,
        "house_key_of": _key(house),
        "currency": house.currency,
        "versions": _told(history, house) if history else [],
        "last": last,
        "is_in_force": last is not None and last.until is None,
        "list_url": _list_of(kind, house),
    }
    return page("admin/rates_form.html", block="main", status=status, **facts)


def _told(history: RateHistory, house: RatesForm) -> list[dict[str, Any]]:
    """Each version as a sentence, by whom and when; the newest first."""
    rooms = rate_forms.names_of(house.rooms)
    return [
        {
            "says": f"{rate_rules.of_rule(rule, house.currency)} ({rate_rules.rooms(rule, rooms)})",
            "name": one.name,
            "by": states.actor(one.made_by, history.names),
            "at": one.made_at,
            "ended_at": one.ended_at,
            "ended_by": states.actor(one.ended_by, history.names) if one.ended_by else "",
        }
        for one in reversed(history.versions)
        for rule in [pricing.as_rule(one)]
    ]


def _house() -> RatesForm:
    """Raises PropertyNotFound for who may not change rates."""
    house = desk().house_of(request.args.get("property", ""))
    return pricing.rates_form(actor(), house.id, for_editing=True)


def _list_of(kind: str, house: RatesForm) -> str:
    where = ".taxes" if kind in pricing.CHARGE_KINDS else ".index"
    return url_for(f"admin.rate_rules{where}", property=_key(house))


def _key(house: RatesForm) -> str:
    return encode("property", house.property_id)


def _id(rate_id: str) -> uuid.UUID:
    if (found := decode("rate", rate_id)) is None:
        raise RateNotFound
    return found
