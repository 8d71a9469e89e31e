"""Properties and their rooms. Global: every region sees the same."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.domain.columns import (
    CURRENCY_CODE,
    LOCATION_SLUG,
    CreatedAt,
    Currency,
    Id,
    Instant,
    Json,
    JsonList,
    Name,
    UpdatedAt,
    one_of,
)
from booking.domain.money import check_sql
from booking.infra.db import Model
from booking.infra.homes import GLOBAL

# When a stay is invoiced: once it is confirmed, when its guest checks out, or when somebody asks for it.
INVOICE_TIMES = AT_CONFIRMATION, AT_CHECK_OUT, ON_REQUEST = ("confirmation", "check_out", "request")
BABIES_UNDER = 2  # at this age a child needs a place; where a house says nothing else
DEMO = "demo"  # the source of the rooms that come with the product


class Property(Model):
    """A house, hotel or host. Its time zone says what "today" is, its currency what rooms cost in."""

    __tablename__ = "properties"
    __table_args__ = (
        UniqueConstraint("id", "location", "currency"),  # what rooms copy, so that the copy cannot differ
        CheckConstraint(LOCATION_SLUG, name="location_slug"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint("name <> '' AND time_zone <> ''", name="named"),
        CheckConstraint(one_of("invoice_at", INVOICE_TIMES), name="invoice_at_known"),
        CheckConstraint("babies_under BETWEEN 0 AND 17", name="babies_are_children"),
        {"info": GLOBAL},
    )

    id: Mapped[Id]
    name: Mapped[Name]
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    location: Mapped[str] = mapped_column(String(120))
    address: Mapped[Json]
    time_zone: Mapped[str] = mapped_column(String(64))
    currency: Mapped[Currency]
    check_in_time: Mapped[dt.time] = mapped_column(default=dt.time(15, 0))
    check_out_time: Mapped[dt.time] = mapped_column(default=dt.time(11, 0))
    babies_under: Mapped[int] = mapped_column(SmallInteger, default=BABIES_UNDER, server_default=str(BABIES_UNDER))
    legal_name: Mapped[Name]
    tax_number: Mapped[str | None] = mapped_column(String(64))  # as invoices state it
    invoice_at: Mapped[str] = mapped_column(String(16), default=AT_CONFIRMATION, server_default=AT_CONFIRMATION)
    contact_email: Mapped[str | None] = mapped_column(String(255))
    contact_phone: Mapped[str | None] = mapped_column(String(32))
    house_rules: Mapped[str] = mapped_column(Text, default="", server_default="")
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    archived_at: Mapped[Instant | None]  # its rooms are unpublished then
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    # Counts every change of its rate rules and of what they decide; 0: rooms cost their own price.
    rates_version: Mapped[int] = mapped_column(default=0, server_default="0")
    photos: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))  # as of rooms
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Room(Model):
    """What a guest books. `location` and `currency` are the property's, copied for the index that search reads."""

    __tablename__ = "rooms"
    __table_args__ = (
        ForeignKeyConstraint(
            ["property_id", "location", "currency"],
            ["properties.id", "properties.location", "properties.currency"],
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["unit_group_id", "property_id"], ["unit_groups.id", "unit_groups.property_id"]),
        UniqueConstraint("source", "source_id"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("capacity BETWEEN 1 AND 1000", name="capacity_positive"),
        CheckConstraint("min_nights >= 1 AND max_nights >= min_nights", name="stay_limits"),
        CheckConstraint("price_per_night IS NULL OR price_per_night > 0", name="price_positive"),
        CheckConstraint(check_sql("price_per_night"), name="price_decimals"),
        CheckConstraint("NOT published OR price_per_night IS NOT NULL", name="published_has_price"),
        CheckConstraint("(source IS NULL) = (source_id IS NULL)", name="source_complete"),
        CheckConstraint("archived_at IS NULL OR NOT published", name="archived_is_hidden"),
        CheckConstraint("size_m2 > 0", name="size_positive"),
        # The order of a results page, so that reading stops after one page.
        Index(
            "ix_rooms_cards",
            "location",
            "price_per_night",
            "id",
            postgresql_include=["capacity", "min_nights", "max_nights", "unit_group_id", "is_whole"],
            postgresql_where=text("published AND listed"),
        ),
        # For counting where no room is a unit or a whole; all units of a group are counted by the other one.
        Index(
            "ix_rooms_plain",
            "location",
            "price_per_night",
            "id",
            postgresql_include=["capacity", "min_nights", "max_nights", "terms_id"],
            postgresql_where=text("published"),
        ),
        Index(
            "ix_rooms_counted",
            "location",
            "price_per_night",
            "id",
            postgresql_include=["capacity", "min_nights", "max_nights", "terms_id", "unit_group_id", "is_whole"],
            postgresql_where=text("published"),
        ),
        Index(
            "ix_rooms_units_and_wholes",
            "location",
            postgresql_where=text("published AND (unit_group_id IS NOT NULL OR is_whole)"),
        ),
        Index(
            "ix_rooms_units",
            "unit_group_id",
            "id",
            postgresql_include=["published", "is_whole"],
            postgresql_where=text("unit_group_id IS NOT NULL"),
        ),
        Index(
            "uq_rooms_listed_unit",
            "unit_group_id",
            unique=True,
            postgresql_where=text("listed AND unit_group_id IS NOT NULL"),
        ),
        Index("ix_rooms_amenities", "amenities", postgresql_using="gin"),
        Index("ix_rooms_words", "words", postgresql_using="gin", postgresql_ops={"words": "gin_trgm_ops"}),
        Index("ix_rooms_property_id", "property_id"),
        Index("ix_rooms_rated", "location", postgresql_where=text("rated")),
        {"info": GLOBAL},
    )

    id: Mapped[Id]
    property_id: Mapped[uuid.UUID]
    kind: Mapped[str | None] = mapped_column(String(120))
    unit_group_id: Mapped[uuid.UUID | None]  # of identical units (unit_models.py)
    # Triggers keep both: the first published unit stands for its group in searches; a whole contains other rooms.
    listed: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    is_whole: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # Rules of its property are for it, and a projection says what they make of it (pricing/projection.py).
    rated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # The set of terms that its stays are held to there; 0 of a room without rules.
    terms_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    name: Mapped[Name]
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    location: Mapped[str] = mapped_column(String(120))
    currency: Mapped[Currency]
    capacity: Mapped[int]
    beds: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))  # as beds.py has them
    size_m2: Mapped[int | None]
    price_per_night: Mapped[Decimal | None] = mapped_column(Numeric(15, 3))
    amenities: Mapped[list[str]] = mapped_column(ARRAY(String(120)), default=list, server_default="{}")
    images: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))  # imported, elsewhere
    # Kept by a trigger of the table `photos`: those that are ready, in their order.
    photos: Mapped[JsonList] = mapped_column(default=list, server_default=text("'[]'"))
    min_nights: Mapped[int] = mapped_column(default=1, server_default="1")
    max_nights: Mapped[int] = mapped_column(default=30, server_default="30")
    cancellation_policy: Mapped[Json]
    published: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[Instant | None]
    source: Mapped[str | None] = mapped_column(String(64))
    source_id: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    # Kept by a trigger, folded: what a search looks into, and the order by name.
    words: Mapped[str | None] = mapped_column(Text, server_default=FetchedValue(), server_onupdate=FetchedValue())
    sort_name: Mapped[str | None] = mapped_column(Text, server_default=FetchedValue(), server_onupdate=FetchedValue())

    property: Mapped[Property] = relationship(
        lazy="raise", viewonly=True, primaryjoin="Room.property_id == Property.id"
    )


class RoomSheet(Model):
    """A file of rooms that somebody has uploaded to be looked at; the next one takes its place. Deleted after a day.

    Without content once it has been imported.
    """

    __tablename__ = "room_sheets"
    __table_args__ = (UniqueConstraint("uploaded_by"), {"info": GLOBAL})

    id: Mapped[Id]
    file_name: Mapped[str] = mapped_column(String(255))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by: Mapped[str] = mapped_column(String(255))  # the actor
    created_at: Mapped[CreatedAt]
