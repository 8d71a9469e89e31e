"""How far we have looked through what a provider has refunded and what was disputed there. It belongs to a region."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, DateTime, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import UpdatedAt, one_of
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

REFUNDS, DISPUTES = LOOKED_FOR = ("refunds", "disputes")


class ProviderLook(Model):
    """One row for each provider and kind. What was made there before `looked_until` is known, as far as it was decided.

    `attempts` counts looks that did not come to their end, since the last one that did; `error` says why.
    """

    __tablename__ = "provider_looks"
    __table_args__ = (
        CheckConstraint(one_of("kind", LOOKED_FOR), name="kind_known"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        {"info": REGIONAL},
    )

    provider: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    looked_until: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    next_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[UpdatedAt]
