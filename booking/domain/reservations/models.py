"""Bookings, and the keys that make a repeated request harmless. All belong to a region."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    exists,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, aliased, mapped_column

from booking.domain import pricing
from booking.domain.columns import (
    CURRENCY_CODE,
    Amount,
    CreatedAt,
    Currency,
    Id,
    Instant,
    Json,
    JsonList,
    Name,
    UpdatedAt,
    one_of,
)
from booking.domain.errors import IllegalMove
from booking.domain.money import check_sql
from booking.domain.stays import Stay
from booking.infra.clock import sql_now
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

PENDING, CONFIRMED, CANCELLED, EXPIRED = BOOKING_STATUSES = ("PENDING", "CONFIRMED", "CANCELLED", "EXPIRED")
EXPECTED, IN_HOUSE, DEPARTED, NO_SHOW = PRESENCES = ("expected", "in_house", "departed", "no_show")
ENDED = (CANCELLED, EXPIRED)  # moves no more; money may still go back


@dataclass(frozen=True, slots=True)
class EarlierRoom:
    """Where a guest stayed before they moved to another room, and for which nights."""

    room_id: uuid.UUID
    name: str
    stay: Stay
    sold_as: str | None = None  # as of a booking

    @property
    def sold_name(self) -> str:
        return self.sold_as or self.name


class Booking(Model):
    """A guest's stay in a room. Moves: PENDING -> CONFIRMED | CANCELLED | EXPIRED, CONFIRMED -> CANCELLED.

    It is a line of an order. `held_until` is when a PENDING booking's nights are free again; none while its payment is
    under way, because pinned nights do not end by time. A confirmed one may become another stay (change_models.py).
    """

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("check_in < check_out", name="stay_has_nights"),
        CheckConstraint("guests >= 1", name="guests_positive"),
        CheckConstraint("jsonb_array_length(children_ages) <= guests", name="children_are_guests"),
        CheckConstraint("total_price >= 0", name="total_price_not_negative"),
        CheckConstraint(check_sql("total_price"), name="total_price_decimals"),
        CheckConstraint(check_sql("refund_amount"), name="refund_amount_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint(one_of("status", BOOKING_STATUSES), name="status_known"),
        CheckConstraint("held_until IS NULL OR status = 'PENDING'", name="only_pending_is_held"),
        CheckConstraint("confirmed_at IS NOT NULL OR status <> 'CONFIRMED'", name="confirmed_has_instant"),
        CheckConstraint("(cancelled_at IS NOT NULL) = (status = 'CANCELLED')", name="cancelled_has_instant"),
        CheckConstraint("refund_amount BETWEEN 0 AND total_price", name="refund_within_price"),
        CheckConstraint(f"kept BETWEEN 0 AND total_price AND {check_sql('kept')}", name="kept_within_price"),
        CheckConstraint("kept IS NULL OR status = 'CANCELLED'", name="only_cancelled_keeps"),
        CheckConstraint("refund_amount IS NULL OR status = 'CANCELLED'", name="only_cancelled_is_refunded"),
        CheckConstraint("checked_in_at IS NULL OR status = 'CONFIRMED'", name="only_confirmed_is_there"),
        CheckConstraint(
            "no_show_at IS NULL OR (status = 'CONFIRMED' AND checked_in_at IS NULL)", name="no_show_is_confirmed"
        ),
        CheckConstraint("checked_out_at IS NULL OR checked_in_at IS NOT NULL", name="left_after_arrival"),
        CheckConstraint("jsonb_array_length(earlier_rooms) > 0", name="earlier_rooms_are_some"),
        Index("ix_bookings_room_id_stay", "room_id", "check_in", "check_out"),
        Index("ix_bookings_order_id", "order_id"),
        Index("ix_bookings_promotion_id", "promotion_id", "status", postgresql_where=text("promotion_id IS NOT NULL")),
        # For lists of the desk: by arrival, and who is there on a day, of which nothing but the index is read.
        Index("ix_bookings_property_id_stay", "property_id", "check_in", "check_out", "id"),
        Index("ix_bookings_checked_out_at", "checked_out_at", postgresql_where=text("checked_out_at IS NOT NULL")),
        Index("ix_bookings_user_id_newest", "user_id", text("created_at DESC"), text("id DESC")),
        # Only what nobody has paid for stands in it, so the sweeper reads no history. Not by `held_until`: a payment
        # that begins would be no HOT update, and would write to the page of the newest ids, which all others have read.
        Index("ix_bookings_pending", "id", postgresql_where=text("status = 'PENDING'")),
        Index("ix_bookings_expired", "id", postgresql_where=text("status = 'EXPIRED'")),  # by age, for pruning
        # Of those who have moved, by the rooms that they have left (earlier_rooms.py).
        Index(
            "ix_bookings_earlier_rooms",
            text("jsonb_path_query_array(earlier_rooms, '$[*].roomId')"),
            postgresql_using="gin",
            postgresql_where=text("earlier_rooms IS NOT NULL"),
        ),
        # Who is in a room, without reading all who ever were; never two (occupied_rooms.py).
        Index(
            "uq_bookings_in_house",
            "room_id",
            unique=True,
            postgresql_where=text("checked_in_at IS NOT NULL AND checked_out_at IS NULL"),
        ),
        # A payment that begins writes its row anew. With 15 % of a page left, every seventh found no room beside those
        # of other guests, wrote to all indexes, and others had to try again.
        {"postgresql_with": {"fillfactor": 60}, "info": REGIONAL},
    )

    id: Mapped[Id]
    # No foreign key: looking its order up would set all who hold rooms against each other, since SERIALIZABLE guards
    # whole pages of an index, and new orders stand on one. `flask bookings verify` looks.
    order_id: Mapped[uuid.UUID]
    # None: of a guest without an account, for whom the house has booked; the order has whom to turn to.
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    room_id: Mapped[uuid.UUID]  # no foreign key: what was sold stays, and its region may not be the room's
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    check_in: Mapped[dt.date]
    check_out: Mapped[dt.date]
    guests: Mapped[int]
    # Of those of the guests who are children, the youngest first; None: of nobody's it is known.
    children_ages: Mapped[list[int] | None] = mapped_column(JSONB(none_as_null=True))
    total_price: Mapped[Amount]
    currency: Mapped[Currency]
    price_lines: Mapped[JsonList]
    policy: Mapped[Json]
    promotion_id: Mapped[uuid.UUID | None]  # that it uses (promotion_codes.py), for as long as it stands
    # The room and its property as they were sold (sale.py).
    location: Mapped[str] = mapped_column(String(120))
    room_name: Mapped[Name]
    sold_as: Mapped[str | None] = mapped_column(String(255))  # of one of identical units: what guests see all called
    room_kind: Mapped[str | None] = mapped_column(String(120))
    property_id: Mapped[uuid.UUID]
    property_name: Mapped[Name]
    address: Mapped[Json]
    time_zone: Mapped[str] = mapped_column(String(64))
    check_in_time: Mapped[dt.time]
    check_out_time: Mapped[dt.time]
    # Where its guest stayed before they moved to another room (earlier_rooms.py); None: they have not moved.
    earlier_rooms: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[str] = mapped_column(String(16), default=PENDING)
    held_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    cancelled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    refund_amount: Mapped[Decimal | None] = mapped_column(Numeric(15, 3))
    kept: Mapped[Decimal | None] = mapped_column(Numeric(15, 3))  # of the price, when it was cancelled
    times_changed: Mapped[int] = mapped_column(default=0, server_default="0")  # to another stay (change_models.py)
    changed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # the last time
    checked_in_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    checked_out_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    no_show_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    @property
    def presence(self) -> str:
        """Where its guest is, one of PRESENCES; means something of a confirmed booking only."""
        if self.checked_out_at:
            return DEPARTED
        if self.checked_in_at:
            return IN_HOUSE
        return NO_SHOW if self.no_show_at else EXPECTED

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    @property
    def children(self) -> tuple[int, ...]:
        """Their ages."""
        return tuple(self.children_ages or ())

    @property
    def extras(self) -> tuple[str, ...]:
        """What its guest has chosen beside the stay, by the rules of these fees."""
        return pricing.chosen_extras(pricing.kept_lines(self.price_lines))

    @property
    def sold_name(self) -> str:
        """What its guest knows the room by; staff knows a unit by its own name."""
        return self.sold_as or self.room_name

    @property
    def rooms_before(self) -> tuple[EarlierRoom, ...]:
        """In the order of their nights; none where its guest has not moved."""
        return tuple(
            EarlierRoom(
                uuid.UUID(one["roomId"]),
                one["roomName"],
                Stay(dt.date.fromisoformat(one["checkIn"]), dt.date.fromisoformat(one["checkOut"])),
                one.get("soldAs"),
            )
            for one in self.earlier_rooms or ()
        )

    @property
    def sold_rooms_before(self) -> tuple[EarlierRoom, ...]:
        """The same as its guest knows them: one unit after another that is like it is one room, and no move."""
        told: list[EarlierRoom] = []
        for one in self.rooms_before:
            if told and told[-1].sold_name == one.sold_name:
                told[-1] = replace(one, stay=Stay(told[-1].stay.check_in, one.stay.check_out))
            else:
                told.append(one)
        if told and told[-1].sold_name == self.sold_name:
            told.pop()
        return tuple(replace(one, name=one.sold_name) for one in told)

    @property
    def moved_in(self) -> dt.date:
        """The first night in the room that it has now."""
        return dt.date.fromisoformat(self.earlier_rooms[-1]["checkOut"]) if self.earlier_rooms else self.check_in

    @property
    def departure(self) -> dt.datetime:
        """By when the guest has left, in the property's zone."""
        return dt.datetime.combine(self.check_out, self.check_out_time, tzinfo=ZoneInfo(self.time_zone))

    @property
    def city(self) -> str:
        """As the property's address has it; may be empty."""
        return str(self.address.get("city") or "")

    def confirm(self, now: dt.datetime) -> None:
        """The payment succeeded and the nights are ours."""
        self._expect("confirmed", PENDING)
        self.status, self.confirmed_at, self.held_until = CONFIRMED, now, None

    def cancel(self, now: dt.datetime, refund: Decimal | None, kept: Decimal | None) -> None:
        """Give the nights back; `kept` is what the frozen policy keeps of the price. None where nothing was paid."""
        self._expect("cancelled", PENDING, CONFIRMED)
        self.status, self.cancelled_at, self.held_until = CANCELLED, now, None
        self.refund_amount, self.kept = refund, kept

    def change(self, columns: Mapping[str, Any], now: dt.datetime) -> None:
        """Another stay in the place of this one, whose `columns` these are."""
        self._expect("changed", CONFIRMED)
        for name, value in columns.items():
            setattr(self, name, value)
        self.changed_at, self.times_changed = now, self.times_changed + 1

    def expire(self) -> None:
        """Nobody paid in time."""
        self._expect("expired", PENDING)
        self.status, self.held_until = EXPIRED, None

    def _expect(self, move: str, *statuses: str) -> None:
        if self.status not in statuses:
            raise IllegalMove(status=self.status, move=move)


Lines = tuple[Booking, ...]  # bookings of one order

# The first booking of its order that there still is, for statements: the one that had the order's reference may have
# expired and been pruned, while those beside it stand.
_EARLIER = aliased(Booking)
IS_FIRST = ~exists().where(_EARLIER.order_id == Booking.order_id, _EARLIER.reference < Booking.reference)


SOLD_NAME = func.coalesce(Booking.sold_as, Booking.room_name)  # as sold_name, for statements
# The same as `departure`, for statements.
STAY_IS_OVER = func.timezone(Booking.time_zone, sql_now()) >= Booking.check_out + Booking.check_out_time


class IdempotencyKey(Model):
    """What became of a request that carried a key. `lease_until` is also the fencing token of who works on it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint("(status IS NULL) = (body IS NULL)", name="answer_complete"),
        CheckConstraint("key ~ '^[!-~]{1,255}$'", name="key_visible_ascii"),
        Index("ix_idempotency_keys_created_at", "created_at"),
        {"info": REGIONAL},
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    booking_id: Mapped[uuid.UUID | None]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[str | None] = mapped_column(Text)
    lease_until: Mapped[Instant]
    created_at: Mapped[CreatedAt]
