"""Photos of rooms and properties: added, prepared, described, put in order, deleted; and what guests get of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from booking.domain import catalogue, maintenance, search
from booking.domain.actors import Actor, Membership, Role
from booking.domain.catalogue import (
    MOST_PHOTOS,
    PhotoFile,
    PhotoModified,
    PhotoNotFound,
    PhotosUnavailable,
    PhotoText,
    TooManyPhotos,
)
from booking.domain.catalogue.photos import keeping, making, sweeping
from booking.domain.errors import Invalid, NotFound, RoomNotFound
from booking.domain.people import audit_log
from booking.domain.tables import Event, Photo, Room
from booking.infra import pictures, prepared
from booking.infra.db import db, reading
from booking.infra.ids import encode
from booking.infra.pictures import Interrupted, Made, Unreadable
from booking.infra.storage import Storage
from booking.web import room_cards
from booking.web.room_cards import RoomCard
from tests.cast import SYSTEM, a_room, all_at_once, count, later, today
from tests.domain.reservations.test_units import findings
from tests.photos import LIMITS, added, away, names, of_house, of_room, picture

pytestmark = pytest.mark.slow

MADE = {"photos/300.avif", "photos/300.webp", "photos/300.jpg"}


@reading
def shown(room: Room) -> list[str]:
    """What guests see of the room, by their words."""
    return [one["alt"] for one in db.session.get_one(Room, room.id).photos]


@reading
def row(photo_id: uuid.UUID) -> Photo:
    return db.session.get_one(Photo, photo_id)


def alts(room: Room) -> list[str]:
    return [photo.alt for photo in catalogue.list_photos(SYSTEM, of_room(room)).photos]


def manager(room: Room) -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(Role.MANAGER, room.property_id),), None)


def test_a_photo_is_seen_once_it_is_prepared(room: Room, storage: Storage) -> None:
    photo = added(of_room(room), alt="A bed", ready=False)
    assert (photo.state, photo.shown, shown(room)) == ("waiting", None, [])
    assert names(storage) == {"incoming/"}
    assert catalogue.make_next_photo(SYSTEM)
    assert not catalogue.make_next_photo(SYSTEM)
    ready = catalogue.get_photo(SYSTEM, photo.id)
    assert ready.shown
    assert (ready.state, ready.shown.width, ready.shown.widths, shown(room)) == ("ready", 300, (300,), ["A bed"])
    assert names(storage) == MADE
    details = catalogue.get_room_details(room.id, 60)
    assert [one.alt for one in catalogue.shown_photos(details["photos"])] == ["A bed"]
    for _ in range(prepared.AFTER + 2):  # also once it is prepared
        assert catalogue.find_cover(room.id) == ready.shown
    assert count(Event, type="room.updated") == 1


def test_one_that_waits_for_long_is_late_and_the_doctor_says_so(app: Flask, room: Room, storage: Storage) -> None:
    photo = added(of_room(room), ready=False)
    assert (photo.is_late, _doctor(app)) == (False, ["none_overdue"])
    later(catalogue.PHOTO_MADE_WITHIN + dt.timedelta(minutes=1))
    assert (catalogue.get_photo(SYSTEM, photo.id).is_late, _doctor(app)) == (True, ["photos_unmade"])
    assert catalogue.make_next_photo(SYSTEM)
    assert (catalogue.get_photo(SYSTEM, photo.id).is_late, _doctor(app)) == (False, ["none_overdue"])


def _doctor(app: Flask) -> list[str]:
    with db.engine.connect() as opened:
        return [one.finding.code for one in maintenance.overdue_photos(opened, app.extensions["services"].settings)]


def test_where_a_room_has_none_its_card_shows_the_property_and_says_so(
    app: Flask, room: Room, storage: Storage
) -> None:
    assert (_card(app, room).is_drawn, _card(app, room).photo) == (True, None)
    added(of_house(room), alt="The front")
    card = _card(app, room)
    assert (card.is_drawn, card.is_of_house, card.photo and card.photo.alt) == (False, True, "The front")
    assert app.test_client().get(card.picture).status_code == 200
    added(of_room(room), alt="A bed")
    card = _card(app, room)
    assert (card.is_drawn, card.is_of_house, card.photo and card.photo.alt) == (False, False, "A bed")


def _card(app: Flask, room: Room) -> RoomCard:
    key = encode("room", room.id)
    found: Any = SimpleNamespace(id=key, name=room.name, plan=None)
    with app.test_request_context():
        return room_cards._card(found, search.facts_for_cards([found], today())[key])


def test_of_a_property_they_stand_beside_it(room: Room, storage: Storage) -> None:
    catalogue.get_room_details(room.id, 60)
    added(of_house(room), alt="The garden")
    details = catalogue.get_room_details(room.id, 60)
    assert [one["alt"] for one in details["property"]["photos"]] == ["The garden"]
    assert (details["photos"], shown(room)) == ([], [])


def test_the_same_file_is_there_once_and_another_place_shares_its_files(room: Room, storage: Storage) -> None:
    first, other = added(of_room(room), alt="A bed"), a_room()
    again, is_new = catalogue.add_photo(SYSTEM, of_room(room), PhotoFile("x.jpg", picture()), LIMITS)
    assert (again.id, is_new) == (first.id, False)
    shared = added(of_room(other), alt="The same bed", ready=False)
    assert shared.state == "ready"
    shared_key = row(shared.id).storage_key
    assert shared_key == row(first.id).storage_key
    assert names(storage) == MADE
    catalogue.remove_photo(SYSTEM, first.id)
    assert (names(storage), shown(room), shown(other)) == (MADE, [], ["The same bed"])
    catalogue.remove_photo(SYSTEM, shared.id)
    assert names(storage) == set()
    assert row(added(of_room(room)).id).storage_key != shared_key  # no file ever gets the key of another
    assert names(storage) == MADE


def test_what_waits_at_two_places_is_prepared_once_for_both(room: Room, storage: Storage) -> None:
    other = a_room()
    for place in (of_room(room), of_room(other)):
        added(place, alt="A bed", ready=False)
    assert catalogue.make_next_photo(SYSTEM)
    assert not catalogue.make_next_photo(SYSTEM)
    assert shown(room) == shown(other) == ["A bed"]


def test_of_two_uploads_at_once_one_is_in(app: Flask, room: Room, storage: Storage) -> None:
    file = PhotoFile("bed.jpg", picture())
    act = [lambda: catalogue.add_photo(SYSTEM, of_room(room), file, LIMITS)[1]] * 4
    assert sorted(all_at_once(app, act)) == [False, False, False, True]
    assert (count(Photo), len(list(storage.names("incoming")))) == (1, 1)


def test_order_and_cover(app: Flask, room: Room, storage: Storage) -> None:
    photos = [added(of_room(room), colour, colour) for colour in ("red", "green", "blue")]
    catalogue.move_photo(SYSTEM, photos[2].id, 0)
    assert alts(room) == shown(room) == ["blue", "red", "green"]
    catalogue.move_photo(SYSTEM, photos[2].id, 0)  # pressed twice
    catalogue.move_photo(SYSTEM, photos[2].id, 99)
    assert alts(room) == ["red", "green", "blue"]
    moves: list[Callable[[], object]] = [partial(catalogue.move_photo, SYSTEM, one.id, 0) for one in photos]
    assert all(not isinstance(one, Exception) for one in all_at_once(app, moves))
    assert sorted(alts(room)) == ["blue", "green", "red"]
    assert [row(one.id).position for one in catalogue.list_photos(SYSTEM, of_room(room)).photos] == [0, 1, 2]
    assert alts(room) == shown(room)


def test_descriptions_are_saved_together_or_not_at_all(room: Room, storage: Storage) -> None:
    first, second = added(of_room(room), "red", "Red"), added(of_room(room), "blue")
    assert second.needs_words
    both = {first.id: PhotoText(alt="A red door", version=1), second.id: PhotoText(alt=" A blue door ", version=1)}
    assert catalogue.describe_photos(SYSTEM, of_room(room), both) == 2
    assert shown(room) == ["A red door", "A blue door"]
    assert catalogue.describe_photos(SYSTEM, of_room(room), both) == 0  # sent twice
    late = {first.id: PhotoText(alt="Another", version=1), second.id: PhotoText(alt="New", version=2)}
    with pytest.raises(PhotoModified):
        catalogue.describe_photos(SYSTEM, of_room(room), late)
    assert shown(room) == ["A red door", "A blue door"]
    with pytest.raises(PhotoNotFound):
        catalogue.describe_photos(SYSTEM, of_room(a_room()), {first.id: PhotoText(alt="Mine")})


def test_deleting_twice_finds_nothing(room: Room, storage: Storage) -> None:
    photo = added(of_room(room))
    assert catalogue.remove_photo(SYSTEM, photo.id).id == photo.id
    with pytest.raises(PhotoNotFound):
        catalogue.remove_photo(SYSTEM, photo.id)
    assert (names(storage), shown(room)) == (set(), [])


def test_whoever_may_not_finds_nothing_and_nothing_is_stored_for_them(room: Room, storage: Storage) -> None:
    photo, stranger = added(of_room(room)), manager(a_room())
    before = names(storage)
    with pytest.raises(RoomNotFound):
        catalogue.add_photo(stranger, of_room(room), PhotoFile("a.jpg", picture(colour="red")), LIMITS)
    with pytest.raises(NotFound):
        catalogue.list_photos(stranger, of_house(room))
    acts: list[Callable[[], object]] = [
        partial(catalogue.get_photo, stranger, photo.id),
        partial(catalogue.move_photo, stranger, photo.id, 1),
        partial(catalogue.remove_photo, stranger, photo.id),
    ]
    for act in acts:
        with pytest.raises(PhotoNotFound):
            act()
    assert names(storage) == before
    catalogue.move_photo(manager(room), photo.id, 0)


def test_there_is_an_end_to_how_many_there_may_be(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_PHOTOS == 60
    monkeypatch.setattr(keeping, "MOST", 1)
    added(of_room(room))
    with pytest.raises(TooManyPhotos):
        added(of_room(room), "red")
    assert names(storage) == MADE


def test_what_is_no_photo_is_refused_before_anything_is_stored(room: Room, storage: Storage) -> None:
    with pytest.raises(Invalid) as refusal:
        catalogue.add_photo(SYSTEM, of_room(room), PhotoFile("C:\\x\\notes\u202e.txt", b"Hello"), LIMITS)
    assert refusal.value.details["file"].params["file"] == "notes.txt"
    assert (names(storage), count(Photo)) == (set(), 0)


def test_everything_is_in_the_audit_log(room: Room, storage: Storage) -> None:
    photo = added(of_room(room), "red")
    catalogue.describe_photos(SYSTEM, of_room(room), {photo.id: PhotoText(alt="A door")})
    added(of_room(room), "blue")
    catalogue.move_photo(SYSTEM, photo.id, 1)
    catalogue.remove_photo(SYSTEM, photo.id)
    entries = audit_log.entries(SYSTEM, subject=encode("room", room.id))
    told = [entry.action for entry in reversed(entries)]
    assert told == ["photo.added", "photo.described", "photo.added", "photo.moved", "photo.deleted"]
    assert entries[0].before == {"photo": encode("photo", photo.id), "file": "red.jpg", "description": "A door"}


def test_identical_units_have_their_photos_in_common_and_one_that_leaves_takes_them_along(
    room: Room, storage: Storage
) -> None:
    red = added(of_room(room), "red", "Red")
    first, second, third = catalogue.make_units(SYSTEM, room.id, ["1", "2", "3"]).units
    assert shown(second) == alts(second) == ["Red"]
    added(of_room(second), "blue", "Blue")
    again, is_new = catalogue.add_photo(SYSTEM, of_room(third), PhotoFile("x.jpg", picture(colour="red")), LIMITS)
    assert (again.id, is_new) == (red.id, False)
    catalogue.move_photo(SYSTEM, red.id, 1)
    catalogue.describe_photos(SYSTEM, of_room(third), {red.id: PhotoText(alt="A red door")})
    for unit in (first, second, third):
        assert shown(unit) == alts(unit) == ["Blue", "A red door"]
    assert findings() == []
    catalogue.leave_units(SYSTEM, first.id)
    for unit in (first, second, third):
        assert shown(unit) == alts(unit) == ["Blue", "A red door"]
    catalogue.remove_photo(SYSTEM, red.id)
    assert (shown(first), shown(second)) == (["Blue"], ["Blue", "A red door"])
    assert names(storage) == MADE


# --- storage and worker in trouble


def test_while_the_storage_is_away_nothing_is_taken_in_and_nothing_is_lost(
    app: Flask, room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, waiting = added(of_room(room), "red", "Red"), added(of_room(room), "blue", "Blue", ready=False)
    with monkeypatch.context() as patched:
        away(app, patched)
        with pytest.raises(PhotosUnavailable):
            added(of_room(room), "green")
        assert not catalogue.make_next_photo(SYSTEM)
        catalogue.remove_photo(SYSTEM, ready.id)  # its files are left
    assert [photo.id for photo in catalogue.list_photos(SYSTEM, of_room(room)).photos] == [waiting.id]
    assert not catalogue.make_next_photo(SYSTEM)  # a pause
    later(dt.timedelta(seconds=3))
    assert catalogue.make_next_photo(SYSTEM)
    assert shown(room) == ["Blue"]


def test_a_worker_that_dies_leaves_its_photo_to_the_next(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(of_room(room), alt="A bed", ready=False)
    with monkeypatch.context() as patched:
        patched.setattr(pictures, "make", _killed)
        with pytest.raises(KeyboardInterrupt):
            catalogue.make_next_photo(SYSTEM)
    assert not catalogue.make_next_photo(SYSTEM)  # the claim runs
    later(dt.timedelta(minutes=4))
    assert catalogue.make_next_photo(SYSTEM)
    assert shown(room) == ["A bed"]


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_one_that_is_told_to_stop_puts_it_back_at_once(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(of_room(room), ready=False)
    with monkeypatch.context() as patched:
        patched.setattr(pictures, "make", _raising(Interrupted()))
        assert not catalogue.make_next_photo(SYSTEM, lambda: True)
    assert catalogue.make_next_photo(SYSTEM)


def test_a_file_that_cannot_be_decoded_is_told_to_staff_and_never_shown(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = added(of_room(room), ready=False)
    monkeypatch.setattr(pictures, "make", _raising(Unreadable("broken data stream")))
    assert catalogue.make_next_photo(SYSTEM)
    assert (catalogue.get_photo(SYSTEM, photo.id).problem, shown(room), names(storage)) == ("unreadable", [], set())


def test_a_program_that_breaks_is_tried_again_and_given_up_in_the_end(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = added(of_room(room), ready=False)
    monkeypatch.setattr(pictures, "make", _raising(RuntimeError("no module named PIL")))
    for number in range(1, 6):
        assert catalogue.get_photo(SYSTEM, photo.id).state == "waiting"
        with pytest.raises(RuntimeError):
            catalogue.make_next_photo(SYSTEM)
        later(dt.timedelta(minutes=4 * number))
    assert catalogue.get_photo(SYSTEM, photo.id).problem == "broken"


def _raising(error: Exception) -> object:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_a_photo_that_is_deleted_while_it_is_prepared_leaves_no_files(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, make = added(of_room(room), ready=False), pictures.make

    def meanwhile(*call: object, **more: object) -> object:
        catalogue.remove_photo(SYSTEM, photo.id)
        return make(*call, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pictures, "make", meanwhile)
    assert catalogue.make_next_photo(SYSTEM)
    assert (names(storage), count(Photo)) == (set(), 0)


def test_of_two_workers_over_one_photo_the_slower_one_leaves_it_its_files(
    room: Room, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(of_room(room), alt="A bed", ready=False)
    make = pictures.make

    def slow(*call: Any, **more: Any) -> Made:
        monkeypatch.setattr(pictures, "make", make)
        later(making.LEASE + dt.timedelta(minutes=1))
        assert catalogue.make_next_photo(SYSTEM)  # by another one
        return make(*call, **more)

    monkeypatch.setattr(pictures, "make", slow)
    assert catalogue.make_next_photo(SYSTEM)
    assert (names(storage), shown(room)) == (MADE, ["A bed"])


def test_files_of_nobody_are_removed_after_a_day(room: Room, storage: Storage) -> None:
    added(of_room(room))
    waiting = added(of_room(room), "red", ready=False)
    for name in ("photos/" + "0" * 32 + "-" + "1" * 12 + "/300.jpg", "incoming/" + "0" * 32 + "-" + "2" * 12):
        storage.put(name, b"left behind")
    assert catalogue.sweep_photo_files(SYSTEM) == 0
    later(sweeping.YOUNG + dt.timedelta(minutes=1))
    assert catalogue.sweep_photo_files(SYSTEM) == 2
    assert names(storage) == MADE | {"incoming/"}
    assert catalogue.make_next_photo(SYSTEM)
    assert catalogue.get_photo(SYSTEM, waiting.id).shown
