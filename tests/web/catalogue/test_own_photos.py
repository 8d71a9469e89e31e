"""Photos that staff has uploaded, as guests, search engines, other sites and programs get them."""

from __future__ import annotations

import dataclasses
import json

import pytest
from flask import Flask

from booking.domain.tables import Room, User
from booking.infra.ids import encode
from booking.infra.storage import Storage
from tests.api.program import program_of
from tests.cast import a_room, in_days
from tests.photos import added, away, of_house, of_room
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

IMPORTED = {"url": "https://elsewhere.example/one.jpg", "alt": "Imported"}


@pytest.fixture
def visitor(app: Flask, storage: Storage) -> Visitor:
    return Visitor(app)


def address(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}"


def results(visitor: Visitor) -> Visitor:
    stay = in_days(30)
    return visitor.go(f"/rooms?location=antwerp&checkIn={stay.check_in}&checkOut={stay.check_out}&capacity=2")


def test_a_room_shows_its_own_photos_in_order_and_sizes(visitor: Visitor) -> None:
    room = a_room(images=[IMPORTED])
    added(of_room(room), "red", "A red door")
    added(of_room(room), "blue")
    page = visitor.go(address(room)).page
    first, second = page.select(".gallery picture")
    assert [source["type"] for source in first.select("source")] == ["image/avif", "image/webp"]
    source = first.select_one("source")
    assert source["srcset"].endswith("/300.avif 300w")
    assert source["sizes"] == "(min-width: 60rem) 44rem, 100vw"
    image = first.img
    assert (image["alt"], image["width"], image["height"]) == ("A red door", "300", "200")
    assert (image["fetchpriority"], image["class"]) == ("high", ["room-picture"])
    assert (second.img["alt"], second.img["loading"]) == ("Photo 2 of Room with a view", "lazy")
    assert [link["href"] for link in page.select(".gallery-numbers a")] == ["#photo-1", "#photo-2"]
    shown = page.select_one("meta[property='og:image']")["content"]
    assert shown == f"http://localhost:8000{image['src']}"
    assert page.select_one("meta[property='og:image:alt']")["content"] == "A red door"
    assert page.select_one("meta[property='og:image:width']")["content"] == "300"
    told = json.loads(str(page.select_one("script[type='application/ld+json']").string))
    assert told["image"][0] == shown


def test_cards_show_the_cover_and_pages_of_bookings_its_smallest_size(visitor: Visitor) -> None:
    room = a_room()
    added(of_room(room), "red")
    added(of_room(room), "blue")
    card = results(visitor).page.select_one(".room-card")
    assert len(card.select("picture")) == 1
    assert card.select_one("source")["srcset"].endswith("/300.avif 300w")
    assert card.img["alt"] == ""
    assert card.select_one(".picture-label") is None
    small = visitor.client.get(f"{address(room)}/picture").headers["Location"]
    assert small.endswith("/300.webp")


def test_photos_of_the_property_stand_with_it_and_on_a_card_under_its_name(visitor: Visitor) -> None:
    room = a_room()
    added(of_house(room), "green", "The garden")
    page = visitor.go(address(room)).page
    assert page.select_one(".drawn figcaption").get_text() == "Illustration"
    assert page.select_one(".house-photos img")["alt"] == "The garden"
    assert page.select_one("#house-photo-1")
    assert "preview.jpg" in page.select_one("meta[property='og:image']")["content"]
    card = results(visitor).page.select_one(".room-card")
    assert card.select_one(".picture-label").get_text() == "The property"
    assert card.select_one("source")["srcset"].endswith("/300.avif 300w")


def test_a_file_may_be_kept_for_a_year_and_shown_anywhere(visitor: Visitor) -> None:
    room = a_room()
    added(of_room(room))
    src = visitor.go(address(room)).page.select_one(".gallery img")["src"]
    answer = visitor.client.get(src)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (answer.headers.get("Set-Cookie"), answer.headers.get("Vary")) == (None, "Accept-Encoding")
    assert visitor.client.get(src, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    folder = src.rpartition("/")[0]
    for other in (f"{folder}/301.jpg", f"{folder}/300.svg", f"{folder}/..%2f..%2fincoming", "/photos/x/300.jpg"):
        assert visitor.client.get(other).status_code == 404


def test_while_the_storage_is_away_pages_go_on(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    room = a_room()
    added(of_room(room))
    src = visitor.go(address(room)).page.select_one(".gallery img")["src"]
    away(app, monkeypatch)
    assert results(visitor).status == visitor.go(address(room)).status == 200
    answer = visitor.client.get(src)
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (
        503,
        "30",
        "no-store",
    )


def test_a_cdn_sends_them_where_there_is_one(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    services = app.extensions["services"]
    settings = dataclasses.replace(services.settings, photos_base_url="https://CDN.example/photos/")
    monkeypatch.setitem(app.extensions, "services", dataclasses.replace(services, settings=settings))
    room = a_room()
    added(of_room(room))
    page = visitor.go(address(room))
    src = page.page.select_one(".gallery img")["src"]
    assert src.startswith("https://CDN.example/photos/")
    assert "img-src 'self' data: https://cdn.example;" in page.headers["Content-Security-Policy"]
    assert page.page.select_one("meta[property='og:image']")["content"] == src


def test_programs_get_them_before_imported_ones(app: Flask, alice: User, storage: Storage) -> None:
    room = a_room(images=[IMPORTED])
    added(of_room(room), "red", "A red door")
    added(of_room(room), "blue")
    told = program_of(app, alice).get(address(room)).json["images"]
    assert told[0] | {"url": ""} == {"url": "", "alt": "A red door", "width": 300, "height": 200}
    assert told[0]["url"].startswith("http://localhost:8000/photos/")
    assert told[1].keys() == {"url", "width", "height"}
    assert told[2] == IMPORTED
