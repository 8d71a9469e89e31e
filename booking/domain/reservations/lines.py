"""The bookings of one order: which of them a payment is for, and what they cost together."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from decimal import Decimal

from booking.domain.errors import HoldOver, PaymentInProgress
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking, Lines

MAX_ROOMS = 9  # so their references end in one digit, and are in order as they are


def reference(order_reference: str, place: int) -> str:
    """Of an order's first booking (0) it is the order's own."""
    return f"{order_reference}-{place + 1}" if place else order_reference


def in_order(bookings: Iterable[Booking]) -> Lines:
    """As they were asked for."""
    return tuple(sorted(bookings, key=lambda booking: booking.reference))


def first(lines: Lines) -> Booking:
    """The one that all charges of the order name."""
    return min(lines, key=lambda booking: booking.reference)


def the_one(lines: Lines, booking_id: uuid.UUID) -> Booking:
    """Of this id, which is among them."""
    return next(booking for booking in lines if booking.id == booking_id)


def pending(lines: Lines) -> Lines:
    """What is to be paid for, or being paid for."""
    return tuple(booking for booking in lines if booking.status == PENDING)


def confirmed(lines: Lines) -> Lines:
    """What was paid for, whatever has become of it since."""
    return tuple(booking for booking in lines if booking.confirmed_at is not None)


def total(lines: Lines) -> Decimal:
    return sum((booking.total_price for booking in lines), Decimal(0))


def held(lines: Lines) -> Lines:
    """What can be paid for: holds. Those that were cancelled or have expired count no more.

    Raises PaymentInProgress where somebody pays at this moment or has paid, HoldOver where nothing is held any more.
    """
    standing = tuple(booking for booking in lines if booking.status in (PENDING, CONFIRMED))
    if any(booking.held_until is None for booking in standing):
        raise PaymentInProgress
    if not standing:
        raise HoldOver
    return standing
