"""What the whole copy is told: that it is closed for maintenance."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, DateTime, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import Instant
from booking.infra.db import Model
from booking.infra.homes import EACH

ONLY = 1  # the id of the only row


class MaintenanceMode(Model):
    """The house is closed to guests from `begins_at` on, until this row is gone; `until` is what guests are told."""

    __tablename__ = "maintenance_mode"
    __table_args__ = (
        CheckConstraint(f"id = {ONLY}", name="only_one"),
        CheckConstraint("notice <> ''", name="notice_given"),
        CheckConstraint("until > begins_at", name="in_order"),
        {"info": EACH},
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    begins_at: Mapped[Instant]
    until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    notice: Mapped[str] = mapped_column(String(500))
    time_zone: Mapped[str] = mapped_column(String(64))  # in which guests read the two
