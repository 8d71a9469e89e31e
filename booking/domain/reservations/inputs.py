"""What is asked of a guest who holds a room, pays, cancels, or looks at their bookings."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from booking.domain.inputs import PLAIN, Dates, Input, Page, PageSize, one_of, plain
from booking.domain.reservations.models import BOOKING_STATUSES


class StayOrder(Dates):
    """The nights to hold in a room, for so many guests."""

    guests: Annotated[int, Field(ge=1, le=1000)]


PaymentMethod = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$")]


class RoomOrder(StayOrder):
    """A booking in one call."""

    room_id: Annotated[str, Field(max_length=64, json_schema_extra=PLAIN), AfterValidator(plain)]
    payment_method_id: PaymentMethod


class ShownTotal(Input):
    """The total that somebody was shown."""

    shown_total: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


class HoldPayment(ShownTotal):
    """A card for a hold, and the total that its owner was shown; a total of 0 needs no card."""

    payment_method_id: PaymentMethod | None = None


class Cancellation(Input):
    """`version` is the booking's as the page showed it: what changed since is shown again first."""

    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    shown_refund: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


Status = Annotated[
    str, Field(json_schema_extra={"enum": [*BOOKING_STATUSES]}), AfterValidator(one_of(BOOKING_STATUSES))
]


class BookingList(Input):
    status: Status | None = None
    page: Page = 1
    page_size: PageSize = 20
