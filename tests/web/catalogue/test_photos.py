"""Pictures of rooms: photos where they may be shown, else a drawing that says that it is one."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from booking.config import Settings, SettingsError
from booking.demo.pictures import room_picture
from booking.domain.catalogue.models import DEMO
from booking.domain.stays import Stay
from booking.domain.tables import Room
from booking.infra import redis
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import a_room, in_days
from tests.quick import first_quick
from tests.test_settings import GOOD
from tests.web.visitor import Visitor

PHOTOS = [
    {"url": "https://photos.example/one.jpg", "alt": "The bed by the window"},
    {"url": "https://photos.example/two.jpg"},
]
NEVER = [
    "http://photos.example/a.jpg",
    "javascript:alert(1)",
    "https://elsewhere.example/a.jpg",
    "//photos.example/a.jpg",
    "https://photos.example@elsewhere.example/a.jpg",
    "https://photos.example/a b.jpg",
    "https://[",
    "",
    None,
]


def the_stay() -> Stay:
    return in_days(30, 2)


def the_dates() -> str:
    stay = the_stay()
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


@pytest.fixture
def visitor(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    services = app.extensions["services"]
    settings = dataclasses.replace(services.settings, image_sources="https://photos.example")
    monkeypatch.setitem(app.extensions, "services", dataclasses.replace(services, settings=settings))
    return Visitor(app)


def address(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}"


def test_a_rooms_page_shows_its_photos_with_their_words_and_without_moving(visitor: Visitor) -> None:
    visitor.go(address(a_room(images=PHOTOS)))
    first, second = visitor.page.select(".gallery img")
    assert (first["src"], first["alt"]) == (PHOTOS[0]["url"], "The bed by the window")
    assert second["alt"] == "Photo 2 of Room with a view"
    assert not first.has_attr("loading")
    assert second["loading"] == "lazy"
    assert all(image["width"] and image["height"] for image in (first, second))
    assert "Illustration" not in visitor.text
    assert visitor.page.select_one("meta[property='og:image']")["content"] == PHOTOS[0]["url"]
    told = json.loads(str(visitor.page.select_one('script[type="application/ld+json"]').string))
    assert told["image"] == [photo["url"] for photo in PHOTOS]


def test_the_first_photo_stands_on_cards_and_with_bookings(visitor: Visitor) -> None:
    room = a_room(images=PHOTOS)
    visitor.go(f"/rooms?location=antwerp&{the_dates()}")
    assert visitor.page.select_one(".room-card img")["src"] == PHOTOS[0]["url"]
    assert visitor.client.get(f"{address(room)}/picture").headers["Location"] == PHOTOS[0]["url"]


def test_the_policy_of_pages_lets_in_the_sources_that_are_set_and_no_others(visitor: Visitor, room: Room) -> None:
    visitor.go(address(room))
    assert "img-src 'self' data: https://photos.example;" in visitor.headers["Content-Security-Policy"]


@pytest.mark.parametrize("url", first_quick(NEVER, quick=2))
def test_what_is_no_photo_of_an_allowed_source_is_never_put_out(visitor: Visitor, url: Any) -> None:
    room = a_room(images=[{"url": url}, "https://photos.example/a.jpg", {"other": 1}])
    visitor.go(address(room))
    assert visitor.page.select_one(".gallery") is None
    assert visitor.page.select_one(".drawn figcaption").get_text() == "Illustration"
    assert not url or str(url) not in visitor.response.text


def test_a_room_without_photos_has_an_illustration_that_says_so_and_claims_nothing(visitor: Visitor) -> None:
    room = a_room(kind="Shared room in hostel", capacity=1)
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&capacity=1")
    card = visitor.page.select_one(".room-card")
    assert "illustration.svg" in card.img["src"]
    assert card.select_one(".picture-label").get_text() == "Illustration"
    assert "illustration.svg" in visitor.client.get(f"{address(room)}/picture.svg").headers["Location"]
    visitor.go(address(room))
    assert visitor.page.select_one("meta[property='og:image']")["content"].partition("?")[0].endswith(".jpg")
    assert "image" not in json.loads(str(visitor.page.select_one('script[type="application/ld+json"]').string))


def test_a_demo_room_keeps_its_own_drawing(visitor: Visitor) -> None:
    room = a_room(source=DEMO, source_id="antwerp-1")
    picture = visitor.go(f"{address(room)}/picture.svg")
    assert picture.headers["Content-Type"].startswith("image/svg+xml")
    assert "max-age=" in picture.headers["Cache-Control"]
    assert "Cookie" not in picture.headers.get("Vary", "")
    assert visitor.go(address(room)).page.select_one(".drawn img")["src"].endswith("/picture.svg")


@each("encoding", ["identity", "br"])
def test_a_drawing_is_drawn_once_and_fetched_anew_only_where_its_content_has_changed(
    app: Flask, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    room, client = a_room(source=DEMO, source_id=f"antwerp-{encoding}"), app.test_client()
    drawn, svg = [], room_picture.svg

    def counted(room_id: str, **facts: Any) -> str:
        drawn.append(facts)
        return svg(room_id, **facts)

    monkeypatch.setattr(room_picture, "svg", counted)
    path, asked = f"{address(room)}/picture.svg", {"Accept-Encoding": encoding}
    first = client.get(path, headers=asked)
    again = client.get(path, headers=asked | {"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert len(drawn) == 1
    db.session.execute(update(Room).where(Room.id == room.id).values(capacity=8))
    db.session.commit()
    redis.servers.cache.client.flushdb()
    other = client.get(path, headers=asked | {"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    assert other.headers["ETag"] != first.headers["ETag"]


def test_a_booking_of_a_room_that_is_gone_still_has_a_picture(visitor: Visitor) -> None:
    room = a_room(published=False)
    assert "illustration.svg" in visitor.client.get(f"{address(room)}/picture").headers["Location"]


@each("sources", ["http://photos.example", "photos.example", "https://a.example;script-src *", "*"])
def test_sources_that_are_no_https_origins_are_refused_at_the_start(sources: str) -> None:
    with pytest.raises(SettingsError, match="IMAGE_SOURCES"):
        Settings.from_env({**GOOD, "IMAGE_SOURCES": sources})
