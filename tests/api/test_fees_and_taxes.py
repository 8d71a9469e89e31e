"""Fees and taxes from a search to the invoice: one total, each by its name, and what of them comes back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import invoicing, pricing
from booking.domain.maintenance import verification
from booking.domain.tables import Booking, Invoice, Payment, Room
from booking.infra.db import db, reading
from booking.infra.ids import encode
from tests.api.program import Program, dates
from tests.api.test_rates import coming, nights
from tests.cast import SYSTEM, VISA
from tests.domain.pricing.test_projection import RULES, add

pytestmark = pytest.mark.slow


@pytest.fixture
def taxed(app: Flask, room: Room) -> Room:
    """120 a night; three nights or more 10 % less; cleaning 45, a city tax of 3.50 for two nights, VAT included."""
    add(room, "length", steps=[{"nights": 3, "percent": 10}])
    add(room, "fee", name="Cleaning", amount=45, per="stay")
    add(room, "tax", name="City tax", amount="3.50", per="guest_night", nights=2)
    add(room, "tax", name="Levy", percent=5)
    add(room, "tax", name="VAT", percent=20, of="all", included=True)
    pricing.rebuild_rates(room.property_id, RULES)
    return room


def test_card_quote_booking_charge_and_invoice_are_one_total(api: Program, taxed: Room) -> None:
    stay, room_id = nights(coming(1), 3), encode("room", taxed.id)
    [card] = api.get("/rooms", location="antwerp", capacity=2, **dates(stay)).json["items"]
    quote = api.get(f"/rooms/{room_id}", guests=2, **dates(stay)).json["quote"]
    days = [night.isoformat() for night in stay.dates()]
    assert [(line["kind"], line["date"], line["amount"], line["label"], line["included"]) for line in quote["lines"]][
        3:
    ] == [
        ("discount", None, -36, "A length", False),
        ("fee", None, 45, "Cleaning", False),
        ("tax", days[0], 7, "City tax", False),
        ("tax", days[1], 7, "City tax", False),
        ("tax", None, 16.2, "Levy", False),
        ("tax", None, 61.5, "VAT", True),
    ]
    assert quote["lines"][5]["reasons"][0]["text"] == "City tax: €3.50 for each guest and night, for at most 2 nights"
    assert quote["totalPrice"] == card["totalPrice"] == 399.2
    booked = api.post("/bookings", {"roomId": room_id, "guests": 2, "paymentMethodId": VISA, **dates(stay)})
    assert (booked.status_code, booked.json["totalPrice"], booked.json["lines"]) == (201, 399.2, quote["lines"])
    sold, charged = _sold()
    invoicing.settle_invoices(SYSTEM, sold.id, invoicing.InvoiceTerms("eu"))
    [invoice] = api.get(f"/bookings/{booked.json['id']}/invoices").json["items"]
    assert charged == Decimal("399.20")
    assert invoice["total"] == 399.2
    told = [(line["label"], line["included"]) for line in invoice["lines"] if line["kind"] in ("fee", "tax")]
    assert told == [("Cleaning", False), ("City tax", False), ("City tax", False), ("Levy", False), ("VAT", True)]
    assert {finding.rule for finding in verification.verify().findings} == set()


def test_nights_that_are_given_back_take_their_taxes_along_and_new_ones_bring_todays(api: Program, taxed: Room) -> None:
    stay, room_id = nights(coming(1), 3), encode("room", taxed.id)
    made = api.post("/bookings", {"roomId": room_id, "guests": 2, "paymentMethodId": VISA, **dates(stay)}).json
    for rule in pricing.rates_of_property(SYSTEM, taxed.property_id):
        if rule.name == "City tax":
            said = pricing.RateInput.model_validate(
                {"kind": "tax", "name": "City tax", "terms": {"amount": 5, "per": "guest_night"}}
            )
            pricing.change_rate(SYSTEM, rule.rule_id, said)
    asked = f"/bookings/{made['id']}/changes/quote"

    def lines(**dates: dt.date) -> list[tuple[str, float]]:
        quoted = api.post(asked, {name: day.isoformat() for name, day in dates.items()}).json
        assert quoted["totalPrice"] == pytest.approx(
            sum(line["amount"] for line in quoted["lines"] if not line["included"])
        )
        return [(line["label"], line["amount"]) for line in quoted["lines"] if line["kind"] != "night"]

    day = dt.timedelta(days=1)
    assert lines(checkOut=stay.check_out - 2 * day) == [
        ("Cleaning", 45), ("City tax", 7), ("Levy", 6), ("VAT", 27.5)
    ]  # fmt: skip
    assert lines(checkOut=stay.check_out + day) == [
        ("A length", -48), ("Cleaning", 45), ("City tax", 7), ("City tax", 7), ("City tax", 10), ("Levy", 21.6),
        ("VAT", 79.5),
    ]  # fmt: skip


def test_what_comes_back_is_the_policys_part_of_the_whole_total(api: Program, taxed: Room) -> None:
    stay, room_id = nights(coming(1), 3), encode("room", taxed.id)
    made = api.post("/bookings", {"roomId": room_id, "guests": 2, "paymentMethodId": VISA, **dates(stay)}).json
    cancelled = api.post(f"/bookings/{made['id']}/cancel", {}).json
    assert (cancelled["status"], cancelled["refundAmount"]) == ("CANCELLED", 399.2)


@reading
def _sold() -> tuple[Booking, Decimal]:
    [charge] = db.session.scalars(select(Payment).where(Payment.kind == "charge"))
    assert db.session.scalars(select(Invoice)).all() == []
    return db.session.scalars(select(Booking)).one(), charge.amount
