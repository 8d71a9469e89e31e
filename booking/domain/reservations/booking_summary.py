"""What a mail about a booking says: every fact it needs, as it was sold, read once by ids."""

from __future__ import annotations

import builtins
import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from booking.domain import people, pricing
from booking.domain.payments import Order
from booking.domain.people import User
from booking.domain.pricing import PriceLine, RefundPromise
from booking.domain.reservations import cancellation, deposits, lines, repository
from booking.domain.reservations.change_models import CHANGE_CONFIRMED, BookingChange
from booking.domain.reservations.deposits import LaterCharge
from booking.domain.reservations.models import PENDING, Booking, EarlierRoom, Lines
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class ChangedFrom:
    """What a stay was before it was changed. `difference` is what that added to the price, `refund` what came back;
    `goodwill` what the house has taken off the price of the same stay.
    """

    room: str
    check_in: dt.date
    check_out: dt.date
    guests: int
    difference: Decimal
    refund: Decimal
    goodwill: Decimal = Decimal(0)
    children: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BookingSummary:
    """A booking as its guest is told about it. Instants are in the property's zone.

    What is paid and due is so for the whole order, be it of one room or of several.
    """

    booking_id: uuid.UUID
    reference: str
    guest_name: str  # empty where nobody has confirmed the address; it could be an advertisement
    email: str  # as it is stored with the account, or with the order as its contact; empty: none is known
    guests: int
    room: str
    property: str
    address: tuple[str, ...]
    arrival: dt.datetime
    departure: dt.datetime
    nights: int
    lines: tuple[PriceLine, ...]
    total: Decimal
    currency: str
    refunds: tuple[RefundPromise, ...]  # what was still open when it was booked or changed, the most generous first
    refunded: Decimal | None  # what a cancellation of this booking brings back
    paid: Decimal  # before cancellations brought anything back
    due: Decimal
    let_off: Decimal  # what the house does not want any more of what it costs
    guarantee: str | None  # how that is to be paid, where staff vouches for it: one of payments.GUARANTEES
    due_now: Decimal  # of it, what is paid at once: of a hold the deposit, else what no card is charged for later
    later: tuple[LaterCharge, ...]  # of it, what is charged later to the card that pays the deposit
    refund_is_owed: bool = False  # the bank declined it, as far as who tells of it knows
    account_is_deleted: bool = False  # nobody can look at the booking any more
    is_contacts: bool = False  # the address is the contact's, which has no account to look at the booking with
    times_changed: int = 0
    changed_from: ChangedFrom | None = None  # where a change is what is told
    rooms: int = 1  # of the order, this one included; not those that were given back or ran out unpaid
    order_reference: str = ""
    room_id: uuid.UUID | None = None
    order_total: Decimal = Decimal(0)  # what the order costs as it is now
    order_refunded: Decimal = Decimal(0)  # what cancellations of its rooms bring back
    kept: Decimal = Decimal(0)  # of this booking's price, by its cancellation
    kept_by_policy: bool = True  # and not because the house has decided so
    changed_since: bool = False  # the stay is as a change made it, and another change has been made after that one
    property_id: uuid.UUID | None = None
    earlier_rooms: tuple[EarlierRoom, ...] = ()  # where the guest stayed before they moved to `room`
    cancelled_at: dt.datetime | None = None
    plan: str = ""  # the rate plan that it was sold on
    never_refunds: bool = False  # by its policy, whatever the day
    cancels_at: dt.datetime | None = None  # unless what is due by now is paid, where its card was declined
    was_unpaid: bool = False  # it was cancelled because of that
    children: tuple[int, ...] = ()  # the ages of those of the guests who are some
    extras: tuple[str, ...] = ()  # what was chosen beside the stay, by the rules of these
    bank_asks_guest: bool = False  # to confirm what is still to pay: their card cannot be charged without them

    @builtins.property  # there is a field of that name
    def is_paid(self) -> bool:
        """Paid in full, and not for nothing; of several rooms, the whole order."""
        return self.paid > 0 and not self.due and not self.let_off if self.rooms > 1 else self.paid >= self.total > 0


@reading
def notice(
    booking_id: uuid.UUID, kept_email: str | None = None, change_id: uuid.UUID | None = None
) -> BookingSummary | None:
    """The facts about a booking, None where it does not exist (any more); its stay as this change has made it.

    Where its guest's account is deleted, they are for the address that is kept for its last emails, None without one.
    """
    found = repository.with_guest_and_order(booking_id)
    if found is None:
        return None
    booking, guest, order, rooms = found
    of_order = repository.of_order(order.id) if rooms > 1 else ()
    later = _changes_since(booking, change_id) if change_id else 0
    told = replace(of(booking, guest, order, of_order), changed_since=later > 0)
    if guest is None or guest.deleted_at is None:
        return told
    return replace(told, email=kept_email, account_is_deleted=True, is_contacts=False) if kept_email else None


def _changes_since(booking: Booking, change_id: uuid.UUID) -> int:
    """How many have been made after this one; where there are any, the booking is set back, and never saved."""
    made = BookingChange.booking_id == booking.id, BookingChange.state == CHANGE_CONFIRMED
    later = db.session.scalar(select(func.count()).where(*made, BookingChange.id > change_id)) or 0
    change = db.session.get(BookingChange, change_id)
    if not later or change is None:
        return 0
    for name, value in change.sold.items():
        setattr(booking, name, value)
    booking.changed_at, booking.times_changed = change.updated_at, booking.times_changed - later
    return later


