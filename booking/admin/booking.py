"""One booking at the desk: everything about it, and what can be done with it. Every change is a verb's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, session, url_for
from flask_babel import gettext

from booking.admin import booking_texts, calendar_place, day_told, states, stories
from booking.admin.day_rows import Rows
from booking.admin.today import FROM_BOOKING
from booking.domain import correspondence, payments, people, reservations
from booking.domain.errors import (
    AlreadyCancelled,
    BookingError,
    BookingModified,
    BookingNotFound,
    Invalid,
    NotFound,
    PaymentNotFound,
    RefundChanged,
    SignInTooOld,
    Unavailable,
)
from booking.domain.payments import DebtWaived, EntryMistaken, MoneyReceived, MoneyReturned, Payment, Waiver
from booking.domain.reservations import Guaranteeing, front_desk
from booking.domain.reservations.front_desk import DeskCancellation, Goodwill, StaffBooking
from booking.http import date_format, words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra import clock
from booking.infra.ids import decode, encode, new_reference
from booking.pages import bills, formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("booking", __name__, url_prefix="/bookings/<booking_id>")

DONE = "desk_done"  # in the cookie until it was shown
ALREADY = "already"  # the same was entered before: followed by when
Entry = Payment | Waiver


@blueprint.get("")
def show(booking_id: str) -> Response:
    """The booking as it is now."""
    return _page(known(booking_id), Form(), "")


@blueprint.get("/cancel")
def ask_to_cancel(booking_id: str) -> Response:
    """What a cancellation would bring back, before it is one."""
    seen = known(booking_id)
    return _question(seen, Form()) if seen.cancelling and seen.can.cancel else back(booking_id)


@blueprint.post("/cancel")
def cancel(booking_id: str) -> Response:
    """Cancel with what the policy gives back, if it is still as it was shown, or with another refund."""
    form, context = Form.posted(), current_services().booking_context
    try:
        given = form.accept(DeskCancellation)
        if given.moves_money:
            people.require_recent_sign_in(actor())
        seen: dict[str, Any] = {"seen_version": given.version, "seen_refund": given.shown_refund}
        reservations.cancel(actor(), id_of(booking_id), context, **seen, decided=given.decided)
    except (Invalid, BookingModified, RefundChanged) as refusal:
        return _question(known(booking_id), form.refuse(refusal), status_of(refusal))
    except AlreadyCancelled:
        return back(booking_id)
    return done(booking_id, "cancelled")


@blueprint.post("/guarantee")
def guarantee(booking_id: str) -> Response:
    """Confirm without a payment, by name."""

    def confirm(form: Form, seen: StaffBooking) -> None:
        given = form.accept(Guaranteeing)
        reservations.guarantee(actor(), seen.order.id, given.how, given.note)

    return act(booking_id, "guarantee", confirm)


@blueprint.post("/received")
def receive(booking_id: str) -> Response:
    """Money that was taken at the desk or came by transfer."""

    def enter(form: Form, seen: StaffBooking) -> Entry:
        given = form.accept(MoneyReceived)
        by, reference, on = given.by, given.entry, given.received_on or clock.today(seen.booking.time_zone)
        return payments.record_received(
            actor(), seen.order.id, given.amount, by=by, reference=reference, received_on=on
        )

    return act(booking_id, "received", enter, moves_money=True)


@blueprint.post("/waive")
def waive(booking_id: str) -> Response:
    """Waive what is due, or a part of it."""

    def let_off(form: Form, seen: StaffBooking) -> Entry:
        given = form.accept(DebtWaived)
        return payments.waive_debt(actor(), seen.order.id, given.reason, given.amount)

    return act(booking_id, "waive", let_off, moves_money=True)


@blueprint.post("/entries/<entry_id>/returned")
def give_back(booking_id: str, entry_id: str) -> Response:
    """A refund that staff has handed over or transferred."""

    def enter(form: Form, seen: StaffBooking) -> Entry:
        given, payment_id = form.accept(MoneyReturned), _entry(seen, entry_id)
        on = given.returned_on or clock.today(seen.booking.time_zone)
        return payments.record_returned(actor(), payment_id, reference=given.entry, returned_on=on, by=given.by)

    return act(booking_id, f"returned-{entry_id}", enter, moves_money=True)


@blueprint.post("/entries/<entry_id>/again")
def send_refund_again(booking_id: str, entry_id: str) -> Response:
    """A refund that was declined is sent once more; the booking says what has become of it."""

    def send(_: Form, seen: StaffBooking) -> None:
        payments.retry_refund(actor(), _entry(seen, entry_id), current_services().booking_context)

    return act(booking_id, f"again-{entry_id}", send, moves_money=True)


@blueprint.post("/entries/<entry_id>/correct")
def correct(booking_id: str, entry_id: str) -> Response:
    """An entry that was made by mistake is taken back by its opposite."""

    def take_back(form: Form, seen: StaffBooking) -> Entry:
        given, entry = form.accept(EntryMistaken), _entry(seen, entry_id)
        if entry_id.startswith("waiver_"):
            return front_desk.correct_waiver(actor(), entry, given.reason)
        patience = current_services().booking_context.patience
        return front_desk.correct_entry(actor(), entry, given.reason, patience)

    return act(booking_id, f"correct-{entry_id}", take_back, moves_money=True)


@blueprint.post("/goodwill")
def give_goodwill(booking_id: str) -> Response:
    """So much less for the same stay: what was paid of it goes back."""

    def give(form: Form, seen: StaffBooking) -> None:
        given, context = form.accept(Goodwill), current_services().booking_context
        reservations.give_goodwill(actor(), seen.booking.id, given.decided, context, seen_version=given.version)

    return act(booking_id, "goodwill", give, moves_money=True)


# --- around them


def act(
    booking_id: str, what: str, change: Callable[[Form, StaffBooking], Entry | None], *, moves_money: bool = False
) -> Response:
    """Do it and show what the booking has become; what is refused is said at its form, which keeps what was typed."""
    form, seen = Form.posted(), known(booking_id)
    try:
        if moves_money:
            people.require_recent_sign_in(actor())
        entry = change(form, seen)
    except (NotFound, SignInTooOld, Unavailable):
        raise
    except BookingError as refusal:
        return _page(known(booking_id), form.refuse(refusal), what, status_of(refusal))
    if entry and entry.entered_already:
        return done(booking_id, f"{ALREADY} {entry.entered_already.isoformat()}")
    return done(booking_id, what.partition("-")[0])


def id_of(booking_id: str) -> uuid.UUID:
    """Raises BookingNotFound."""
    known = decode("booking", booking_id)
    if known is None:
        raise BookingNotFound
    return known


def known(booking_id: str) -> StaffBooking:
    """Raises BookingNotFound."""
    return front_desk.get_booking(actor(), id_of(booking_id), current_services().booking_context.rules)


def _entry(seen: StaffBooking, entry_id: str) -> uuid.UUID:
    """A payment or waiver of this order; others do not exist here."""
    entry = decode("payment", entry_id) or decode("waiver", entry_id)
    if entry is None or entry not in {one.id for one in seen.payments} | {one.id for one in seen.waivers}:
        raise PaymentNotFound
    return entry


def done(booking_id: str, what: str) -> Response:
    """To the booking, which says once what was done."""
    session[DONE] = what
    return back(booking_id)


def back(booking_id: str) -> Response:
    """To the booking."""
    return go_to(url_for("admin.booking.show", booking_id=booking_id))


def _page(seen: StaffBooking, form: Form, what: str, status: int = 200) -> Response:
    """`what` names the form that this is about; the others stand empty."""
    formats.alike(seen.booking.currency, _sums(seen))
    facts: dict[str, Any] = {
        "seen": seen,
        "talk": correspondence.read_conversation(actor(), seen.booking.id),
        "booking_id": encode("booking", seen.booking.id),
        "bill": bills.of_lines(seen.lines, seen.booking.currency),
        "form": form,
        "what": what,
        "field_ids": {name: f"{what}-{name}" for name in form.problems},
        **(_done() if not what else {"done": None, "since": None}),
        "story": stories.of(seen),
        "states": states,
        "slip": new_reference(),
        "why": words.on_page,
        "correction_of": lambda one: _correction_of(one, seen.booking.time_zone),
        "today": clock.today(seen.booking.time_zone),
        "other_days": {one.id for one in seen.payments if _moved_another_day(one, seen.booking.time_zone)},
        **booking_texts.facts(seen),
        **_steps(seen, what),
        **calendar_place.facts(seen.booking.property_id),
    }
    return page("admin/booking.html", block="main", status=status, **facts)


def _steps(seen: StaffBooking, what: str) -> dict[str, Any]:
    """Buttons of today's list for this one stay, and what has just been done by them."""
    told = None if what else day_told.taken()
    told_of = told.get("booking", "") if told and told["undo"] else ""
    rows = Rows(with_house=False, is_today=True, told_of=told_of, back=FROM_BOOKING)
    return {"rows": rows, "told": told, "steps": rows.steps(seen.visit) if seen.visit else ""}


