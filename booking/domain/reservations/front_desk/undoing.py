"""What was done at the desk by mistake is taken back, for a minute: the last step of a booking, by an entry of its own.

Nights that were freed are taken back where they are still free; where they are not, nothing is undone, and who asked is
told. They come back at the price they were sold for. A refund that went out meanwhile stays out: the house vouches for
what is due then (a guarantee), so that the stay is confirmed and the guest pays at the desk.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from booking.domain import inventory
from booking.domain.actors import Actor
from booking.domain.errors import RoomNotAvailable
from booking.domain.people import Action
from booking.domain.reservations import bookings, change_outcomes, change_rows, guarantees, occupied_rooms, repository
from booking.domain.reservations.change_models import NEW_COLUMNS, BookingChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import NightsSoldMeanwhile, NothingToUndo, UndoOver
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.models import DEPARTED, IN_HOUSE, NO_SHOW, Booking
from booking.infra import clock
from booking.infra.db import transaction

CHECK_IN, CHECK_OUT, MARK_NO_SHOW = STEPS = ("check-in", "check-out", "no-show")
_COLUMN = {CHECK_IN: "checked_in_at", CHECK_OUT: "checked_out_at", MARK_NO_SHOW: "no_show_at"}
_LAST = {IN_HOUSE: CHECK_IN, DEPARTED: CHECK_OUT, NO_SHOW: MARK_NO_SHOW}


def last_step(booking: Booking) -> tuple[str, dt.datetime] | None:
    """What undo() takes back now, and until when; None where that is nothing."""
    step = _LAST.get(booking.presence)
    if step is None:
        return None
    until = getattr(booking, _COLUMN[step]) + inventory.UNDO_WITHIN
    return (step, until) if clock.now() <= until else None


@transaction(retry_on=occupied_rooms.ONE_IN_ROOM)
def undo(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    *,
    step: str | None = None,
    seen_version: int | None = None,
) -> Booking:
    """Take the last step back, or this one of STEPS; where it is undone already, nothing happens.

    Raises BookingNotFound, BookingModified, UndoRefused as the one of its kinds that says why, RoomOccupied,
    ChangeUnderWay.
    """
    booking = bookings.permitted(actor, Action.CHECK_IN, booking_id, lock=True)
    last = _LAST.get(booking.presence)
    if step is not None and getattr(booking, _COLUMN[step]) is None:
        return booking
    if last is None or step not in (None, last):
        raise NothingToUndo
    presence.refuse_if_modified(booking, seen_version)
    at: dt.datetime = getattr(booking, _COLUMN[last])
    if clock.now() > at + inventory.UNDO_WITHIN:
        raise UndoOver
    _take_back(actor, booking, last, at, context)
    return booking


def _take_back(actor: Actor, booking: Booking, last: str, at: dt.datetime, context: BookingContext) -> None:
    before = booking.presence
    if last == CHECK_OUT:
        presence.refuse_if_occupied(booking)
    setattr(booking, _COLUMN[last], None)
    if not _take_nights_back(actor, booking, at, context):
        repository.save(booking)
    if last == CHECK_OUT:
        inventory.unsoil_room(actor, booking.room_id, at)
    presence.tell(actor, "booking.reverted", booking, before, step=last)


def _take_nights_back(actor: Actor, booking: Booking, at: dt.datetime, context: BookingContext) -> bool:
    """As the stay was before, where nights were freed then; whether there were any."""
    done = change_rows.newest_of(booking.id)
    if done is None or done.old_policy is None or booking.changed_at != at or not done.made(booking):
        return False
    change_outcomes.make_way(actor, booking)
    again = _reverse(actor, booking, done)
    change_rows.add(again)
    _claim(actor, booking, again, context)
    change_outcomes.apply(actor, booking, again, context, None)
    guarantees.vouch_for_rest(actor, booking.order_id)
    return True


def _claim(actor: Actor, booking: Booking, again: BookingChange, context: BookingContext) -> None:
    wanted = [inventory.Claim(again.id, again.room_id, again.location, part) for part in again.new_nights]
    try:
        inventory.claim_all_nights(actor, wanted, held_until=clock.now() + context.hold_for)
    except RoomNotAvailable:
        raise NightsSoldMeanwhile from None
    if not (inventory.pin_nights(again.id, again.claimed) and change_outcomes.is_ready(booking, again)):
        raise NightsSoldMeanwhile


def _reverse(actor: Actor, booking: Booking, done: BookingChange) -> BookingChange:
    """The change that makes of the booking what it was before this one."""
    kept: dict[str, Any] = {name: getattr(booking, name) for name in NEW_COLUMNS}
    kept |= {"check_out": done.old_check_out, "total_price": done.old_total}
    kept |= {"price_lines": done.old_price_lines, "policy": done.old_policy}
    return change_rows.begun(actor, booking, kept)
