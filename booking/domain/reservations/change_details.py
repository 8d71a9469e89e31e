"""What a guest's pages show of a change that is to be paid for, or was not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from booking.domain import payments
from booking.domain.payments import FAILED, HOSTED, Payment
from booking.domain.reservations import change_rows
from booking.domain.reservations.models import Booking
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.db import reading

TOLD_FOR = dt.timedelta(days=1)  # so long a booking's page says that a change was not paid


@dataclass(frozen=True, slots=True)
class ChangeToPay:
    """What takes a booking's place once `difference` is paid. `until`, in the property's zone, it may be paid at the
    provider's page; None: whether it is, is being found out.
    """

    room: str
    stay: Stay
    guests: int
    difference: Decimal
    children: tuple[int, ...]
    until: dt.datetime | None


def to_pay(booking: Booking, charge: Payment | None) -> ChangeToPay | None:
    """`charge` is the latest of the booking's order."""
    if charge is None or not _is_for(booking, charge) or not payments.is_open(charge):
        return None
    pending = _pending(booking.id)
    if pending is None:
        return None
    until = charge.next_at if payments.awaits_guest(charge) else None
    return ChangeToPay(
        pending.sold_name,
        pending.stay,
        pending.guests,
        pending.difference,
        pending.children,
        until and until.astimezone(ZoneInfo(booking.time_zone)),
    )


def was_not_paid(booking: Booking, charge: Payment | None) -> bool:
    """Whether the guest left the provider's page of a change not long ago, and nothing came of it since."""
    if charge is None or not _is_for(booking, charge):
        return False
    return (charge.state, charge.method) == (FAILED, HOSTED) and clock.now() - charge.created_at < TOLD_FOR


def _is_for(booking: Booking, charge: Payment) -> bool:
    return charge.purpose == payments.FOR_CHANGE and charge.booking_id == booking.id


_pending = reading(change_rows.find_pending)
