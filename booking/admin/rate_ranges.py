"""A range of days in one go: prices and limits of rooms, kinds or the whole property."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from booking.admin import rate_check, rate_forms
from booking.admin.entrance import desk
from booking.domain import pricing
from booking.domain.inputs import accept
from booking.domain.pricing import RangeInput, RatesForm
from booking.http.words import rate_rules
from booking.infra.ids import encode
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("rate_ranges", __name__, url_prefix="/rates/range")

NUMBERS = {"price": "price", "percent": "percent", "minNights": "minNights", "maxNights": "maxNights"}


@blueprint.get("")
def show() -> Response:
    """What is to change; the address says for which rooms and from which day on."""
    form, house = Form.asked(), _house()
    if form.value("from") and not form.value("to"):
        form.put("to", [form.value("from")])
    if not form.sent("rooms"):
        form.put("rooms", [rate_forms.ALL])
    return _page(form, house)


@blueprint.post("")
def change() -> Response:
    """First what would be touched, then save it."""
    form, house = Form.posted(), _house()
    then = url_for(
        "admin.rates.show", property=encode("property", house.property_id), month=form.value("from")[:7] or None
    )
    return rate_check.answer(
        house.property_id,
        form,
        lambda: pricing.range_steps(actor(), house.property_id, _said(form), rate_forms.limit_names()),
        show=lambda shown, status: _page(shown, house, status),
        then=then,
    )


def _said(form: Form) -> RangeInput:
    """Raises Invalid."""
    given: dict[str, Any] = {
        name: form.value(name).replace("\N{MINUS SIGN}", "-") for name in NUMBERS if form.value(name)
    }
    given |= {name: form.value(name) for name in ("from", "to", "name", "arrival", "departure") if form.value(name)}
    given["weekdays"] = [int(one) for one in form.sent("weekdays") if one.isdigit()]
    given["rooms"] = form.sent("rooms")
    return accept(RangeInput, given, strict=False)


def _house() -> RatesForm:
    """Raises PropertyNotFound for who may not change rates."""
    house = desk().house_of(request.args.get("property", ""))
    return pricing.rates_form(actor(), house.id, for_editing=True)


def _page(form: Form, house: RatesForm, status: int = 200) -> Response:
    scopes = rate_forms.scopes(house)
    facts: dict[str, Any] = {
        "form": form,
        "house_key_of": encode("property", house.property_id),
        "currency": house.currency,
        "wide_scopes": [one for one in scopes if not one[0].startswith(rate_forms.ROOM)],
        "room_scopes": [one for one in scopes if one[0].startswith(rate_forms.ROOM)],
        "weekday_names": [(str(number), rate_rules.weekday(number)) for number in range(1, 8)],
    }
    return page("admin/rates_range.html", block="main", status=status, **facts)
