"""The audit log on a page: who did what, searched by person, thing and day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask

from booking.admin import doors
from booking.domain import inputs, inventory, payments
from booking.domain.actors import Actor, Role
from booking.domain.errors import NotFound
from booking.domain.people import audit_search, own_account, staff
from booking.domain.people.audit_search import AuditSearch
from booking.domain.reservations import bookings, front_desk, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import NamedThing
from booking.domain.stays import StayRules
from booking.domain.tables import Booking, Room, User
from booking.http import date_format
from booking.infra.ids import encode
from tests.admin.staff import at_work, statements
from tests.cases import each
from tests.cast import SYSTEM, VISA, acting, blocked, in_days, order, person, today
from tests.domain.pricing.test_projection import add
from tests.domain.reservations.test_staff_search import clerk
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def owner(app: Flask) -> Visitor:
    return at_work(app, person("olga"), Role.OWNER)


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room), desk)


def told(visitor: Visitor) -> list[str]:
    return [one.get_text() for one in visitor.page.select(".desk-log strong")]


def test_who_did_what_with_what_it_was_before_and_after(
    app: Flask, owner: Visitor, bob: User, room: Room, held: Booking
) -> None:
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    guarantees.guarantee(clerk_of(bob, room), held.order_id, "desk")
    owner.go("/admin/audit")
    assert told(owner)[:2] == ["Guaranteed without payment", "Booking confirmed"]
    assert "Bob" in owner.text
    assert "State: Held → Confirmed" in owner.text
    assert f"/admin/bookings/{encode('booking', held.id)}" in owner.links()


def test_things_have_names_amounts_a_currency_and_days_are_written_out(
    owner: Visitor, alice: User, room: Room, held: Booking
) -> None:
    stay = in_days(50, 2)
    blocked(room, stay, reason="Painting")
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    payments.record_received(SYSTEM, held.order_id, Decimal("10.5"), by="desk", reference="receipt 1")
    owner.go("/admin/audit")
    for said in (
        f"{room.name}, its history",
        f"From: {date_format.day(stay.check_in)}",
        f"{held.reference}, {room.name}",
        "Amount: €10.50",
        "Paid: Cash",
    ):
        assert said in owner.text, said
    assert "block_" not in owner.text
    add(room, "price", amount=150, roomId=room.id)
    assert f"Room: {room.name}" in owner.go("/admin/audit").text
    assert "room_" not in owner.text
    first, end = date_format.day(stay.check_in), date_format.day(stay.check_out)
    assert f"From: {first} Until: {end}" in " ".join(owner.page.get_text(" ").split())
    me, strangers = encode("user", alice.id), {"user_x", "retention", encode("room", alice.id)}
    assert front_desk.named_things(SYSTEM, {me, *strangers}) == {me: NamedThing(alice.full_name)}
    with pytest.raises(NotFound):
        front_desk.named_things(acting(alice), set())


def clerk_of(user: User, room: Room) -> Actor:
    return replace(clerk(room), user_id=user.id)


def test_it_is_searched_by_person_thing_and_day(owner: Visitor, bob: User, room: Room, held: Booking) -> None:
    guarantees.guarantee(clerk_of(bob, room), held.order_id, "desk")
    payments.record_received(SYSTEM, held.order_id, Decimal(10), by="desk", reference="receipt 1")
    by_bob = ["Guaranteed without payment", "Booking confirmed"]
    for who in ("bob", "BOB@example", encode("user", bob.id)):
        assert told(owner.go(f"/admin/audit?who={who}")) == by_bob, who
    assert told(owner.go("/admin/audit?who=nobody")) == []
    assert "Nothing was changed that matches" in owner.text
    assert "Payment entered" in told(owner.go("/admin/audit?who=system"))
    assert set(told(owner.go(f"/admin/audit?thing={held.reference.lower()}"))) == set(by_bob)
    assert set(told(owner.go("/admin/audit?thing=ALICE"))) == set(by_bob), "by the name of the guest"
    assert told(owner.go("/admin/audit?thing=bob")) == []
    assert told(owner.go(f"/admin/audit?thing={encode('booking', held.id)}")) == ["Booking confirmed"]
    day = today()
    assert by_bob[0] in told(owner.go(f"/admin/audit?since={day}&until={day + dt.timedelta(days=1)}"))
    assert told(owner.go(f"/admin/audit?until={day - dt.timedelta(days=1)}")) == []


def test_a_day_that_is_none_is_said(owner: Visitor) -> None:
    owner.go("/admin/audit?since=soon&who=bob")
    assert (owner.status, owner.problems) == (400, ["From must be a date such as 2026-12-01."])
    assert owner.page.select_one('input[name=who][value="bob"]') is not None


def test_each_page_that_changes_something_has_a_name(app: Flask) -> None:
    pages = [str(rule) for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    pages.remove("/admin/property")  # which property is shown is the browser's affair
    with app.test_request_context():
        assert [page for page in pages if page.startswith("/admin/") and not doors.in_words(f"POST {page}")] == []
        assert doors.in_words("POST /admin/bookings/new") == "From the page New booking"
        assert (doors.in_words("flask blocks add"), doors.in_words("tests")) == ("By a command", "")


@each("cursor", ["nonsense", "booking_01h455vb4pex5vsknk084sn02q"])
def test_a_cursor_that_is_none_is_not_found(owner: Visitor, cursor: str) -> None:
    assert owner.go(f"/admin/audit?after={cursor}").status == 404


def test_pages_follow_one_another_and_cost_the_same(app: Flask, owner: Visitor, bob: User, room: Room) -> None:
    actor = clerk(None, Role.OWNER)
    for _ in range(4):
        staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
        staff.take_role(SYSTEM, bob.id, room.property_id)
    seen: list[dt.datetime] = []
    after: dict[str, str] = {}
    while True:
        wanted = inputs.accept(AuditSearch, {"who": "bob", **after}, strict=False)
        found = audit_search.find(actor, wanted, limit=3)
        seen += [entry.at for entry in found.entries]
        if found.after is None:
            break
        after = {"after": found.after}
    assert len(seen) == len(set(seen)) == 8
    assert seen == sorted(seen, reverse=True)
    owner.go("/admin/audit?who=olga")
    few = statements(lambda: owner.go("/admin/audit?who=olga"))
    assert statements(lambda: owner.go("/admin/audit?who=bob")) <= few + 1


@each("role", [Role.MANAGER, Role.DESK, Role.HOUSEKEEPING])
def test_only_owners_of_all_look(app: Flask, bob: User, room: Room, role: Role) -> None:
    visitor = at_work(app, bob, role, room)
    assert "/admin/audit" not in visitor.go("/admin/").links()
    for path in ("/admin/audit", "/admin/audit?since=soon"):
        assert visitor.go(path).status == 404
    with pytest.raises(NotFound):
        audit_search.find(clerk(room, Role.OWNER), AuditSearch())


def test_a_deleted_person_is_not_named(app: Flask, owner: Visitor, bob: User) -> None:
    own_account.rename(acting(bob), "Robert")
    assert "Robert" not in owner.go("/admin/audit").text, "guests leave no entries"


def test_what_was_done_at_the_desk_and_in_the_rooms_is_told_in_words(
    owner: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    booking = bookings.book(acting(alice), order(alice, room, in_days(0)), VISA, desk)
    front_desk.check_in(SYSTEM, booking.id, desk)
    inventory.set_room_status(SYSTEM, room.id, "dirty", StayRules())
    owner.go("/admin/audit")
    assert (owner.status, told(owner)[:2]) == (200, ["State of the room changed", "Checked in"])
    assert "State: Clean → To clean" in owner.text
    assert "Guest: Expected → Checked in" in owner.text
