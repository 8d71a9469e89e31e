"""Promotions of a property: which run, how often each was used; made, changed, ended and resumed."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext

from booking.admin import promotion_words
from booking.admin.entrance import desk
from booking.domain import pricing
from booking.domain.catalogue import House
from booking.domain.errors import Conflict, Invalid
from booking.domain.notices import Notice
from booking.domain.pricing import PromotionNotFound, PromotionView
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("promotions", __name__, url_prefix="/promotions")

DONE = "promotions_done"  # in the cookie until it was shown


@blueprint.get("")
def index() -> Response:
    """Those of a property, and of all properties: running, planned and used up first."""
    house = desk().house_of(request.values.get("property", ""))
    found = pricing.promotions_of_staff(actor(), house.id)
    today = current_services().booking_context.rules.today(house.time_zone)
    rows = [(one, one.state(today)) for one in found]
    facts: dict[str, Any] = {
        "house": house,
        "current": [row for row in rows if row[1] != "ended"],
        "ended": [row for row in rows if row[1] == "ended"],
        "told": session.pop(DONE, ""),
        "may_add": _may_make(house),
        "words": promotion_words,
        "houses": _names(),
    }
    return page("admin/promotions.html", block="main", **facts)


@blueprint.get("/new")
def new() -> Response:
    """The form, for the property at which somebody is."""
    house = desk().house_of(request.values.get("property", ""))
    if not _may_make(house):
        raise PromotionNotFound
    return _form_page(Form.of({"properties": [encode("property", house.id)]}), house)


@blueprint.post("/new")
def add() -> Response:
    """Make it: it can be used from now on, or from its first day."""
    form, house = Form.posted(), desk().house_of(request.values.get("property", ""))
    if not _may_make(house):
        raise PromotionNotFound
    try:
        pricing.add_promotion(actor(), _said(form))
    except (Invalid, Conflict) as refusal:
        return _refused(form, house, refusal)
    return _done("added", house)


@blueprint.get("/<promotion_id>")
def show(promotion_id: str) -> Response:
    """As it is, in its form for whoever may change it; how often it was used."""
    found = _found(promotion_id)
    return _form_page(promotion_words.filled(found.promotion), _house_of(found), found)


@blueprint.post("/<promotion_id>")
def change(promotion_id: str) -> Response:
    """For whoever uses it from now on; what was sold keeps its price."""
    form, found = Form.posted(), _editable(promotion_id)
    try:
        pricing.change_promotion(actor(), found.promotion.id, _said(form), seen_version=form.seen_version())
    except (Invalid, Conflict) as refusal:
        return _refused(form, _house_of(found), refusal, found)
    return _done("saved", _house_of(found))


@blueprint.post("/<promotion_id>/end")
def end(promotion_id: str) -> Response:
    """Nobody can use it any more."""
    found, form = _editable(promotion_id), Form.posted()
    try:
        pricing.end_promotion(actor(), found.promotion.id, seen_version=form.seen_version())
    except Conflict as refusal:
        return _refused(promotion_words.filled(found.promotion), _house_of(found), refusal, found)
    return _done("ended", _house_of(found))


@blueprint.post("/<promotion_id>/resume")
def resume(promotion_id: str) -> Response:
    """It was not to be ended."""
    found, form = _editable(promotion_id), Form.posted()
    try:
        pricing.resume_promotion(actor(), found.promotion.id, seen_version=form.seen_version())
    except (Invalid, Conflict) as refusal:
        return _refused(promotion_words.filled(found.promotion), _house_of(found), refusal, found)
    return _done("resumed", _house_of(found))


# --- around them


def _form_page(form: Form, house: House, found: PromotionView | None = None, status: int = 200) -> Response:
    of = found.promotion if found else None
    may_edit = of is None or pricing.may_edit_promotion(actor(), of)
    today = current_services().booking_context.rules.today(house.time_zone)
    own = pricing.promotion_houses(actor()) if may_edit else frozenset()
    facts: dict[str, Any] = {
        "form": form,
        "house": house,
        "seen": found,
        "of": of,
        "state": found.state(today) if found else "",
        "may_edit": may_edit,
        "for_all": own is None,
        "house_choices": [
            (encode("property", one.id), one.name) for one in desk().houses if own is None or one.id in own
        ],
        "units": [(promotion_words.PERCENT, gettext("percent of the nights")), *_currencies()],
        "words": promotion_words,
        "houses": _names(),
    }
    return page("admin/promotion_form.html", block="main", status=status, **facts)


def _refused(form: Form, house: House, refusal: Invalid | Conflict, found: PromotionView | None = None) -> Response:
    shown = form.refuse(promotion_words.by_fields(refusal, form))
    return _form_page(shown, house, found, status_of(refusal))


def _said(form: Form) -> pricing.PromotionInput:
    """Raises Invalid: also where no property is chosen by somebody who does not run all."""
    said = promotion_words.said(form)
    if not said.properties and pricing.promotion_houses(actor()) is not None:
        raise Invalid(details={"properties": Notice("missing")})
    return said


def _found(promotion_id: str) -> PromotionView:
    known = decode("promotion", promotion_id)
    if known is None:
        raise PromotionNotFound
    return pricing.get_promotion(actor(), known)


def _editable(promotion_id: str) -> PromotionView:
    found = _found(promotion_id)
    if not pricing.may_edit_promotion(actor(), found.promotion):
        raise PromotionNotFound
    return found


def _house_of(found: PromotionView) -> House:
    """The one at which somebody is, where it is for that; else the first that it is for."""
    known = found.promotion.property_ids
    houses = [*desk().shown_houses, *desk().houses]
    return next(one for one in houses if not known or one.id in known)


def _may_make(house: House) -> bool:
    try:
        own = pricing.promotion_houses(actor())
    except PromotionNotFound:
        return False
    return own is None or house.id in own


def _names() -> dict[uuid.UUID, str]:
    return {one.id: one.name for one in desk().houses}


def _currencies() -> list[tuple[str, str]]:
    return [(one, one) for one in sorted({house.currency for house in desk().houses})]


def _done(what: str, house: House) -> Response:
    session[DONE] = what
    return go_to(url_for(".index", property=encode("property", house.id)))
