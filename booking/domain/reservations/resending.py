"""The emails about an order, and sending one of them again, as long as what it says still holds.

It is a new event, so it has a Message-ID and a day of tries of its own; the writer composes it as the first one was.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from booking.domain import messages, payments, people
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotFound
from booking.domain.messages import MailWork
from booking.domain.payments import Order, Payment
from booking.domain.people import Action, User
from booking.domain.reservations import booking_summary, bookings, repository
from booking.domain.reservations.change_models import CHANGE_CONFIRMED, BookingChange
from booking.domain.reservations.desk_errors import (
    AddressTakesNoMail,
    CancelledSince,
    EmailNotFound,
    NoEmailAddress,
    ResendRefused,
    ResentTooOften,
    SettledSince,
    StayChangedSince,
)
from booking.domain.reservations.event_payloads import booking_facts
from booking.domain.reservations.models import CANCELLED, Booking
from booking.domain.reservations.unpaid_stays import REMINDED
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import decode, encode

CONFIRMED, CHANGED, CANCELLATION = "booking.confirmed", "booking.changed", "booking.cancelled"
BY_STAFF = (messages.EMAIL_RESENT, messages.PAYMENT_REQUESTED)
MOST_A_DAY = 5  # of them, for each booking
A_DAY = dt.timedelta(days=1)
AGAIN = dt.timedelta(minutes=1)  # pressed twice within it, it is sent once


@dataclass(frozen=True, slots=True)
class SentEmail:
    """An email about a booking. `id` is its event's; `type` the event's that it tells of, also where it was sent again.

    `state`: a delivery's, or why nothing was sent. `is_on_its_way`: it is still tried, or was sent again and that is.
    `refusal`: why it cannot be sent again, if so.
    """

    id: uuid.UUID
    booking_id: uuid.UUID
    type: str
    at: dt.datetime
    state: str
    error: str | None
    was_resent: bool
    is_on_its_way: bool
    refusal: ResendRefused | None

    @property
    def can_be_resent(self) -> bool:
        return not (self.was_resent or self.is_on_its_way or self.refusal)


@dataclass(frozen=True, slots=True)
class OrderEmails:
    """The newest first; they are known for 30 days. `to`: where emails go now, empty where there is no address.

    `refusal`: why none of them can be sent again, if so.
    """

    emails: tuple[SentEmail, ...]
    to: str
    refusal: ResendRefused | None


def of(order: Order, of_order: Sequence[Booking], guest: User | None) -> OrderEmails:
    """Inside the caller's transaction, which has read the order, all of its bookings, and its guest's account."""
    known, to = correspondence(order, of_order), _address(order, guest)
    return OrderEmails(tuple(_listed(one, known) for one in known.works), to, _unreachable(to))


@reading
def emails_of(actor: Actor, booking_id: uuid.UUID) -> OrderEmails:
    """For staff, of the whole order. Raises BookingNotFound, also for one's own elsewhere."""
    booking = bookings.permitted(actor, Action.SEE_BOOKING, booking_id)
    people.require(actor, Action.SEE_BOOKING, at=booking.property_id, otherwise=BookingNotFound)
    order = db.session.get_one(Order, booking.order_id)
    return of(order, repository.of_order(order.id), _guest(order))


@transaction(isolation=READ_COMMITTED)
def resend(actor: Actor, booking_id: uuid.UUID, email_id: uuid.UUID) -> uuid.UUID:
    """Send an email about this booking, or one beside it, once more. Returns the id of the new one.

    One that is on its way, or was sent again within a minute, is the same one. Raises BookingNotFound, EmailNotFound;
    ResendRefused, as the one of its kinds that says why.
    """
    booking = bookings.permitted(actor, Action.RESEND_EMAILS, booking_id)
    order = payments.lock_order(booking.order_id)
    known = correspondence(order, repository.of_order(order.id))
    first = _first(known.works, email_id)
    again = [one for one in _times(first, known.works) if one is not first or one.is_on_its_way]
    if (same := just_sent(again)) is not None:
        return same
    refuse_unreachable(order)
    if (refusal := _outdated(first, known)) is not None:
        raise refusal
    told = known.about(first)
    refuse_too_often(told, known)
    people.audit(actor, "email.resent", encode("booking", told.id), after={"repeats": first.type})
    return messages.record(actor, messages.EMAIL_RESENT, booking_facts(told) | messages.repeating_email(first))


