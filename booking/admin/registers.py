"""The guest register of a booking: a form with a place for each guest, and the same as a list to print."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, session, url_for
from flask_babel import get_locale, gettext

from booking.admin.booking import DONE, id_of
from booking.domain.errors import BookingModified, Invalid
from booking.domain.reservations import guest_register
from booking.domain.reservations.guest_register import (
    DOCUMENT_TYPES,
    STATELESS,
    Register,
    RegisteredGuest,
    RegisterEntry,
)
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("register", __name__, url_prefix="/bookings/<booking_id>/register")

TYPED = ("fullName", "nationality", "birthDate", "documentType", "documentNumber")
FIELDS = (*TYPED, "apart", "livesHere")
KEPT = "register"  # told once
WITH_ARTICLE = ("AE", "GB", "NL", "PH", "US")


@blueprint.get("")
def show(booking_id: str) -> Response:
    """What is known of each guest, and what is missing."""
    seen = guest_register.see(actor(), id_of(booking_id), _secrets())
    return _page(booking_id, seen, _filled(seen))


@blueprint.post("")
def keep(booking_id: str) -> Response:
    """The whole form anew; nothing has to be filled in."""
    form, key = Form.posted(), id_of(booking_id)
    try:
        seen_version, places = form.number("version"), form.number("guests")
        if seen_version is None or places is None:
            raise BookingModified  # a form of none of our pages: what it leaves out is not meant to be emptied
        guest_register.keep(actor(), key, _accepted(form, places), _secrets(), seen_version)
    except (Invalid, BookingModified) as refusal:
        seen = guest_register.see(actor(), key, _secrets())
        return _page(booking_id, seen, form if form.problems else form.refuse(refusal), status_of(refusal))
    session[DONE] = KEPT
    return go_to(url_for(".show", booking_id=booking_id))


def _accepted(form: Form, places: int) -> list[RegisteredGuest]:
    """All guests; raises Invalid, having taken the findings of each to its own fields."""
    guests, refusal = [], None
    for place in range(1, min(places, guest_register.MOST) + 1):
        typed = {name: form.value(f"{name}-{place}") for name in FIELDS}
        entry = Form(typed | {"nationality": _code(typed["nationality"])})
        try:
            guests.append(entry.accept(RegisterEntry).guest)
        except Invalid as wrong:
            refusal = wrong
            form.problems |= {f"{name}-{place}": told for name, told in entry.problems.items()}
    if refusal is not None:
        raise refusal
    return guests


def _filled(seen: Register) -> Form:
    values: dict[str, str] = {}
    for place, one in enumerate(seen.guests, 1):
        known = (one.full_name, _country(one.nationality), one.birth_date, one.document_type, one.document_number)
        values |= {f"{name}-{place}": value or "" for name, value in zip(TYPED, known, strict=True)}
        values |= {f"apart-{place}": "1"} if one.is_apart else {}
        values |= {f"livesHere-{place}": "1"} if one.lives_here else {}
    return Form(values)


def _page(booking_id: str, seen: Register, form: Form, status: int = 200) -> Response:
    facts: dict[str, Any] = {
        "seen": seen,
        "booking_id": booking_id,
        "form": form,
        "done": session.pop(DONE, None) == KEPT,
        "countries": _countries().values(),
        "country_of": _country,
        "law_of": _of_country,
        "documents": [("", gettext("Not known")), *((kind, document(kind)) for kind in DOCUMENT_TYPES)],
        "document_of": document,
        "lacking": [", ".join(_called(name) for name in lacks) for lacks in seen.missing],
    }
    return page("admin/register.html", block="main", status=status, **facts)


def _countries() -> dict[str, str]:
    """What nationalities are called, by their codes."""
    return {**guest_register.countries(str(get_locale())), STATELESS: str(gettext("Stateless"))}


def _country(code: str | None) -> str:
    return _countries().get(code or "", "")


def _of_country(code: str) -> str:
    """As it stands within an English sentence."""
    name = _country(code)
    return f"the {name}" if code in WITH_ARTICLE and get_locale().language == "en" else name


def _code(typed: str) -> str:
    """Of what was chosen from the list; what is typed otherwise is for the domain to understand."""
    wanted = typed.strip().casefold()
    return next((code for code, name in _countries().items() if name.casefold() == wanted), typed)


def document(kind: str) -> str:
    """What a kind of document is called."""
    known = {
        "passport": gettext("Passport"),
        "identity_card": gettext("Identity card"),
        "residence_permit": gettext("Residence permit"),
        "other": gettext("Another document"),
    }
    return str(known.get(kind, kind))


def _called(name: str) -> str:
    known = {
        "fullName": gettext("name"),
        "nationality": gettext("nationality"),
        "birthDate": gettext("date of birth"),
        "document": gettext("document"),
    }
    return str(known[name])


def _secrets() -> tuple[str, ...]:
    return current_services().settings.secret_keys
