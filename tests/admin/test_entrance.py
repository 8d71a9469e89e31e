"""Who comes in at the staff side, where strangers and guests end up, and at which property somebody is."""

from __future__ import annotations

import pytest
from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.admin.staff import working
from tests.cases import each
from tests.cast import SYSTEM, a_room
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


def test_a_stranger_signs_in_first_and_comes_back(app: Flask, alice: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.DESK)
    visitor = Visitor(app).go("/admin/")
    assert visitor.url == "/sign-in?next=%2Fadmin%2F"
    visitor.sign_in("alice", visitor.url)
    assert (visitor.url, visitor.heading) == ("/admin/", "Today")


def test_for_a_guest_there_is_no_staff_side(app: Flask, alice: User) -> None:
    guest = Visitor(app).sign_in("alice").go("/admin/")
    assert (guest.status, guest.heading) == (404, "Page not found")
    assert "/admin/" not in guest.go("/account").links()


@each("role", list(Role))
def test_staff_arrive_at_the_desk_after_signing_in(app: Flask, alice: User, bob: User, role: Role) -> None:
    staff.give_role(SYSTEM, bob.id, Role.OWNER)  # so that Alice may become something less
    visitor = working(app, alice, role)
    assert (visitor.url, visitor.status) == ("/admin/", 200)
    assert "/admin/" in visitor.go("/account").links()
    assert visitor.go("/sign-in").url == "/admin/"


def test_what_was_wanted_before_comes_first(app: Flask, alice: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.DESK)
    assert Visitor(app).sign_in("alice", "/sign-in?next=/account").url == "/account"


def test_nobody_keeps_a_staff_page(app: Flask, alice: User) -> None:
    assert working(app, alice, Role.DESK).headers["Cache-Control"] == "no-store"


def test_an_owner_without_the_second_factor_sets_it_up_first(environ: dict[str, str], app: Flask, alice: User) -> None:
    demanding = create_app(Settings.from_env(environ | {"STAFF_SECOND_FACTOR": "required"}))
    with demanding.app_context():
        visitor = working(demanding, alice, Role.OWNER)
    assert visitor.url == "/account/two-step"


def test_whoever_is_no_longer_staff_finds_nothing(app: Flask, alice: User) -> None:
    visitor = working(app, alice, Role.DESK)
    staff.take_role(SYSTEM, alice.id)
    assert visitor.go("/admin/").url.startswith("/sign-in")
    assert visitor.sign_in("alice").go("/admin/").status == 404


def test_errors_at_the_desk_stay_within_its_frame(app: Flask, alice: User) -> None:
    visitor = working(app, alice, Role.DESK)
    answer = visitor.client.post("/admin/property")
    assert answer.status_code == 400
    assert visitor.go("/nowhere").page.select_one("body.staff") is None


@each("address", ["bookings", "bookings/new", "imports"])
def test_the_menu_says_where_one_is(app: Flask, alice: User, room: Room, address: str) -> None:
    visitor = working(app, alice, Role.MANAGER, room).go(f"/admin/{address}")
    assert [one.get_text(strip=True) for one in visitor.page.select(".desk-menu [aria-current]")] == ["Bookings"]


def test_photos_stand_where_what_they_show_does(app: Flask, alice: User, room: Room) -> None:
    visitor = working(app, alice, Role.MANAGER, room)
    places = {"Rooms": ("rooms", "room", room.id), "Properties": ("properties", "property", room.property_id)}
    for section, (part, kind, key) in places.items():
        visitor.go(f"/admin/{part}/{encode(kind, key)}/photos")
        assert [one.get_text(strip=True) for one in visitor.page.select(".desk-menu [aria-current]")] == [section]


# --- at which property


@each("address", ["calendar/", "bookings/new"])
def test_a_page_about_the_rooms_of_one_property_lets_choose_which(
    app: Flask, alice: User, room: Room, address: str
) -> None:
    keys = {encode("property", one.property_id) for one in (room, a_room())}
    visitor = working(app, alice, Role.DESK)
    for wanted in keys:
        visitor.go(f"/admin/{address}?property={wanted}")
        options = visitor.page.select("#f-property option")
        assert keys <= {str(one["value"]) for one in options}
        assert [str(one["value"]) for one in options if one.has_attr("selected")] == [wanted]


def test_with_one_property_there_is_nothing_to_choose(app: Flask, alice: User, room: Room) -> None:
    a_room()
    visitor = working(app, alice, Role.DESK, room)
    assert visitor.page.select(".desk-house") == []
    assert visitor.page.select_one(".desk-only-house") is not None


def test_a_chosen_property_stays_chosen(app: Flask, alice: User, room: Room) -> None:
    other = a_room()
    visitor = working(app, alice, Role.DESK)
    options = {str(one["value"]) for one in visitor.page.select("#desk-property option")}
    assert len(options) == 3
    [wanted] = [one for one in options if one.endswith(_suffix(other))]
    visitor.send("/admin/property", property=wanted)
    assert (visitor.url, _chosen(visitor)) == ("/admin/", wanted)
    assert _chosen(visitor.go("/admin/")) == wanted
    visitor.send("/admin/property", property="")
    assert _chosen(visitor) == ""


@each("asked", ["nonsense", "property_01h455vb4pex5vsknk084sn02q"])
def test_what_is_no_property_of_theirs_is_not_chosen(app: Flask, alice: User, room: Room, asked: str) -> None:
    a_room()
    visitor = working(app, alice, Role.DESK).send("/admin/property", property=asked)
    assert (visitor.url, _chosen(visitor)) == ("/admin/", "")


def test_a_property_where_somebody_does_not_work_is_not_offered(app: Flask, alice: User, room: Room) -> None:
    second, elsewhere = a_room(), a_room()
    staff.give_role(SYSTEM, alice.id, Role.DESK, second.property_id)
    visitor = working(app, alice, Role.HOUSEKEEPING, room)
    offered = [str(one["value"]) for one in visitor.page.select("#desk-property option")]
    assert len(offered) == 3
    assert not any(one.endswith(_suffix(elsewhere)) for one in offered)


def _suffix(room: Room) -> str:
    return encode("property", room.property_id)


def _chosen(visitor: Visitor) -> str:
    chosen = visitor.page.select_one("#desk-property option[selected]")
    return str(chosen["value"]) if chosen else ""


def test_the_property_that_was_chosen_is_chosen_after_the_next_sign_in_too(app: Flask, alice: User, room: Room) -> None:
    a_room()
    visitor = working(app, alice, Role.OWNER)

    def chosen() -> str:
        [option] = visitor.go("/admin/").page.select("#desk-property option[selected]") or [None]
        return str(option["value"]) if option else ""

    here = encode("property", room.property_id)
    visitor.go("/admin/").send("/admin/property", property=here)
    assert chosen() == here
    visitor.go("/admin/").send("/sign-out")
    visitor.sign_in("alice", "/sign-in")
    assert chosen() == here
    visitor.send("/admin/property", property="")
    visitor.go("/admin/").send("/sign-out")
    visitor.sign_in("alice", "/sign-in")
    assert chosen() == ""
