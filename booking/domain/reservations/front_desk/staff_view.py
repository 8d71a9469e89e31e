"""One booking as the desk sees it: who stays, what was sold, the ledger, every email, and everything that was done.

By a fixed number of statements, however long its story is.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, or_, select

from booking.domain import payments, people, pricing
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotCancellable, BookingNotChangeable, BookingNotFound
from booking.domain.payments import Contact, Order, Payment, Waiver
from booking.domain.people import Action, AuditEntry, User
from booking.domain.pricing import PriceLine
from booking.domain.reservations import (
    bookings,
    cancellation,
    change_quotes,
    goodwill,
    payment_links,
    refund_decisions,
    resending,
)
from booking.domain.reservations.cancellation import Terms
from booking.domain.reservations.change_models import CHANGE_CONFIRMED, BookingChange
from booking.domain.reservations.decision_models import RefundDecision
from booking.domain.reservations.front_desk import contact_changes, notes, staff_search, undoing
from booking.domain.reservations.front_desk.house_day import Visit
from booking.domain.reservations.front_desk.notes import Note
from booking.domain.reservations.guest_register import country_rules, keeping
from booking.domain.reservations.guest_register.models import GuestRegister
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking, Lines
from booking.domain.reservations.resending import OrderEmails
from booking.domain.stays import StayRules
from booking.infra.db import db, reading
from booking.infra.ids import encode

OTHER_STAYS = 10  # of the same guest, at most


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the actor may do with this booking now: what pages offer, and verbs ask once more."""

    cancel: bool
    decide_refund: bool
    change: bool
    guarantee: bool
    record_payment: bool
    correct_payment: bool
    send_refunds: bool  # that were declined, once more
    waive: bool
    waive_changes: bool  # what a change costs more
    give_goodwill: bool
    erase_guest: bool
    export_guest: bool
    change_contact: bool
    keep_register: bool
    write_notes: bool
    answer_guest: bool
    resend_emails: bool
    request_payment: bool  # by an email with a link
    see_audit_log: bool


@dataclass(frozen=True, slots=True)
class Cancelling:
    """What a cancellation now would mean: what comes back, what the house keeps, what the order would still owe; and
    the `most` that could come back, which is what was paid.
    """

    refund: Decimal
    kept: Decimal
    due: Decimal
    most: Decimal


@dataclass(frozen=True, slots=True)
class StaffBooking:
    """A booking with its order and all that belongs to it. `names` are those of actors, by how logs write them."""

    booking: Booking
    order: Order
    status: str  # a hold that ran out is EXPIRED
    account_name: str  # empty where the guest has none: then there is a contact
    account_email: str
    contact: Contact | None
    lines: tuple[PriceLine, ...]
    beside: tuple[Booking, ...]  # all of its order, this one included
    payments: tuple[Payment, ...]
    waivers: tuple[Waiver, ...]
    changes: tuple[BookingChange, ...]
    mail: OrderEmails
    to_request: Decimal  # what such a link would be for
    history: tuple[AuditEntry, ...]
    others: tuple[Booking, ...]
    names: dict[str, str]
    can: Allowed
    notes: tuple[Note, ...]
    to_register: int  # guests, where the country asks for a register
    cancelling: Cancelling | None  # None where it cannot be cancelled any more
    decision: RefundDecision | None  # where it was cancelled with another refund than the policy's
    goodwill: Decimal  # that could be given at most
    has_begun: bool  # then only check-out moves, and the room for the nights that are left
    visit: Visit | None = None  # what the desk may do with it today

    @property
    def guest_name(self) -> str:
        """Empty where the contact was erased."""
        return self.contact.full_name if self.contact else self.account_name

    @property
    def guest_email(self) -> str:
        """Empty where there is none."""
        return (self.contact.email or "") if self.contact else self.account_email

    @property
    def standing_beside(self) -> list[Booking]:
        """The other rooms of its order that are held or booked."""
        others = (one for one in self.beside if one.id != self.booking.id)
        return [one for one in others if cancellation.shown_status(one) in (PENDING, CONFIRMED)]

    @property
    def decided(self) -> list[BookingChange]:
        """Changes at a price that the house has decided upon."""
        return [one for one in self.changes if one.reason and one.state == CHANGE_CONFIRMED]

    @property
    def correctable(self) -> list[Payment | Waiver]:
        """Entries by hand that can be taken back: no corrections, none that was taken back, and no waivers where
        nothing is left, nor can be again, that they would count for.
        """
        entries: list[Payment | Waiver] = [one for one in self.payments if one.recorded_by]
        if self.order.let_off or any(one.status == CONFIRMED for one in self.beside):
            entries += self.waivers
        return [one for one in entries if not one.corrects_id and one.id not in self.corrected]

    @property
    def declined_refunds(self) -> list[Payment]:
        """For which guests of the order still wait, and which nobody has sent again."""
        return payments.owed_refunds_among(self.payments)

    @property
    def corrected(self) -> frozenset[uuid.UUID]:
        """Entries that were taken back."""
        taken_back = [one.corrects_id for one in self.payments] + [one.corrects_id for one in self.waivers]
        return frozenset(entry for entry in taken_back if entry)


