"""What is asked of a guest who holds a room, pays, cancels, or looks at their bookings."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_serializer,
)

from booking.domain import people
from booking.domain.inputs import (
    PROSE,
    CalendarDate,
    ChildrenAges,
    ClockTime,
    Dates,
    Input,
    Page,
    PageSize,
    Phone,
    Version,
    are_guests,
    in_order,
    one_of,
    plain,
    prose,
    refuse,
)
from booking.domain.notices import Notice
from booking.domain.payments import GUARANTEES, Contact
from booking.domain.pricing import CHEAPEST, Extras, PlanId, PromotionCode
from booking.domain.reservations.lines import MAX_ROOMS
from booking.domain.reservations.models import BOOKING_STATUSES
from booking.infra.ids import decode


class StayOrder(Dates):
    """The nights to hold in a room, for so many guests."""

    guests: Annotated[int, Field(ge=1, le=1000)]
    children_ages: ChildrenAges = Field(default=[])

    @field_validator("children_ages")
    @classmethod
    def _guests_too(cls, ages: list[int], info: Any) -> list[int]:
        return are_guests(ages, info.data.get("guests"))

    @property
    def children(self) -> tuple[int, ...]:
        """Their ages."""
        return tuple(self.children_ages)


class ChosenStay(StayOrder):
    """The same with what is chosen beside it."""

    extras: Extras = Field(default=[])


PaymentMethod = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$")]


def _room(room_id: str) -> uuid.UUID:
    found = decode("room", room_id)
    if found is None:
        raise refuse(Notice("no_room_id"))
    return found


def _room_id(value: str) -> str:
    _room(value)
    return value


# As text: the fingerprint of a request is made of what was sent.
RoomId = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"pattern": "^room_[0-7][0-9a-hjkmnp-tv-z]{25}$"}),
    AfterValidator(_room_id),
]


class RoomStay(ChosenStay):
    """Nights of a room, for so many guests, with what is chosen beside them; on a rate plan, or without one on
    the cheapest, as searches show it.
    """

    room_id: RoomId
    rate_plan: PlanId | None = None

    @model_serializer(mode="wrap")
    def _as_sent(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a plan, children and extras as before there were any: keys live on meanwhile."""
        return _without_empty(usual(self), "rate_plan", "children_ages", "extras")

    @property
    def plan(self) -> str:
        return self.rate_plan or CHEAPEST

    @property
    def room(self) -> uuid.UUID:
        return _room(self.room_id)


class QuoteOrder(RoomStay):
    """A stay to be priced, perhaps with a promotion's code."""

    code: PromotionCode | None = None


class RoomOrder(RoomStay):
    """A booking in one call."""

    payment_method_id: PaymentMethod
    code: PromotionCode | None = None

    def as_sent(self) -> dict[str, Any]:
        """What makes another request of it; without a code as before there were any."""
        return self.model_dump(mode="json", exclude={"code"} if self.code is None else None)


Requests = Annotated[str, Field(max_length=1000, json_schema_extra=PROSE | {"minLength": 1}), AfterValidator(prose)]


class ContactDetails(Input):
    """Who stays, where that is not whose account it is: emails about the order go there."""

    full_name: people.PersonName
    email: people.Email
    phone: Phone | None = None
    arrival_time: ClockTime | None = None
    requests: Requests | None = None

    def known(self) -> Contact:
        return Contact(self.full_name, self.email, self.phone, self.arrival_time, self.requests)


def _without_empty(said: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in names or value not in ([], None)}


class RoomsToHold(Input):
    """Several rooms to hold in one order."""

    items: Annotated[list[RoomStay], Field(min_length=1, max_length=MAX_ROOMS)]
    contact: ContactDetails | None = None
    code: PromotionCode | None = None

    def as_sent(self) -> dict[str, Any]:
        """What makes another request of it. Without what is asked for since then, as before: keys live on meanwhile."""
        nothing = {name for name in ("contact", "code") if getattr(self, name) is None}
        return self.model_dump(mode="json", exclude=nothing)


