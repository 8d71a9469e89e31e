"""The page of photos: several are added at once, each refused one is named, and what was typed is saved."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from booking.domain import catalogue
from booking.domain.actors import Role
from booking.domain.catalogue import StaffPhoto
from booking.domain.tables import Photo, Room, User
from booking.infra.ids import encode
from booking.infra.storage import Storage
from tests.admin.staff import at_work
from tests.cast import SYSTEM, count
from tests.photos import added, away, claimed, names, of_house, of_room, picture
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def address(room: Room) -> str:
    return f"/admin/rooms/{encode('room', room.id)}/photos"


@pytest.fixture
def desk(app: Flask, alice: User, room: Room, storage: Storage) -> Visitor:
    return at_work(app, alice, Role.MANAGER, room).go(address(room))


def photos(room: Room) -> list[StaffPhoto]:
    return list(catalogue.list_photos(SYSTEM, of_room(room)).photos)


def send(desk: Visitor, where: str, *files: tuple[str, bytes], **fields: str) -> TestResponse:
    """The form, with these files."""
    token = desk.page.select_one("#add input[name=csrf_token]")["value"]
    sent: dict[str, Any] = {"csrf_token": token, "file": [(io.BytesIO(content), name) for name, content in files]}
    headers = {"Referer": "http://localhost/", "Origin": "http://localhost"}
    return desk.client.post(where, data=sent | fields, headers=headers, content_type="multipart/form-data")


def test_several_photos_are_added_at_once(desk: Visitor, room: Room) -> None:
    files = [(f"{colour}.jpg", picture(colour=colour)) for colour in ("red", "green")]
    assert send(desk, address(room), *files, description="For both?").status_code == 303
    page = desk.go(address(room))
    assert "2 photos were added. Please describe them below" in page.text
    assert page.text.count("Being prepared") == 2
    assert [(one.file_name, one.alt) for one in photos(room)] == [("red.jpg", ""), ("green.jpg", "")]
    assert page.page.select_one("#preparing")["hx-trigger"] == "every 3s"
    assert send(desk, address(room), files[0], ("blue.jpg", picture(colour="blue")), description="x").status_code == 303
    assert "1 photo was added. 1 was here already." in desk.go(address(room)).text


def test_a_room_whose_photos_are_being_prepared_is_not_asked_for_them_again(
    app: Flask, alice: User, room: Room, storage: Storage
) -> None:
    set_up = at_work(app, alice, Role.MANAGER, room).go("/admin/set-up")
    assert (address(room) in set_up.links(), "are being prepared" in set_up.text) == (True, False)
    added(of_room(room), ready=False)
    set_up.go("/admin/set-up")
    assert (address(room) in set_up.links(), "are being prepared" in set_up.text) == (False, True)
    while catalogue.make_next_photo(SYSTEM):
        pass
    assert "are being prepared" not in set_up.go("/admin/set-up").text


def test_one_is_described_as_it_is_sent(desk: Visitor, room: Room) -> None:
    send(desk, address(room), ("bed.jpg", picture()), description=" A bed ")
    assert [one.alt for one in photos(room)] == ["A bed"]


def test_what_cannot_be_taken_is_named_and_the_others_are_in(desk: Visitor, room: Room) -> None:
    answer = send(
        desk,
        address(room),
        ("bed.jpg", picture()),
        ("bomb.png", claimed(50_000, 50_000)),
        ("large.png", claimed(10_000, 10_000)),
        ("logo.svg", SVG),
        ("cut.jpg", picture()[:-300]),
        ("both.jpg", picture() + b"<script>alert(1)</script>"),
        ("small.png", picture("PNG", (20, 20))),
        ("empty.jpg", b""),
    )
    told = answer.get_data(as_text=True)
    assert answer.status_code == 400
    for sentence in (
        "1 photo was added.",
        "“bomb.png” has 2500 megapixels; make it smaller, to at most 50 megapixels.",
        "“large.png” has 100 megapixels",
        "“logo.svg” is SVG; photos must be JPEG, PNG, or WebP.",
        "“cut.jpg” is damaged or not complete",
        "“both.jpg” holds more than a photo",
        "“small.png” has 20 × 20 pixels",
        "“empty.jpg” is empty.",
    ):
        assert sentence in told, sentence
    assert [one.file_name for one in photos(room)] == ["bed.jpg"]


def test_without_a_file_it_is_asked_for(desk: Visitor, room: Room) -> None:
    answer = send(desk, address(room))
    assert (answer.status_code, "Choose at least one photo." in answer.text) == (400, True)


def test_while_the_storage_is_away_it_is_said_and_the_page_goes_on(
    app: Flask, desk: Visitor, room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(of_room(room), "red", "A door")
    away(app, monkeypatch)
    answer = send(desk, address(room), ("bed.jpg", picture()), ("bath.jpg", picture(colour="white")))
    assert (answer.status_code, answer.headers["Retry-After"], count(Photo)) == (503, "30", 1)
    assert "Photos cannot be stored or shown at the moment." in answer.text
    assert "“bath.jpg” was not added." in answer.text
    assert desk.go(address(room)).status == 200
    assert desk.go(f"/rooms/{encode('room', room.id)}").status == 200


def test_whatever_is_pressed_what_was_typed_is_saved(desk: Visitor, room: Room) -> None:
    first, second = added(of_room(room), "red"), added(of_room(room), "blue", "Blue")
    key = encode("photo", first.id)
    page = desk.go(address(room))
    assert page.page.select_one(f"#thumb-{key} img")["alt"] == ""
    said = {f"alt-{key}": "A red door", f"was-{key}": "", f"version-{key}": "1"}
    token = {"csrf_token": page.page.select_one("#photos input[name=csrf_token]")["value"]}
    headers = {"Referer": "http://localhost/", "Origin": "http://localhost"}
    desk.client.post(f"{address(room)}/{encode('photo', second.id)}/move?to=0", data=said | token, headers=headers)
    assert [one.alt for one in photos(room)] == ["Blue", "A red door"]
    assert "The photos are in their new order." in desk.go(address(room)).text
    late = desk.client.post(f"{address(room)}/describe", data=said | token | {f"alt-{key}": "Another"}, headers=headers)
    assert late.status_code == 409
    assert "Somebody else has described one of these photos meanwhile." in late.text
    assert ">Another</textarea>" in late.text
    blue = encode("photo", second.id)
    emptied = {f"alt-{blue}": "", f"was-{blue}": "Blue", f"version-{blue}": "1", f"alt-{key}": "x" * 301}
    long = desk.client.post(f"{address(room)}/describe", data=said | token | emptied, headers=headers)
    assert long.status_code == 400
    assert "must have at most 300 characters" in long.text
    assert ">Blue</textarea>" not in long.text, "what was emptied stays so"
    for _ in range(2):
        gone = desk.client.post(f"{address(room)}/{key}/delete", data=token, headers=headers)
        assert gone.status_code == 303
    assert [one.alt for one in photos(room)] == ["Blue"]


def test_a_photo_of_another_place_is_none_of_this_one(desk: Visitor, room: Room) -> None:
    elsewhere = added(of_house(room), "red")
    token = {"csrf_token": desk.page.select_one("#add input[name=csrf_token]")["value"]}
    headers = {"Referer": "http://localhost/", "Origin": "http://localhost"}
    moved = desk.client.post(f"{address(room)}/{encode('photo', elsewhere.id)}/move?to=0", data=token, headers=headers)
    assert moved.status_code == 404


def test_what_has_become_ready_is_sent_by_itself(desk: Visitor, room: Room) -> None:
    ready = added(of_room(room), "red", "A door")
    added(of_room(room), "blue", ready=False)
    asked = desk.client.get(address(room), headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert f'id="thumb-{encode("photo", ready.id)}" hx-swap-oob="outerHTML"' in asked.text
    assert asked.text.count("photo-thumb") == 1
    assert "<h1>" not in asked.text


def test_a_form_that_is_too_large_is_refused_and_nothing_is_stored(
    desk: Visitor, room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"\xff\xd8\xff" + bytes(65 * 2**20)
    assert send(desk, address(room), ("large.jpg", large)).status_code == 413
    assert names(storage) == set()


def test_one_photo_may_be_larger_than_other_requests(desk: Visitor, room: Room, app: Flask) -> None:
    large = picture() + bytes(2 * 2**20)
    assert send(desk, address(room), ("large.jpg", large)).status_code == 303
    assert send(desk, address(room), ("huge.jpg", picture() + bytes(21 * 2**20))).status_code == 400


def test_the_desk_and_housekeeping_find_nothing(app: Flask, bob: User, room: Room, storage: Storage) -> None:
    for role in (Role.DESK, Role.HOUSEKEEPING):
        clerk = at_work(app, bob, role, room)
        assert clerk.go(address(room)).status == 404
        assert "Photos" not in clerk.go("/admin/rooms").text