@reading
def get(actor: Actor, booking_id: uuid.UUID, rules: StayRules | None = None) -> StaffBooking:
    """A booking of a property at which the actor works; with the `rules` that say which day is today, also its visit.

    Raises BookingNotFound, also for one's own elsewhere.
    """
    seen = _read(actor, booking_id)
    may_check_in = people.may(actor, Action.CHECK_IN, at=seen.booking.property_id)
    if rules is None or seen.status != CONFIRMED or not may_check_in:
        return seen
    return replace(seen, visit=_visit(seen, rules.today(seen.booking.time_zone)))


def _visit(seen: StaffBooking, today: dt.date) -> Visit:
    booking, contact, last = seen.booking, seen.contact, undoing.last_step(seen.booking)
    return Visit(
        booking,
        booking.presence,
        today,
        seen.guest_name,
        contact.phone if contact else None,
        contact.arrival_time if contact else None,
        contact.requests if contact else None,
        seen.order.due,
        last[0] if last else None,
        len(seen.notes),
        seen.to_register,
    )


def _read(actor: Actor, booking_id: uuid.UUID) -> StaffBooking:
    booking = bookings.permitted(actor, Action.SEE_BOOKING, booking_id)
    people.require(actor, Action.SEE_BOOKING, at=booking.property_id, otherwise=BookingNotFound)
    order = db.session.get_one(Order, booking.order_id)
    guest = db.session.get_one(User, booking.user_id) if booking.user_id else None
    beside = _all(select(Booking).where(Booking.order_id == order.id).order_by(Booking.reference))
    paid = _all(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id))
    waivers = _all(select(Waiver).where(Waiver.order_id == order.id).order_by(Waiver.id))
    changes = _all(select(BookingChange).where(BookingChange.booking_id == booking.id).order_by(BookingChange.id))
    written = tuple(notes.of(actor, booking.id))
    history = people.audit_of_things(_subjects(order, beside, paid, waivers))
    return StaffBooking(
        booking=booking,
        order=order,
        status=cancellation.shown_status(booking),
        account_name=guest.full_name if guest else "",
        account_email=guest.email if guest else "",
        contact=payments.contact_of(order),
        lines=pricing.price_lines(pricing.kept_lines(booking.price_lines)),
        beside=beside,
        payments=paid,
        waivers=waivers,
        changes=changes,
        mail=resending.of(order, beside, guest),
        to_request=payment_links.to_request(order, beside),
        history=tuple(history),
        others=_others(actor, booking, order),
        names=people.names_of_actors({one.actor for one in (*history, *changes)} | {one.author for one in written}),
        can=_allowed(actor, booking, order, beside, guest),
        notes=written,
        to_register=keeping.to_fill(booking, booking.address.get("country"), _registered(booking)),
        cancelling=_cancelling(booking, order),
        decision=db.session.get(RefundDecision, booking.id),
        goodwill=goodwill.most(booking, order) if booking.status == CONFIRMED else Decimal(0),
        has_begun=change_quotes.has_begun(booking),
    )


def _all(statement: Select[Any]) -> tuple[Any, ...]:
    return tuple(db.session.scalars(statement))


