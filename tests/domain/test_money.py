"""Amounts have their currency's own decimals: in Python, and below that in Postgres."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from booking.domain.money import DECIMALS, as_facts, as_text, decimals
from booking.infra.db import execute, reading, transaction
from tests.cases import each
from tests.cast import a_room

CODES = [*DECIMALS, "EUR", "USD", "XYZ"]
DIGITS = text("SELECT code, minor_units(code) AS digits FROM unnest(CAST(:codes AS text[])) AS code")
LISTS = text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND pg_get_constraintdef(oid) LIKE '%BHD%'")


@reading
def asked(statement: object, **values: object) -> list[tuple[object, ...]]:
    return [tuple(row) for row in execute(statement, values).rows]  # type: ignore[arg-type]


@pytest.mark.usefixtures("app")
def test_postgres_and_python_agree_about_every_currency() -> None:
    assert dict(asked(DIGITS, codes=CODES)) == {code: decimals(code) for code in CODES}  # type: ignore[arg-type, misc]


@each(
    ("amount", "currency", "written"),
    [("360.000", "EUR", "360.00"), ("-15.5", "EUR", "-15.50"), ("12000.000", "JPY", "12000"), ("1.5", "KWD", "1.500")],
)
def test_events_and_the_audit_log_write_an_amount_as_its_currency_does(
    amount: str, currency: str, written: str
) -> None:
    assert as_text(Decimal(amount), currency) == written
    assert as_facts(Decimal(amount), currency) == {"amount": written, "currency": currency}


@pytest.mark.usefixtures("app")
def test_no_rule_of_a_table_lists_currencies() -> None:
    """Postgres reads the rules of a table anew for each statement that writes to it."""
    assert asked(LISTS) == []


@pytest.mark.parametrize(("currency", "price"), [("EUR", "1.005"), ("JPY", "100.5")])
@pytest.mark.usefixtures("app")
def test_postgres_refuses_what_nobody_can_pay(currency: str, price: str) -> None:
    with pytest.raises(IntegrityError, match="ck_rooms_price_decimals"):
        _price(currency, price)


@pytest.mark.parametrize(("currency", "price"), [("EUR", "1.05"), ("JPY", "100"), ("BHD", "1.005")])
@pytest.mark.usefixtures("app")
def test_postgres_takes_what_can_be_paid(currency: str, price: str) -> None:
    _price(currency, price)


def _price(currency: str, price: str) -> None:
    room = a_room(currency=currency)

    @transaction
    def change() -> None:
        execute(text("UPDATE rooms SET price_per_night = :price WHERE id = :id"), {"price": price, "id": room.id.hex})

    change()
