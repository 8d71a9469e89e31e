"""What of the house somebody wants to be told by email."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import one_of
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

MONEY, EMAILS, SYSTEM, BACKUPS, BOOKINGS, MESSAGES = ALERT_KINDS = (
    "money",
    "emails",
    "system",
    "backups",
    "bookings",
    "messages",
)
OFF, AT_ONCE, DAILY = ALERT_WAYS = ("off", "at_once", "daily")


class AlertChoice(Model):
    """One person's choice for one kind; without one, the usual counts.

    `told_until` is the event up to which they have been told of bookings or messages, `told_at` when they last were.
    """

    __tablename__ = "alert_choices"
    __table_args__ = (
        CheckConstraint(one_of("kind", ALERT_KINDS), name="kind_known"),
        CheckConstraint(one_of("how", ALERT_WAYS), name="how_known"),
        {"info": REGIONAL},
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    how: Mapped[str] = mapped_column(String(8))
    told_until: Mapped[uuid.UUID]
    told_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class FiguresReader(Model):
    """Somebody who wants the week's figures; `told_on` is the Monday of the last email, or of when they chose it."""

    __tablename__ = "figures_readers"
    __table_args__ = ({"info": REGIONAL},)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    told_on: Mapped[dt.date]
