"""Cash in the drawers of the desk: what went in and out, and the counts that closed a shift. It belongs to a region."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CURRENCY_CODE, Amount, CreatedAt, Currency, Id
from booking.domain.money import check_sql
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

ONE_AFTER_ANOTHER = "uq_cash_closings_after"  # of two counts of one shift at once, the second finds the first
IS_OPEN = "closing_id IS NULL AND NOT before_drawers"


class CashClosing(Model):
    """A count of one drawer: what one person has of a property's cash, in one currency. Never changed or deleted.

    `opening` is what the one before left in the drawer (`kept`), `expected` that and the movements since then. What is
    counted beyond `kept` was taken out of the drawer and handed over.
    """

    __tablename__ = "cash_closings"
    __table_args__ = (
        UniqueConstraint(
            "property_id",
            "currency",
            "user_id",
            "previous_id",
            name=ONE_AFTER_ANOTHER,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint("opening >= 0", name="opening_not_negative"),
        CheckConstraint("kept >= 0 AND kept <= counted", name="kept_within_counted"),
        CheckConstraint("counted = expected OR note IS NOT NULL", name="difference_has_note"),
        CheckConstraint(
            " AND ".join(check_sql(column) for column in ("opening", "expected", "counted", "kept")), name="decimals"
        ),
        Index("ix_cash_closings_property_id", "property_id", "id"),
        # The latest of a drawer is the one without a successor.
        Index("ix_cash_closings_drawer", "property_id", "currency", "user_id", "id"),
        Index("ix_cash_closings_previous_id", "previous_id", postgresql_where=text("previous_id IS NOT NULL")),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    property_id: Mapped[uuid.UUID]  # no foreign key: properties are global
    currency: Mapped[Currency]
    user_id: Mapped[uuid.UUID | None]  # whose drawer; nobody's: what commands of an operator entered
    previous_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cash_closings.id"))
    opening: Mapped[Amount]
    expected: Mapped[Amount]
    counted: Mapped[Amount]
    kept: Mapped[Amount]
    note: Mapped[str | None] = mapped_column(String(255))
    closed_by: Mapped[str] = mapped_column(String(255))  # the actor
    created_at: Mapped[CreatedAt]


class CashMovement(Model):
    """What a payment that was entered by hand as cash did to a drawer: in is above 0, out is below.

    A trigger writes it in the transaction that writes the payment, whoever does; another lets nothing of it change but
    the closing that counted it, once. The opposite of a mistaken entry goes through the drawer of that entry while that
    is open, else, as everything does, through the drawer of whoever enters it.
    """

    __tablename__ = "cash_movements"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        CheckConstraint(check_sql("amount"), name="amount_decimals"),
        CheckConstraint(CURRENCY_CODE, name="currency_code"),
        CheckConstraint("closing_id IS NULL OR NOT before_drawers", name="only_of_drawer_closed"),
        Index("ix_cash_movements_open", "property_id", "currency", "user_id", postgresql_where=text(IS_OPEN)),
        Index("ix_cash_movements_closing_id", "closing_id", postgresql_where=text("closing_id IS NOT NULL")),
        {"info": REGIONAL},
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    property_id: Mapped[uuid.UUID]
    currency: Mapped[Currency]
    user_id: Mapped[uuid.UUID | None]
    amount: Mapped[Amount]
    before_drawers: Mapped[bool] = mapped_column(server_default="false")  # entered when nobody counted drawers yet
    closing_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cash_closings.id"))
    created_at: Mapped[CreatedAt]
