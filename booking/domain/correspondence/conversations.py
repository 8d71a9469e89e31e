"""What the guest of a booking and the house write to each other: by whoever may, and with what follows from it.

A guest's message is an event, of which staff is told; an answer is one, too, and goes to the guest as an email. It
belongs to one booking: to its guest, by the account or by the link in their emails, and to its property's staff.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import func, select, update

from booking.domain import messages, payments, people
from booking.domain.actors import Actor
from booking.domain.correspondence.errors import GuestUnreachable, MessageOfUnconfirmed, WritingRefused
from booking.domain.errors import BookingNotFound, TooManyAttempts
from booking.domain.inputs import PROSE, Input, prose
from booking.domain.messages import (
    BY_GUEST,
    BY_HOUSE,
    LONGEST_MESSAGE,
    MESSAGE_ANSWERED,
    MESSAGE_RECEIVED,
    GuestMessage,
)
from booking.domain.payments import Order
from booking.domain.people import Action, User
from booking.domain.reservations import Booking
from booking.infra import clock
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

AGAIN = dt.timedelta(minutes=1)  # the same words from the same side within it are one message, sent twice
A_DAY = dt.timedelta(days=1)
MOST_A_DAY = 20  # of the guest's, about one booking
MOST_SHOWN = 500  # the newest of a conversation


class MessageText(Input):
    """What somebody writes."""

    message: Annotated[
        str, Field(max_length=LONGEST_MESSAGE, json_schema_extra=PROSE | {"minLength": 1}), AfterValidator(prose)
    ]


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `is_open`: the guest's, and nobody has answered it yet; `author` as logs write actors, of staff."""

    id: uuid.UUID
    is_guests: bool
    text: str
    at: dt.datetime
    is_open: bool
    author: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages about a booking, the oldest first, and the `names` of who wrote them for the house.

    `refusal` says why nothing can be written, if so.
    """

    booking: Booking
    said: tuple[Said, ...]
    names: dict[str, str]
    refusal: WritingRefused | None

    @property
    def to_answer(self) -> int:
        """How many of the guest's nobody has answered."""
        return sum(one.is_open for one in self.said)

    @property
    def last(self) -> uuid.UUID | None:
        """The newest message: what comes after it has not been seen here."""
        return self.said[-1].id if self.said else None


# --- looking


@reading
def mine(actor: Actor, booking_id: uuid.UUID) -> Conversation:
    """About one's own booking, as its guest sees it. Raises BookingNotFound."""
    return of(permitted(actor, Action.WRITE_TO_HOUSE, booking_id))


@reading
def read(actor: Actor, booking_id: uuid.UUID) -> Conversation:
    """About a booking that the actor may see, with who has answered. Raises BookingNotFound."""
    found = of(permitted(actor, Action.SEE_BOOKING, booking_id))
    names = people.names_of_actors({one.author for one in found.said if one.author})
    return Conversation(found.booking, found.said, names, found.refusal)


def of(booking: Booking) -> Conversation:
    """Inside the caller's transaction, whose actor may see the booking; without names."""
    newest = select(GuestMessage).where(GuestMessage.booking_id == booking.id).order_by(GuestMessage.id.desc())
    found = db.session.scalars(newest.limit(MOST_SHOWN)).all()
    return Conversation(booking, tuple(_said(one) for one in reversed(found)), {}, refusal_of(booking))


def _said(one: GuestMessage) -> Said:
    by_house = one.author == BY_HOUSE
    author = f"staff:{encode('user', one.author_id)}" if by_house and one.author_id else ""
    return Said(one.id, not by_house, one.text, one.created_at, not by_house and one.settled_at is None, author)


@reading
def find(message_id: uuid.UUID) -> str | None:
    """What was written, for whoever sends it on; None where it was erased."""
    return db.session.scalar(select(GuestMessage.text).where(GuestMessage.id == message_id))


# --- writing


@transaction(isolation=READ_COMMITTED)
def write(actor: Actor, booking_id: uuid.UUID, said: MessageText) -> Said:
    """The guest writes to the house. The same words again within a minute are the same message.

    Raises BookingNotFound, WritingRefused, TooManyAttempts.
    """
    booking = permitted(actor, Action.WRITE_TO_HOUSE, booking_id, lock=True)
    return _said(written_by_guest(actor, booking, said.message, actor.account))


def written_by_guest(actor: Actor, booking: Booking, text: str, author_id: uuid.UUID | None) -> GuestMessage:
    """The message, inside the caller's transaction, which has locked the booking and knows that it is its guest's."""
    if (same := _just_written(booking.id, BY_GUEST, text)) is not None:
        return same
    _refuse_unless_possible(booking)
    _refuse_too_often(booking.id)
    new = _add(booking, BY_GUEST, author_id, text)
    messages.record(actor, MESSAGE_RECEIVED, _facts(booking, new))
    return new


