"""The audit log, and the keys without which what it says about persons cannot be read."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import Id
from booking.infra.db import Model
from booking.infra.homes import EACH, REGIONAL


class AuditRecord(Model):
    """One change by staff, a program or the system. Added, never changed: Postgres refuses UPDATE, DELETE and TRUNCATE.

    A partition per year; the database's owner drops one when its year need not be kept any more (docs/operating.md).
    Nothing refers to other tables: the log outlives them.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("sealed IS NULL OR person_id IS NOT NULL", name="sealed_is_somebodys"),
        Index("ix_audit_log_subject", "subject", "id"),
        Index("ix_audit_log_actor_id", "actor_id", "id", postgresql_where=text("actor_id IS NOT NULL")),
        Index("ix_audit_log_person_id", "person_id", "id", postgresql_where=text("person_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (at)", "info": EACH},
    )

    id: Mapped[Id]
    at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), primary_key=True, server_default=func.clock_timestamp()
    )
    actor: Mapped[str] = mapped_column(String(255))
    actor_id: Mapped[uuid.UUID | None]  # the account, where it is a person's
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255))  # a TypeID, or the name of what has none
    before: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    person_id: Mapped[uuid.UUID | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # what it says about the person, under their key
    door: Mapped[str] = mapped_column(String(160), default="", server_default="")  # page, endpoint, command or program
    request_id: Mapped[str] = mapped_column(String(64), default="", server_default="")


class PersonKey(Model):
    """What opens a person's values in the audit log; none where the person was erased, and stays so."""

    __tablename__ = "person_keys"
    __table_args__ = (
        CheckConstraint("(key IS NULL) = (destroyed_at IS NOT NULL)", name="kept_or_destroyed"),
        {"info": REGIONAL},
    )

    # No foreign key: whoever erases an account holds its row, and would wait for whoever makes its key.
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
