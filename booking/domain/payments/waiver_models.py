"""What the house lets guests off of what they owe. It belongs to a region."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, Amount, CreatedAt, Currency, Id
from booking.domain.money import check_sql
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class Waiver(Model):
    """An entry is never changed: one made by mistake is taken back by another, which names it (`corrects_id`).

    A trigger adds them up in the order (`waived`), in the same transaction.
    """

    __tablename__ = "waivers"
    __allow_unmapped__ = True
    entered_already: dt.datetime | None = None  # kept nowhere: of what a verb returns that found the same entry
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        Index("ix_waivers_order_id", "order_id"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    reason: Mapped[str] = mapped_column(String(255))
    recorded_by: Mapped[str] = mapped_column(String(255))  # the actor
    corrects_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("waivers.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[CreatedAt]
