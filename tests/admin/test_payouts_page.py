"""The page that compares a provider's report with our payments."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Booking, Room
from tests.cast import SYSTEM, person
from tests.domain.payments.test_reconciliation import CHARGE, booked, report, row
from tests.web.visitor import Visitor

__all__ = ["booked"]
pytestmark = pytest.mark.slow


@pytest.fixture
def owner(app: Flask) -> Visitor:
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER, None)
    return Visitor(app).signed_in(olga)


def compare(owner: Visitor, text: str) -> str:
    owner.go("/admin/payouts").send("/admin/payouts", {"file": (io.BytesIO(text.encode()), "payouts.csv")})
    return owner.text


def test_a_report_is_looked_at_and_each_difference_says_what_to_do(owner: Visitor, booked: Booking, room: Room) -> None:
    assert "Everything agrees" in compare(owner, report(CHARGE))
    found = compare(owner, report(CHARGE, row(2, "charge", "10.00", "0.55", payment_intent_id="pi_9")))
    assert "1 difference" in found
    assert "Charged at the provider, with no payment here" in found
    assert "another system may use the same account" in found
    other = compare(owner, report(CHARGE | {"gross": "350.00", "net": "344.35"}))
    assert booked.reference in other
    assert "€360.00 €350.00" in other
    payout = row(3, "payout", "-300.00", source_id="po_1")
    assert "1 payout isn’t the sum of its rows" in compare(owner, report(CHARGE, payout))
    assert "Compare payouts" in owner.go("/admin/invoices").text


def test_what_is_no_report_is_refused_with_a_sentence(owner: Visitor) -> None:
    assert "Its first row lacks: balance_transaction_id" in compare(owner, "a,b\n1,2\n")
    assert owner.status == 400
    assert "Line 2 of the file can’t be read." in compare(owner, report(CHARGE | {"fee": "x"}))


def test_managers_of_one_property_do_not_see_the_account_of_all(app: Flask, room: Room) -> None:
    mia = person("mia")
    staff.give_role(SYSTEM, mia.id, Role.MANAGER, room.property_id)
    manager = Visitor(app).signed_in(mia)
    assert manager.go("/admin/payouts").status in (403, 404)
    assert "Compare payouts" not in manager.go("/admin/invoices").text
