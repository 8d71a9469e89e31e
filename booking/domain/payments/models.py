"""Orders and their ledgers: one payment per attempt to charge or to give money back. They belong to a region."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, Amount, CreatedAt, Currency, Id, UpdatedAt, one_of
from booking.domain.money import check_sql
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

CHARGE, REFUND = PAYMENT_KINDS = ("charge", "refund")
STARTED, SUCCEEDED, FAILED, UNKNOWN, AWAITING_GUEST, AWAITING_STAFF = PAYMENT_STATES = (
    "started",
    "succeeded",
    "failed",
    "unknown",
    "awaiting_guest",  # at the provider's own page
    "awaiting_staff",  # a refund of what was taken by hand: no provider can be asked
)
OPEN = (STARTED, UNKNOWN, AWAITING_GUEST)  # nobody knows yet whether the money has moved
LIVE = (*OPEN, AWAITING_STAFF, SUCCEEDED)
CORRECTED = "corrected"  # failure of a refund that awaited staff: what it was to give back had never come
# Providers: staff takes the money (cash, or a card at the desk's own terminal), or knows who took it (another system,
# an agency), and gives it back.
BY_HAND = CASH, TERMINAL, TRANSFER, ELSEWHERE = ("desk", "terminal", "transfer", "elsewhere")
DISPUTE_OPEN, DISPUTE_WON, DISPUTE_LOST = DISPUTE_STATES = ("open", "won", "lost")
STAY, CHANGE, DEPOSIT, BALANCE = PURPOSES = ("stay", "change", "deposit", "balance")
# How an order is to be paid that staff guarantees.
AT_DESK, BY_TRANSFER, LATER = GUARANTEES = ("desk", "transfer", "later")
SAME_SOURCE = "uq_orders_source"  # two at once with one source id: the second finds the first
WEB, API, DESK, IMPORT = CHANNELS = ("web", "api", "desk", "import")


class Order(Model):
    """What somebody buys in one go, at one property: bookings are its lines, payments its ledger.

    `owed` is what its bookings cost as they are now, less what a cancellation gave back; `paid` and `refunded` are what
    has moved, `refunding` what is on its way back. Triggers keep them, in the transaction that moves a booking or a
    payment, whoever writes it: so that transaction has the order's row locked. The last booking takes its order along.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(one_of("channel", CHANNELS), name="channel_known"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint(
            "user_id IS NOT NULL OR contact_name IS NOT NULL OR contact_erased_at IS NOT NULL", name="has_buyer"
        ),
        CheckConstraint(
            "CASE WHEN contact_name IS NULL THEN num_nonnulls(contact_email, contact_phone, contact_arrival_time,"
            " contact_requests) = 0 ELSE num_nonnulls(contact_email, contact_phone, source_id) > 0 END",
            name="contact_complete",
        ),
        CheckConstraint("contact_erased_at IS NULL OR contact_name IS NULL", name="erased_contact_is_gone"),
        CheckConstraint("owed >= 0 AND paid >= 0 AND refunded >= 0 AND refunding >= 0", name="sums_not_negative"),
        CheckConstraint("waived >= 0", name="waived_not_negative"),
        CheckConstraint(check_sql("waived"), name="waived_decimals"),
        CheckConstraint("refunded + refunding <= paid", name="refunds_within_paid"),
        CheckConstraint(one_of("guarantee", GUARANTEES), name="guarantee_known"),
        CheckConstraint(
            "(guarantee IS NULL) = (guaranteed_by IS NULL) AND (guarantee IS NULL) = (guaranteed_at IS NULL)",
            name="guarantee_has_author",
        ),
        CheckConstraint("guarantee_note IS NULL OR guarantee IS NOT NULL", name="only_guarantee_has_note"),
        CheckConstraint(
            " AND ".join(check_sql(column) for column in ("owed", "paid", "refunded", "refunding")),
            name="sums_decimals",
        ),
        CheckConstraint("(source IS NULL) = (source_id IS NULL)", name="source_names_it"),
        Index(
            SAME_SOURCE,
            "property_id",
            "source",
            "source_id",
            unique=True,
            postgresql_where=text("source_id IS NOT NULL"),
        ),
        Index("ix_orders_owing", "property_id", postgresql_where=text("is_owing")),
        Index(
            "ix_orders_contact_words",
            text(
                "folded(contact_name || ' ' || coalesce(contact_email, '') || ' '"
                " || coalesce(regexp_replace(contact_phone, '[^0-9]', '', 'g'), '')) gin_trgm_ops"
            ),
            postgresql_using="gin",
            postgresql_where=text("contact_name IS NOT NULL"),
        ),
        # Whose contact is erased some time after the stay; only what is not stands in it.
        Index(
            "ix_orders_contact_of_nobody",
            "id",
            postgresql_where=text("user_id IS NULL AND contact_name IS NOT NULL"),
        ),
        # A payment that succeeds writes its order anew: on the same page, no index has to be touched.
        {"postgresql_with": {"fillfactor": 80}, "info": REGIONAL},
    )

    id: Mapped[Id]
    reference: Mapped[str] = mapped_column(String(16), unique=True)  # spoken; its first booking has the same one
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    contact_name: Mapped[str | None] = mapped_column(String(255))
    contact_email: Mapped[str | None] = mapped_column(String(255))
    contact_phone: Mapped[str | None] = mapped_column(String(32))
    contact_arrival_time: Mapped[dt.time | None]
    contact_requests: Mapped[str | None] = mapped_column(String(1000))
    contact_erased_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    locale: Mapped[str] = mapped_column(String(16), server_default="en")
    # What brought it here, and what it is called there: of a reservation that was made elsewhere.
    source: Mapped[str | None] = mapped_column(String(64))
    source_id: Mapped[str | None] = mapped_column(String(255))
    channel: Mapped[str] = mapped_column(String(8))
    # Held, paid and confirmed at once: nobody has a hold to pay for again. The version before leaves it empty, and has
    # the channel "api" for such orders alone.
    in_one_call: Mapped[bool | None]
    property_id: Mapped[uuid.UUID]  # no foreign key: properties are global
    currency: Mapped[Currency]
    owed: Mapped[Amount]
    paid: Mapped[Amount] = mapped_column(server_default="0")
    refunded: Mapped[Amount] = mapped_column(server_default="0")
    refunding: Mapped[Amount] = mapped_column(server_default="0")
    waived: Mapped[Amount] = mapped_column(server_default="0")  # what the house lets its guest off
    version: Mapped[int] = mapped_column(server_default="1")
    guarantee: Mapped[str | None] = mapped_column(String(8))  # how it is to be paid, where staff vouches for that
    guaranteed_by: Mapped[str | None] = mapped_column(String(255))  # the actor
    guaranteed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    guarantee_note: Mapped[str | None] = mapped_column(String(255))
    # Guaranteed, and something is due. A trigger keeps it, of guaranteed orders alone: it stands in an index, which the
    # payments of all others then need not touch.
    is_owing: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    @property
    def due(self) -> Decimal:
        """The balance: what is owed and has not been paid, without what its guest is let off; never below 0."""
        return max(Decimal(0), self.owed - self.net_paid - self.waived)

    @property
    def let_off(self) -> Decimal:
        """What its guest need not pay of what is owed now; never below 0."""
        return max(Decimal(0), min(self.waived, self.owed - self.net_paid))

    @property
    def net_paid(self) -> Decimal:
        """What the house has, without what is on its way back."""
        return self.paid - self.refunded - self.refunding


