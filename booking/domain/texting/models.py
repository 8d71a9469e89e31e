"""Text messages: who has agreed to them, what was sent, and which arrivals were told."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, one_of
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

CHECKOUT, ACCOUNT, ALERTS, REPLY, DESK = CONSENT_PLACES = ("checkout", "account", "alerts", "reply", "desk")
BY_PAGE, BY_STOP, BY_NEW_NUMBER, BY_STAFF = WITHDRAWALS = ("page", "stop", "number", "staff")
OFF, BY_DAY, ALWAYS = TEXT_ALERTS = ("off", "day", "always")
ARRIVAL_NEAR, ALERT_TEXTED = TEXT_EVENTS = ("arrival.near", "alert.texted")


class TextConsent(Model):
    """Somebody has agreed to text messages: to which number, for what, when and where; and when that ended, and how.

    An account's, or that of whoever stays with an order, as they have told the desk; one of each stands at a time. What
    has ended is kept as proof for as long as they are known, three years at most.
    """

    __tablename__ = "text_consents"
    __table_args__ = (
        CheckConstraint(one_of("given_where", CONSENT_PLACES), name="place_known"),
        CheckConstraint(one_of("withdrawn_how", WITHDRAWALS), name="withdrawal_known"),
        CheckConstraint(one_of("alerts", TEXT_ALERTS), name="alerts_known"),
        CheckConstraint(r"number ~ '^\+[1-9][0-9]{6,14}$'", name="number_e164"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_how IS NULL)", name="withdrawal_complete"),
        CheckConstraint("num_nonnulls(user_id, order_id) = 1", name="somebodys"),
        Index("uq_text_consents_standing", "user_id", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        Index(
            "uq_text_consents_standing_order", "order_id", unique=True, postgresql_where=text("withdrawn_at IS NULL")
        ),
        Index("ix_text_consents_user_id", "user_id"),
        Index("ix_text_consents_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_text_consents_number", "number"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(16))
    arrivals: Mapped[bool] = mapped_column(server_default="false")  # what they need before their own stays
    alerts: Mapped[str] = mapped_column(String(8), server_default=OFF)  # of the house, for who works in it
    given_where: Mapped[str] = mapped_column(String(8))
    given_at: Mapped[CreatedAt]
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_how: Mapped[str | None] = mapped_column(String(8))


class SentText(Model):
    """One text message, written when it was composed; `sent_at` says when the provider took it, under `reference`.

    It goes with its event, after 30 days (90 where it was given up), and with whoever it was for. What the provider
    has told of it since: `delivered_at`, or `failed_at` with its code.
    """

    __tablename__ = "sent_texts"
    __table_args__ = (
        CheckConstraint("segments > 0", name="segments_positive"),
        CheckConstraint("num_nonnulls(user_id, booking_id) > 0", name="to_somebody"),
        Index("ix_sent_texts_property_id", "property_id", "event_id"),
        Index("ix_sent_texts_booking_id", "booking_id"),
        Index("ix_sent_texts_user_id", "user_id"),
        Index("ix_sent_texts_number", "number", "event_id"),
        {"info": REGIONAL},
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))  # the type of the event that it tells of
    # None: it went to whoever stays, whom the house knows by the contact of the order.
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    booking_id: Mapped[uuid.UUID | None]  # that it is about; no foreign key: it goes with its event
    property_id: Mapped[uuid.UUID | None]
    number: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    segments: Mapped[int]
    provider: Mapped[str | None] = mapped_column(String(16))
    reference: Mapped[str | None] = mapped_column(String(64))
    sent_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    delivered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    failed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    code: Mapped[str | None] = mapped_column(String(16))


class ToldArrival(Model):
    """The guest of an order has been told, or is being told, what they need on that day: once."""

    __tablename__ = "told_arrivals"
    __table_args__ = (Index("ix_told_arrivals_check_in", "check_in"), {"info": REGIONAL})

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    check_in: Mapped[dt.date] = mapped_column(primary_key=True)
