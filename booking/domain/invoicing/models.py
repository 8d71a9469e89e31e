"""Invoices and credit notes: numbered by the database, never changed, never deleted. They belong to a region."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, Amount, CreatedAt, Currency, Id, Json, JsonList, one_of
from booking.domain.money import check_sql
from booking.domain.pricing import LINE_KINDS
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

INVOICE, CREDIT_NOTE = INVOICE_KINDS = ("invoice", "credit_note")


class InvoiceIssuer(Model):
    """A legal entity that sells here: the same one by its tax number, or by its name where it has said none."""

    __tablename__ = "invoice_issuers"
    __table_args__ = (
        UniqueConstraint("tax_key"),
        Index("ix_invoice_issuers_name_key", "name_key"),
        {"info": REGIONAL},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    tax_key: Mapped[str | None] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]


class InvoiceSeries(Model):
    """The last number of a legal entity in a region and year. Only the trigger that numbers invoices writes it."""

    __tablename__ = "invoice_series"
    __table_args__ = (CheckConstraint("last >= 1", name="last_positive"), {"info": REGIONAL})

    issuer_id: Mapped[int] = mapped_column(ForeignKey("invoice_issuers.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(16), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    last: Mapped[int]


class Invoice(Model):
    """A document as it was issued: by whom, about which stays, what was paid by then. A credit note names its invoice.

    `total` is the sum of its lines, of a credit note as of an invoice above 0; a total holds the taxes that are
    `included` in other lines. Number and reference are the trigger's.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("issuer_id", "region", "year", "number", name="uq_invoices_number"),
        UniqueConstraint("reference"),
        CheckConstraint(one_of("kind", INVOICE_KINDS), name="kind_known"),
        CheckConstraint("(kind = 'credit_note') = (credits_id IS NOT NULL)", name="credit_has_invoice"),
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint("paid >= 0 AND due >= 0", name="sums_not_negative"),
        CheckConstraint(" AND ".join(map(check_sql, ("total", "paid", "due"))), name="decimals"),
        Index("ix_invoices_order_id", "order_id", "id"),
        Index("ix_invoices_property_id", "property_id", "id"),
        Index("ix_invoices_credits_id", "credits_id", postgresql_where=text("credits_id IS NOT NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    issuer_id: Mapped[int] = mapped_column(ForeignKey("invoice_issuers.id"))
    region: Mapped[str] = mapped_column(String(16))
    year: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int] = mapped_column(server_default="0")
    reference: Mapped[str] = mapped_column(String(64), server_default="")
    kind: Mapped[str] = mapped_column(String(16))
    credits_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invoices.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    property_id: Mapped[uuid.UUID]  # no foreign key: properties are global
    issued_on: Mapped[dt.date]
    currency: Mapped[Currency]
    total: Mapped[Amount]
    paid: Mapped[Amount]  # of the order, less what went back, when it was issued
    due: Mapped[Amount]  # of this document then; 0 of a credit note
    seller: Mapped[Json]
    stays: Mapped[JsonList]
    payments: Mapped[JsonList]
    locale: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(255))  # of a correction, as staff has said it
    issued_by: Mapped[str] = mapped_column(String(255))  # the actor
    created_at: Mapped[CreatedAt]

    @property
    def is_credit_note(self) -> bool:
        return self.kind == CREDIT_NOTE

    @property
    def net(self) -> Decimal:
        """What it adds to what was sold: below 0 of a credit note."""
        return -self.total if self.is_credit_note else self.total


class InvoiceLine(Model):
    """A line of a booking's price, as the booking had it (`line`); of a credit note, a line that is taken back."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        CheckConstraint(one_of("kind", LINE_KINDS), name="kind_known"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        Index("ix_invoice_lines_booking_id", "booking_id"),
        {"info": REGIONAL},
    )

    invoice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    booking_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(String(16))
    date: Mapped[dt.date | None]
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    included: Mapped[bool]
    line: Mapped[Json]


class InvoicesDue(Model):
    """An order whose documents may not say what is sold by now: a trigger of bookings adds it, settling deletes it."""

    __tablename__ = "invoices_due"
    __table_args__ = ({"info": REGIONAL},)

    order_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # no foreign key: it would lock what it tells of
    marked_at: Mapped[CreatedAt]
    next_at: Mapped[CreatedAt]
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(Text)


class InvoiceBuyer(Model):
    """Whom an invoice is for. Kept as long as the books have to be, whatever becomes of the account; then deleted."""

    __tablename__ = "invoice_buyers"
    __table_args__ = (
        Index(
            "ix_invoice_buyers_words",
            text("folded(name || ' ' || coalesce(company, '')) gin_trgm_ops"),
            postgresql_using="gin",
        ),
        Index("ix_invoice_buyers_kept_until", "kept_until"),
        {"info": REGIONAL},
    )

    invoice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))  # empty where nobody knew it any more
    company: Mapped[str | None] = mapped_column(String(255))
    street: Mapped[str | None] = mapped_column(String(255))
    postal_code: Mapped[str | None] = mapped_column(String(32))
    city: Mapped[str | None] = mapped_column(String(255))
    country: Mapped[str | None] = mapped_column(String(120))
    vat_number: Mapped[str | None] = mapped_column(String(64))
    kept_until: Mapped[dt.date] = mapped_column(Date)
