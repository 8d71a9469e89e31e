"""What is wrong in the house, one row for each cause from its beginning to its end."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import Id, Instant, Json, one_of
from booking.domain.people import ALERT_KINDS
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class Alert(Model):
    """Open while its cause lasts. `cause` is what is wrong, after a colon where; `facts` are what words name of it.

    `seen_at`: when the cause was last there; `told_at`: when its readers were last told of it.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint(one_of("kind", ALERT_KINDS), name="kind_known"),
        CheckConstraint("cause <> ''", name="cause_given"),
        Index("uq_alerts_open", "cause", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_alerts_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(255))
    property_id: Mapped[uuid.UUID | None]
    facts: Mapped[Json]
    opened_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    told_at: Mapped[Instant]
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def code(self) -> str:
        """What is wrong, as words know it."""
        return self.cause.partition(":")[0]
