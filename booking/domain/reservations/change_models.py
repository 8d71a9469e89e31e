"""Changes of a stay: a row for each, from the moment its new nights are claimed. They belong to a region."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import (
    CURRENCY_CODE,
    Amount,
    CreatedAt,
    Currency,
    Id,
    Json,
    JsonList,
    Name,
    UpdatedAt,
    one_of,
)
from booking.domain.errors import IllegalMove
from booking.domain.money import check_sql
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.domain.stays import Stay
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

CHANGE_PENDING, CHANGE_CONFIRMED, CHANGE_FAILED, CHANGE_EXPIRED = CHANGE_STATES = (
    "pending",
    "confirmed",
    "failed",
    "expired",
)

NEW_COLUMNS = (
    "room_id",
    "room_name",
    "sold_as",
    "room_kind",
    "location",
    "check_in",
    "check_out",
    "guests",
    "children_ages",
    "earlier_rooms",
    "total_price",
    "price_lines",
    "policy",
)


class BookingChange(Model):
    """Another stay in the place of one that is booked. Moves: pending -> confirmed | failed | expired.

    Its id is the claim of those nights alone that the booking does not have yet; they become the booking's when it is
    confirmed, and until then the booking stands as it was (`old_…`, at `booking_version`). `held_until` is when they
    are free again; none while it is paid for. `difference` is what it adds to the price, below 0 what it takes off.
    `moves_on` is the first night in the other room of a stay that has begun: those before it stay where they were.
    """

    __tablename__ = "booking_changes"
    __table_args__ = (
        CheckConstraint(one_of("state", CHANGE_STATES), name="state_known"),
        CheckConstraint("check_in < check_out AND old_check_in < old_check_out", name="stays_have_nights"),
        CheckConstraint("guests >= 1", name="guests_positive"),
        CheckConstraint("jsonb_array_length(children_ages) <= guests", name="children_are_guests"),
        CheckConstraint(
            "moves_on IS NULL OR (moves_on > check_in AND moves_on < check_out AND moves_on <= old_check_out"
            " AND check_in = old_check_in AND room_id <> old_room_id)",
            name="moves_within_stay",
        ),
        CheckConstraint("held_until IS NULL OR state = 'pending'", name="only_pending_is_held"),
        CheckConstraint("total_price >= 0 AND old_total >= 0", name="totals_not_negative"),
        CheckConstraint("reason IS NULL OR difference <= 0", name="only_less_is_decided"),
        CheckConstraint("difference = total_price - old_total", name="difference_of_totals"),
        CheckConstraint(check_sql("total_price"), name="total_price_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        # One at a time.
        Index("uq_booking_changes_pending", "booking_id", unique=True, postgresql_where=text("state = 'pending'")),
        Index("uq_booking_changes_payment_id", "payment_id", unique=True),
        Index("ix_booking_changes_booking_id", "booking_id"),
        Index("ix_booking_changes_held", "held_until", postgresql_where=text("held_until IS NOT NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"))
    order_id: Mapped[uuid.UUID]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments.id"))  # of what it adds
    state: Mapped[str] = mapped_column(String(16), default=CHANGE_PENDING)
    booking_version: Mapped[int]
    old_room_id: Mapped[uuid.UUID]
    old_check_in: Mapped[dt.date]
    old_check_out: Mapped[dt.date]
    old_guests: Mapped[int]
    old_total: Mapped[Amount]
    # Kept of a departure and of nights given up by no-show alone, which can be undone.
    old_price_lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    old_policy: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    room_id: Mapped[uuid.UUID]  # no foreign key, as in bookings
    location: Mapped[str] = mapped_column(String(120))
    room_name: Mapped[Name]
    sold_as: Mapped[str | None] = mapped_column(String(255))
    room_kind: Mapped[str | None] = mapped_column(String(120))
    check_in: Mapped[dt.date]
    check_out: Mapped[dt.date]
    guests: Mapped[int]
    children_ages: Mapped[list[int] | None] = mapped_column(JSONB(none_as_null=True))
    moves_on: Mapped[dt.date | None]
    earlier_rooms: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB(none_as_null=True))
    total_price: Mapped[Amount]
    difference: Mapped[Amount]
    reason: Mapped[str | None] = mapped_column(String(255))  # of a price that staff has decided upon
    currency: Mapped[Currency]
    price_lines: Mapped[JsonList]
    policy: Mapped[Json]
    actor: Mapped[Name]
    held_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    @property
    def is_goodwill(self) -> bool:
        """Whether the stay is the same, for less."""
        now = self.room_id, self.check_in, self.check_out, self.guests
        was = self.old_room_id, self.old_check_in, self.old_check_out, self.old_guests
        return self.reason is not None and now == was

    @property
    def sold(self) -> dict[str, Any]:
        """The columns of its booking, as the change makes them."""
        return {name: getattr(self, name) for name in NEW_COLUMNS}

    @property
    def sold_name(self) -> str:
        """As of a booking."""
        return self.sold_as or self.room_name

    @property
    def children(self) -> tuple[int, ...]:
        """Their ages."""
        return tuple(self.children_ages or ())

    @property
    def stay(self) -> Stay:
        return Stay(self.check_in, self.check_out)

    @property
    def old_stay(self) -> Stay:
        return Stay(self.old_check_in, self.old_check_out)

    @property
    def new_nights(self) -> list[Stay]:
        """What it claims: those nights that the booking does not have."""
        if self.moves_on:
            return [Stay(self.moves_on, self.check_out)]
        return self.stay.without(self.old_stay) if self.room_id == self.old_room_id else [self.stay]

    @property
    def dropped_nights(self) -> list[Stay]:
        """What the booking gives back for it."""
        if self.moves_on:
            return [Stay(self.moves_on, self.old_check_out)] if self.moves_on < self.old_check_out else []
        return self.old_stay.without(self.stay) if self.room_id == self.old_room_id else [self.old_stay]

    @property
    def claimed(self) -> int:
        """How many nights it claims."""
        return sum(part.nights for part in self.new_nights)

    def starts_from(self, booking: Booking) -> bool:
        """Whether the booking is still what it was when this was agreed."""
        was = self.old_room_id, self.old_check_in, self.old_check_out, self.old_guests, self.old_total
        now = booking.room_id, booking.check_in, booking.check_out, booking.guests, booking.total_price
        return booking.status == CONFIRMED and was == now

    def made(self, booking: Booking) -> bool:
        """Whether the booking is still what this has made of it."""
        new = self.room_id, self.check_in, self.check_out, self.guests, self.total_price
        now = booking.room_id, booking.check_in, booking.check_out, booking.guests, booking.total_price
        return new == now

    def end(self, state: str) -> None:
        """Confirmed, failed or expired: it moves no more."""
        if self.state != CHANGE_PENDING:
            raise IllegalMove(status=self.state, move=state)
        self.state, self.held_until = state, None
