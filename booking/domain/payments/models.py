"""Payments: one row per attempt to charge a booking or to give money back. They belong to a region."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, Amount, CreatedAt, Currency, Id, UpdatedAt, one_of
from booking.domain.money import check_sql
from booking.infra.db import Model

CHARGE, REFUND = PAYMENT_KINDS = ("charge", "refund")
STARTED, SUCCEEDED, FAILED, UNKNOWN = PAYMENT_STATES = ("started", "succeeded", "failed", "unknown")
OPEN = (STARTED, UNKNOWN)  # nobody knows yet whether the money has moved
LIVE = (*OPEN, SUCCEEDED)


class Payment(Model):
    """One attempt to move money. Its id is the provider's idempotency key."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(one_of("kind", PAYMENT_KINDS), name="kind_known"),
        CheckConstraint(one_of("state", PAYMENT_STATES), name="state_known"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint("state <> 'succeeded' OR provider_reference IS NOT NULL", name="success_has_reference"),
        CheckConstraint("(kind = 'charge') = (method IS NOT NULL)", name="charge_has_method"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        CheckConstraint("charge_id IS NULL OR kind = 'refund'", name="only_refund_has_charge"),
        # Neither two charges nor two refunds of one booking can be under way or done.
        Index(
            "uq_payments_live",
            "booking_id",
            "kind",
            unique=True,
            postgresql_where=text("state IN ('started', 'unknown', 'succeeded')"),
        ),
        Index("ix_payments_due", "next_at", postgresql_where=text("state IN ('started', 'unknown')")),
        Index(
            "ix_payments_declined_refunds",
            "booking_id",
            postgresql_where=text("kind = 'refund' AND state = 'failed'"),
        ),
        Index("ix_payments_booking_id", "booking_id"),
    )

    id: Mapped[Id]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id"))
    kind: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    state: Mapped[str] = mapped_column(String(16), default=STARTED)
    method: Mapped[str | None] = mapped_column(String(255))
    provider: Mapped[str] = mapped_column(String(32))
    provider_reference: Mapped[str | None] = mapped_column(String(255))
    failure: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)  # why it failed or is still open, for operators
    charge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments.id"))  # what a refund gives back
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")  # times that recovery asked
    next_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # then recovery may ask
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
