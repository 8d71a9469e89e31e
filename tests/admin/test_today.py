"""Today at the desk, as somebody sees and uses it: without a script."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.domain import inventory
from booking.domain.actors import Role
from booking.domain.payments import Contact
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.front_desk.house_day import house_day
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Booking, Delivery, Event, Room, User
from booking.http import date_format
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.admin.staff import working
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, beside, in_days, later, nights_of, order, reload
from tests.said_to_postgres import statements
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
DAY = dt.timedelta(days=1)
ZOE = Contact("Zoë Featherstone", "zoe@hotel.example", "+32 3 123 45 67", dt.time(17, 30), "A cot, please")


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Zoë's three nights, not paid; it is 16:00 on the day of arrival."""
    wanted = BookingRequest(alice.id, room.id, in_days(2), 2, contact=ZOE)  # sessions of staff last a week
    [held] = bookings.hold_all(acting(alice), wanted, desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    at(held, 0, 16)
    return held


def at(booking: Booking, days: int, hour: int) -> None:
    """So many days after that of arrival, at this hour at the property."""
    at_noon_of(booking.check_in + days * DAY, hour, booking.time_zone)


def at_noon_of(day: dt.date, hour: int = 12, zone: str = "Europe/Brussels") -> dt.timedelta:
    """It is noon, or another `hour`, whenever the test began: a house's day begins at 4. How much later that is."""
    wait = dt.datetime.combine(day, dt.time(hour), tzinfo=ZoneInfo(zone)) - clock.now()
    later(wait)
    return wait


def sent(visitor: Visitor, action: str, **fields: object) -> Visitor:
    """What no form on the page would send, with the token of one that is there."""
    return visitor._send(visitor.page.select("form[method=post]")[0], action, None, **fields)


def part(visitor: Visitor, name: str) -> str:
    """The text of a section of the day."""
    [found] = visitor.page.select(f"#{name}")
    return " ".join(found.get_text(" ").split())


def press(visitor: Visitor, thing: Booking | Room, what: str, **fields: str) -> Visitor:
    """Send the form that does this to it."""
    key = encode("booking" if isinstance(thing, Booking) else "room", thing.id)
    found = [form for form in visitor.page.select("form") if key in str(form["action"]) and what in form.get_text(" ")]
    return visitor._send(found[0], str(found[0]["action"]), None, **fields)


def link(visitor: Visitor, text: str, among: str = "a") -> str:
    """Where the first link with this text leads."""
    return next(str(one["href"]) for one in visitor.page.select(among) if text in one.get_text(" "))


def test_a_guest_comes_and_goes_by_one_press_each_and_it_is_taken_back(app: Flask, bob: User, booked: Booking) -> None:
    staff = working(app, bob, Role.DESK)
    arrivals = part(staff, "arrivals")
    for told in ("Zoë Featherstone", booked.reference, "+32 3 123 45 67", "€360", "Expected at 17:30", "A cot, please"):
        assert told in arrivals
    press(staff, booked, "Check in")
    assert (staff.url, reload(booked).presence) == ("/admin/", "in_house")
    assert f"Checked in: Zoë Featherstone, Room with a view, {booked.reference}." in staff.text
    assert "Zoë Featherstone" in part(staff, "in-house")
    assert "Zoë Featherstone" in part(staff, "owing")
    undo = f"Undo: {ZOE.full_name}"
    assert [str(one.get("aria-label")) for one in staff.page.select("button") if one.get_text() == "Undo"] == [
        f"Undo: Zoë Featherstone, Room with a view, {booked.reference}"
    ]
    assert [str(one["aria-label"]) for one in staff.go("/admin/").page.select(f"[aria-label='{undo}']")] == [undo]
    press(staff, booked, "Undo")
    assert (reload(booked).presence, "Undone" in staff.text) == ("expected", True)
    press(staff, booked, "Check in")
    at(booked, 3, 9)
    staff.go("/admin/")
    press(staff, booked, "Check out")
    assert (reload(booked).presence, "Checked out" in part(staff, "departures")) == ("departed", True)
    assert "Room with a view" in part(staff, "rooms")


def test_the_same_is_done_and_taken_back_on_the_bookings_own_page(app: Flask, bob: User, booked: Booking) -> None:
    staff, here = working(app, bob, Role.DESK), f"/admin/bookings/{encode('booking', booked.id)}"
    press(staff.go(here), booked, "Check in")
    assert (staff.url, reload(booked).presence) == (here, "in_house")
    assert f"Checked in: Room with a view, {booked.reference}." in staff.text
    press(staff, booked, "Undo")
    assert (staff.url, reload(booked).presence, "Undone" in staff.text) == (here, "expected", True)
    press(staff, booked, "Check in")
    staff.go(link(staff, "Check out early"))
    assert link(staff, booked.reference) == here
    press(staff, booked, "Check out")
    assert (staff.url, reload(booked).presence, reload(booked).nights) == (here, "departed", 1)
    press(staff, booked, "Undo")
    assert (staff.url, reload(booked).presence, reload(booked).nights) == (here, "in_house", 3)
    at(booked, 3, 9)
    press(staff.go(here), booked, "Check out")
    assert (staff.url, reload(booked).presence) == (here, "departed")


def test_whoever_came_from_the_calendar_finds_the_way_back_there(app: Flask, bob: User, booked: Booking) -> None:
    staff, here = working(app, bob, Role.DESK), f"/admin/bookings/{encode('booking', booked.id)}"
    came_from = "calendar=start%3D2026-01-01%26days%3D30"
    press(staff.go(f"{here}?{came_from}"), booked, "Check in")
    assert staff.url == f"{here}?{came_from}"
    staff.send(f"{here}/notes?{came_from}", text="Rang about the cot")
    assert (staff.url, "The note is saved." in staff.text) == (f"{here}?{came_from}", True)
    back = link(staff, "Calendar", "main a")
    assert (back.startswith("/admin/calendar/?"), "days=30" in back) == (True, True)


def test_a_stay_that_is_over_or_was_never_begun_offers_no_step(
    app: Flask, alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(5)), desk)
    staff = working(app, bob, Role.DESK)
    for change in (lambda: None, lambda: bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)):
        change()
        staff.go(f"/admin/bookings/{encode('booking', held.id)}")
        assert [one["action"] for one in staff.page.select("form") if "/day/" in str(one["action"])] == []


