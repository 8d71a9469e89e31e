"""Promotions: codes that take something off a stay. Each region has its own, beside the bookings that use them."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, SmallInteger, String, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, CreatedAt, Id, Instant, Name, UpdatedAt
from booking.domain.money import check_sql
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class Promotion(Model):
    """What a code takes off, for whom and when. Its uses are the bookings that stand and name it.

    Days are the properties' own, all included; `stays_to` is the last night. No property is all of them. It lives in a
    region, so no booking asks another one: where regions share a code, each has its part of the limit.
    """

    __tablename__ = "promotions"
    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z0-9_-]{3,40}$'", name="code_plain"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("num_nonnulls(percent, amount) = 1", name="percent_or_amount"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_within"),
        CheckConstraint("(amount IS NULL) = (currency IS NULL) AND amount > 0", name="amount_has_currency"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        CheckConstraint("valid_to >= valid_from", name="use_in_order"),
        CheckConstraint("stays_to >= stays_from", name="stays_in_order"),
        CheckConstraint("min_nights BETWEEN 1 AND 365", name="min_nights_within"),
        CheckConstraint("most_uses >= 1 AND most_per_guest >= 1", name="limits_positive"),
        Index("uq_promotions_code", "code", unique=True, postgresql_where=text("ended_at IS NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[Name]
    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(15, 3))
    currency: Mapped[str | None] = mapped_column(String(3))
    property_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    min_nights: Mapped[int | None] = mapped_column(SmallInteger)
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]
    stays_from: Mapped[dt.date | None]
    stays_to: Mapped[dt.date | None]
    most_uses: Mapped[int | None]
    most_per_guest: Mapped[int | None]
    ended_at: Mapped[Instant | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
