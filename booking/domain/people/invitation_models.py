"""Who was asked to work at a house, and has not come yet or has."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.actors import Role
from booking.domain.columns import CreatedAt, Id, Instant, Name, one_of
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class Invitation(Model):
    """For the account with this address, there already or made later. Its link's secret is stored nowhere.

    It counts for as long as whoever invited may still give the role.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint(one_of("role", tuple(role.value for role in Role)), name="role_known"),
        CheckConstraint("expires_at > created_at", name="lasts"),
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="ended_once"),
        Index("ix_invitations_email_key", "email_key"),
        Index(
            "ix_invitations_open", "property_id", postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL")
        ),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    email: Mapped[Name]
    email_key: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    property_id: Mapped[uuid.UUID | None]  # none: all; no foreign key, as in memberships of another home
    invited_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Instant]
    accepted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
