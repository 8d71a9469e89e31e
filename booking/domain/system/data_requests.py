"""What guests ask about their own data: written down with the day until which it is to be answered, and settled.

A request names a booking of the guest's, and nothing of the guest: it stays when they are forgotten.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotFound, Invalid, NotFound
from booking.domain.inputs import CalendarDate, Input, one_of, plain
from booking.domain.notices import Notice
from booking.domain.people import Action, PersonalEntry
from booking.domain.reservations import Booking, personal_data
from booking.domain.system.data_request_models import (
    DONE,
    ERASURE,
    EXPORT,
    OPEN,
    REFUSED,
    REQUEST_KINDS,
    DataRequest,
)
from booking.infra import clock
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

ANSWERED_WITHIN = dt.timedelta(days=30)  # GDPR, article 12 (3): one month
LONGEST_AGO = dt.timedelta(days=365)
SHOWN = 200
OUTCOMES = (DONE, REFUSED)


class DataRequestOrder(Input):
    """What a guest has asked for (export or erasure), on which day (today, if nothing is said), and a note."""

    kind: Annotated[str, AfterValidator(one_of(REQUEST_KINDS))]
    asked_on: CalendarDate | None = None
    note: Annotated[str, Field(max_length=255), AfterValidator(plain)] | None = None


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request, and the booking by which its guest is known."""

    id: uuid.UUID
    booking_id: uuid.UUID
    reference: str
    property_id: uuid.UUID
    kind: str
    asked_on: dt.date
    due_on: dt.date
    note: str | None
    state: str
    settled_at: dt.datetime | None

    @property
    def is_late(self) -> bool:
        """Whether it should have been settled by now."""
        return self.state == OPEN and self.due_on < clock.now().date()


@transaction(isolation=READ_COMMITTED)
def record(actor: Actor, booking_id: uuid.UUID, asked: DataRequestOrder) -> uuid.UUID:
    """Write down what the guest of this booking asks for. The same a second time is the one that is open already.

    Raises BookingNotFound, Invalid.
    """
    booking = _known(actor, Action.EXPORT_GUESTS, booking_id)
    today = clock.now().date()
    on = asked.asked_on or today
    if on > today:
        raise Invalid(details={"askedOn": Notice("in_the_future")})
    if on < today - LONGEST_AGO:
        raise Invalid(details={"askedOn": Notice("too_long_ago")})
    row = {"booking_id": booking.id, "property_id": booking.property_id, "kind": asked.kind, "note": asked.note or None}
    days = {"asked_on": on, "due_on": on + ANSWERED_WITHIN}
    made = insert(DataRequest).values(id=new_id(), **row, **days, state=OPEN, made_by=str(actor)[:255])
    request_id: uuid.UUID | None = db.session.scalar(made.on_conflict_do_nothing().returning(DataRequest.id))
    if request_id is None:
        mine = DataRequest.booking_id == booking.id, DataRequest.kind == asked.kind, DataRequest.state == OPEN
        return db.session.scalars(select(DataRequest.id).where(*mine)).one()
    facts = {"request": asked.kind, "on": on.isoformat(), "to": days["due_on"].isoformat()}
    people.audit(actor, "data.requested", encode("booking", booking.id), after=facts)
    return request_id


@reading
def listed(actor: Actor, *, booking_id: uuid.UUID | None = None, closed: bool = False) -> list[ShownRequest]:
    """Where the actor may answer them: the open ones, the most urgent first, then those that are settled, if asked.

    Raises NotFound for who may answer none, BookingNotFound.
    """
    reach = people.reach(actor, Action.EXPORT_GUESTS)
    if not reach:
        raise NotFound
    about = select(DataRequest, Booking.reference).join(Booking, Booking.id == DataRequest.booking_id)
    if booking_id:
        about = about.where(DataRequest.booking_id == _known(actor, Action.EXPORT_GUESTS, booking_id).id)
    if reach.properties is not None:
        about = about.where(DataRequest.property_id.in_(reach.properties))
    if not closed:
        about = about.where(DataRequest.state == OPEN)
    order = (DataRequest.settled_at.desc().nulls_first(), DataRequest.due_on, DataRequest.id)
    return [_shown(row, reference) for row, reference in db.session.execute(about.order_by(*order).limit(SHOWN))]


def export(actor: Actor, booking_id: uuid.UUID, secrets: tuple[str, ...]) -> PersonalEntry:
    """What is kept of the guest of this booking, to be given to them; that it was taken is written down.

    An open request for it is answered by that. Raises BookingNotFound, SignInTooOld.
    """
    _require_fresh(actor)
    found = personal_data.export_guest(actor, booking_id, secrets)
    _noted(actor, booking_id, "guest.exported", EXPORT)
    return found


def erase(actor: Actor, booking_id: uuid.UUID) -> None:
    """Forget the guest of this booking, everywhere. An open request for it is answered by that.

    Raises BookingNotFound, AccountNotFound, AccountInUse, ErasureRefused, SignInTooOld.
    """
    _require_fresh(actor)
    personal_data.erase_guest_everywhere(actor, booking_id)
    _noted(actor, booking_id, "guest.forgotten", ERASURE)


@transaction(isolation=READ_COMMITTED)
def settle(actor: Actor, request_id: uuid.UUID, outcome: str) -> bool:
    """Close a request otherwise: done by other means, or refused. False where it is closed already.

    Raises NotFound, Invalid.
    """
    if outcome not in OUTCOMES:
        raise Invalid(details={"outcome": Notice("not_one_of", choices=OUTCOMES)})
    row = db.session.get(DataRequest, request_id, with_for_update=True)
    if row is None or not people.may(actor, Action.EXPORT_GUESTS, at=row.property_id):
        raise NotFound
    if row.state != OPEN:
        return False
    row.state, row.settled_by, row.settled_at = outcome, str(actor)[:255], clock.now()
    facts = {"request": row.kind, "status": outcome}
    people.audit(actor, "data.settled", encode("booking", row.booking_id), after=facts)
    return True


@transaction(isolation=READ_COMMITTED)
def _noted(actor: Actor, booking_id: uuid.UUID, action: str, kind: str) -> None:
    people.audit(actor, action, encode("booking", booking_id))
    answered = (DataRequest.booking_id == booking_id, DataRequest.kind == kind, DataRequest.state == OPEN)
    done = {"state": DONE, "settled_by": str(actor)[:255], "settled_at": sql_now()}
    db.session.execute(update(DataRequest).where(*answered).values(done).execution_options(synchronize_session=False))


def _require_fresh(actor: Actor) -> None:
    """Of a person; a command acts for whoever may start it."""
    if actor.session_id:
        people.require_recent_sign_in(actor)


def _known(actor: Actor, action: Action, booking_id: uuid.UUID) -> Booking:
    booking = db.session.get(Booking, booking_id)
    if booking is None or not people.may(actor, action, at=booking.property_id):
        raise BookingNotFound
    return booking


def _shown(row: DataRequest, reference: str) -> ShownRequest:
    days = row.asked_on, row.due_on, row.note, row.state, row.settled_at
    return ShownRequest(row.id, row.booking_id, reference, row.property_id, row.kind, *days)