class OrderPurchase(RoomsToHold):
    """An order in one call."""

    payment_method_id: PaymentMethod


class ShownTotal(Input):
    """The total that somebody was shown."""

    shown_total: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


class HoldPayment(ShownTotal):
    """A card for a hold, and the total that its owner was shown; a total of 0 needs no card.

    `version` is the booking's as the page showed it: a card that was declined since is not tried again.
    """

    payment_method_id: PaymentMethod | None = None
    version: Version | None = None


class RestPayment(ShownTotal):
    """A card for the rest of an order, and what its owner was shown of it.

    `last` is the order's latest charge as the page showed it: a card that was declined since is not tried again.
    """

    payment_method_id: PaymentMethod
    last: Annotated[str, Field(max_length=64)] = ""


class LinkPayment(RestPayment):
    """The same by a link from an email, which may be for a hold: `version` is its booking's as the page showed it."""

    version: Version | None = None


def _exact(value: object) -> object:
    """A number of JSON as it was written: 0.1 is a tenth."""
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


class OrderPayment(Input):
    """A card for everything that an order holds, and the total that its owner was shown; 0 needs no card."""

    shown_total: Annotated[
        Decimal,
        Field(ge=0, max_digits=15, decimal_places=3),
        BeforeValidator(_exact),
        WithJsonSchema({"type": "number"}),
    ]
    payment_method_id: PaymentMethod | None = None


class StayWish(Input):
    """What is to be different about a stay; what is left out stays as it is."""

    check_in: CalendarDate | None = None
    check_out: CalendarDate | None = None
    room_id: RoomId | None = None
    guests: Annotated[int, Field(ge=1, le=1000)] | None = None
    children_ages: ChildrenAges | None = None
    extras: Extras | None = None

    @model_serializer(mode="wrap")
    def _as_sent(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As RoomStay."""
        said: dict[str, Any] = usual(self)
        unsaid = [name for name in ("children_ages", "extras") if getattr(self, name) is None]
        return _without_empty(said, *unsaid)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """What is chosen beside it; None: as it is."""
        return None if self.extras is None else tuple(self.extras)

    @property
    def children(self) -> tuple[int, ...] | None:
        """Their ages; None: as they are."""
        return None if self.children_ages is None else tuple(self.children_ages)

    @field_validator("check_out")
    @classmethod
    def _in_order(cls, check_out: dt.date | None, info: Any) -> dt.date | None:
        check_in = info.data.get("check_in")
        if check_in and check_out and check_in >= check_out:
            raise refuse(in_order("checkIn", "checkOut"), "checkIn")
        return check_out

    @property
    def room(self) -> uuid.UUID | None:
        return None if self.room_id is None else _room(self.room_id)


class StayChangeOrder(StayWish):
    """The same, decided: with the difference that was shown, and a card where it is to be paid."""

    shown_difference: Annotated[
        Decimal, Field(max_digits=15, decimal_places=3), BeforeValidator(_exact), WithJsonSchema({"type": "number"})
    ]
    payment_method_id: PaymentMethod | None = None


class Guaranteeing(Input):
    """How an order is to be paid that staff vouches for; see guarantees.guarantee()."""

    how: Annotated[str, AfterValidator(one_of(GUARANTEES))]
    note: Annotated[str, Field(max_length=255), AfterValidator(plain)] | None = None


class Cancellation(Input):
    """`version` is the booking's as the page showed it: what changed since is shown again first."""

    version: Version
    shown_refund: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


Status = Annotated[
    str, Field(json_schema_extra={"enum": [*BOOKING_STATUSES]}), AfterValidator(one_of(BOOKING_STATUSES))
]


class OrderList(Input):
    page: Page = 1
    page_size: PageSize = 20


class BookingList(Input):
    status: Status | None = None
    page: Page = 1
    page_size: PageSize = 20
