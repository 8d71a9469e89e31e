"""`flask photos`: what an operator sees of photos, and can do with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from booking.domain.tables import Room
from booking.infra.ids import encode
from booking.infra.storage import Storage
from tests.photos import added, of_room, picture

pytestmark = pytest.mark.slow


@pytest.fixture
def photos(runner: FlaskCliRunner, room: Room, storage: Storage) -> Any:
    def run(*words: str) -> Any:
        return runner.invoke(args=["photos", *words])

    return run


def test_files_are_added_in_their_order_and_the_first_that_is_no_photo_is_named(
    photos: Any, room: Room, tmp_path: Path
) -> None:
    key = encode("room", room.id)
    for name, content in (("bed.jpg", picture()), ("bath.png", picture("PNG")), ("notes.txt", b"Hello")):
        (tmp_path / name).write_bytes(content)
    files = [str(tmp_path / name) for name in ("bed.jpg", "notes.txt", "bath.png")]
    said = photos("add", *files, "--room", key)
    assert said.exit_code == 2
    assert "“notes.txt” is no photo; photos must be JPEG, PNG, or WebP" in said.stderr
    assert "bed.jpg, being prepared: needs a description" in said.stdout
    again = photos("add", *files[::2], "--room", key, "--json")
    assert (again.exit_code, "bed.jpg is there already." in again.stderr) == (0, True)
    assert [one["file"] for one in json.loads(again.stdout)] == ["bed.jpg", "bath.png"]
    assert photos("add", *files, "--room", key, "--description", "x").exit_code == 2
    assert "Say --room or --property." in photos("list").stderr


def test_a_photo_is_shown_described_moved_and_deleted(photos: Any, room: Room) -> None:
    first, second = added(of_room(room), "red", "Red"), added(of_room(room), "blue")
    key = encode("photo", second.id)
    assert (
        "blue.jpg, ready, 300 × 200: needs a description\nhttp://localhost:8000/photos/" in photos("show", key).stdout
    )
    assert "blue.jpg, ready, 300 × 200: A blue door" in photos("edit", key, "--description", "A blue door").stdout
    assert photos("edit", key, "--description", "x" * 301).exit_code == 2
    assert photos("move", key, "1").exit_code == 0
    listed = json.loads(photos("list", "--room", encode("room", room.id), "--json").stdout)
    assert [one["photoId"] for one in listed] == [key, encode("photo", first.id)]
    assert listed[0] | {"url": "", "addedAt": ""} == {
        "photoId": key,
        "roomId": encode("room", room.id),
        "propertyId": None,
        "file": "blue.jpg",
        "description": "A blue door",
        "state": "ready",
        "problem": None,
        "url": "",
        "width": 300,
        "height": 200,
        "addedAt": "",
    }
    assert photos("delete", key, "--yes").exit_code == 0
    assert photos("delete", key, "--yes").exit_code == 1
    assert "1 photo, 0 without a description." in photos("list", "--room", encode("room", room.id)).stderr
