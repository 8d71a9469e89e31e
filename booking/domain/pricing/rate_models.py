"""Rate rules and what was decided by them. Versions are added and ended, never changed: a trigger sees to it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, Instant, Json, Name, one_of
from booking.domain.pricing.rule_terms import KINDS
from booking.infra.db import Model
from booking.infra.homes import GLOBAL


class RateRule(Model):
    """One version of a rule, in force from the property's rates version `since` until before `until`."""

    __tablename__ = "rate_rules"
    __table_args__ = (
        UniqueConstraint("rule_id", "version"),
        CheckConstraint(one_of("kind", KINDS), name="kind_known"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("num_nonnulls(room_kind, room_id) <= 1", name="one_scope"),
        CheckConstraint("last_day >= first_day", name="days_in_order"),
        CheckConstraint("weekdays <@ '{1,2,3,4,5,6,7}' AND cardinality(weekdays) > 0", name="weekdays_known"),
        CheckConstraint("version >= 1 AND since >= 1 AND until > since", name="versions_in_order"),
        CheckConstraint("num_nulls(until, ended_at, ended_by) IN (0, 3)", name="end_complete"),
        Index("ix_rate_rules_property_id", "property_id", "since"),
        Index("uq_rate_rules_in_force", "rule_id", unique=True, postgresql_where=text("until IS NULL")),
        {"info": GLOBAL},
    )

    id: Mapped[Id]
    rule_id: Mapped[uuid.UUID]
    version: Mapped[int]
    property_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("properties.id"))
    room_kind: Mapped[str | None] = mapped_column(String(120))
    room_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rooms.id"))
    unit_group_id: Mapped[uuid.UUID | None]  # of the room when the rule was made: it is for all units alike
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[Name]
    priority: Mapped[int]
    first_day: Mapped[dt.date | None]
    last_day: Mapped[dt.date | None]
    weekdays: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    terms: Mapped[Json]
    since: Mapped[int]
    until: Mapped[int | None]
    made_by: Mapped[str] = mapped_column(String(255))
    made_at: Mapped[CreatedAt]
    ended_by: Mapped[str | None] = mapped_column(String(255))
    ended_at: Mapped[Instant | None]


class RateDecision(Model):
    """What a dynamic rule has decided about a night, with what it was made from; in force as a rule's version is."""

    __tablename__ = "rate_decisions"
    __table_args__ = (
        CheckConstraint("percent BETWEEN -90 AND 500", name="percent_within"),
        CheckConstraint("since >= 1 AND until > since", name="versions_in_order"),
        Index("ix_rate_decisions_property_id", "property_id", "night"),
        Index("uq_rate_decisions_in_force", "rule_id", "night", unique=True, postgresql_where=text("until IS NULL")),
        {"info": GLOBAL},
    )

    id: Mapped[Id]
    property_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("properties.id"))
    rule_id: Mapped[uuid.UUID]
    rule_version: Mapped[int]
    night: Mapped[dt.date]
    percent: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    inputs: Mapped[Json]
    since: Mapped[int]
    until: Mapped[int | None]
    made_at: Mapped[CreatedAt]
