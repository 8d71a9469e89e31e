"""Properties and rooms at the desk, as somebody sets them up and changes them: without a script."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import catalogue
from booking.domain.actors import Role
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Property, Room, User
from booking.infra.db import db, reading
from booking.infra.ids import encode
from tests.admin.staff import at_work
from tests.cast import SYSTEM, VISA, acting, order
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

HOUSES = "/admin/properties"
PIER = {"name": "Pier House", "city": "Oslo", "timeZone": "Europe/Oslo", "currency": "NOK"}


@pytest.fixture
def owner(app: Flask, alice: User) -> Visitor:
    return at_work(app, alice, Role.OWNER)


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


def of(room: Room, what: str = "") -> str:
    return f"/admin/rooms/{encode('room', room.id)}{what}"


def house_of(room: Room, what: str = "") -> str:
    return f"{HOUSES}/{encode('property', room.property_id)}{what}"


@reading
def row(model: Any, key: Any) -> Any:
    return db.session.get_one(model, key)


@reading
def named(model: Any, name: str) -> Any:
    return db.session.query(model).filter_by(name=name).one()


def value(visitor: Visitor, name: str) -> str:
    found = visitor.page.select_one(f"#main form [name={name}]")
    assert found is not None
    return str(found.get("value", found.get_text()))


def press(visitor: Visitor, page: str, action: str) -> Visitor:
    """The button of that address, as its form has it."""
    visitor.go(page)
    [form] = visitor.page.select(f'form[action="{action}"]')
    sent = {str(field["name"]): str(field["value"]) for field in form.select("input[type=hidden]")}
    return visitor.send(action, sent)


def test_from_no_property_to_a_room_that_guests_see(owner: Visitor) -> None:
    assert HOUSES in owner.go("/admin/").links()
    assert "There is no property yet" in owner.go(HOUSES).text
    owner.go(f"{HOUSES}/new").send(f"{HOUSES}/new", PIER | {"currency": "ducats"})
    assert (owner.status, value(owner, "city")) == (400, "Oslo")
    owner.send(f"{HOUSES}/new", PIER)
    assert (owner.heading, "Now it needs rooms." in owner.text) == ("Pier House", True)
    owner.go(f"/admin/rooms/new?property={encode('property', named(Property, 'Pier House').id)}")
    assert "Price per night, in NOK" in owner.text
    typed = {
        "name": "Attic",
        "pricePerNight": "1,250.50",
        "bed-double": "1",
        "amenities": "wifi",
        "moreAmenities": "Harp",
    }
    owner.send("/admin/rooms/new", typed)
    made = named(Room, "Attic")
    assert (owner.url, made.price_per_night, made.amenities) == (of(made), Decimal("1250.50"), ["wifi", "harp"])
    assert "Guests do not see it until you publish it." in owner.text
    press(owner, of(made), of(made, "/publish"))
    assert "Guests can see and book this room now." in owner.text
    assert owner.go(f"/rooms/{encode('room', made.id)}").heading == "Attic"


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(manager: Visitor, room: Room) -> None:
    manager.go(of(room)).send(of(room), {"capacity": "0", "bed-bunk": "many", "description": "With a view"})
    assert manager.status == 400
    assert sorted(manager.problems) == [
        '"many bunk" is not a kind of bed we know;'
        " write a number and one of single, double, queen, king, bunk, sofa_bed, cot.",
        "Guests must be at least 1.",
    ]
    assert (value(manager, "description"), value(manager, "bed-bunk")) == ("With a view", "many")


def test_two_who_have_changed_other_fields_of_a_room_are_asked_nothing(
    manager: Visitor, owner: Visitor, room: Room
) -> None:
    manager.go(of(room))
    owner.go(of(room)).send(of(room), {"sizeM2": "20", "bed-king": "1", "amenities": "wifi"})
    manager.send(of(room), {"capacity": "0", "pricePerNight": "95"})  # what is wrong is no reason to lose hers
    assert (manager.status, value(manager, "sizeM2")) == (400, "20")
    manager.send(of(room), {"capacity": "2"})
    assert "The room is saved." in manager.text
    manager.go(of(room))
    owner.go(of(room)).send(of(room), {"sizeM2": "21"})
    manager.send(of(room), {"pricePerNight": "96"})
    assert "The room is saved. Somebody else has changed this meanwhile, and what they saved has been kept: Size." in (
        manager.text
    )
    now = row(Room, room.id)
    assert (now.size_m2, now.price_per_night, now.capacity, now.amenities) == (21, 96, 2, ["wifi"])
    assert now.beds == [{"type": "king", "count": 1}]


def test_where_two_have_written_each_field_is_chosen_from(manager: Visitor, owner: Visitor, room: Room) -> None:
    manager.go(of(room))
    hers = {"name": "Theirs", "pricePerNight": "99", "amenities": "wifi", "bed-king": "1", "capacity": "5"}
    owner.go(of(room)).send(of(room), hers | {"sizeM2": "30"})
    assert "The room is saved." in owner.text
    mine = {"name": "Mine", "pricePerNight": "121", "amenities": "wifi", "capacity": "3", "bed-king": "2"}
    manager.send(of(room), mine)
    assert (manager.status, manager.heading) == (409, "Theirs")
    fields = [legend.get_text() for legend in manager.page.select("section[aria-labelledby=differing] legend")]
    assert fields == ["Name", "Guests", "Beds", "Price per night"]
    assert "what they saved is shown here: Size." in manager.text
    manager.send(
        of(room), {"take-name": "theirs", "take-capacity": "mine", "take-beds": "theirs", "take-pricePerNight": "mine"}
    )
    now = row(Room, room.id)
    assert (now.name, now.capacity, now.price_per_night, now.version) == ("Theirs", 3, 121, 3)
    assert now.beds == [{"type": "king", "count": 1}]


def test_a_property_that_two_have_changed(manager: Visitor, owner: Visitor, room: Room) -> None:
    manager.go(house_of(room))
    owner.go(house_of(room)).send(house_of(room), {"houseRules": "No smoking.", "contactPhone": "+32 3 123 45 67"})
    assert "The property is saved." in owner.text
    manager.send(house_of(room), {"houseRules": "No parties."})
    assert manager.status == 409
    assert [one.get_text() for one in manager.page.select("section[aria-labelledby=differing] legend")] == [
        "House rules"
    ]
    manager.send(house_of(room), {"take-houseRules": "theirs", "name": "Quay House"})
    now = row(Property, room.property_id)
    assert (now.house_rules, now.name, now.version) == ("No smoking.", "Quay House", 3)
    assert now.contact_phone == "+32 3 123 45 67"


def test_a_room_with_stays_ahead_is_not_archived_and_they_are_listed(
    manager: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    manager.go(of(room)).send(of(room), {"name": "Called otherwise since"})
    for page, action in ((of(room), of(room, "/archive")), (house_of(room), house_of(room, "/archive"))):
        press(manager, page, action)
        assert "There is 1 stay ahead" in manager.text
        assert f"/admin/bookings/{encode('booking', booked.id)}" in manager.links()
    bookings.cancel(SYSTEM, booked.id, desk)
    assert "The room is archived." in press(manager, of(room), of(room, "/archive")).text
    assert of(room) not in manager.go("/admin/rooms").links()
    assert "Guests can see" in press(manager, of(room), of(room, "/publish")).text
    press(manager, house_of(room), house_of(room, "/archive"))
    assert "guests see none of its rooms" in manager.text
    press(manager, house_of(room), house_of(room, "/publish"))
    assert "1 room was published." in press(manager, house_of(room), house_of(room, "/rooms/publish")).text


def test_a_text_is_taken_back_from_the_log_as_long_as_nobody_has_changed_it_since(owner: Visitor, room: Room) -> None:
    for name in ("Loft", "Attic"):
        owner.go(of(room)).send(of(room), {"name": name, "bed-king": "1"})
    owner.go(house_of(room)).send(house_of(room), {"houseRules": "No smoking."})
    told = " ".join(owner.go("/admin/audit").text.split())
    for fact in ("Name: Loft → Attic", "Beds: 1 king bed", "House rules: No smoking."):
        assert fact in told
    rules, attic, loft = [str(form["action"]) for form in owner.page.select("form[action$='/undo']")][:3]
    assert "This has been changed since" in owner.send(loft).text
    assert "Taken back." in owner.send(attic).text
    assert row(Room, room.id).name == "Loft"
    assert "Taken back." in owner.send(rules).text
    assert row(Property, room.property_id).house_rules == ""
    before = len(owner.go("/admin/audit").page.select("form[action$='/undo']"))
    owner.go(of(room)).send(of(room), {"pricePerNight": "99"})
    assert len(owner.go("/admin/audit").page.select("form[action$='/undo']")) == before  # a price stays as it is


def test_an_empty_house_is_set_up_step_by_step(owner: Visitor) -> None:
    assert "/admin/set-up" in owner.go("/admin/").links()
    assert "0 of 4 steps are done" in owner.go("/admin/set-up").text
    owner.go(f"{HOUSES}/new").send(f"{HOUSES}/new", PIER)
    key = encode("property", named(Property, "Pier House").id)
    owner.go(f"/admin/rooms/new?property={key}").send("/admin/rooms/new", {"name": "Attic", "pricePerNight": "900"})
    attic, here = named(Room, "Attic"), f"/admin/set-up?property={key}"
    assert "3 of 4 steps are done" in owner.go("/admin/set-up").text
    owner.send(f"{HOUSES}/{key}/policy", {"cancellationPolicy": "strict"})
    assert ("1 room has another cancellation policy now." in owner.text, owner.url) == (True, here)
    preview = f"/rooms/{encode('room', attic.id)}/preview"
    assert preview in owner.links()
    owner.go(preview)
    assert (owner.heading, "Only staff see this page" in owner.text, "NOK" in owner.text) == ("Attic", True, True)
    press(owner, "/admin/set-up", f"{HOUSES}/{key}/rooms/publish")
    assert "4 of 4 steps are done" in owner.text
    assert owner.go(preview).url == f"/rooms/{encode('room', attic.id)}"
    assert "/admin/set-up" not in owner.go("/admin/").links()


def test_rooms_that_are_alike_are_described_once_and_set_up_as_one(owner: Visitor) -> None:
    owner.go(f"{HOUSES}/new").send(f"{HOUSES}/new", PIER)
    key = encode("property", named(Property, "Pier House").id)
    new = f"/admin/rooms/new?property={key}"
    twins = {"name": "Twin", "pricePerNight": "900", "units": "3", "firstNumber": "101"}
    owner.go(new).send("/admin/rooms/new", twins)
    assert (owner.heading, "3 rooms have been added." in owner.text) == ("Twin 101", True)
    assert f"/admin/set-up?property={key}" in owner.links()  # the way back
    owner.go(new).send("/admin/rooms/new", twins | {"units": "2"})
    assert (owner.status, owner.problems) == (400, ["Other units of this property are called Twin."])
    owner.go("/admin/set-up")
    first = encode("room", named(Room, "Twin 101").id)
    photos = [link for link in owner.links() if link.endswith("/photos")]
    previews = [link for link in owner.links() if link.endswith("/preview")]
    assert (photos, previews) == ([f"/admin/rooms/{first}/photos"], [f"/rooms/{first}/preview"])
    assert ("3 rooms." in owner.text, "Photos of Twin" in owner.text) == (True, True)
    page = f"/admin/rooms/{first}"
    press(owner, page, f"{page}/units/publish")  # "Publish" alone would leave two of them behind
    assert ("3 rooms were published." in owner.text, f"/admin/set-up?property={key}" in owner.links()) == (True, False)
    assert owner.page.select_one("#f-first")["value"] == "104"  # type: ignore[index]  # it is there
    press(owner, page, f"{page}/unpublish")
    assert not owner.page.select(f'form[action="{page}/units/publish"]')  # for one, there is one button


def test_nobody_but_its_staff_sees_a_room_before_guests_do(app: Flask, alice: User, bob: User, room: Room) -> None:
    catalogue.unpublish_room(SYSTEM, room.id)
    preview = f"/rooms/{encode('room', room.id)}/preview"
    assert Visitor(app).signed_in(alice).go(preview).status == 404
    assert at_work(app, bob, Role.DESK, room).go(preview).heading == room.name


def test_a_copy_has_a_name_of_its_own(manager: Visitor, room: Room) -> None:
    manager.go(of(room)).send(of(room, "/copy"), {"copyName": "Room without a view"})
    assert (manager.heading, f"This is the copy of {room.name}." in manager.text) == ("Room without a view", True)
    assert catalogue.get_own_room(SYSTEM, named(Room, "Room without a view").id).room.published is False


def test_the_desk_sees_what_it_cannot_change(app: Flask, bob: User, room: Room) -> None:
    clerk = at_work(app, bob, Role.DESK, room)
    assert of(room) in clerk.go("/admin/rooms").links()
    for page in (of(room), house_of(room)):
        assert (clerk.go(page).status, clerk.page.select("#main form")) == (200, [])
    maid = at_work(app, bob, Role.HOUSEKEEPING, room)
    assert of(room) not in maid.go("/admin/rooms").links()
    assert (maid.go(of(room)).status, maid.go(house_of(room)).status) == (404, 404)
