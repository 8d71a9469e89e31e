"""Staff vouches for an order: its bookings are confirmed by name, without a payment, and what they cost stays due."""

from __future__ import annotations

import uuid

from sqlalchemy import bindparam, func, update

from booking.domain import inventory, names, payments, people
from booking.domain.actors import Actor
from booking.domain.errors import GuaranteeOfCancelled, GuaranteeOfPaid, HoldOver, Invalid, PaymentInProgress
from booking.domain.notices import Notice
from booking.domain.payments import AT_DESK, GUARANTEES, Order
from booking.domain.people import Action
from booking.domain.reservations import cancellation, changes, lines, repository
from booking.domain.reservations.event_payloads import confirmed_together
from booking.domain.reservations.models import CONFIRMED, EXPIRED, PENDING, Booking
from booking.infra import clock, telemetry
from booking.infra.db import db, transaction
from booking.infra.ids import encode

LONGEST = 255  # characters of a note, and of who guarantees

_OF_ORDER = (
    repository.BOOKINGS.where(Booking.order_id == bindparam("order_id"))
    .order_by(Booking.room_id, Booking.id)
    .with_for_update()
)


def guarantee(actor: Actor, order_id: uuid.UUID, how: str, note: str | None = None) -> list[Booking]:
    """Confirm all holds of an order without a charge: `how` says how it is to be paid, one of GUARANTEES.

    What was paid in part is guaranteed, too: no card is charged for the rest, which is paid as staff says. Its
    bookings, in the order of their rooms. What is guaranteed already stays confirmed, and takes over another `how`,
    and another `note` where one is given: an empty one takes it away. Raises Invalid, OrderNotFound, Forbidden,
    PaymentInProgress, HoldOver, GuaranteeOfPaid, GuaranteeOfCancelled.
    """
    refuse_unless_sensible(how, note)
    bookings, confirmed = _guarantee(actor, order_id, how, None if note is None else names.trimmed(note))
    for _ in range(confirmed):
        telemetry.count_booking("confirmed")
    return bookings


def refuse_unless_sensible(how: str, note: str | None) -> None:
    """Raise Invalid."""
    problems = {}
    if how not in GUARANTEES:
        problems["how"] = Notice("not_one_of", choices=GUARANTEES)
    if note is not None and len(note) > LONGEST:
        problems["note"] = Notice("too_long", most=LONGEST)
    if problems:
        raise Invalid(details=problems)


@transaction
def _guarantee(actor: Actor, order_id: uuid.UUID, how: str, note: str | None) -> tuple[list[Booking], int]:
    """The bookings, and how many of them are confirmed by this."""
    payments.permitted_order(actor, Action.GUARANTEE, order_id)
    bookings = repository.find(_OF_ORDER, {"order_id": order_id})
    holds = [booking for booking in bookings if booking.status == PENDING]
    order = payments.lock_order(order_id)
    _refuse_unless_holds(order, bookings, holds)
    told = confirmed_together(lines.in_order(holds))
    for hold in holds:
        _confirm(actor, hold, told)
    kept = order.guarantee_note if note is None else note or None
    if (order.guarantee, order.guarantee_note) != (how, kept):
        _note(actor, order, how, kept)
    return bookings, len(holds)


def _refuse_unless_holds(order: Order, bookings: list[Booking], holds: list[Booking]) -> None:
    if any(hold.held_until is None for hold in holds):
        raise PaymentInProgress
    if holds or ((order.guarantee or order.due) and any(booking.status == CONFIRMED for booking in bookings)):
        return
    shown = {cancellation.shown_status(booking) for booking in bookings}
    if shown == {EXPIRED}:
        raise HoldOver
    raise GuaranteeOfPaid if CONFIRMED in shown else GuaranteeOfCancelled


def _confirm(actor: Actor, hold: Booking, told: dict[str, list[str]]) -> None:
    if not (inventory.pin_nights(hold.id, hold.nights) and inventory.book_nights(hold.id, hold.nights)):
        raise HoldOver
    hold.confirm(clock.now())
    repository.save(hold)
    changes.record(actor, "booking.confirmed", hold, before=PENDING, guaranteed=True, **told)


def _note(actor: Actor, order: Order, how: str, note: str | None) -> None:
    """For the audit log without the note, which may speak of a person."""
    new = {"guarantee": how, "guarantee_note": note, "guaranteed_by": str(actor)[:LONGEST]}
    counted = {"version": Order.version + 1, "guaranteed_at": clock.now(), "updated_at": func.clock_timestamp()}
    changed = update(Order).where(Order.id == order.id).values(new | counted)
    db.session.execute(changed, execution_options={"synchronize_session": False})
    was = {"guarantee": order.guarantee} if order.guarantee else {}
    people.audit(actor, "order.guaranteed", encode("order", order.id), before=was, after={"guarantee": how})


def vouch_for_rest(actor: Actor, order_id: uuid.UUID) -> None:
    """Inside the caller's transaction, which has made a confirmed stay dearer: what is due is paid at the desk.

    Where the house vouches already, or nothing is due, nothing changes.
    """
    order = payments.lock_order(order_id)
    if not order.guarantee:
        _vouch(actor, order, AT_DESK)


def vouch(actor: Actor, order_id: uuid.UUID, how: str) -> None:
    """The same by whoever says how it is paid: that takes the place of what was said before."""
    _vouch(actor, payments.lock_order(order_id), how)


def _vouch(actor: Actor, order: Order, how: str) -> None:
    if order.due and order.guarantee != how:
        _note(actor, order, how, order.guarantee_note)