class Dispute(Model):
    """What the card's bank takes back of a charge, as its provider said last (`reference` is the provider's)."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint(one_of("state", DISPUTE_STATES), name="state_known"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        Index("ix_disputes_payment_id", "payment_id"),
        Index("ix_disputes_open", "created_at", postgresql_where=text("state = 'open'")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments.id"))
    reference: Mapped[str] = mapped_column(String(255), unique=True)
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


# Of orders, in SQL: Order.due, and whether that is anything.
ORDER_DUE = func.greatest(Order.owed - Order.waived - (Order.paid - Order.refunded - Order.refunding), 0)
ORDER_IS_DUE = Order.owed - Order.waived > Order.paid - Order.refunded - Order.refunding


class Payment(Model):
    """One attempt to move money. Its id is the provider's idempotency key."""

    __tablename__ = "payments"
    __allow_unmapped__ = True
    entered_already: dt.datetime | None = None  # kept nowhere: of what a verb returns that found the same entry
    __table_args__ = (
        CheckConstraint(one_of("kind", PAYMENT_KINDS), name="kind_known"),
        CheckConstraint(one_of("state", PAYMENT_STATES), name="state_known"),
        CheckConstraint("kind = 'charge' OR state <> 'awaiting_guest'", name="only_charge_awaits"),
        CheckConstraint("kind = 'refund' OR state <> 'awaiting_staff'", name="only_refund_awaits_staff"),
        CheckConstraint("kind = 'refund' OR debt_id IS NULL", name="only_refund_has_debt"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint("state <> 'succeeded' OR provider_reference IS NOT NULL", name="success_has_reference"),
        CheckConstraint("(kind = 'charge') = (method IS NOT NULL)", name="charge_has_method"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        CheckConstraint("charge_id IS NULL OR kind = 'refund'", name="only_refund_has_charge"),
        CheckConstraint("charge_id IS NOT NULL OR kind <> 'refund'", name="refund_has_charge"),
        CheckConstraint(
            f"({one_of('provider', BY_HAND)} AND state = 'succeeded') = (recorded_by IS NOT NULL)"
            " AND (recorded_by IS NULL) = (value_date IS NULL)",
            name="by_hand_is_signed",
        ),
        CheckConstraint("corrects_id IS NULL OR recorded_by IS NOT NULL", name="only_by_hand_corrects"),
        Index("uq_payments_corrects_id", "corrects_id", unique=True, postgresql_where=text("corrects_id IS NOT NULL")),
        CheckConstraint(one_of("purpose", PURPOSES), name="purpose_known"),
        Index(
            "uq_payments_open_charge",
            "order_id",
            unique=True,
            postgresql_where=text("kind = 'charge' AND state IN ('started', 'unknown', 'awaiting_guest')"),
        ),
        Index("ix_payments_order_id", "order_id"),
        # Of all attempts at one refund, one is under way or done.
        Index(
            "uq_payments_live_refund",
            text("coalesce(debt_id, booking_id)"),
            unique=True,
            postgresql_where=text("kind = 'refund' AND state IN ('started', 'unknown', 'awaiting_staff', 'succeeded')"),
        ),
        Index("ix_payments_due", "next_at", postgresql_where=text("state IN ('started', 'unknown', 'awaiting_guest')")),
        CheckConstraint("found_at IS NULL OR (kind = 'refund' AND state = 'succeeded')", name="only_refund_is_found"),
        Index("ix_payments_found", "order_id", postgresql_where=text("found_at IS NOT NULL")),
        Index(
            "ix_payments_declined_refunds",
            "booking_id",
            postgresql_where=text("kind = 'refund' AND state = 'failed'"),
        ),
        Index("ix_payments_booking_id", "booking_id"),
        # As a receipt, a bank or the provider names it. What is only played has none that anybody could know.
        Index(
            "ix_payments_reference",
            text("lower(provider_reference)"),
            postgresql_where=text("provider_reference IS NOT NULL AND provider <> 'simulated'"),
        ),
        Index("ix_payments_awaiting_staff", "created_at", postgresql_where=text("state = 'awaiting_staff'")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id"))
    kind: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(8), default=STAY, server_default=STAY)
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    state: Mapped[str] = mapped_column(String(16), default=STARTED)
    method: Mapped[str | None] = mapped_column(String(255))
    provider: Mapped[str] = mapped_column(String(32))
    provider_reference: Mapped[str | None] = mapped_column(String(255))
    failure: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)  # why it failed or is still open, for operators
    charge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments.id"))  # what a refund gives back
    # The first attempt at the same refund; none where the booking's is meant, which had one at that time.
    debt_id: Mapped[uuid.UUID | None]
    # Of money that staff has taken or given back: who says so, on which day it moved, and which entry it takes back.
    recorded_by: Mapped[str | None] = mapped_column(String(255))
    value_date: Mapped[dt.date | None]
    corrects_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments.id"))
    found_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # a refund that none of us asked for
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")  # times that recovery asked
    next_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))  # then recovery may ask
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
