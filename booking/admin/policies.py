"""Cancellation policies and rate plans of a property: listed, made, changed, ended, and brought back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext

from booking.admin import policy_words
from booking.admin.entrance import desk
from booking.domain import pricing
from booking.domain.errors import BookingError, Conflict, Invalid
from booking.domain.pricing import HousePolicies, RateInput, RateNotFound, RateRule
from booking.http.error_rendering import status_of
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("policies", __name__, url_prefix="/policies")

DONE = "policies_done"  # in the cookie until it was shown
TIERS = 4  # rows of the form
KINDS = ("policy", "plan")


@blueprint.get("")
def index() -> Response:
    """All that are in force, which rooms have them, and what has ended."""
    return _list(Form())


@blueprint.post("/use")
def use() -> Response:
    """Rooms get a policy: one, or all of the property."""
    form, house = Form.posted(), desk().house_of(request.form.get("property", ""))
    seen = pricing.house_policies(actor(), house.id)
    room_id = decode("room", form.value("room"))
    rooms = [room_id] if room_id else [room.id for room in seen.rooms]
    try:
        policy_id = decode("rate", form.value("policy"))
        if policy_id:
            number = pricing.use_policy(actor(), policy_id, rooms)
        else:
            number = pricing.use_known_policy(actor(), house.id, form.value("policy"), rooms)
    except (Invalid, Conflict) as refusal:
        return _list(form.refuse(refusal), status_of(refusal))
    return _done("used" if number else "had", house.id)


@blueprint.get("/new")
def new() -> Response:
    """The form of a policy, or of a rate plan."""
    house = desk().house_of(request.args.get("property", ""))
    pricing.require_rates(actor(), house.id)
    return _form_page(Form(), _kind(), house.id)


@blueprint.post("/new")
def add() -> Response:
    """Make it."""
    form, kind = Form.posted(), _kind()
    house = desk().house_of(request.form.get("property", ""))
    pricing.require_rates(actor(), house.id)
    return _saved(form, kind, house.id, lambda said: pricing.add_rate(actor(), house.id, said))


@blueprint.get("/<rate_id>")
def show(rate_id: str) -> Response:
    """As it is, in its form, and every version there was."""
    versions = _versions(rate_id)
    last = versions[-1]
    return _form_page(policy_words.filled(last, TIERS), last.kind, last.property_id, versions=versions)


@blueprint.post("/<rate_id>")
def change(rate_id: str) -> Response:
    """Its next version; what was sold keeps its own."""
    form, versions = Form.posted(), _versions(rate_id)
    last = versions[-1]
    pricing.require_rates(actor(), last.property_id)

    def save(said: RateInput) -> object:
        return pricing.change_rate(actor(), last.rule_id, said, seen_version=form.seen_version())

    return _saved(form, last.kind, last.property_id, save, versions)


@blueprint.post("/<rate_id>/end")
def end(rate_id: str) -> Response:
    """It can be had no longer; what was sold keeps it."""
    versions, form = _versions(rate_id), Form.posted()
    last = versions[-1]
    pricing.require_rates(actor(), last.property_id)
    try:
        pricing.end_rate(actor(), last.rule_id, seen_version=form.seen_version())
    except Conflict as refusal:
        shown = policy_words.filled(last, TIERS).refuse(refusal)
        return _form_page(shown, last.kind, last.property_id, versions=versions, status=status_of(refusal))
    return _done("ended", last.property_id)


@blueprint.post("/<rate_id>/undo")
def undo(rate_id: str) -> Response:
    """An earlier version is in force again."""
    versions, form = _versions(rate_id), Form.posted()
    last = versions[-1]
    pricing.require_rates(actor(), last.property_id)
    wanted = form.number("back") or 0
    try:
        pricing.bring_back_rate(actor(), last.rule_id, wanted, seen_version=form.seen_version())
    except (Invalid, Conflict) as refusal:
        shown = policy_words.filled(last, TIERS).refuse(refusal)
        return _form_page(shown, last.kind, last.property_id, versions=versions, status=status_of(refusal))
    return _done("back", last.property_id)


# --- around them


def _list(form: Form, status: int = 200) -> Response:
    house = desk().house_of(request.values.get("property", ""))
    seen = pricing.house_policies(actor(), house.id)
    names = {one.key: policy_words.name(one.policy) for one in seen.policies}
    facts: dict[str, Any] = {
        "house": house,
        "seen": seen,
        "form": form,
        "told": session.pop(DONE, ""),
        "names": names,
        "room_choices": [("", gettext("All rooms")), *((encode("room", room.id), room.name) for room in seen.rooms)],
        "words": policy_words,
        "rooms_named": {room.id: room.name for room in seen.rooms},
    }
    return page("admin/policies.html", block="main", status=status, **facts)


def _form_page(
    form: Form, kind: str, property_id: uuid.UUID, *, versions: list[RateRule] | None = None, status: int = 200
) -> Response:
    seen = pricing.house_policies(actor(), property_id)
    house = desk().house_of(encode("property", property_id))
    facts: dict[str, Any] = {
        "form": form,
        "kind": kind,
        "currency": house.currency,
        "property_key": encode("property", property_id),
        "seen": seen,
        "versions": versions or [],
        "last": versions[-1] if versions else None,
        "tiers": range(1, TIERS + 1),
        "policy_choices": [(one.key, policy_words.named(one.policy, house.currency)) for one in seen.policies],
        "room_choices": _scopes(seen),
        "words": policy_words,
        "names": {one.key: policy_words.name(one.policy) for one in seen.policies},
    }  # fmt: skip
    return page("admin/policy_form.html", block="main", status=status, **facts)


def _scopes(seen: HousePolicies) -> list[tuple[str, str]]:
    """Which rooms a plan is for."""
    kinds = sorted({room.kind for room in seen.rooms if room.kind})
    of_kinds = [(f"kind:{kind}", gettext("All rooms of the kind “%(kind)s”", kind=kind)) for kind in kinds]
    return [("", gettext("All rooms")), *of_kinds, *((encode("room", room.id), room.name) for room in seen.rooms)]


def _saved(
    form: Form,
    kind: str,
    property_id: uuid.UUID,
    save: Callable[[RateInput], object],
    versions: list[RateRule] | None = None,
) -> Response:
    try:
        save(policy_words.said(form, kind, TIERS))
    except (Invalid, Conflict) as refusal:
        shown = form.refuse(_by_rows(refusal))
        return _form_page(shown, kind, property_id, versions=versions, status=status_of(refusal))
    return _done("saved", property_id)


def _by_rows(refusal: BookingError) -> BookingError:
    """What is wrong with the third tier stands at the third row."""
    moved = {policy_words.field_of(name): problem for name, problem in refusal.details.items()}
    refusal.details = moved
    return refusal


def _versions(rate_id: str) -> list[RateRule]:
    rule_id = decode("rate", rate_id)
    if rule_id is None:
        raise RateNotFound
    versions = pricing.rate_versions(actor(), rule_id)
    if versions[-1].kind not in KINDS:
        raise RateNotFound
    return versions


def _kind() -> str:
    return "plan" if request.args.get("kind") == "plan" else "policy"


def _done(what: str, property_id: uuid.UUID) -> Response:
    session[DONE] = what
    return go_to(url_for(".index", property=encode("property", property_id)))
