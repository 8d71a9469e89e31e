"""Whom the invoices of an order are to be made out to, as its guest or staff has said. It belongs to a region."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import UpdatedAt
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class OrderBilling(Model):
    """What differs from the guest's own name. It goes with the order's contact; what was issued keeps its own copy."""

    __tablename__ = "order_billing"
    __table_args__ = ({"info": REGIONAL},)

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(255))
    company: Mapped[str | None] = mapped_column(String(255))
    street: Mapped[str | None] = mapped_column(String(255))
    postal_code: Mapped[str | None] = mapped_column(String(32))
    city: Mapped[str | None] = mapped_column(String(255))
    country: Mapped[str | None] = mapped_column(String(120))
    vat_number: Mapped[str | None] = mapped_column(String(64))
    updated_at: Mapped[UpdatedAt]
