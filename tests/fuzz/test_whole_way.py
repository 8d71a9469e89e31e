"""One sum all the way, whatever rules a house has: what a card says is quoted, held, charged and invoiced.

With children, babies and extras, in currencies of no, two and three decimals. Each example is a house of its own, so
there are a twentieth as many as of the tests that need no database.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking.domain import invoicing, pricing, reservations
from booking.domain.invoicing.line_taxes import rate_of
from booking.domain.money import rounded
from booking.domain.reservations import BookingContext, BookingRequest
from booking.domain.search import RoomSearch, find_rooms
from booking.domain.stays import StayRules
from booking.domain.tables import Payment, Room, User
from booking.infra.db import db, reading
from tests.cast import SYSTEM, VISA, a_room, acting, in_days
from tests.domain.pricing.test_projection import add
from tests.fuzz.examples import EXAMPLES, many
from tests.rate_rules import terms_of

pytestmark = pytest.mark.slow

RULES, KINDS = StayRules(), ("price", "adjust", "guests", "length", "early_bird", "last_minute", "fee", "tax", "tax")
_places = count(1)
# A failing house is told as it was found: to look for a smaller one takes minutes.
FEW = settings(many, max_examples=max(3, EXAMPLES // 20), phases=set(Phase) - {Phase.shrink})


@st.composite
def houses(draw: st.DrawFn) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=6))
    return currency, [(kind, draw(terms_of(kind, currency))) for kind in [*kinds, "fee"]]


@FEW
@given(house=houses(), ages=st.lists(st.integers(0, 17), max_size=3), adults=st.integers(1, 3), data=st.data())
def test_card_quote_hold_charge_and_invoice_are_one_sum(
    app: Flask,
    alice: User,
    desk: BookingContext,
    house: tuple[str, list[tuple[str, dict[str, Any]]]],
    ages: list[int],
    adults: int,
    data: st.DataObject,
) -> None:
    currency, rules = house
    room = _built(currency, rules)
    stay = in_days(data.draw(st.integers(5, 60)), data.draw(st.integers(1, 5)))
    guests, children = adults + len(ages), tuple(sorted(ages))
    asked = {"location": room.location, "checkIn": stay.check_in, "checkOut": stay.check_out, "capacity": guests}
    [card] = find_rooms(RoomSearch.model_validate(asked | {"childrenAges": ages}), RULES, 0).rooms
    plain = pricing.quote_stay(room.id, stay, guests, RULES, children=children)
    assert card.total == plain.price.total
    offered = [extra.id for extra in plain.extras]
    extras = tuple(sorted(data.draw(st.sets(st.sampled_from(offered)) if offered else st.just(set()))))
    quote = pricing.quote_stay(room.id, stay, guests, RULES, children=children, extras=extras).price
    assert all(line.amount == rounded(line.amount, currency) for line in quote.lines)
    assert sum((line.adds for line in quote.lines), Decimal(0)) == quote.total
    wanted = BookingRequest(alice.id, room.id, stay, guests, children=children, extras=extras)
    held = reservations.reserve(acting(alice), wanted, desk)
    assert held.total_price == quote.total
    paid = reservations.pay(acting(alice), held.id, VISA, quote.total, desk)
    assert _charged(held.order_id) == paid.total_price == quote.total
    invoices = invoicing.settle_invoices(SYSTEM, held.id, invoicing.InvoiceTerms("eu"))
    assert sum(one.total for one in invoices) == quote.total
    _spread_over_the_lines(invoices, alice)


def _spread_over_the_lines(invoices: Any, alice: User) -> None:
    """Parts of a tax on the lines that bear it add up to it."""
    for one in invoices:
        document = invoicing.get_invoice(acting(alice), one.id)
        parts = sum((tax.amount for taxes in document.line_taxes for tax in taxes), Decimal(0))
        in_percent = (line for line in document.lines if line.kind == "tax" and rate_of(line) is not None)
        assert parts == sum((line.amount for line in in_percent), Decimal(0))


def _built(currency: str, rules: list[tuple[str, dict[str, Any]]]) -> Room:
    room = a_room(location=f"place-{next(_places)}", currency=currency, capacity=8)
    for number, (kind, terms) in enumerate(rules):
        add(room, kind, name=f"rule {number}", priority=number, **terms)
    pricing.rebuild_rates(room.property_id, RULES)
    return room


@reading
def _charged(order_id: Any) -> Decimal:
    charges = select(Payment.amount).where(Payment.order_id == order_id, Payment.kind == "charge")
    return sum(db.session.scalars(charges), Decimal(0))
