"""Refunds that the house has decided otherwise than the policy. They belong to a region."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, Amount, CreatedAt, Currency
from booking.domain.money import check_sql
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class RefundDecision(Model):
    """Of a cancelled booking: `refund` is what was to come back, `by_policy` what would have. Never changed."""

    __tablename__ = "refund_decisions"
    __table_args__ = (
        CheckConstraint("refund >= 0 AND by_policy >= 0 AND refund <> by_policy", name="amounts_differ"),
        CheckConstraint(f"{check_sql('refund')} AND {check_sql('by_policy')}", name="amounts_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        {"info": REGIONAL},
    )

    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True)
    refund: Mapped[Amount]
    by_policy: Mapped[Amount]
    currency: Mapped[Currency]
    reason: Mapped[str] = mapped_column(String(255))
    decided_by: Mapped[str] = mapped_column(String(255))  # the actor
    created_at: Mapped[CreatedAt]
