"""A change that its guest is to pay for at the provider's page: to go on with, or to let be."""

from __future__ import annotations

import uuid

from booking.domain.actors import Actor
from booking.domain.people import Action
from booking.domain.reservations import bookings, change_charging
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.payment_pages import Links
from booking.infra.db import reading


def page_of(actor: Actor, booking_id: uuid.UUID, context: BookingContext, links: Links) -> str | None:
    """Where the guest pays for the change; None where none is to be paid for (any more).

    Raises BookingNotFound, PaymentInProgress, PaymentPageUnavailable.
    """
    _permitted(actor, Action.CHANGE_BOOKING, booking_id)
    awaited = change_charging.find_awaited(booking_id)
    return change_charging.url_of(actor, awaited, context, links) if awaited else None


def withdraw(actor: Actor, booking_id: uuid.UUID, context: BookingContext) -> None:
    """The booking stays as it is: the page is closed, the new nights are free. Paid already: the change is made.

    Raises BookingNotFound, ChangeUnderWay (the provider does not answer).
    """
    _permitted(actor, Action.CHANGE_BOOKING, booking_id)
    awaited = change_charging.find_awaited(booking_id)
    if awaited:
        change_charging.close_page(actor, awaited, context)


_permitted = reading(bookings.permitted)