@transaction(isolation=READ_COMMITTED)
def answer(actor: Actor, booking_id: uuid.UUID, said: MessageText, *, seen: uuid.UUID | None = None) -> Said:
    """The house writes to the guest, who gets it by email. What the guest wrote up to the message that was `seen`, or
    all of it, is answered thereby. The same words again within a minute are the same message.

    Raises BookingNotFound, WritingRefused.
    """
    booking = permitted(actor, Action.ANSWER_GUESTS, booking_id, lock=True)
    if (same := _just_written(booking.id, BY_HOUSE, said.message)) is not None:
        return _said(same)
    _refuse_unless_possible(booking)
    _settle(booking.id, seen)
    new = _add(booking, BY_HOUSE, actor.user_id, said.message)
    people.audit(actor, "message.answered", encode("booking", booking.id))
    messages.record(actor, MESSAGE_ANSWERED, _facts(booking, new))
    return _said(new)


@transaction(isolation=READ_COMMITTED)
def settle(actor: Actor, booking_id: uuid.UUID, *, seen: uuid.UUID | None = None) -> int:
    """What the guest wrote, up to the message that was `seen` or all of it, needs no answer. Returns how many.

    Raises BookingNotFound.
    """
    booking = permitted(actor, Action.ANSWER_GUESTS, booking_id, lock=True)
    if settled := _settle(booking.id, seen):
        people.audit(actor, "message.settled", encode("booking", booking.id))
    return settled


def say(actor: Actor, booking_id: uuid.UUID, said: MessageText) -> Said:
    """Write as the guest, whose booking it is; as the house, for whoever else may answer. Raises like these two."""
    return (write if _is_own(actor, booking_id) else answer)(actor, booking_id, said)


@reading
def _is_own(actor: Actor, booking_id: uuid.UUID) -> bool:
    owner = db.session.scalar(select(Booking.user_id).where(Booking.id == booking_id))
    return owner is not None and owner == actor.user_id


def _settle(booking_id: uuid.UUID, seen: uuid.UUID | None) -> int:
    open_ones = update(GuestMessage).where(
        GuestMessage.booking_id == booking_id, GuestMessage.author == BY_GUEST, GuestMessage.settled_at.is_(None)
    )
    if seen is not None:
        open_ones = open_ones.where(GuestMessage.id <= seen)
    settled = open_ones.values(settled_at=sql_now()).returning(GuestMessage.id)
    return len(db.session.scalars(settled.execution_options(synchronize_session=False)).all())


def _add(booking: Booking, author: str, author_id: uuid.UUID | None, text: str) -> GuestMessage:
    new = GuestMessage(
        id=new_id(),
        booking_id=booking.id,
        property_id=booking.property_id,
        author=author,
        author_id=author_id,
        text=text,
        created_at=clock.now(),
    )
    db.session.add(new)
    db.session.flush()
    return new


def _facts(booking: Booking, message: GuestMessage) -> dict[str, str]:
    """What events say of a message: never its words."""
    return {
        "bookingId": encode("booking", booking.id),
        "reference": booking.reference,
        "propertyId": encode("property", booking.property_id),
        "messageId": encode("message", message.id),
    }


# --- whether


def permitted(actor: Actor, action: Action, booking_id: uuid.UUID, *, lock: bool = False) -> Booking:
    """A booking about which the actor may do this, inside the caller's transaction. Raises BookingNotFound."""
    wanted = select(Booking).where(Booking.id == booking_id)
    booking = db.session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if booking is None:
        raise BookingNotFound
    people.require(actor, action, own=booking.user_id, at=booking.property_id, otherwise=BookingNotFound)
    return booking


def refusal_of(booking: Booking) -> WritingRefused | None:
    """Why nothing can be written about this booking, inside the caller's transaction."""
    if booking.confirmed_at is None:
        return MessageOfUnconfirmed()
    of_order = select(Order, User.deleted_at).outerjoin(User, User.id == Order.user_id)
    order, deleted_at = db.session.execute(of_order.where(Order.id == booking.order_id)).one()
    contact, has_account = payments.contact_of(order), order.user_id is not None and deleted_at is None
    return None if has_account or (contact and contact.email) else GuestUnreachable()


def _refuse_unless_possible(booking: Booking) -> None:
    if (refusal := refusal_of(booking)) is not None:
        raise refusal


def _refuse_too_often(booking_id: uuid.UUID) -> None:
    """The booking is locked, so of two at once the second is counted with the first."""
    since = clock.now() - A_DAY
    lately = (GuestMessage.booking_id == booking_id, GuestMessage.author == BY_GUEST, GuestMessage.created_at > since)
    number, first = db.session.execute(select(func.count(), func.min(GuestMessage.created_at)).where(*lately)).one()
    if number >= MOST_A_DAY:
        raise TooManyAttempts(max(1, round((first + A_DAY - clock.now()).total_seconds())))


def _just_written(booking_id: uuid.UUID, author: str, text: str) -> GuestMessage | None:
    """The booking is locked, so of two presses at once the second finds the first's."""
    same = select(GuestMessage).where(
        GuestMessage.booking_id == booking_id,
        GuestMessage.author == author,
        GuestMessage.text == text,
        GuestMessage.created_at > clock.now() - AGAIN,
    )
    return db.session.scalars(same.limit(1)).one_or_none()
