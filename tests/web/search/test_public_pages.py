"""The first page and results, as everybody may see them."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.search import Found, FoundRoom, usual
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.http import number_format
from booking.infra.ids import encode
from booking.pages.forms import Form
from booking.web import listing
from tests.cases import each
from tests.cast import a_room, acting, in_days, order
from tests.sources import nodes_of, tree_of
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


# --- first page


def test_home_counts_the_rooms_of_every_place(visitor: Visitor) -> None:
    a_room()
    a_room()
    a_room(location="ghent")
    visitor.go("/")
    assert "Antwerp 2 rooms" in visitor.text
    assert visitor.page.select_one("select[name=location] option[value=antwerp]") is not None


def test_home_works_without_any_room(visitor: Visitor) -> None:
    assert "No rooms yet" in visitor.go("/").text


def test_home_shows_only_rooms_that_are_free_with_the_price_of_the_stay(
    visitor: Visitor, alice: User, desk: BookingContext
) -> None:
    taken, free = a_room(), a_room(location="ghent")
    holds.reserve(acting(alice), order(alice, taken, usual.usual_stay(desk.rules)), desk)
    visitor.go("/")
    assert [card["href"].partition("?")[0] for card in visitor.page.select(".room-card a")] == [address(free)]
    assert "€240 for 2 nights" in visitor.text


def test_home_searches_a_weekend_ahead(visitor: Visitor) -> None:
    a_room()
    visitor.go("/")
    dates = [visitor.page.select_one(f"input[name={name}]")["value"] for name in ("checkIn", "checkOut")]
    assert visitor.client.get(f"/rooms?checkIn={dates[0]}&checkOut={dates[1]}").status_code == 200


# --- results


def test_results_show_the_total_for_the_stay(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    assert "1 room available in Antwerp" in visitor.text
    assert "€240 for 2 nights" in visitor.text
    assert "€120 per night" in visitor.text


def test_a_room_link_keeps_dates_and_guests(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&capacity=3")
    assert f"{address(room)}?{the_dates()}&guests=3" in visitor.links()


def test_results_without_dates_take_the_usual_ones(visitor: Visitor, room: Room) -> None:
    visitor.go("/rooms?location=antwerp")
    assert visitor.status == 200
    assert visitor.page.select_one("input[name=checkIn]")["value"]


def test_wrong_dates_are_told_beside_the_field(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&checkIn={the_stay().check_out}&checkOut={the_stay().check_in}")
    assert visitor.status == 400
    assert visitor.problems == ["Check-in must be before check-out."]
    assert visitor.page.select_one("#f-checkIn")["aria-invalid"] == "true"


def test_a_price_limit_meant_for_another_place_is_left_out(visitor: Visitor) -> None:
    a_room(location="kyoto", currency="JPY", price_per_night=Decimal(9000), time_zone="Asia/Tokyo")
    visitor.go(f"/rooms?location=kyoto&{the_dates()}&maxPrice=100&currency=EUR&sort=price")
    assert "1 room available" in visitor.text


def test_anywhere_cannot_be_ordered_by_price(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?{the_dates()}&sort=price&maxPrice=50")
    assert visitor.status == 200
    assert visitor.page.select_one("option[value=price]") is None


def test_pages_of_results_keep_the_search(visitor: Visitor) -> None:
    for _ in range(13):
        a_room()
    visitor.go("/rooms?location=antwerp")
    second = next(link for link in visitor.links() if "page=2" in link)
    assert "checkIn=" in second
    assert len(visitor.go(second).page.select(".room-card")) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("location=antwerp&capacity=40", "the largest is for 4 guests"),
        ("location=antwerp&amenities=pool", "1 room is available in Antwerp on these dates, but it doesn’t match"),
    ],
)
def test_nothing_found_says_why(visitor: Visitor, room: Room, query: str, said: str) -> None:
    assert said in visitor.go(f"/rooms?{the_dates()}&{query}").text


def test_a_part_is_only_the_results_with_title_and_address(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&capacity=2&minPrice=", **PART)
    assert visitor.response.text.startswith("<title>Rooms in Antwerp – Room Booking</title>")
    assert "<html" not in visitor.response.text
    assert "minPrice" not in visitor.headers["HX-Push-Url"]
    assert {"HX-Request-Type", "HX-History-Restore-Request"} <= set(visitor.headers["Vary"].split(", "))


def test_going_back_gets_the_whole_page(visitor: Visitor, room: Room) -> None:
    restored = visitor.go(f"/rooms?location=antwerp&{the_dates()}", **PART, **{"HX-History-Restore-Request": "true"})
    assert "<html" in restored.response.text
    assert "HX-Push-Url" not in restored.headers


def test_counts_have_the_separators_of_the_language(app: Flask) -> None:
    with app.test_request_context():
        assert number_format.rooms(2446) == "2,446 rooms"
        assert listing.headline(1000, None, Form()) == "1,000 rooms available"
        assert listing.headline(1001, None, Form()) == "More than 1,000 rooms available"


def test_after_more_rooms_than_are_counted_each_full_page_has_a_next_one() -> None:
    def pages(total: int, page: int, rooms: int) -> int:
        card = FoundRoom("room_1", "Attic", "antwerp", 2, Decimal(9), "EUR", [], Decimal(27))
        return listing.pages(Found([card] * rooms, page, 12, total))

    assert [pages(1000, 84, 4), pages(1001, 1, 12), pages(1001, 84, 12)] == [84, 84, 85]
    assert [pages(1001, 90, 12), pages(1001, 91, 5), pages(1001, 92, 0)] == [91, 91, 84]


def test_guests_of_a_rooms_address_are_understood_once(visitor: Visitor) -> None:
    for _ in range(13):
        a_room()
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&guests=3&utm_source=mail")
    assert visitor.page.select_one("select[name=capacity] option[selected]")["value"] == "3"
    second = next(link for link in visitor.links() if "page=2" in link)
    assert "capacity=3" in second
    assert "guests=" not in second
    assert "utm_source" not in second


def test_a_number_of_guests_beyond_all_reason_is_refused(visitor: Visitor, room: Room) -> None:
    assert visitor.go(f"/rooms?{the_dates()}&capacity={'9' * 5000}").status == 400
    assert visitor.go(f"{address(room)}?guests={'9' * 5000}").status == 400


def test_a_search_without_result_offers_to_drop_all_filters(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&amenities=pool&maxPrice=1&currency=EUR&q=castle")
    assert "Without filters 1 room" in visitor.text
    assert "No rooms available in Antwerp" in visitor.text


def test_a_wrong_filter_reaches_its_field_also_through_htmx(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&minPrice=cheap&amenities=wifi", **PART)
    assert visitor.page.select_one("#price[hx-swap-oob] #f-minPrice")["aria-invalid"] == "true"
    assert (
        visitor.page.select_one("#problems[hx-swap-oob] a[href='#f-minPrice']").text
        == "Minimum price must be a number."
    )
    assert visitor.page.select_one("label[for=f-minPrice]").text == "Minimum"
    kept = visitor.page.select("#carried[hx-swap-oob] input")
    assert ("amenities", "wifi") in [(field["name"], field["value"]) for field in kept]


# --- documentation


def test_the_documentation_of_the_api_has_a_way_back(visitor: Visitor) -> None:
    visitor.go("/api/docs")
    assert visitor.page.select_one("header.top a.brand")["href"] == "/"
    assert "style-src 'self'" in visitor.headers["Content-Security-Policy"]


@pytest.mark.usefixtures("alice")
def test_the_documentation_is_kept_by_nobody_when_it_shows_who_is_signed_in(visitor: Visitor) -> None:
    visitor.sign_in("alice")
    assert "Sign out" in visitor.go("/api/docs").text
    assert visitor.headers["Cache-Control"] == "no-store"


# --- machines


def test_sitemaps_list_every_page_once(client: FlaskClient, room: Room) -> None:
    namespace = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
    parts = [node.text for node in ET.fromstring(client.get("/sitemap.xml").data).iter(namespace)]
    listed = [
        node.text
        for part in parts
        for node in ET.fromstring(client.get(part.removeprefix("http://localhost:8000")).data).iter(namespace)
    ]
    assert sorted(map(str, listed)) == sorted(
        f"http://localhost:8000{path}" for path in ("/", "/rooms?location=antwerp", address(room))
    )
    assert client.get("/sitemap-rooms-1.xml").status_code == 404


def test_robots_know_the_sitemap_and_stay_out_of_accounts(client: FlaskClient) -> None:
    text = client.get("/robots.txt").text
    assert "Sitemap: http://localhost:8000/sitemap.xml" in text
    assert "Disallow: /account" in text


def test_icons_are_all_in_the_sprite(visitor: Visitor, room: Room) -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', visitor.client.get("/static/icons.svg").text))
    used = set()
    for path in ("/", f"/rooms?{the_dates()}", f"{address(room)}?{the_dates()}"):
        used |= set(re.findall(r'icons\.svg[^"#]*#([\w-]+)', visitor.go(path).response.text))
    from booking.pages.amenities import _KNOWN

    assert used | {icon for _, icon in _KNOWN.values()} <= sprite


@each("path", sorted(WEB.glob("*.py")), ids=lambda path: path.name)
def test_no_page_asks_the_database_itself(path: Any) -> None:
    """What pages show is decided in the domain."""
    imported = [node for node in nodes_of(tree_of(path)) if isinstance(node, ast.ImportFrom)]
    assert not [node.module for node in imported if str(node.module).startswith(("sqlalchemy", "booking.infra.db"))]


@pytest.mark.usefixtures("room")
def test_pages_for_somebody_signed_in_are_kept_by_nobody_else(visitor: Visitor, alice: User) -> None:
    visitor.sign_in("alice")
    for path in ("/", f"/rooms?{the_dates()}"):
        assert visitor.go(path).headers["Cache-Control"] in {"no-store", "private, no-cache"}


def test_a_page_past_the_end_leads_back_to_the_results(visitor: Visitor) -> None:
    a_room()
    visitor.go("/rooms?location=antwerp&page=99")
    assert "There is no page 99 of these results." in visitor.text
    assert "1 room available in Antwerp" in visitor.text
    back = visitor.page.find("a", string="Go to the first page")["href"]
    assert len(visitor.go(str(back)).page.select(".room-card")) == 1
