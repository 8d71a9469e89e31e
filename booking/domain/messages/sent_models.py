"""Emails as they were sent: to whom, and in which words."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import Instant
from booking.infra.db import Model
from booking.infra.homes import EACH, REGIONAL

LONGEST_CODE = 64
COMPLAINT = "complaint"  # the code of one that was called spam


class SentEmail(Model):
    """One email, written when it was composed: `sent_at` says when the mail server took it, if it did.

    It goes with its event, after 30 days (90 where it was given up), and with whoever it was for. Links in its text
    that open something are hidden. What the mail provider has told of it since: `bounced_at` with a short code,
    `delivered_at`.
    """

    __tablename__ = "sent_emails"
    __table_args__ = (
        Index("ix_sent_emails_property_id", "property_id", "event_id"),
        Index("ix_sent_emails_booking_id", "booking_id"),
        Index("ix_sent_emails_to_key", "to_key", "event_id"),
        Index("ix_sent_emails_bounced", "property_id", "event_id", postgresql_where=text("bounced_at IS NOT NULL")),
        {"info": REGIONAL},
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))  # the type of the event that it tells of
    booking_id: Mapped[uuid.UUID | None]  # that it is about; no foreign key: it goes with its event
    property_id: Mapped[uuid.UUID | None]
    to_address: Mapped[str] = mapped_column(String(320))
    to_key: Mapped[str] = mapped_column(String(320))  # by which an address is somebody's
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    delivered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    bounced_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    bounce_code: Mapped[str | None] = mapped_column(String(LONGEST_CODE))


class HeardReport(Model):
    """Something that a mail provider has told, under its name and own id: told again, it is the same."""

    __tablename__ = "heard_mail_reports"
    __table_args__ = (Index("ix_heard_mail_reports_heard_at", "heard_at"), {"info": EACH})

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    heard_at: Mapped[Instant]
