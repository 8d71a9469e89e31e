"""How an order is paid in steps: a deposit when it is booked, the rest by a later day. It belongs to a region."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, CreatedAt, Currency, Id, Instant, UpdatedAt, one_of
from booking.domain.money import check_sql
from booking.domain.payments.models import BALANCE, DEPOSIT
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class ScheduledPayment(Model):
    """One step. The last one has no amount: it is whatever is owed by then, so changes and cancellations fit by
    themselves. What is paid covers the steps in their order.
    """

    __tablename__ = "payment_schedule"
    __table_args__ = (
        UniqueConstraint("order_id", "position", name="uq_payment_schedule_order_id_position"),
        CheckConstraint(one_of("purpose", (DEPOSIT, BALANCE)), name="purpose_known"),
        CheckConstraint("(purpose = 'balance') = (amount IS NULL)", name="balance_is_the_rest"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint("position >= 0", name="position_counted"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        CheckConstraint("next_at IS NULL OR purpose = 'balance'", name="only_balance_is_charged"),
        CheckConstraint(
            "purpose = 'balance' OR (cancel_after IS NULL AND cancel_at IS NULL)", name="only_balance_is_cancelled"
        ),
        Index("ix_payment_schedule_cancel_at", "cancel_at", postgresql_where=text("cancel_at IS NOT NULL")),
        Index("ix_payment_schedule_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    purpose: Mapped[str] = mapped_column(String(8))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(15, 3))
    currency: Mapped[Currency]
    due_at: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")  # times that the worker has tried to charge it
    next_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # then it tries; none: never again
    told_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # its guest, that it was declined
    # So many days after that the stay is cancelled by its policy unless it is paid; none: staff decides.
    cancel_after: Mapped[int | None] = mapped_column(SmallInteger)
    cancel_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # then; none: not, or not any more
    reminded_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # its guest, before it is charged
    # The worker's last charge for it. No foreign key: making one would lock the payments that guests are making.
    charge_id: Mapped[uuid.UUID | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
