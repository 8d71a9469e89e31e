"""What is asked of staff who books for somebody, or changes what is booked."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from booking.domain import people, texting
from booking.domain.inputs import ClockTime, Input, Phone, Version, decimal_text, one_of, plain, refuse
from booking.domain.notices import Notice
from booking.domain.payments import GUARANTEES, Contact
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.change_settlements import Settlement
from booking.domain.reservations.front_desk.text_consents import Textable
from booking.domain.reservations.inputs import Cancellation, ChosenStay, Requests, RoomId, StayWish
from booking.domain.reservations.lines import MAX_ROOMS
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.reservations.stay_changes import Agreed
from booking.infra.ids import decode

LATER = "later"
BY_LINK = "link"  # by card, at a link that the guest is sent; until then the house vouches for it
WAIVED = "waived"
WRONG = object()  # an address that was no address: it is told so


class DeskBooking(ChosenStay):
    """Rooms for the same nights, as many guests and the same extras each, who stays, and how it is to be paid.

    A caller leaves a phone number, an email address or both; `texts`: they agree to be texted there. `shown`: what
    each room was said to cost, as "room_01…=270.00".
    """

    full_name: people.PersonName
    email: people.Email | None = None
    phone: Annotated[Phone | None, Field(validate_default=True)] = None
    texts: Textable = False
    arrival_time: ClockTime | None = None
    requests: Requests | None = None
    room: Annotated[list[RoomId], Field(min_length=1, max_length=MAX_ROOMS)]
    how: Annotated[str, AfterValidator(one_of((*GUARANTEES, BY_LINK)))] = LATER
    note: Annotated[str, Field(max_length=255), AfterValidator(plain)] | None = None
    shown: list[Annotated[str, Field(max_length=100)]] = Field(default=[])

    @field_validator("phone")
    @classmethod
    def _reachable(cls, phone: str | None, info: ValidationInfo) -> str | None:
        if phone is None and info.data.get("email", WRONG) is None:
            raise refuse(Notice("phone_or_email"))
        return phone

    @field_validator("how")
    @classmethod
    def _sent_somewhere(cls, how: str, info: ValidationInfo) -> str:
        if how == BY_LINK and info.data.get("email", WRONG) is None:
            raise refuse(Notice("missing"), "email")
        return how

    @field_validator("room", "shown", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]

    @field_validator("room")
    @classmethod
    def _each_once(cls, rooms: list[str]) -> list[str]:
        return list(dict.fromkeys(rooms))

    @field_validator("shown")
    @classmethod
    def _priced(cls, shown: list[str]) -> list[str]:
        if any(_price(one) is None for one in shown):
            raise refuse(Notice("no_number"))
        return shown

    @property
    def contact(self) -> Contact:
        """Who stays."""
        return Contact(self.full_name, self.email, self.phone, self.arrival_time, self.requests)

    @property
    def texted_at(self) -> str | None:
        """The number that they agree to be texted at, as E.164."""
        return texting.textable_number(self.phone) if self.texts and self.phone else None

    @property
    def wanted(self) -> OrderRequest:
        """Raises Invalid."""
        beside: dict[str, Any] = {"children": self.children, "extras": tuple(self.extras)}
        items = (OrderItem(room, self.stay, self.guests, **beside) for room in map(_room, self.room))
        return OrderRequest(None, tuple(items), contact=self.contact)

    @property
    def guarantee(self) -> str:
        """How the house says that it is paid: of GUARANTEES."""
        return LATER if self.how == BY_LINK else self.how

    @property
    def is_sent_link(self) -> bool:
        """Whether the guest gets an email by which they pay."""
        return self.how == BY_LINK

    @property
    def prices(self) -> dict[uuid.UUID, Decimal]:
        """What was shown of each room."""
        return dict(price for one in self.shown if (price := _price(one)))


OtherRefund = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)]


class DeskCancellation(Cancellation):
    """With the policy's refund, which was shown; or with another `refund`, for a `reason`."""

    refund: OtherRefund | None = None
    reason: Annotated[str, Field(max_length=255), AfterValidator(plain)] | None = None

    @field_validator("reason")
    @classmethod
    def _of_a_refund(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if reason and info.data.get("refund", 0) is None:
            raise refuse(Notice("missing"), "refund")
        return reason

    @property
    def decided(self) -> Decided | None:
        return None if self.refund is None else Decided(self.refund, self.reason or "")

    @property
    def moves_money(self) -> bool:
        """Whether some is given back, or would be."""
        return bool(self.shown_refund or self.refund)


class DeskChange(StayWish):
    """Another stay, as it was shown; and `how` what it costs more is to be paid, or for what `reason` it is not.

    Of a cheaper one another `refund` than the policy's, for a `reason`.
    """

    shown_difference: Annotated[Decimal, Field(max_digits=15, decimal_places=3)]
    shown_refund: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]
    version: Version
    how: Annotated[str, AfterValidator(one_of((*GUARANTEES, WAIVED)))] | None = None
    refund: OtherRefund | None = None
    reason: Annotated[str, Field(max_length=255), AfterValidator(plain)] | None = None

    @property
    def moves_money(self) -> bool:
        """Whether some is given back, or is not asked for."""
        return bool(self.shown_refund or self.refund) or (self.shown_difference > 0 and self.how == WAIVED)

    @property
    def agreed(self) -> Agreed:
        settled = Settlement(let_off=self.reason or "") if self.how == WAIVED else Settlement(self.how)
        return Agreed(
            StayChange(self.check_in, self.check_out, self.room, self.guests, self.children, self.chosen),
            self.shown_difference,
            self.version,
            settlement=settled if self.shown_difference > 0 else None,
            shown_refund=self.shown_refund,
            decided=None if self.refund is None else Decided(self.refund, self.reason or ""),
        )


class Goodwill(Input):
    """So much less for the same stay, and why; `version` is the booking's as the page showed it."""

    version: Version
    refund: OtherRefund
    reason: Annotated[str, Field(max_length=255), AfterValidator(plain)] = ""

    @property
    def decided(self) -> Decided:
        return Decided(self.refund, self.reason)


def _room(room_id: str) -> uuid.UUID:
    found: Any = decode("room", room_id)  # an id, as RoomId has seen
    return uuid.UUID(str(found))


def _price(shown: str) -> tuple[uuid.UUID, Decimal] | None:
    room_id, _, amount = shown.partition("=")
    room = decode("room", room_id)
    try:
        return (room, Decimal(amount)) if room else None
    except InvalidOperation:
        return None
