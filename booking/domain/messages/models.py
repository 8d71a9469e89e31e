"""The outbox: what happened, and the durable state of everything that follows from it."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, Instant, Json, one_of
from booking.infra.db import Model
from booking.infra.homes import EACH

PAYMENT_REQUESTED = "payment.requested"  # by staff: the guest is sent a link to pay by
RESENT = "email.resent"  # by staff: an email about a booking, as it was written before
MESSAGE_RECEIVED = "message.received"  # from the guest of a booking, for the house
MESSAGE_ANSWERED = "message.answered"  # from the house, for the guest

# Events that may be worth an email about a booking.
ABOUT_BOOKINGS = (
    "booking.confirmed",
    "booking.changed",
    "booking.cancelled",
    "refund.declined",
    "refund.returned",
    "balance.declined",
    "balance.reminded",
    RESENT,
    PAYMENT_REQUESTED,
    MESSAGE_ANSWERED,
)

WAITING, RUNNING, DONE, GIVEN_UP = DELIVERY_STATES = ("waiting", "running", "done", "failed")
BOUNCED = "bounced"  # of an email that was sent: its mail provider has told so
# The `error` of a delivery that is done.
NO_ADDRESS, NOT_NEEDED, DROPPED = NOTHING_SENT = ("no_address", "not_needed", "dropped")


class Event(Model):
    """Something that happened, recorded in the transaction that made it happen."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_unsent", "occurred_at", "id", postgresql_where=text("sent_at IS NULL")),
        Index(
            "ix_events_booking",
            text("(payload ->> 'bookingId')"),
            postgresql_where=text(one_of("type", ABOUT_BOOKINGS)),
        ),
        CheckConstraint("type ~ '^[a-z]+[.][a-z]+$'", name="type_dotted"),
        {"info": EACH},
    )

    id: Mapped[Id]
    type: Mapped[str] = mapped_column(String(64))
    payload: Mapped[Json]
    occurred_at: Mapped[CreatedAt]
    sent_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class Delivery(Model):
    """One consumer's work for one event. RQ carries it, this row knows it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(one_of("state", DELIVERY_STATES), name="state_known"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        Index("ix_deliveries_due", "next_at", postgresql_where=text("state IN ('waiting', 'running')")),
        Index("ix_deliveries_given_up", "next_at", postgresql_where=text("state = 'failed'")),
        {"info": EACH},
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    consumer: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default=WAITING, server_default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_at: Mapped[Instant]
    error: Mapped[str | None] = mapped_column(Text)
