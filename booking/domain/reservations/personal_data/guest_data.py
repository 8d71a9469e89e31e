"""A guest asks the house for what is kept of them, or to be forgotten: with an account or without, found by a booking.

Who they are says their account, else the contact of the order; other orders with the same address are theirs, too.
Staff reach as far as their role: what another property keeps is not theirs to hand out.
"""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, and_, or_, select

from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.payments import Contact, Order
from booking.domain.people import Action, PersonalEntry, User, as_utc_text
from booking.domain.reservations import bookings
from booking.domain.reservations.front_desk import staff_search
from booking.domain.reservations.guest_register.keeping import Secrets
from booking.domain.reservations.models import Booking
from booking.domain.reservations.personal_data import account_deletion, gathering, guest_erasure
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction


@reading
def export_guest(actor: Actor, booking_id: uuid.UUID, secrets: Secrets) -> PersonalEntry:
    """What is kept of the guest of this booking, as own_data() says it; the account for who sees all properties alone.

    Raises BookingNotFound.
    """
    booking = bookings.permitted(actor, Action.EXPORT_GUESTS, booking_id)
    order = db.session.get_one(Order, booking.order_id)
    known = {"createdAt": as_utc_text(clock.now())}
    account = booking.user_id if people.may(actor, Action.EXPORT_GUESTS) else None
    if account:
        known |= people.personal_data_of_account(account)
    theirs = _theirs(actor, Action.EXPORT_GUESTS, booking, order)
    return known | gathering.about_stays(theirs, secrets) | gathering.with_texts(account, theirs)


@transaction(isolation=READ_COMMITTED)
def erase_guest_everywhere(actor: Actor, booking_id: uuid.UUID) -> int:
    """Forget the guest of this booking: their account, and the contact of every order of theirs that has none.

    All or nothing; twice is once. Returns how many orders have lost their contact. Raises BookingNotFound,
    AccountNotFound where there is an account and the actor may not delete it, AccountInUse, ErasureRefused.
    """
    booking = bookings.permitted(actor, Action.ERASE_GUESTS, booking_id)
    order = payments.lock_order(booking.order_id)
    without = select(Booking.order_id).join(Order, Order.id == Booking.order_id)
    mine = _theirs(actor, Action.ERASE_GUESTS, booking, order)
    no_account = and_(Order.user_id.is_(None), Order.contact_name.is_not(None))
    theirs = sorted(set(db.session.scalars(without.where(mine, no_account))))
    if booking.user_id and not _is_gone(booking.user_id):
        account_deletion.remove_within(actor, people.lock_account(booking.user_id))
    for order_id in theirs:
        payments.lock_order(order_id)
        guest_erasure.refuse_unless_over(order_id)
    if theirs:
        guest_erasure.forget(actor, theirs)
    return len(theirs)


def _is_gone(user_id: uuid.UUID) -> bool:
    user = db.session.get(User, user_id)
    return user is None or user.deleted_at is not None


def _theirs(actor: Actor, action: Action, booking: Booking, order: Order) -> ColumnElement[bool]:
    """Which bookings are the same guest's, where the actor may do this."""
    ways = [Booking.order_id == order.id]
    contact = payments.contact_of(order)
    if booking.user_id:
        ways.append(Booking.user_id == booking.user_id)
        user = db.session.get(User, booking.user_id)
        contact = Contact(user.full_name, user.email) if user and user.deleted_at is None else None
    if contact and (contact.email or contact.phone):
        same = select(Order.id).where(Order.user_id.is_(None), *staff_search.with_contact(contact))
        ways.append(Booking.order_id.in_(same))
    within = people.reach(actor, action).properties
    reach = [] if within is None else [Booking.property_id.in_(within)]
    return and_(or_(*ways), *reach)