def _done() -> dict[str, Any]:
    """What was done, to be said once; of what was entered `already`, since when."""
    said, _, since = (session.pop(DONE, None) or "").partition(" ")
    return {"done": said, "since": dt.datetime.fromisoformat(since) if since else None}


def _correction_of(one: Entry, zone: str) -> str:
    """What it is called to take an entry back: so that of several each is known."""
    facts = {"sum": formats.money(one.amount, one.currency)}
    if isinstance(one, Waiver):
        day = date_format.day(date_format.local(one.created_at, zone).date())
        return str(gettext("Correct: waiver of %(sum)s, %(reason)s, %(day)s", **facts, reason=one.reason, day=day))
    facts |= {"by": states.provider(one.provider).lower(), "reference": one.provider_reference or ""}
    facts["day"] = date_format.day(one.value_date or date_format.local(one.created_at, zone).date())
    if one.kind == payments.REFUND:
        return str(gettext("Correct: refund of %(sum)s, %(by)s, %(reference)s, %(day)s", **facts))
    return str(gettext("Correct: payment of %(sum)s, %(by)s, %(reference)s, %(day)s", **facts))


def _moved_another_day(one: Payment, zone: str) -> bool:
    """Whether staff said so. What takes an entry back has no day but its own."""
    entered_on = date_format.local(one.created_at, zone).date()
    return one.value_date is not None and not one.corrects_id and one.value_date != entered_on


def _question(seen: StaffBooking, form: Form, status: int = 200) -> Response:
    if seen.cancelling is None:
        return back(encode("booking", seen.booking.id))
    terms = seen.cancelling
    formats.alike(seen.booking.currency, [seen.booking.total_price, terms.refund, terms.kept, terms.due, terms.most])
    facts: dict[str, Any] = {"seen": seen, "terms": terms, "states": states}
    facts["booking_id"] = encode("booking", seen.booking.id)
    return page("admin/cancel.html", block="main", status=status, form=form, **facts)


def _sums(seen: StaffBooking) -> list[Any]:
    order = seen.order
    sums = [
        seen.booking.total_price,
        order.owed,
        order.paid,
        order.refunded,
        order.refunding,
        order.due,
        order.let_off,
        order.waived,
        seen.to_request,
    ]
    moved = [one.amount for one in seen.payments] + [one.amount for one in seen.waivers]
    return [*sums, *moved, *(line.each for line in seen.lines)]
