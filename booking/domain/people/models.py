"""Users and their sign-ins. Both belong to a region."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.actors import Role
from booking.domain.columns import CreatedAt, Id, Instant, Name, UpdatedAt, one_of
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

ROLES = ("guest", "staff", "owner")
SESSION_KINDS = ("web", "api")


class User(Model):
    """A person with an account. `email` is what they typed (NFKC), `email_key` what makes it theirs alone.

    A deleted account keeps its row for the bookings that refer to it, and nothing of the person.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email_key = lower(email_key) AND position('@' in email_key) > 1", name="email_key_normalised"),
        CheckConstraint(one_of("role", ROLES), name="role_known"),
        CheckConstraint("full_name <> '' AND region <> ''", name="named"),
        Index(
            "ix_users_email_undeliverable",
            "email_undeliverable_at",
            postgresql_where=text("email_undeliverable_at IS NOT NULL"),
        ),
        Index(
            "ix_users_words",
            text("folded(full_name || ' ' || email) gin_trgm_ops"),
            postgresql_using="gin",
        ),
        CheckConstraint("deleted_at IS NULL OR disabled_at IS NOT NULL", name="deleted_is_disabled"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    email: Mapped[Name]
    email_key: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))  # none: signs in by link
    full_name: Mapped[Name]
    role: Mapped[str] = mapped_column(String(16), default="guest")  # what the memberships come to, see memberships.py
    region: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(16), default="en", server_default="en")
    # When a mail server first refused this address for good, and its code; none: mails arrive.
    email_undeliverable_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    email_undeliverable_code: Mapped[str | None] = mapped_column(String(32))
    email_verified_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class StaffMembership(Model):
    """What somebody is in a house: the one source of what staff may do. One role per person and property."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint(one_of("role", tuple(Role)), name="role_known"),
        # Also what is looked up by: the memberships of a person.
        UniqueConstraint("user_id", "property_id", postgresql_nulls_not_distinct=True),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    property_id: Mapped[uuid.UUID | None]  # none: all; no foreign key, properties have another home than people
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[CreatedAt]


class Session(Model):
    """One sign-in, by browser or API. Cookie and access token carry its id; ending it ends both."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(one_of("kind", SESSION_KINDS), name="kind_known"),
        CheckConstraint("(kind = 'api') = (refresh_hash IS NOT NULL)", name="api_has_refresh_token"),
        CheckConstraint("previous_refresh_hash IS DISTINCT FROM refresh_hash OR refresh_hash IS NULL", name="rotated"),
        Index("ix_sessions_user_id_live", "user_id", postgresql_where=text("ended_at IS NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    client: Mapped[str] = mapped_column(String(255), default="", server_default="")
    refresh_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    previous_refresh_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[Instant]
    # When somebody last proved that they are the account's owner; none: when it was created.
    authenticated_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    # When they proved it by a second factor; none: by the password alone.
    second_factor_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    # When the refresh token was last exchanged, and what marks every token of this session as one that was given out.
    rotated_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    refresh_seed: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class SecurityEvent(Model):
    """Something about who may sign in: kept for a stated time, then deleted. Never a secret or a typed address.

    Where nobody has the address that was typed, `user_id` is none and `account` a keyed hash of it.
    """

    __tablename__ = "security_events"
    __table_args__ = (
        Index("ix_security_events_user_id_at", "user_id", "at"),
        Index("ix_security_events_at", "at"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    kind: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    account: Mapped[str] = mapped_column(String(64), default="", server_default="")
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")
    network: Mapped[str] = mapped_column(
        String(64), default="", server_default=""
    )  # the address's /64, as limits count
    client: Mapped[str] = mapped_column(String(255), default="", server_default="")
    request_id: Mapped[str] = mapped_column(String(64), default="", server_default="")