def _registered(booking: Booking) -> int:
    filled = select(GuestRegister.filled).where(GuestRegister.booking_id == booking.id)
    return db.session.scalar(filled) or 0


def _subjects(order: Order, beside: Sequence[Booking], paid: Sequence[Payment], waivers: Sequence[Waiver]) -> list[str]:
    """Everything of the order that the audit log may speak of."""
    return [
        encode("order", order.id),
        *(encode("booking", one.id) for one in beside),
        *(encode("payment", one.id) for one in paid),
        *(encode("waiver", one.id) for one in waivers),
    ]


def _others(actor: Actor, booking: Booking, order: Order) -> tuple[Booking, ...]:
    """Other stays of the same guest where the actor may see them, the latest first; none where nobody knows whose."""
    contact = payments.contact_of(order)
    if (contact is None and booking.user_id is None) or (contact and not (contact.email or contact.phone)):
        return ()
    reach = people.reach(actor, Action.SEE_BOOKING).properties
    stays = select(Booking).join(Order, Order.id == Booking.order_id).where(Booking.order_id != order.id)
    if contact is None:
        stays = stays.where(Booking.user_id == booking.user_id, Order.contact_name.is_(None))
    else:
        stays = stays.where(*staff_search.with_contact(contact))
    if reach is not None:
        stays = stays.where(Booking.property_id.in_(reach))
    stood = or_(Booking.status == CONFIRMED, Booking.confirmed_at.is_not(None))
    return _all(stays.where(stood).order_by(Booking.check_in.desc(), Booking.id).limit(OTHER_STAYS))


def _cancelling(booking: Booking, order: Order) -> Cancelling | None:
    try:
        cancellation.refuse_unless_possible(booking)
    except BookingNotCancellable:
        return None
    if booking.status != CONFIRMED:
        return Cancelling(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    terms: Terms = cancellation.terms_now(booking, order)
    due, most = cancellation.due_after(booking, order, terms), refund_decisions.most(booking, order)
    return Cancelling(terms.refund, terms.kept, due, most)


def _is_changeable(booking: Booking) -> bool:
    try:
        change_quotes.refuse_unless_possible(booking)
    except BookingNotChangeable:
        return False
    return True


def _allowed(actor: Actor, booking: Booking, order: Order, beside: Lines, guest: User | None) -> Allowed:
    def may(action: Action) -> bool:
        return people.may(actor, action, at=booking.property_id)

    return Allowed(
        cancel=may(Action.CANCEL_BOOKING),
        decide_refund=may(Action.DECIDE_REFUNDS),
        change=may(Action.CHANGE_BOOKING) and _is_changeable(booking),
        guarantee=may(Action.GUARANTEE) and booking.status == PENDING,
        record_payment=may(Action.RECORD_PAYMENTS) and bool(order.due) and bool(order.guarantee or order.paid),
        correct_payment=may(Action.CORRECT_PAYMENTS),
        send_refunds=people.may(actor, Action.SETTLE_PAYMENTS),
        waive=may(Action.WAIVE_DEBTS) and bool(order.due) and bool(order.guarantee or order.paid),
        waive_changes=may(Action.WAIVE_DEBTS),
        give_goodwill=may(Action.DECIDE_REFUNDS)
        and booking.status == CONFIRMED
        and bool(goodwill.most(booking, order)),
        erase_guest=may(Action.ERASE_GUESTS) and contact_changes.is_without_account(order),
        export_guest=may(Action.EXPORT_GUESTS),
        change_contact=may(Action.CHANGE_CONTACTS) and contact_changes.of(order, guest) is not None,
        keep_register=may(Action.KEEP_REGISTER) and country_rules.at(booking.address.get("country")) is not None,
        write_notes=may(Action.WRITE_NOTES),
        answer_guest=may(Action.ANSWER_GUESTS),
        resend_emails=may(Action.RESEND_EMAILS),
        request_payment=may(Action.REQUEST_PAYMENTS) and bool(payment_links.to_request(order, beside)),
        see_audit_log=people.may(actor, Action.SEE_AUDIT_LOG),
    )
