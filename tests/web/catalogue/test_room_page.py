"""The page of one room, as everybody may see it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Property, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import a_room, acting, in_days, order
from tests.web.visitor import Visitor

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
WEB = Path(__file__).parents[3] / "booking" / "web"


def the_stay() -> Stay:
    return in_days(30, 2)


def the_dates() -> str:
    stay = the_stay()
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def address(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}"


def test_a_room_shows_every_line_and_the_refund_with_its_date(visitor: Visitor, room: Room) -> None:
    visitor.go(f"{address(room)}?{the_dates()}&guests=2")
    assert "2 nights at €120 €240 Total €240" in visitor.text
    assert "Free cancellation until" in visitor.text
    reserving = visitor.form(f"{address(room)}/reserve")
    assert reserving.select_one("input[name=checkIn]")["value"] == str(the_stay().check_in)


def test_a_price_looks_the_same_on_the_card_and_in_the_panel(visitor: Visitor) -> None:
    odd = a_room(price_per_night=Decimal("120.50"))
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    assert "€241.00 for 2 nights" in visitor.text
    assert "€120.50 per night" in visitor.text
    visitor.go(f"{address(odd)}?{the_dates()}&guests=2")
    assert "2 nights at €120.50 €241.00 Total €241.00" in visitor.text


def test_dollars_say_which(visitor: Visitor) -> None:
    for currency, shown in (("USD", "US$"), ("CAD", "CA$"), ("MXN", "MX$")):
        a_room(location=currency.lower(), currency=currency)
        assert f"{shown}240 for 2 nights" in visitor.go(f"/rooms?location={currency.lower()}&{the_dates()}").text


def test_a_room_tells_the_price_of_each_night(visitor: Visitor, room: Room) -> None:
    visitor.go(f"{address(room)}?{the_dates()}&guests=2")
    rows = [row.get_text(" ", strip=True) for row in visitor.page.select("details.nightly tr")]
    assert len(rows) == the_stay().nights
    assert all(row.endswith("€120") for row in rows)


@pytest.mark.parametrize("has_dates", [False, True])
def test_a_room_offers_no_more_guests_than_it_takes(visitor: Visitor, room: Room, has_dates: bool) -> None:
    visitor.go(f"{address(room)}?guests=99&{the_dates() if has_dates else ''}")
    assert visitor.problems == ["This room sleeps 4 guests."]
    offered = [option["value"] for option in visitor.page.select("select[name=guests] option")]
    assert offered == ["1", "2", "3", "4"]
    assert any("capacity=99" in link for link in visitor.links())


def test_a_night_that_is_only_held_is_not_called_booked(
    visitor: Visitor, room: Room, bob: User, desk: BookingContext
) -> None:
    holds.reserve(acting(bob), order(bob, room, the_stay()), desk)
    visitor.go(f"{address(room)}?{the_dates()}&guests=2")
    nights = [night.get_text(" ", strip=True) for night in visitor.page.select("td.night-taken")]
    assert nights[:2] == [f"{the_stay().check_in.day} not available", f"{the_stay().dates()[1].day} not available"]
    assert "At least one of these nights is not available." in visitor.text
    assert "Crossed-out nights are not available." in visitor.text
    assert "booked" not in visitor.text


def test_a_large_room_can_be_filled(visitor: Visitor) -> None:
    visitor.go(address(a_room(capacity=16)))
    assert len(visitor.page.select("select[name=guests] option")) == 16


def test_months_keep_the_search_and_say_guests_once(visitor: Visitor, room: Room) -> None:
    visitor.go(f"{address(room)}?{the_dates()}&capacity=3")
    turned = next(link for link in visitor.links() if "month=" in link)
    assert "guests=3" in turned
    assert "capacity" not in turned


def test_a_long_list_of_amenities_is_folded(visitor: Visitor) -> None:
    visitor.go(address(a_room(amenities=[f"thing_{number}" for number in range(20)] + ["pool"])))
    assert visitor.page.select_one("ul.amenities li").get_text(strip=True) == "Pool"
    assert visitor.page.select_one("details.more summary").text == "Show 9 more"
    assert len(visitor.page.select("ul.amenities li")) == 21


@transaction
def call_its_house(room: Room, name: str) -> None:
    db.session.get_one(Property, room.property_id).name = name


def test_a_place_whose_host_is_not_known_is_named_once(visitor: Visitor) -> None:
    room = a_room(address={"city": "Antwerp", "country": "Belgium"})
    call_its_house(room, "Antwerp")
    visitor.go(address(room))
    assert "Antwerp, Belgium" in visitor.text
    assert "Antwerp, Antwerp" not in visitor.text + visitor.go(f"/rooms?location=antwerp&{the_dates()}").text


def test_a_room_without_dates_asks_for_them(visitor: Visitor, room: Room) -> None:
    visitor.go(address(room))
    assert visitor.status == 200
    assert "Choose your dates" in visitor.text
    assert len(visitor.page.select("table.nights")) == 2


@each(
    ("query", "said"),
    lambda: [
        (f"checkIn={the_stay().check_in}", "Check-out is missing."),
        ("checkIn=2020-01-01&checkOut=2020-01-03", "Check-in is in the past."),
        (f"{the_dates()}&guests=9", "This room sleeps 4 guests."),
        ("checkIn=soon&checkOut=later", "Check-in must be a date such as 2026-12-01."),
    ],
)
def test_a_room_says_what_is_wrong_with_the_dates(visitor: Visitor, room: Room, query: str, said: str) -> None:
    visitor.go(f"{address(room)}?{query}")
    assert visitor.status == 400
    assert said in visitor.problems


def test_a_taken_room_offers_others_for_the_dates(
    visitor: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    visitor.go(f"{address(room)}?{the_dates()}&guests=2")
    assert "Not available on these dates" in visitor.text
    assert any(link.startswith("/rooms?location=antwerp&checkIn=") for link in visitor.links())
    assert len(visitor.page.select(".night-taken")) == the_stay().nights


def test_months_can_be_turned_within_what_can_be_booked(visitor: Visitor, room: Room) -> None:
    assert visitor.go(f"{address(room)}?month=1999-01").text.count("Earlier") == 0
    assert visitor.go(f"{address(room)}?month=2999-01").text.count("Later") == 0
    assert visitor.go(f"{address(room)}?month=nonsense").status == 200


STRANGE = ("nonsense", "room_01h2xcejqtf2nbrexx3vqjhp41", "user_01h2xcejqtf2nbrexx3vqjhp41")


@each("path", [f"/rooms/{name}" for name in STRANGE])
def test_an_unknown_room_is_not_found(visitor: Visitor, path: Any) -> None:
    assert visitor.go(path).status == 404
    assert visitor.go(f"{path}/picture.svg").status == 404


def test_a_room_tells_search_engines_about_itself(visitor: Visitor, room: Room) -> None:
    visitor.go(f"{address(room)}?{the_dates()}")
    told = json.loads(str(visitor.page.select_one('script[type="application/ld+json"]').string))
    assert told["@type"] == "HotelRoom"
    assert told["occupancy"]["maxValue"] == 4
    assert visitor.page.select_one("link[rel=canonical]")["href"] == f"http://localhost:8000{address(room)}"


@pytest.mark.parametrize(("currency", "price", "told"), [("JPY", "16300", "16300"), ("EUR", "163", "163.00")])
def test_search_engines_are_told_prices_with_the_decimals_of_their_currency(
    visitor: Visitor, currency: str, price: str, told: str
) -> None:
    visitor.go(address(a_room(location="kyoto", currency=currency, price_per_night=Decimal(price))))
    linked = json.loads(str(visitor.page.select_one('script[type="application/ld+json"]').string))
    assert linked["offers"]["price"] == told


def test_a_hostile_name_stays_text(visitor: Visitor) -> None:
    name = "</script><script>alert(1)</script>"
    visitor.go(address(a_room(name=name, description=name)))
    assert "<script>alert" not in visitor.response.text


def test_other_months_are_not_for_crawlers(visitor: Visitor, room: Room) -> None:
    visitor.go(address(room))
    assert visitor.page.select_one("meta[name=robots]") is None
    links = visitor.page.select("#calendar a")
    assert len(links) > 20
    assert all("nofollow" in link["rel"] for link in links)
    visitor.go(next(str(link["href"]) for link in links if "month=" in link["href"]))
    assert visitor.page.select_one("meta[name=robots]")["content"] == "noindex, follow"
    assert visitor.page.select_one("link[rel=canonical]")["href"] == f"http://localhost:8000{address(room)}"
    assert "Disallow: /*month=" in visitor.client.get("/robots.txt").text


def test_a_stay_that_cannot_be_had_offers_the_nearest_that_can(
    visitor: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    visitor.go(f"{address(room)}?{the_dates()}&guests=2")
    nearest = [link["href"] for link in visitor.page.select("#offer .ways a")]
    assert len(nearest) == 3
    for other, day in zip(nearest, (28, 32), strict=False):
        stay = in_days(day, 2)
        assert f"checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2" in other
    assert visitor.go(nearest[0].partition("#")[0]).page.select_one("form#reserve") is not None


def test_guests_see_beds_size_contact_and_house_rules_where_the_house_has_said_them(app: Flask) -> None:
    said = {"house_rules": "No parties.\n\nQuiet from 22:00.", "contact_phone": "+32 3 123 45 67"}
    said_of_room = {"beds": [{"type": "double", "count": 1}, {"type": "sofa_bed", "count": 2}], "size_m2": 24}
    seen = Visitor(app).go(f"/rooms/{encode('room', a_room(**said, **said_of_room).id)}")
    for told in ("1 double bed, 2 sofa beds", "24 m²", "+32 3 123 45 67", "House rules", "Quiet from 22:00."):
        assert told in seen.text
    bare = Visitor(app).go(f"/rooms/{encode('room', a_room().id)}")
    assert not [told for told in ("Beds", "m²", "Phone", "House rules") if told in bare.text]
