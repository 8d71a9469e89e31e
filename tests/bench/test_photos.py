"""`make bench-photos` in short: against pages in this process, whose worker is asked for one photo after the other.

So it depends on no worker of a loaded machine. What takes its time in the long form is the product with its demo rooms.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from bench import photos
from bench.browsing import Browser
from booking.domain import catalogue
from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Room, User
from booking.infra import pictures
from booking.infra.storage import Storage
from tests.cast import PASSWORD, SYSTEM
from tests.photos import of_room

pytestmark = pytest.mark.slow


@pytest.fixture
def port(application: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(timeout=5)


def test_the_photos_that_are_sent_are_taken_and_no_two_are_alike() -> None:
    first, second = (photos.photo(number, (640, 480)) for number in (1, 2))
    assert first != second
    assert (pictures.look(first).width, pictures.look(first).height) == (640, 480)


def test_in_short(
    app: Flask, port: int, alice: User, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "booking.storage", Storage(tmp_path.as_uri()))
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    owner = Browser(port, alice.email, PASSWORD)
    used = iter(([100.0], [103.0], [101.0]))

    said = list(
        photos.measure(owner, 2, (320, 240), used=lambda: next(used), wait=lambda: catalogue.make_next_photo(SYSTEM))
    )

    assert said[0].startswith("2 photos of 0.1 megapixels, made and sent in ")
    assert said[2] == "web processes: 103 MB (+3)"
    assert [line.split(" ")[0] for line in said[3:]] == ["all", "results"]
    shown = catalogue.list_photos(SYSTEM, of_room(room)).photos
    assert [(one.alt, one.state) for one in shown] == [("Photo 0", "ready"), ("Photo 1", "ready")]
