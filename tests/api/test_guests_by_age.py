"""Guests by age and extras from a search to the invoice: one total, kept with the booking; quotes without holding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import invoicing, pricing
from booking.domain.maintenance import verification
from booking.domain.pricing import rate_editing
from booking.domain.tables import Availability, Booking, Invoice, Order, Payment, Property, Room
from booking.infra.db import db, reading, transaction
from booking.infra.ids import decode, encode
from tests.api.program import Program, dates
from tests.api.test_rates import coming, nights
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, beside
from tests.domain.pricing.test_projection import RULES, add

pytestmark = pytest.mark.slow


@pytest.fixture
def family(app: Flask, room: Room) -> Room:
    return for_families(room)


def for_families(room: Room) -> Room:
    """120 a night for two; one more 20, up to 11 years 8, babies 0; a city tax of 3.50 from 12 on; breakfast, pet."""
    bands = [{"age": 1, "amount": 0}, {"age": 11, "amount": 8}]
    add(room, "guests", included=2, extra=20, children=bands)
    add(room, "tax", name="City tax", amount="3.50", per="guest_night", nights=2, fromAge=12)
    add(room, "tax", name="VAT", percent=6, of="all", included=True)
    add(room, "fee", name="Breakfast", amount="12.50", per="guest_night", optional=True, fromAge=3)
    add(room, "fee", name="Pet", amount=25, optional=True)
    pricing.rebuild_rates(room.property_id, RULES)
    return room


def rule_of(room: Room, name: str) -> str:
    found = reading(pricing.for_sale)(room.id)
    return next(one.id for one in pricing.extras_of(found, nights(coming(1), 1), 1) if one.label == name)


def asked(room: Room, **said: Any) -> dict[str, Any]:
    stay = nights(coming(1), 3)
    return {"roomId": encode("room", room.id), "guests": 3, **dates(stay), **said}


def test_card_quote_booking_charge_and_invoice_are_one_total_with_children_and_extras(
    api: Program, family: Room
) -> None:
    stay, room_id = nights(coming(1), 3), encode("room", family.id)
    search = {"location": "antwerp", "capacity": 3, **dates(stay)}
    a_room(capacity=2)  # another house, for whose babies nobody asks here
    [card] = api.get("/rooms", childrenAges="4", **search).json["items"]
    assert card["totalPrice"] == 3 * 128 + 14
    [as_adults] = api.get("/rooms", **search).json["items"]
    assert as_adults["totalPrice"] == 3 * 140 + 21
    [by_price] = api.get("/rooms", childrenAges="4", sort="price", maxPrice=133, **search).json["items"]
    assert by_price["totalPrice"] == card["totalPrice"]
    assert api.get("/rooms", childrenAges="4", maxPrice=132, **search).json["items"] == []
    breakfast = rule_of(family, "Breakfast")
    plain = api.post("/quotes", asked(family, childrenAges=[4])).json
    assert plain["total"] == card["totalPrice"]
    assert [(one["label"], one["amount"], one["isChosen"]) for one in plain["extras"]] == [
        ("Breakfast", 112.5, False),
        ("Pet", 25, False),
    ]
    with_breakfast = api.post("/quotes", asked(family, childrenAges=[4], extras=[breakfast])).json
    assert with_breakfast["total"] == card["totalPrice"] + 112.5
    assert sum(line["amount"] for line in with_breakfast["lines"] if not line["included"]) == with_breakfast["total"]
    shown = api.get(f"/rooms/{room_id}", guests=3, childrenAges="4", extras=breakfast, **dates(stay)).json["quote"]
    assert (shown["totalPrice"], shown["childrenAges"]) == (with_breakfast["total"], [4])
    booked = api.post("/bookings", asked(family, childrenAges=[4], extras=[breakfast], paymentMethodId=VISA))
    assert booked.status_code == 201
    assert (booked.json["totalPrice"], booked.json["childrenAges"]) == (with_breakfast["total"], [4])
    assert booked.json["lines"] == with_breakfast["lines"]
    sold, charged = _sold()
    invoicing.settle_invoices(SYSTEM, sold.id, invoicing.InvoiceTerms("eu"))
    [invoice] = api.get(f"/bookings/{booked.json['id']}/invoices").json["items"]
    assert invoice["total"] == with_breakfast["total"] == float(charged)
    [vat] = [line["amount"] for line in invoice["lines"] if line["included"]]
    parts = [tax["amount"] for line in invoice["lines"] for tax in line["taxes"]]
    assert (len(parts), round(sum(parts), 2)) == (
        6,
        vat,
    )  # of nights and breakfasts; taxes bear none
    assert {finding.rule for finding in verification.verify().findings} == set()


def test_a_quote_holds_nothing_and_says_when_the_nights_are_gone(api: Program, family: Room) -> None:
    first = api.post("/quotes", asked(family)).json
    assert api.post("/quotes", asked(family)).json == first
    assert count_of(Booking) == count_of(Order) == count_of(Availability) == 0
    add(family, "fee", name="Cleaning", amount=45)
    again = api.post("/quotes", asked(family)).json
    assert again["total"] == first["total"] + 45
    assert again["version"] > first["version"]
    api.post("/bookings", asked(family, paymentMethodId=VISA))
    gone = api.post("/quotes", asked(family))
    assert (gone.status_code, gone.json["error"]) == (409, "ROOM_NOT_AVAILABLE")


@each(
    "said, field",
    [
        ({"childrenAges": [18]}, "childrenAges"),
        ({"childrenAges": [-1]}, "childrenAges"),
        ({"childrenAges": ["4"]}, "childrenAges"),
        ({"childrenAges": [4, 4, 4, 4]}, "childrenAges"),
        ({"extras": ["rate_01h2xcejqtf2nbrexx3vqjhp41"]}, "extras"),
        ({"extras": ["breakfast"]}, "extras"),
        ({"guests": 9}, "guests"),
    ],
)
def test_wrong_ages_and_extras_are_refused_by_their_field(
    api: Program, family: Room, said: dict[str, Any], field: str
) -> None:
    for path, more in (("/quotes", {}), ("/bookings", {"paymentMethodId": VISA})):
        refused = api.post(path, asked(family, **said, **more) if "guests" not in said else asked(family) | said | more)
        assert refused.status_code == 400
        assert any(name.startswith(field) for name in refused.json["details"]), refused.json


def test_a_baby_needs_no_place_and_how_old_it_may_be_is_the_houses_choice(api: Program, family: Room) -> None:
    stay, most = nights(coming(1), 3), family.capacity
    search = {"location": "antwerp", "capacity": most + 1, **dates(stay)}
    for ages, status, cards in (([1], 200, 1), ([2], 400, 0)):
        found = api.get("/rooms", childrenAges=ages[0], **search).json["items"]
        quoted = api.post("/quotes", asked(family) | {"guests": most + 1, "childrenAges": ages})
        assert (quoted.status_code, len(found)) == (status, cards)
        if found:
            assert found[0]["totalPrice"] == quoted.json["total"]
    _babies_under(family, 3)
    said = {"guests": most + 1, "childrenAges": [2], "paymentMethodId": VISA}
    assert api.post("/bookings", asked(family) | said).status_code == 201


def test_a_change_keeps_children_and_extras_and_counts_other_ages_anew(api: Program, family: Room) -> None:
    chosen = {"childrenAges": [4], "extras": [rule_of(family, "Breakfast"), rule_of(family, "Pet")]}
    made = api.post("/bookings", asked(family, **chosen, paymentMethodId=VISA)).json
    where, stay = f"/bookings/{made['id']}/changes", nights(coming(1), 4)
    longer = api.post(f"{where}/quote", {"checkOut": stay.check_out.isoformat()}).json
    assert (longer["difference"], longer["childrenAges"]) == (128 + 3 * 12.5, [4])
    older = api.post(f"{where}/quote", {"childrenAges": [12]}).json
    assert older["difference"] == 3 * 12 + 2 * 3.5
    assert sum(one["label"] in ("Breakfast", "Pet") for one in older["lines"]) == 4
    said = {"childrenAges": [12], "shownDifference": older["difference"], "paymentMethodId": VISA}
    changed = api.post(where, said)
    assert (changed.status_code, changed.json["childrenAges"]) == (200, [12])
    assert changed.json["totalPrice"] == made["totalPrice"] + older["difference"]
    assert api.post(f"{where}/quote", {"guests": 1, "childrenAges": [3, 4]}).json["details"].keys() == {"childrenAges"}
    assert {finding.rule for finding in verification.verify().findings} == set()


def test_an_extra_that_the_house_has_ended_stays_by_the_terms_it_was_sold_on(api: Program, family: Room) -> None:
    breakfast = rule_of(family, "Breakfast")
    made = api.post("/bookings", asked(family, childrenAges=[4], extras=[breakfast], paymentMethodId=VISA)).json
    rate_editing.end(SYSTEM, rule_id(breakfast))
    older = api.post(f"/bookings/{made['id']}/changes/quote", {"childrenAges": [2]}).json
    assert [line["amount"] for line in older["lines"] if line["label"] == "Breakfast"] == [25, 25, 25]
    without = api.post(f"/bookings/{made['id']}/changes/quote", {"extras": []}).json
    assert "Breakfast" not in [line["label"] for line in without["lines"]]
    again = api.post(f"/bookings/{made['id']}/changes/quote", {"extras": ["rate_01h2xcejqtf2nbrexx3vqjhp41"]})
    assert (again.status_code, [*again.json["details"]]) == (400, ["extras"])


def rule_id(rate: str) -> Any:
    return decode("rate", rate)


def test_the_same_request_without_children_and_extras_is_the_one_of_before(api: Program, family: Room) -> None:
    said = asked(family, paymentMethodId=VISA)
    key = "one"
    first = api.post("/bookings", said, Idempotency_Key=key)
    assert api.post("/bookings", said | {"childrenAges": [], "extras": []}, Idempotency_Key=key).json == first.json
    assert api.post("/bookings", said | {"childrenAges": [4]}, Idempotency_Key=key).status_code == 422


def test_other_rooms_are_offered_where_all_but_the_babies_have_a_place(api: Program, family: Room) -> None:
    other, most = beside(family, "Beside", 99), family.capacity
    pricing.rebuild_rates(family.property_id, RULES)
    said = asked(family) | {"guests": most + 1, "childrenAges": [1], "paymentMethodId": VISA}
    assert api.post("/bookings", said).status_code == 201
    gone = api.post("/bookings", said)
    assert gone.status_code == 409
    assert encode("room", other.id) in [one["roomId"] for one in gone.json["alternatives"]]


@transaction
def _babies_under(room: Room, age: int) -> None:
    house = db.session.get(Property, room.property_id)
    assert house
    house.babies_under = age


@reading
def count_of(model: Any) -> int:
    return len(db.session.scalars(select(model)).all())


@reading
def _sold() -> tuple[Booking, Decimal]:
    [charge] = db.session.scalars(select(Payment).where(Payment.kind == "charge"))
    assert db.session.scalars(select(Invoice)).all() == []
    return db.session.scalars(select(Booking)).one(), charge.amount