@reading
def first_email(booking_id: uuid.UUID, email_id: uuid.UUID) -> MailWork:
    """For whoever writes it again: what was told first. Raises EmailNotFound, and ResendRefused where it no longer
    holds.
    """
    of_order = repository.beside(booking_id)
    if not of_order:
        raise EmailNotFound
    known = correspondence(db.session.get_one(Order, of_order[0].order_id), of_order)
    first = _first(known.works, email_id)
    if (refusal := _outdated(first, known)) is not None:
        raise refusal
    return first


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The emails of an order, the newest first, and what their words are held against: its bookings, by their ids as
    events name them; the last change of each; the state of refunds, by booking; and those that went back.
    """

    order: Order
    bookings: Mapping[str, Booking]
    works: Sequence[MailWork]
    last_changes: Mapping[uuid.UUID, uuid.UUID]
    refunds: Mapping[uuid.UUID, str]
    went_back: Collection[str]

    def about(self, one: MailWork) -> Booking:
        return self.bookings[one.payload["bookingId"]]

    def has(self, told: Sequence[Booking], kind: str) -> bool:
        """Whether there is an email of that kind about one of these."""
        return any(one.type == kind and self.about(one) in told for one in self.works)


def correspondence(order: Order, of_order: Sequence[Booking]) -> Correspondence:
    """By a fixed number of statements; none about what no email tells of."""
    bookings = {encode("booking", one.id): one for one in of_order}
    works = [one for one in messages.mail_about_bookings(list(bookings)) if _is_written_about(one)]
    told, ids = {one.type for one in works}, [one.id for one in of_order]
    return Correspondence(
        order,
        bookings,
        works,
        _last_changes(ids) if CHANGED in told else {},
        payments.refund_states_within(ids) if payments.REFUND_DECLINED in told else {},
        _went_back(order.id) if payments.REFUND_RETURNED in told else (),
    )


def _last_changes(booking_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    made = BookingChange.booking_id.in_(booking_ids), BookingChange.state == CHANGE_CONFIRMED
    rows = db.session.execute(
        select(BookingChange.booking_id, BookingChange.id).where(*made).order_by(BookingChange.id)
    )
    return {row.booking_id: row.id for row in rows}


def _went_back(order_id: uuid.UUID) -> set[str]:
    done = Payment.kind == payments.REFUND, Payment.state == payments.SUCCEEDED
    return {
        encode("payment", found)
        for found in db.session.scalars(select(Payment.id).where(Payment.order_id == order_id, *done))
    }


def _is_written_about(one: MailWork) -> bool:
    if one.type == CANCELLATION:
        return bool(one.payload.get("wasConfirmed"))
    return one.type != CONFIRMED or one.payload["bookingId"] == _together(one)[0]


def _together(one: MailWork) -> list[str]:
    """The bookings that a confirmation tells of, in their order."""
    return one.payload.get("confirmedTogether") or [one.payload["bookingId"]]


def _listed(one: MailWork, known: Correspondence) -> SentEmail:
    was_resent = one.type == messages.EMAIL_RESENT
    is_unsent = _is_addressless(known.order) and (one.is_on_its_way or not known.order.contact_erased_at)
    return SentEmail(
        one.event_id,
        known.about(one).id,
        one.tells,
        one.at,
        messages.NO_ADDRESS if is_unsent else one.state,  # said at once, and of what an older version has finished
        None if is_unsent else one.error,
        was_resent,
        any(other.is_on_its_way for other in _times(one, known.works)),
        None if was_resent else _outdated(one, known),
    )


def _is_addressless(order: Order) -> bool:
    """There is no account, and no address beside a name; or there is none any more."""
    return order.user_id is None and not order.contact_email


def _times(first: MailWork, works: Sequence[MailWork]) -> list[MailWork]:
    """All times that it was sent, the newest first."""
    return [other for other in works if other.first_id == first.first_id]


def _first(works: Sequence[MailWork], email_id: uuid.UUID) -> MailWork:
    """As it was sent first, whichever of them was meant."""
    meant = next((one.first_id for one in works if one.event_id == email_id), None)
    first = next((one for one in works if one.event_id == meant), None)
    if first is None:
        raise EmailNotFound
    return first


# --- for whatever staff has sent; the order is locked, so of two presses at once the second finds the first's


def just_sent(times: Iterable[MailWork]) -> uuid.UUID | None:
    """Of the times that something was sent, the newest first: the one that another press now would be the same as."""
    young = clock.now() - AGAIN
    return next((one.event_id for one in times if one.is_on_its_way or one.at > young), None)


def refuse_too_often(booking: Booking, known: Correspondence) -> None:
    """Raise ResentTooOften."""
    since = clock.now() - A_DAY
    sent = [one for one in known.works if one.type in BY_STAFF and known.about(one) is booking]
    if sum(one.at > since for one in sent) >= MOST_A_DAY:
        raise ResentTooOften(most=MOST_A_DAY)


def refuse_unreachable(order: Order) -> None:
    """Raise ResendRefused where no email would arrive."""
    if (refusal := _unreachable(_address(order, _guest(order)))) is not None:
        raise refusal


# --- why not


def _guest(order: Order) -> User | None:
    return db.session.get(User, order.user_id) if order.user_id else None


def _address(order: Order, guest: User | None) -> str:
    return "" if guest and guest.deleted_at else booking_summary.address(guest, order)[0]


def _unreachable(email: str) -> ResendRefused | None:
    if not email:
        return NoEmailAddress()
    return AddressTakesNoMail(email=email) if people.is_undeliverable(email) else None


def _outdated(one: MailWork, known: Correspondence) -> ResendRefused | None:
    """What has happened since, so that it cannot be written as it was."""
    if one.type in (CONFIRMED, CHANGED):
        return _stay_differs(one, known)
    if one.type == payments.REFUND_DECLINED:
        holds = known.refunds.get(known.about(one).id) == payments.OWED
    elif one.type == payments.REFUND_RETURNED:
        holds = one.payload.get("paymentId") in known.went_back
    elif one.type == payments.BALANCE_DECLINED:
        holds = bool(known.order.due) and not known.order.guarantee
    elif one.type == REMINDED:
        holds = bool(known.order.due) and dt.datetime.fromisoformat(one.payload["dueAt"]) > clock.now()
    elif one.type == messages.PAYMENT_REQUESTED:
        holds = bool(known.order.due) and dt.datetime.fromisoformat(one.payload["until"]) > clock.now()
    else:
        holds = True
    return None if holds else SettledSince()


def _stay_differs(one: MailWork, known: Correspondence) -> ResendRefused | None:
    """An email that says what is so now is named only where there is one."""
    told = [known.bookings[shown] for shown in _together(one) if shown in known.bookings]
    if any(booking.status == CANCELLED for booking in told):
        return CancelledSince() if known.has(told, CANCELLATION) else ResendRefused()
    is_so = _is_last_change(one, known) if one.type == CHANGED else not any(each.times_changed for each in told)
    if is_so:
        return None
    is_told = any(_is_last_change(other, known) for other in known.works if other.type == CHANGED)
    return StayChangedSince() if is_told else ResendRefused()


def _is_last_change(one: MailWork, known: Correspondence) -> bool:
    booking, shown = known.about(one), one.payload.get("changeId")  # none in events of an older version
    return decode("change", shown) == known.last_changes.get(booking.id) if shown else booking.times_changed == 1
