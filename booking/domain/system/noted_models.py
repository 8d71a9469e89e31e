"""What the system last noted of itself, so that a page need not wait for far-away places."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import Instant, Json
from booking.infra.db import Model
from booking.infra.homes import EACH


class NotedFacts(Model):
    """The newest of each sort: what the archive holds, how the last drill went, what the doctor found."""

    __tablename__ = "noted_facts"
    __table_args__ = (CheckConstraint("name <> ''", name="named"), {"info": EACH})

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    facts: Mapped[Json]
    noted_at: Mapped[Instant]