def of(booking: Booking, user: User | None, order: Order, of_order: Lines = ()) -> BookingSummary:
    """The facts about a booking of this guest (None: without an account), for whoever has read all three, and all
    bookings of an order of several ROOMS.
    """
    counting = counted(booking, of_order)
    later = deposits.ahead(counting, order)
    arrival = pricing.check_in_instant(booking.policy, booking.check_in)
    email, is_contacts = address(user, order)
    return BookingSummary(
        booking_id=booking.id,
        property_id=booking.property_id,
        reference=booking.reference,
        guest_name="" if is_contacts or user is None else people.addressee_of(user).name,
        email=email,
        is_contacts=is_contacts,
        guests=booking.guests,
        room=booking.sold_name,
        property=booking.property_name,
        address=tuple(line for line in address_lines(booking.address) if line != booking.property_name),
        arrival=arrival,
        departure=booking.departure,
        nights=(booking.check_out - booking.check_in).days,
        lines=pricing.price_lines(pricing.kept_lines(booking.price_lines)),
        total=booking.total_price,
        currency=booking.currency,
        refunds=_refunds(booking),
        refunded=booking.refund_amount,
        paid=_paid(order, counting),
        due=order.due,
        let_off=order.let_off,
        guarantee=order.guarantee,
        times_changed=booking.times_changed,
        due_now=order.due - sum((one.amount for one in later), Decimal(0)),
        later=later,
        rooms=len(counting),
        order_reference=order.reference,
        room_id=booking.room_id,
        order_total=order.owed,
        order_refunded=_refunded(counting),
        kept=booking.kept or Decimal(0),
        kept_by_policy=cancellation.is_by_policy(booking),
        earlier_rooms=booking.sold_rooms_before,
        cancelled_at=booking.cancelled_at,
        plan=plan.name if (plan := pricing.kept_plan(booking.policy)) else "",
        never_refunds=not booking.policy["tiers"],
        children=booking.children,
        extras=booking.extras,
    )


def address(user: User | None, order: Order) -> tuple[str, bool]:
    """Where emails go, and whether that is the contact's address and not the account's."""
    if order.contact_email and (user is None or people.email_key(order.contact_email) != user.email_key):
        return order.contact_email, True
    return (user.email if user else ""), user is None


def counted(booking: Booking, of_order: Lines) -> Lines:
    """This one, and those beside it that are held or were booked, as they were asked for."""
    beside = (one for one in of_order if one.status == PENDING or one.confirmed_at is not None)
    return lines.in_order([booking, *(one for one in beside if one.id != booking.id)])


def _paid(order: Order, bookings: Lines) -> Decimal:
    """Without what went back for another reason than a cancellation: what was taken back of a mistaken entry, say."""
    otherwise = max(Decimal(0), order.refunded + order.refunding - _refunded(bookings))
    return min(lines.total(bookings), order.paid - otherwise)


def _refunded(bookings: Lines) -> Decimal:
    return sum((booking.refund_amount or Decimal(0) for booking in bookings), Decimal(0))


def changed_from(told: Mapping[str, Any]) -> ChangedFrom:
    """Of what an event booking.changed says."""
    before = told["before"]
    first, last = (dt.date.fromisoformat(before[day]) for day in ("checkIn", "checkOut"))
    money = Decimal(told["difference"]), Decimal(told["refundAmount"]), Decimal(told.get("goodwill", 0))
    room, children = before.get("soldAs") or before["roomName"], tuple(before.get("childrenAges", ()))
    return ChangedFrom(room, first, last, before["guests"], *money, children)


def is_noticed(told: Mapping[str, Any]) -> bool:
    """Whether an event booking.changed is about something that the guest knows: a unit like theirs is the same room."""
    before, after = told["before"], told["after"]
    if not before.get("soldAs") or before["soldAs"] != after.get("soldAs"):
        return True
    told_alone = {"roomId", "roomName"}
    return any(before.get(fact) != after.get(fact) for fact in before.keys() | after.keys() if fact not in told_alone)


def _refunds(booking: Booking) -> tuple[RefundPromise, ...]:
    sold_at = booking.changed_at or booking.confirmed_at or booking.created_at
    price = booking.total_price, booking.currency
    return tuple(pricing.refund_promises_of(booking.policy, booking.check_in, *price, sold_at))


def amounts(notice: BookingSummary) -> list[Decimal]:
    """Every sum of money that a notice tells."""
    nights, refunds = (line.each for line in notice.lines), (refund.amount for refund in notice.refunds)
    unpaid = [notice.paid, notice.due] if notice.due or notice.rooms > 1 else []
    unpaid += [notice.due_now, notice.let_off, *(one.amount for one in notice.later)]
    of_order = [notice.order_total, notice.order_refunded, notice.kept] if notice.rooms > 1 else []
    back = [] if notice.refunded is None else [notice.refunded]
    change = notice.changed_from
    moved = [change.difference, change.refund] if change else []
    return [notice.total, *unpaid, *of_order, *nights, *refunds, *moved, *back]


def address_lines(address: dict[str, Any]) -> tuple[str, ...]:
    """Street, then city, then country, as far as they are known."""
    return tuple(str(address[part]) for part in ("street", "city", "country") if address.get(part))