def test_what_guests_have_written_is_text_wherever_it_stands(
    app: Flask, alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    odd = """<b title='x'>O'Hara</b> & "Sons" """.strip()
    contact = Contact(odd, "zoe@hotel.example", "+32 3 123 45 67", None, odd)
    wanted = BookingRequest(alice.id, room.id, in_days(2), 2, contact=contact)
    [held] = bookings.hold_all(acting(alice), wanted, desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    at(held, 0, 20)
    staff = working(app, bob, Role.DESK)
    assert (part(staff, "arrivals").count(odd), staff.page.select("main b")) == (2, [])
    assert {str(one["aria-label"]) for one in staff.page.select("#arrivals button")} == {
        f"Check in: {odd}",
        f"No-show: {odd}",
    }


def test_who_leaves_early_sees_first_what_that_means(app: Flask, bob: User, booked: Booking, room: Room) -> None:
    staff = working(app, bob, Role.DESK)
    press(staff, booked, "Check in")
    staff.go(f"/admin/day/{encode('booking', booked.id)}/check-out")
    assert "Zoë Featherstone" in staff.text
    assert "2 nights" in staff.text
    assert "Nothing will be refunded" in staff.text
    assert "€360 is still to be paid." in staff.text
    press(staff, booked, "Check out")
    assert (reload(booked).nights, len(nights_of(room))) == (1, 1)
    press(staff, booked, "Undo")
    assert (reload(booked).nights, len(nights_of(room))) == (3, 3)
    # Sent without having been shown: it is shown first.
    sent(staff, f"/admin/day/{encode('booking', booked.id)}/check-out", version=reload(booked).version)
    assert (staff.heading, reload(booked).presence) == ("Check out early", "in_house")


def test_who_is_still_in_the_room_is_named_with_a_way_there(
    app: Flask, alice: User, bob: User, booked: Booking, room: Room, desk: BookingContext
) -> None:
    after = Stay(booked.check_out, booked.check_out + dt.timedelta(days=2))
    coming = bookings.book(acting(alice), order(alice, room, after), VISA, desk)
    presence.check_in(SYSTEM, booked.id, desk)
    at(booked, 3, 16)
    staff = working(app, bob, Role.DESK)
    press(staff, coming, "Check in")
    refused = staff.page.select_one(".notice-bad")
    assert refused is not None
    assert f"The guest of {booked.reference} is still in this room." in refused.get_text()
    assert [(str(one["href"]), one.get_text()) for one in refused.select("a")] == [
        (f"/admin/bookings/{encode('booking', booked.id)}", "Zoë Featherstone")
    ]


def test_a_no_show_may_have_its_nights_freed(app: Flask, bob: User, booked: Booking, room: Room) -> None:
    staff = working(app, bob, Role.DESK)
    address = f"/admin/day/{encode('booking', booked.id)}/no-show"
    assert "No-show" not in part(staff, "arrivals")  # from 18:00 on
    assert f"a no-show can be marked from {date_format.day(booked.check_in)}, 18:00 on" in sent(staff, address).text
    at(booked, 0, 20)
    press(staff.go("/admin/"), booked, "No-show")
    assert (reload(booked).presence, len(nights_of(room))) == ("no_show", 3)
    assert address in staff.links()
    press(staff.go(address), booked, "Put nights back on sale")
    assert (reload(booked).presence, len(nights_of(room))) == ("no_show", 1)
    assert f"2 nights of Zoë Featherstone, Room with a view, {booked.reference} are on sale again." in staff.text
    assert address not in staff.links()
    press(staff, booked, "Undo")
    assert (reload(booked).presence, len(nights_of(room))) == ("expected", 3)


def test_what_somebody_else_did_meanwhile_is_said(app: Flask, bob: User, booked: Booking, desk: BookingContext) -> None:
    staff = working(app, bob, Role.DESK)
    presence.check_in(SYSTEM, booked.id, desk)
    presence.check_out(SYSTEM, booked.id, desk)
    press(staff, booked, "Check in")
    assert "modified" in staff.text
    assert reload(booked).presence == "departed"
    for path in ("/admin/day/nonsense/check-in", f"/admin/day/{encode('booking', booked.id)}/dance"):
        assert sent(staff, path).status == 404


def test_rooms_are_cleaned_and_put_out_of_order_by_housekeeping_which_sees_no_guests(
    app: Flask, bob: User, booked: Booking, room: Room
) -> None:
    attic = beside(room, "The attic", 90)
    inventory.set_room_status(SYSTEM, attic.id, "dirty", StayRules())
    later(dt.timedelta(minutes=2))
    maid = working(app, bob, Role.HOUSEKEEPING, room)
    assert "Zoë" not in maid.text
    assert "The attic" in part(maid, "rooms")
    press(maid, attic, "Mark as clean")
    assert "The attic is clean." in maid.text
    press(maid, attic, "Undo")
    assert inventory.get_room_state(SYSTEM, attic.id, StayRules()).status == "dirty"
    today = StayRules().today("Europe/Brussels")
    press(maid, attic, "Take it off sale", reason="no hot water", to=(today + 2 * DAY).isoformat())
    assert inventory.get_room_state(SYSTEM, attic.id, StayRules()).out_of_order == Stay(today, today + 2 * DAY)
    assert part(maid, "out-of-order").startswith("Out of order 1 ")
    press(maid, attic, "Back in order, on sale")
    assert nights_of(attic) == {}
    assert sent(maid.go("/admin/"), f"/admin/day/{encode('booking', booked.id)}/check-in").status == 404
    assert reload(booked).presence == "expected"
    elsewhere = a_room()
    said = sent(maid.go("/admin/"), f"/admin/rooms/{encode('room', elsewhere.id)}/status", status="dirty")
    assert said.status == 404


def test_a_house_with_nothing_to_do_says_so(app: Flask, bob: User, room: Room) -> None:
    staff = working(app, bob, Role.OWNER, room)
    for name, said in (
        ("arrivals", "Nobody arrives today."),
        ("departures", "Nobody leaves today."),
        ("in-house", "Nobody is staying."),
        ("rooms", "All rooms are clean."),
        ("holds", "Nobody holds a room without having paid."),
        ("owing", "Everybody who is here or has left has paid."),
        ("doubts", "Every payment and refund has come through."),
        ("emails", "Every email was delivered."),
    ):
        assert part(staff, name).endswith(said)
    assert "Nobody arrives on this day." in staff.go("/admin/?day=2031-05-01").text
    assert staff.go("/admin/?day=nonsense").heading == "Today"


def test_the_day_before_and_after_have_their_own_lists(app: Flask, bob: User, booked: Booking) -> None:
    staff = working(app, bob, Role.DESK)
    for days, name in ((0, "arrivals"), (1, "in-house"), (2, "in-house")):
        day = booked.check_in + days * DAY
        assert "Zoë Featherstone" in part(staff.go(f"/admin/?day={day.isoformat()}"), name)
    assert "Zoë" not in staff.go(f"/admin/?day={(booked.check_in - DAY).isoformat()}").text


def test_figures_and_headings_count_the_same(app: Flask, bob: User, booked: Booking) -> None:
    staff = working(app, bob, Role.DESK)
    assert ("1 to arrive" in staff.text, part(staff, "arrivals")[:10]) == (True, "Arrivals 1")
    press(staff, booked, "Check in")
    assert ("0 to arrive" in staff.text, part(staff, "arrivals")[:19]) == (True, "Arrivals 0 + 1 done")
    at(booked, 1, 10)
    staff.go(f"/admin/?day={booked.check_in.isoformat()}")
    assert ("0 to arrive" in staff.text, part(staff, "arrivals")[:19]) == (True, "Arrivals 0 + 1 done")


def test_each_sees_their_own_house(app: Flask, bob: User, booked: Booking) -> None:
    assert "Zoë" not in working(app, bob, Role.DESK, a_room()).text


@transaction
def an_email_failed(booking: Booking) -> None:
    told = Event(id=new_id(), type="booking.confirmed", payload={"bookingId": encode("booking", booking.id)})
    told.sent_at = clock.now()
    db.session.add(told)
    db.session.flush()
    lost = {"state": "failed", "attempts": 1, "next_at": clock.now(), "error": "550 mailbox unavailable"}
    db.session.add(Delivery(event_id=told.id, consumer="mail", **lost))


def test_what_is_wrong_stands_below(
    app: Flask, bob: User, alice: User, booked: Booking, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, beside(room, "Cellar", 80), in_days(40)), desk)
    an_email_failed(booked)
    staff = working(app, bob, Role.MANAGER)
    assert (held.reference in part(staff, "holds"), "15 minutes" in part(staff, "holds")) == (True, True)
    assert "550 mailbox unavailable" in part(staff, "emails")


@each("rooms", [2, 12])
def test_statements_do_not_grow_with_what_is_shown(app: Flask, alice: User, desk: BookingContext, rooms: int) -> None:
    one = a_room()
    for number in range(rooms):
        made = bookings.book(acting(alice), order(alice, beside(one, f"Room {number}", 90), in_days(1)), VISA, desk)
        an_email_failed(made)
    waited = at_noon_of(in_days(1).check_in)
    with statements() as said:
        found = house_day(SYSTEM, [one.property_id], desk.rules)
        states = inventory.room_states(SYSTEM, StayRules(), one.property_id)
    later(-waited)
    assert (len(found.arrivals), len(found.emails), len(states)) == (rooms, rooms, rooms + 1)
    assert len(said) == 9
