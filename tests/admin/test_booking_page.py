"""One booking at the desk: what is shown, and every action: done, by strangers, twice, with bad input, in a race."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.admin import states, stories
from booking.domain import payments
from booking.domain.actors import Role
from booking.domain.inventory.housekeeping_models import ROOM_STATUSES
from booking.domain.payments import Contact
from booking.domain.payments.models import DISPUTE_STATES, FAILED, SUCCEEDED
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.models import BOOKING_STATUSES, PRESENCES
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.admin.staff import at_work, statements, working
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, later, order, order_of, payments_of, person, reload
from tests.domain.reservations.changing import findings
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
DOMAIN = Path(__file__).parents[2] / "booking" / "domain"
ACTIONS = ("cancel", "guarantee", "received", "waive", "entries/payment_x/returned", "entries/payment_x/correct")


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room), desk)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


@pytest.fixture
def due(held: Booking) -> Booking:
    """360 EUR, to be paid at the desk."""
    guarantees.guarantee(SYSTEM, held.order_id, "desk", "rings at ten")
    return held


def at(booking: Booking, action: str = "") -> str:
    return f"/admin/bookings/{encode('booking', booking.id)}" + (f"/{action}" if action else "")


# --- what is shown


def test_a_booking_is_shown_whole(clerk: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    contact = Contact("Zoë O'Neil", "zoe@hotel.example", "+32 3 123 45 67", dt.time(22, 30), "A cot\nand <b>quiet</b>")
    wish = BookingRequest(alice.id, room.id, in_days(30), 2, contact=contact)
    [made] = bookings.book_all(acting(alice), wish, VISA, desk)
    clerk.go(at(made))
    for text in ("Zoë O'Neil", "zoe@hotel.example", "+32 3 123 45 67", "22:30", "and <b>quiet</b>", "Confirmation"):
        assert text in clerk.page.get_text(), text
    assert "Room held" in clerk.text
    assert "Programs" in clerk.text


def test_whether_the_guest_is_there_stands_beside_the_state(
    app: Flask, alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    soon = holds.reserve(acting(alice), order(alice, room, in_days(2)), desk)  # a session of staff lasts a week
    guarantees.guarantee(SYSTEM, soon.order_id, "desk")
    arrival = dt.datetime.combine(soon.check_in, dt.time(16), tzinfo=ZoneInfo(soon.time_zone))
    later(arrival - clock.now())
    clerk = working(app, bob, Role.DESK, room)

    def badges() -> list[str]:
        return [one.get_text(strip=True) for one in clerk.go(at(soon)).page.select("header .badge")]

    assert badges() == ["Confirmed"]
    presence.check_in(SYSTEM, soon.id, desk)
    assert badges() == ["Confirmed", "In house"]


def test_its_page_costs_the_same_however_long_its_story_is(clerk: Visitor, due: Booking) -> None:
    def look() -> object:
        return clerk.go(at(due))

    look()
    few = statements(look)
    for number in range(4):
        payments.record_received(SYSTEM, due.order_id, Decimal(10), by="desk", reference=f"receipt {number}")
    assert all(f"receipt {number}" in clerk.go(at(due)).text for number in range(4))
    assert statements(look) == few


@each("action", ["", *ACTIONS])
def test_no_stranger_no_guest_and_no_other_house_finds_it(
    app: Flask, alice: User, bob: User, booked: Booking, action: str
) -> None:
    guest, other = Visitor(app).signed_in(alice), at_work(app, bob, Role.DESK, a_room())
    cleaner = at_work(app, person("carol"), Role.HOUSEKEEPING, None)
    for visitor in (guest, other, cleaner):
        answer = visitor.go(at(booked)) if not action else _posted(visitor, at(booked, action))
        assert answer.status == 404, action
    stranger = Visitor(app).go(at(booked))
    assert stranger.url.startswith("/sign-in?next=%2Fadmin%2Fbookings%2Fbooking_")


def _posted(visitor: Visitor, url: str, **fields: object) -> Visitor:
    """With the token of a page that they may see."""
    token = visitor.go("/account").page.select_one('input[name="csrf_token"]')
    assert token is not None
    return visitor.post(url, csrf_token=str(token["value"]), **fields)


@each("booking_id", ["nonsense", "booking_01h455vb4pex5vsknk084sn02q", "room_01h455vb4pex5vsknk084sn02q"])
def test_what_is_no_booking_is_not_found(clerk: Visitor, booking_id: str) -> None:
    assert clerk.go(f"/admin/bookings/{booking_id}").status == 404


# --- cancel


def test_cancelling_shows_the_refund_first_and_then_gives_it_back(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, "cancel"))
    assert "€360" in clerk.text
    clerk.send(at(booked, "cancel"))
    assert (clerk.url, clerk.status) == (at(booked), 200)
    assert "The booking is cancelled." in clerk.text
    assert reload(booked).refund_amount == Decimal(360)
    assert "Booking cancelled" in clerk.page.select(".desk-events")[-1].get_text()


def test_cancelled_twice_is_cancelled_once(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, "cancel"))
    [first] = [clerk.form(at(booked, "cancel"))]
    fields = {str(one["name"]): str(one["value"]) for one in first.select("input")}
    for _ in range(2):
        clerk.post(at(booked, "cancel"), **fields)
        assert (clerk.url, clerk.status) == (at(booked), 200)
    assert len([one for one in payments_of(booked) if one.kind == "refund"]) == 1


@each(("field", "value"), [("shownRefund", "359.00"), ("version", "1")])
def test_what_is_another_booking_or_refund_by_now_is_shown_again(
    clerk: Visitor, booked: Booking, field: str, value: str
) -> None:
    clerk.go(at(booked, "cancel")).send(at(booked, "cancel"), {field: value})
    assert (clerk.status, clerk.heading) == (409, "Cancel this booking?")
    assert "€360" in clerk.text
    assert reload(booked).status == "CONFIRMED"


@each("sent", [{}, {"version": "x", "shownRefund": "360"}, {"version": "1", "shownRefund": "-1"}])
def test_a_cancellation_that_says_nothing_cancels_nothing(
    clerk: Visitor, booked: Booking, sent: dict[str, str]
) -> None:
    clerk.go(at(booked, "cancel"))
    _posted(clerk, at(booked, "cancel"), **sent)
    assert clerk.status == 400
    assert clerk.heading == "Cancel this booking?"
    assert reload(booked).status == "CONFIRMED"


def test_a_manager_gives_another_amount_back_for_a_reason(manager: Visitor, booked: Booking) -> None:
    manager.go(at(booked, "cancel")).send(at(booked, "cancel"), refund="100.50", reason="half a stay")
    assert (manager.url, manager.status) == (at(booked), 200)
    now, ledger = reload(booked), order_of(booked)
    assert (now.status, now.refund_amount, now.kept) == ("CANCELLED", Decimal("100.50"), Decimal("259.50"))
    assert [ledger.owed, ledger.paid, ledger.refunded + ledger.refunding, ledger.due] == [
        Decimal(one) for one in ("259.50", "360", "100.50", "0")
    ]
    told = manager.text
    assert all(text in told for text in ("half a stay", "€100.50", "Another refund than the policy’s"))
    assert findings() == []


@each(
    ("typed", "field"),
    [
        ({"refund": "361", "reason": "x"}, "refund"),
        ({"refund": "-1", "reason": "x"}, "refund"),
        ({"refund": "1.001", "reason": "x"}, "refund"),
        ({"refund": "ten", "reason": "x"}, "refund"),
        ({"refund": "10", "reason": ""}, "reason"),
        ({"refund": "", "reason": "kept this"}, "refund"),
    ],
)
def test_another_refund_that_cannot_be_keeps_what_was_typed(
    manager: Visitor, booked: Booking, typed: dict[str, str], field: str
) -> None:
    manager.go(at(booked, "cancel")).send(at(booked, "cancel"), typed)
    assert (manager.status, len(manager.problems)) == (400, 1)
    assert manager.page.select_one(f"details[open] #f-{field}-problem") is not None
    for name, text in typed.items():
        assert manager.page.select(f'input[name="{name}"]')[0]["value"] == text
    assert reload(booked).status == "CONFIRMED"


def test_a_clerk_decides_no_refund(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, "cancel"))
    assert clerk.page.select_one('input[name="refund"]') is None
    clerk.send(at(booked, "cancel"), refund="10", reason="mine")
    assert clerk.status == 403
    assert reload(booked).status == "CONFIRMED"


def test_another_refund_is_decided_on_the_terms_that_were_shown(manager: Visitor, booked: Booking) -> None:
    other = {"refund": "10", "reason": "late"}
    manager.go(at(booked, "cancel")).send(at(booked, "cancel"), other | {"shownRefund": "359.00"})
    assert (manager.status, reload(booked).status) == (409, "CONFIRMED")


# --- guarantee


def test_a_hold_is_confirmed_without_a_payment(clerk: Visitor, held: Booking) -> None:
    clerk.go(at(held)).send(at(held, "guarantee"), how="transfer", note="firm pays")
    assert (clerk.url, reload(held).status) == (at(held), "CONFIRMED")
    assert (order_of(held).guarantee, order_of(held).guarantee_note) == ("transfer", "firm pays")
    assert "firm pays" in clerk.text
    assert "To be paid: by transfer" in clerk.text


def test_a_guarantee_of_nothing_known_keeps_what_was_typed(clerk: Visitor, held: Booking) -> None:
    clerk.go(at(held)).send(at(held, "guarantee"), how="cheque", note="keeps this")
    assert clerk.status == 400
    assert clerk.page.select_one('#act-guarantee[open] input[value="keeps this"]') is not None
    assert reload(held).status == "PENDING"


def test_a_hold_that_ran_out_meanwhile_is_not_confirmed(clerk: Visitor, held: Booking, desk: BookingContext) -> None:
    clerk.go(at(held))
    later(desk.hold_for + dt.timedelta(seconds=1))
    clerk.send(at(held, "guarantee"), how="desk")
    assert clerk.status == 409
    assert reload(held).status == "PENDING"


# --- money


def test_money_that_was_taken_is_entered_once(clerk: Visitor, due: Booking) -> None:
    clerk.go(at(due))
    for said in ("The payment is entered.", "Entered already:"):
        clerk.go(at(due)).send(at(due, "received"), amount="100", by="desk", reference="receipt 7")
        assert clerk.status == 200
        assert said in clerk.text
    assert "The payment is entered." not in clerk.text
    assert [one.amount for one in payments_of(due)] == [Decimal(100)]
    assert order_of(due).due == Decimal(260)


@each(
    ("typed", "problem"),
    [
        ({"amount": "999"}, "due"),
        ({"amount": "-5"}, "Amount"),
        ({"amount": "ten"}, "Amount"),
        ({"amount": "10.001"}, ""),
        ({"reference": " "}, "Reference"),
        ({"by": "transfer", "reference": ""}, "Reference"),
        ({"by": "cheque"}, "Paid"),
        ({"receivedOn": "yesterday"}, "Day"),
        ({"receivedOn": "2999-01-01"}, "Day"),
    ],
)
def test_a_payment_that_cannot_be_keeps_what_was_typed(
    clerk: Visitor, due: Booking, typed: dict[str, str], problem: str
) -> None:
    clerk.go(at(due)).send(at(due, "received"), {"amount": "100", "by": "desk", "reference": "receipt 7"} | typed)
    assert clerk.status in (400, 409)
    assert problem in " ".join(clerk.problems)
    form = clerk.page.select_one("#act-received[open]")
    assert form is not None
    assert payments_of(due) == []


def test_an_entry_by_mistake_is_taken_back_by_a_manager(manager: Visitor, due: Booking) -> None:
    entry = payments.record_received(SYSTEM, due.order_id, Decimal(100), by="desk", reference="receipt 1")
    action = at(due, f"entries/{encode('payment', entry.id)}/correct")
    manager.go(at(due)).send(action, reason="")
    assert manager.status == 400
    assert "Correct: payment of €100, cash, receipt 1, " in manager.text
    manager.send(action, reason="another guest’s")
    assert "The entry is taken back." in manager.text
    assert order_of(due).due == Decimal(360)
    assert "Taken back" in manager.text


def test_a_clerk_takes_nothing_back(clerk: Visitor, due: Booking) -> None:
    entry = payments.record_received(SYSTEM, due.order_id, Decimal(100), by="desk", reference="receipt 1")
    action = at(due, f"entries/{encode('payment', entry.id)}/correct")
    assert clerk.go(at(due)).page.find("form", action=action) is None
    _posted(clerk, action, reason="mine")
    assert clerk.status == 403
    assert order_of(due).due == Decimal(260)


def test_an_entry_of_another_order_is_not_there(
    manager: Visitor, due: Booking, alice: User, desk: BookingContext
) -> None:
    other = bookings.book(acting(alice), order(alice, a_room(), in_days(60)), VISA, desk)
    [paid] = payments_of(other)
    _posted(manager, at(due, f"entries/{encode('payment', paid.id)}/correct"), reason="x")
    assert manager.status == 404


def test_a_guest_is_let_off(manager: Visitor, due: Booking) -> None:
    manager.go(at(due)).send(at(due, "waive"), amount="60", reason="heating was out")
    assert order_of(due).due == Decimal(300)
    assert "heating was out" in manager.text


def test_money_that_staff_took_is_given_back_by_staff(clerk: Visitor, due: Booking) -> None:
    payments.record_received(SYSTEM, due.order_id, Decimal(360), by="desk", reference="receipt 1")
    clerk.go(at(due, "cancel")).send(at(due, "cancel"))
    [refund] = [one for one in payments_of(due) if one.kind == "refund"]
    action = at(due, f"entries/{encode('payment', refund.id)}/returned")
    clerk.send(action, reference="cash 3")
    assert "The refund is entered." in clerk.text
    assert "Entered already:" in _posted(clerk, action, reference="cash 3").text
    assert order_of(due).refunded == Decimal(360)


def test_money_asks_for_a_fresh_sign_in_and_loses_nothing(app: Flask, bob: User, room: Room, due: Booking) -> None:
    clerk = at_work(app, bob, Role.DESK, room).go(at(due))
    later(dt.timedelta(minutes=16))
    clerk.send(at(due, "received"), amount="100", by="desk", reference="receipt 7")
    assert clerk.status == 401
    assert clerk.page.select_one('input[name="reference"][value="receipt 7"]') is not None
    assert payments_of(due) == []


# --- words


def test_every_action_of_the_audit_log_has_words() -> None:
    """Also those that are made of a state, and those that a function of the subject hands on."""
    said = re.compile(
        r"(?:\.audit|audit_log\.record|changes\.record|\btell|\b_note)\(\s*\w+,(?:\s*\w+,)?\s*\"([a-z_]+\.[a-z_]+)\""
    )
    sources = [path.read_text() for path in DOMAIN.rglob("*.py")]
    actions = {action for source in sources for action in said.findall(source)}
    assert actions >= {"booking.arrived", "booking.reverted", "room_status.changed", "room_status.undone"}
    assert len(actions) > 30
    made = {f"dispute.{state}" for state in DISPUTE_STATES} | {
        f"{kind}.{state}" for kind in ("payment", "refund") for state in (SUCCEEDED, FAILED)
    }
    assert actions | made <= set(stories.ACTIONS)


def test_every_state_that_the_audit_log_names_has_words(app: Flask) -> None:
    for state in (*BOOKING_STATUSES, *PRESENCES, *ROOM_STATUSES):
        assert states.of_anything(state) != state
    assert states.of_anything("of_another_version") == "of_another_version"


def test_goodwill_is_given_by_a_manager_and_shown_with_its_reason(manager: Visitor, booked: Booking) -> None:
    manager.go(at(booked)).send(at(booked, "goodwill"), refund="361", reason="no hot water")
    assert (manager.status, "at most 360.00" in " ".join(manager.problems)) == (400, True), manager.problems
    manager.send(at(booked, "goodwill"), refund="60")
    assert "The stay costs less now" in manager.text
    assert all(text in manager.text for text in ("Goodwill", "−€60", "no hot water", "€300"))
    now = order_of(booked)
    assert [int(one) for one in (now.owed, now.paid - now.refunded, now.due)] == [300, 300, 0]
    assert findings() == []


def test_a_clerk_gives_no_goodwill(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked))
    assert clerk.page.select_one("#act-goodwill") is None
    token = clerk.page.select_one("input[name=csrf_token]")
    assert token is not None
    clerk.post(at(booked, "goodwill"), csrf_token=token["value"], version=booked.version, refund="5", reason="mine")
    assert (clerk.status, int(order_of(booked).owed)) == (403, 360)
