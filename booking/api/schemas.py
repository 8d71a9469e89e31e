"""What goes out: camelCase, TypeIDs, instants in UTC, money as numbers with the currency's own decimals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from booking.api import booked_rooms, plan_schemas, room_facts
from booking.api.booked_rooms import BookedRoom, EarlierRoom
from booking.api.plan_schemas import Deposit, PlanOffer, RatePlan, RefundTier
from booking.api.price_schemas import Extra, Money, PriceLine, extras, price_lines
from booking.api.room_facts import Address, Bed, CancellationPolicy, Image
from booking.api.schema import Instant, Schema, instant
from booking.domain import payments, people, pricing, reservations, search
from booking.domain.catalogue import AmenityCount, Destination
from booking.domain.money import as_number
from booking.http import words
from booking.infra.ids import encode

_REFUND_STATUSES: JsonSchemaValue = {"type": "string", "enum": [state.upper() for state in payments.REFUND_STATES]}
RefundStatus = Annotated[str, WithJsonSchema(_REFUND_STATUSES)]


class User(Schema):
    id: str
    email: str
    full_name: str


class RegisteredUser(User):
    created_at: Instant


class CurrentUser(User):
    region: str
    role: str
    email_verified: bool


class Tokens(Schema):
    access_token: str
    token_type: str = Field(default="Bearer", json_schema_extra={"enum": ["Bearer"]})
    expires_in: int
    refresh_token: str
    user: User


# A plain dataclass, because a page has a hundred of them.
@dataclass(slots=True)
class RoomSummary:
    """A room in a list, with the price of the requested stay."""

    __pydantic_config__ = Schema.model_config
    id: str
    name: str
    location: str
    capacity: int
    price_per_night: Money
    currency: str
    amenities: list[str]
    is_available: bool
    total_price: Money
    rate_plan: RatePlan | None
    units_left: int | None


class RoomPage(Schema):
    items: list[RoomSummary]
    page: int
    page_size: int
    total: int
    total_exact: bool = Field(default=True, exclude_if=bool)
    hints: dict[str, str] | None = Field(default=None, exclude_if=lambda hints: hints is None)


class Quote(Schema):
    check_in: dt.date
    check_out: dt.date
    nights: int
    guests: int
    children_ages: list[int]
    lines: list[PriceLine]
    extras: list[Extra]
    total_price: Money
    currency: str
    is_available: bool
    units_left: int | None
    refunds: list[RefundTier]
    deposit: Deposit | None
    rate_plan: RatePlan | None
    rate_plans: list[PlanOffer]


class StayRules(Schema):
    min_nights: int
    max_nights: int
    check_in_from: str
    check_out_until: str
    time_zone: str


class Property(Schema):
    name: str
    address: Address
    contact_email: str | None
    contact_phone: str | None
    house_rules: str


class Room(Schema):
    id: str
    name: str
    description: str
    kind: str | None
    location: str
    capacity: int
    beds: list[Bed]
    size_m2: int | None
    price_per_night: Money
    currency: str
    amenities: list[str]
    images: list[Image]
    rules: StayRules
    cancellation_policy: CancellationPolicy
    property: Property
    quote: Quote | None


class BookedProperty(Schema):
    name: str
    city: str


class Booking(Schema):
    id: str
    order_id: str
    reference: str
    room_id: str
    room: BookedRoom
    earlier_rooms: list[EarlierRoom]
    property: BookedProperty
    user_id: str | None = Field(description="`null` if the property made the booking for a guest without an account.")
    check_in: dt.date
    check_out: dt.date
    guests: int
    children_ages: list[int]
    total_price: Money
    currency: str
    status: str = Field(json_schema_extra={"enum": ["PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"]})
    lines: list[PriceLine]
    rate_plan: RatePlan | None
    refunds: list[RefundTier]
    refund_amount: Money | None
    refund_status: RefundStatus | None
    held_until: Instant | None
    created_at: Instant


class ChangeQuote(Schema):
    difference: Money
    room_id: str
    moves_on: dt.date | None
    check_in: dt.date
    check_out: dt.date
    guests: int
    children_ages: list[int]
    total_price: Money
    currency: str
    lines: list[PriceLine]
    kept: Money
    refunds: list[RefundTier]
    version: int


class BookingPage(Schema):
    items: list[Booking]
    page: int
    page_size: int
    total: int


class Place(Schema):
    location: str
    name: str
    country: str
    rooms: int


class PlaceList(Schema):
    items: list[Place]


class Amenity(Schema):
    name: str
    rooms: int


class AmenityList(Schema):
    items: list[Amenity]


class Health(Schema):
    status: str
    uptime_seconds: int
    version: str


class Readiness(Health):
    degraded: list[str]


def user(known: people.User | people.CurrentUser) -> User:
    return User(id=encode("user", known.id), email=known.email, full_name=known.full_name)


def registered(new: people.User) -> RegisteredUser:
    shown = user(new)
    return RegisteredUser(**shown.model_dump(), created_at=instant(new.created_at))


def me(known: people.CurrentUser, *, email_verified: bool) -> CurrentUser:
    account = user(known).model_dump()
    return CurrentUser(**account, region=known.region, role=known.role, email_verified=email_verified)


def room_page(found: search.Found) -> RoomPage:
    items = [_item(room) for room in found.rooms]
    hints = {one.field: "; ".join(_hints(found, one.field)) for one in found.unknown} or None
    return RoomPage.model_construct(
        items=items,
        page=found.page,
        page_size=found.page_size,
        total=min(found.total, search.MOST_COUNTED),
        total_exact=found.total <= search.MOST_COUNTED,
        hints=hints,
    )


def _hints(found: search.Found, field: str) -> list[str]:
    return [words.problem(field, one.notice()) for one in found.unknown if one.field == field]


def _item(room: search.FoundRoom) -> RoomSummary:
    return RoomSummary(
        id=room.id,
        name=room.name,
        location=room.location,
        capacity=room.capacity,
        price_per_night=as_number(room.price_per_night, room.currency),
        currency=room.currency,
        amenities=room.amenities,
        is_available=True,
        total_price=as_number(room.total, room.currency),
        rate_plan=plan_schemas.plan(room.plan),
        units_left=room.units_left,
    )


def room(details: dict[str, Any], images: list[Image], quoted: pricing.StayQuote | None) -> Room:
    house = details["property"]
    same = {name: details[name] for name in ("id", "name", "description", "kind", "location", "capacity", "currency")}
    return Room(
        **same,
        price_per_night=as_number(
            pricing.per_night(Decimal(details["pricePerNight"]), details["currency"]), details["currency"]
        ),
        amenities=details["amenities"],
        beds=details["beds"],
        size_m2=details["sizeM2"],
        images=images,
        cancellation_policy=room_facts.policy(details["cancellationPolicy"]),
        property=Property(
            name=house["name"],
            address=room_facts.address(house["address"]),
            contact_email=house["contactEmail"],
            contact_phone=house["contactPhone"],
            house_rules=house["houseRules"],
        ),
        rules=StayRules(
            min_nights=details["minNights"],
            max_nights=details["maxNights"],
            check_in_from=house["checkInTime"],
            check_out_until=house["checkOutTime"],
            time_zone=house["timeZone"],
        ),
        quote=_quote(quoted) if quoted else None,
    )


def places(known: list[Destination]) -> PlaceList:
    return PlaceList(
        items=[Place(location=place.slug, name=place.city, country=place.country, rooms=place.rooms) for place in known]
    )


def amenities(known: list[AmenityCount]) -> AmenityList:
    return AmenityList(items=[Amenity(name=one.name, rooms=one.rooms) for one in known])


def _quote(quoted: pricing.StayQuote) -> Quote:
    price = quoted.price
    return Quote(
        check_in=quoted.stay.check_in,
        check_out=quoted.stay.check_out,
        nights=quoted.stay.nights,
        guests=quoted.guests,
        children_ages=[*price.children],
        extras=extras(quoted),
        lines=price_lines(price.lines, price.currency),
        total_price=as_number(price.total, price.currency),
        currency=price.currency,
        is_available=quoted.is_available,
        units_left=quoted.units_left,
        refunds=plan_schemas.refunds(quoted.refunds, price),
        deposit=plan_schemas.deposit(quoted.chosen),
        rate_plan=plan_schemas.plan(quoted.chosen.plan),
        rate_plans=[plan_schemas.offer(offer) for offer in quoted.plans],
    )


def booking(row: reservations.Booking, refund_state: str | None = None) -> Booking:
    """`refund_state`: one of payments.REFUND_STATES; None where nothing is due back."""
    refund = row.refund_amount
    return Booking.model_construct(
        id=encode("booking", row.id),
        order_id=encode("order", row.order_id),
        reference=row.reference,
        room_id=encode("room", row.room_id),
        room=booked_rooms.now(row),
        earlier_rooms=booked_rooms.earlier(row),
        property=BookedProperty.model_construct(name=row.property_name, city=row.city),
        user_id=encode("user", row.user_id) if row.user_id else None,
        check_in=row.check_in,
        check_out=row.check_out,
        guests=row.guests,
        children_ages=[*row.children],
        total_price=as_number(row.total_price, row.currency),
        currency=row.currency,
        status=reservations.shown_status(row),
        lines=price_lines(pricing.kept_lines(row.price_lines), row.currency),
        rate_plan=plan_schemas.plan(pricing.kept_plan(row.policy)),
        refunds=plan_schemas.outlook(row.policy, row.check_in, row.total_price, row.currency),
        refund_amount=None if refund is None else as_number(refund, row.currency),
        refund_status=refund_state.upper() if refund_state else None,
        held_until=instant(row.held_until) if row.held_until else None,
        created_at=instant(row.created_at),
    )


def change_quote(quoted: reservations.ChangeQuote) -> ChangeQuote:
    price, currency = quoted.price, quoted.currency
    return ChangeQuote(
        difference=as_number(quoted.difference, currency),
        room_id=encode("room", quoted.room_id),
        moves_on=quoted.moves_on,
        check_in=quoted.stay.check_in,
        check_out=quoted.stay.check_out,
        guests=quoted.guests,
        children_ages=[*quoted.children],
        total_price=as_number(price.total, currency),
        currency=currency,
        lines=price_lines(price.lines, currency),
        kept=as_number(price.kept, currency),
        refunds=plan_schemas.outlook(price.policy, quoted.stay.check_in, price.total, currency),
        version=quoted.version,
    )


def booking_page(history: reservations.History) -> BookingPage:
    return BookingPage.model_construct(
        items=[booking(row, history.refunds.get(row.id)) for row in history.bookings],
        page=history.page,
        page_size=history.page_size,
        total=history.total,
    )
