"""Links that were mailed. The secret of none of them is here: it is made from the row's id (domain/links.py)."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, Instant, Name
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class MailedLink(Model):
    """At most one per account and kind. Asked for again while it is good, the same link is mailed again.

    `mails` of them in a row, the last at `mailed_at` (none: when it was created), each less than a day after another.
    """

    __abstract__ = True

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Instant]
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    mails: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    mailed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class PasswordReset(MailedLink):
    """By which a user may set a new password."""

    __tablename__ = "password_resets"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="lasts"), {"info": REGIONAL})


class EmailVerification(MailedLink):
    """By which a user shows that the account's address is theirs. `email_key` is that address at the time."""

    __tablename__ = "email_verifications"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="lasts"), {"info": REGIONAL})

    email_key: Mapped[str] = mapped_column(String(255))


class EmailChange(Model):
    """From one address to another: nothing happens before both mailboxes confirm; the old one may stop or undo it.

    The old one is asked where it is known to be read (`asks_old`). `session_id` is the sign-in that asked for it.
    `confirmed_at` is when the address changed. `keeps_until` ends the time in which it can be undone: until then nobody
    else gets the old address. Only one of a user's changes is open.
    """

    __tablename__ = "email_changes"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="lasts"),
        CheckConstraint("(keeps_until IS NULL) = (confirmed_at IS NULL)", name="confirmed_can_be_undone"),
        Index(
            "uq_email_changes_open",
            "user_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NULL AND stopped_at IS NULL"),
        ),
        Index("ix_email_changes_user_id", "user_id", "created_at"),
        Index("ix_email_changes_old_email_key", "old_email_key", postgresql_where=text("confirmed_at IS NOT NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID]
    old_email: Mapped[Name]
    old_email_key: Mapped[str] = mapped_column(String(255))
    new_email: Mapped[Name]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Instant]
    asks_old: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    new_confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    old_confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    keeps_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    stopped_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class Farewell(Model):
    """The address of a deleted account, until its owner was told; a day at most."""

    __tablename__ = "farewells"
    __table_args__ = {"info": REGIONAL}  # noqa: RUF012 as SQLAlchemy reads it

    id: Mapped[Id]
    email: Mapped[Name]
    created_at: Mapped[CreatedAt]
