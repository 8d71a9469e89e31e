"""The calendar as staff see it, and what they do from it: nights off sale and back."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from booking.domain import reservations
from booking.domain.actors import Role
from booking.domain.inventory import BLOCKED_BY_FEED
from booking.domain.payments import Contact
from booking.domain.reservations import OrderItem, OrderRequest, bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Block, Room, User
from booking.http import date_format
from booking.infra.ids import encode
from tests.admin.staff import working
from tests.cases import each
from tests.cast import VISA, a_room, acting, all_at_once, beside, blocked, count, in_days, nights_of, order, today
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

CALENDAR = "/admin/calendar/"
STATIC = Path(__file__).parents[2] / "booking" / "static"


@pytest.fixture
def at_work(app: Flask, bob: User, room: Room) -> Visitor:
    """Bob at the desk of the room's property."""
    return working(app, bob, Role.DESK, room)


def bars(visitor: Visitor) -> list[tuple[str, str, int]]:
    """Look, text and days of each bar."""
    return [
        (str(bar["class"][1]), bar.get_text("|", strip=True).split("|")[0], int(str(bar.parent["colspan"])))
        for bar in visitor.page.select(".tape-bar")
        if bar.parent
    ]


def nights_form(room: Room, days: int, nights: int = 2, **fields: object) -> dict[str, object]:
    stay = in_days(days, nights)
    dates = {"checkIn": stay.check_in.isoformat(), "checkOut": stay.check_out.isoformat()}
    return {"room": encode("room", room.id), **dates, **fields}


def nights_page(room: Room) -> str:
    return f"/admin/calendar/nights?room={encode('room', room.id)}&checkIn={in_days(3).check_in.isoformat()}"


# --- looking


def test_each_stay_is_a_bar_that_leads_to_the_booking(
    at_work: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    made = bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    visitor = at_work.go(CALENDAR)
    assert (visitor.status, visitor.heading) == (200, "Calendar")
    assert bars(visitor) == [("is-booked", "Alice", 3)]
    assert f"/admin/bookings/{encode('booking', made.id)}" in {link.partition("?")[0] for link in visitor.links()}


def test_holds_and_blocks_look_like_what_they_are(
    at_work: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    reservations.reserve(acting(alice), order(alice, room, in_days(5)), desk)
    blocked(room, in_days(10, 2), reason="New carpet")
    assert bars(at_work.go(CALENDAR)) == [("is-held", "Alice", 3), ("is-blocked", "New carpet", 2)]


def test_what_people_have_written_is_text_wherever_it_stands(
    at_work: Visitor, room: Room, desk: BookingContext, alice: User
) -> None:
    odd = """<b title='x'>O'Hara</b> & "Sons" %(dates)s"""
    item = OrderItem(room.id, in_days(5), 2)
    wanted = OrderRequest(alice.id, (item,), contact=Contact(odd, "carol@example.com"))
    reservations.book_order(acting(alice), wanted, VISA, desk)
    blocked(room, in_days(10, 2), reason=odd)
    beside(room, odd, 90)
    visitor = at_work.go(CALENDAR)
    assert visitor.page.select(".tape b") == []
    assert [text for _, text, _ in bars(visitor)] == [odd, odd]
    assert odd in names(visitor)
    assert sum(odd in link.get_text() for link in visitor.page.select(".tape-free a")) == 1
    assert [odd in str(bar["title"]) for bar in visitor.page.select(".tape-bar")] == [True, True]


def test_rows_are_as_wide_as_the_head(at_work: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    blocked(room, in_days(8, 1))
    first = today() - dt.timedelta(days=3)
    visitor = at_work.go(f"{CALENDAR}?start={first.isoformat()}&days=14")
    assert [sum(int(str(cell["colspan"])) for cell in row.select("td")) for row in visitor.page.select("tbody tr")] == [
        14
    ]
    assert len(visitor.page.select("thead th.tape-day")) == 14


def test_a_bar_of_one_night_bears_initials_and_one_to_the_end_stays_within_the_days(
    at_work: Visitor, room: Room, desk: BookingContext, alice: User
) -> None:
    for start, nights in ((1, 1), (28, 2)):
        wanted = OrderRequest(
            alice.id, (OrderItem(room.id, in_days(start, nights), 1),), contact=Contact("Jo van Dam", "j@x.org")
        )
        reservations.book_order(acting(alice), wanted, VISA, desk)
    visitor = at_work.go(f"{CALENDAR}?start={in_days(0).check_in.isoformat()}")
    assert [text for _, text, _ in bars(visitor)] == ["JD", "Jo van Dam"]
    assert ["goes-on" in str(bar["class"]) for bar in visitor.page.select(".tape-bar")] == [False, True]
    assert all("Jo van Dam" in str(bar["title"]) for bar in visitor.page.select(".tape-bar"))
    assert "Friday and Saturday nights" in visitor.text
    months = [int(str(month["colspan"])) for month in visitor.page.select("th.tape-month")]
    assert (sum(months), len(months) in (1, 2, 3)) == (30, True)


def test_free_nights_lead_to_what_may_be_done_with_them(at_work: Visitor, room: Room) -> None:
    free = at_work.go(CALENDAR).page.select_one(".tape-free a")
    assert free is not None
    at_work.go(str(free["href"]))
    assert (at_work.heading, at_work.status) == (room.name, 200)


def test_what_is_over_can_no_longer_be_sold(at_work: Visitor, room: Room) -> None:
    first = today() - dt.timedelta(days=40)
    visitor = at_work.go(f"{CALENDAR}?start={first.isoformat()}&days=14")
    assert len(visitor.page.select(".tape-past")) == 1
    assert visitor.page.select(".tape-free") == []


def test_earlier_and_later_days_keep_the_filters(at_work: Visitor, room: Room) -> None:
    first = in_days(10).check_in
    links = at_work.go(f"{CALENDAR}?start={first.isoformat()}&days=14&state=free").links()
    for days in (-14, 14):
        start = (first + dt.timedelta(days=days)).isoformat()
        assert f"{CALENDAR}?start={start}&days=14&state=free" in links


@pytest.fixture
def two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("ROOMS_AT_ONCE", 2), ("NIGHTS_AT_ONCE", 60)):
        monkeypatch.setattr(f"booking.domain.reservations.front_desk.occupancy_calendar.{name}", most)


def names(visitor: Visitor) -> list[str]:
    return [name.get_text() for name in visitor.page.select(".tape-name")]


def test_more_rooms_come_as_they_are_scrolled_to(at_work: Visitor, room: Room, two_at_once: None) -> None:
    for number in (1, 2, 3):
        beside(room, f"Room {number}", 90)
    more = at_work.go(CALENDAR).page.select_one(".tape-more")
    assert more is not None
    assert names(at_work) == ["Room 1", "Room 2"]
    answer = at_work.go(str(more["hx-get"]), **{"HX-Request": "true", "HX-Request-Type": "partial"})
    assert names(answer) == ["Room 3", "Room with a view"]
    assert answer.page.select("thead, .tape-more") == []


def test_no_rule_makes_a_browser_look_at_all_rooms_again_when_more_come() -> None:
    """For what stands after anything at all, Chromium does: with 700 rooms, for 0.7 s each time."""
    sheets = list(STATIC.glob("*.css"))
    assert {"app.css", "admin.css"} <= {sheet.name for sheet in sheets}
    for sheet in sheets:
        rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert not re.search(r"(?<![\w-])\*\s*[+~]", rules), sheet.name


def test_without_a_script_more_rooms_are_a_page_of_their_own(at_work: Visitor, room: Room, two_at_once: None) -> None:
    for number in (1, 2, 3):
        beside(room, f"Room {number}", 90)
    link = at_work.go(CALENDAR).page.select_one(".tape-more a")
    assert link is not None
    assert names(at_work.go(str(link["href"]))) == ["Room 3", "Room with a view"]
    assert len(at_work.page.select("thead")) == 1
    assert "To the first rooms" in at_work.text


def test_a_filter_that_finds_nothing_says_so_and_leads_back(at_work: Visitor, room: Room) -> None:
    visitor = at_work.go(f"{CALENDAR}?state=blocked")
    assert "No room matches on these days" in visitor.text
    assert f"{CALENDAR}" in visitor.links()


@each(
    "query, problem",
    [
        ("days=7", "Days must be one of 14, 30, 90"),
        ("start=soon", "Start must be a date"),
        ("state=odd", "State must be one of free, sold, held, blocked"),
        ("offset=-1", "offset"),
    ],
)
def test_a_wrong_address_shows_the_usual_days_and_says_what_is_wrong(
    at_work: Visitor, room: Room, query: str, problem: str
) -> None:
    visitor = at_work.go(f"{CALENDAR}?{query}")
    assert visitor.status == 400
    assert len(visitor.problems) == 1
    assert visitor.problems[0].lower().startswith(problem.lower()), visitor.problems
    assert len(visitor.page.select("thead th.tape-day")) == 30


def test_a_property_in_the_address_counts_for_this_page(app: Flask, bob: User, room: Room) -> None:
    other = a_room(name="Elsewhere")
    visitor = working(app, bob, Role.MANAGER)
    assert names(visitor.go(f"{CALENDAR}?property={encode('property', other.property_id)}")) == ["Elsewhere"]


def test_printed_lists_have_no_buttons_and_a_calendar_no_arrows(at_work: Visitor, room: Room) -> None:
    assert at_work.go(CALENDAR).page.select(".calendar-head nav:not(.no-print)") == []
    assert at_work.go("/admin/").page.select("[data-print]") != []
    printed = re.search(r"@media print \{[^}]*display: none", (STATIC / "app.css").read_text())
    assert printed is not None
    assert ".button," in printed[0]


# --- who


def test_somebody_elses_calendar_is_not_there(at_work: Visitor) -> None:
    other = a_room()
    assert at_work.go(f"{CALENDAR}?property={encode('property', other.property_id)}").status == 404


def test_housekeeping_has_no_calendar(app: Flask, bob: User, room: Room) -> None:
    visitor = working(app, bob, Role.HOUSEKEEPING, room)
    assert CALENDAR not in visitor.links()
    assert visitor.go(CALENDAR).status == 404


@each("address", ["nights?room={}", "nights?room=nonsense", "blocks/nonsense"])
def test_rooms_and_blocks_of_others_are_not_there(at_work: Visitor, address: str) -> None:
    assert at_work.go(f"/admin/calendar/{address.format(encode('room', a_room().id))}").status == 404


def test_a_block_of_another_house_is_neither_shown_nor_ended(at_work: Visitor) -> None:
    other = a_room()
    block = blocked(other, in_days(3))
    address = f"/admin/calendar/blocks/{encode('block', block.id)}"
    assert at_work.go(address).status == 404
    at_work.go(CALENDAR)
    at_work.post(f"{address}/unblock", csrf_token=at_work.token())
    assert len(nights_of(other)) == 3


# --- nights off sale


def test_nights_lead_back_to_the_days_and_filters_from_which_they_were_opened(at_work: Visitor, room: Room) -> None:
    here = f"property={encode('property', room.property_id)}&start={in_days(1).check_in.isoformat()}&days=90&state=free"
    [free] = at_work.go(f"{CALENDAR}?{here}").page.select(".tape-free a")
    stay = in_days(3, 1)
    visitor = at_work.go(
        re.sub(r"checkIn=[^&]*&checkOut=[^&]*", f"checkIn={stay.check_in}&checkOut={stay.check_out}", str(free["href"]))
    )
    assert f"{CALENDAR}?{here}" in visitor.links()
    [book] = visitor.page.select("main a.button")
    assert re.fullmatch(r"Book \w{3} \d+ \w{3}.* – \w{3} \d+ \w{3}.*", " ".join(book.get_text().split()))
    assert f"{CALENDAR}?{here}" in at_work.copy().get(str(book["href"])).text.replace("&amp;", "&")
    for button in ("Take off sale", "Undo"):
        visitor.press(button)
        assert visitor.url == f"{CALENDAR}?{here}"


def test_staff_take_nights_off_sale_and_undo_it(at_work: Visitor, room: Room) -> None:
    at_work.go(nights_page(room)).send("/admin/calendar/nights", nights_form(room, 3, reason="Painting"))
    assert at_work.url.startswith(CALENDAR)
    assert "Room with a view is off sale: " in at_work.text
    assert set(nights_of(room)) == set(in_days(3, 2).dates())
    at_work.press("Undo")
    assert "The nights are back on sale." in at_work.text
    assert nights_of(room) == {}
    at_work.press("Undo")
    assert set(nights_of(room)) == set(in_days(3, 2).dates())


def test_what_was_done_is_told_once(at_work: Visitor, room: Room) -> None:
    at_work.go(nights_page(room)).send("/admin/calendar/nights", nights_form(room, 3))
    assert "is off sale: " not in at_work.go(CALENDAR).text


def test_pressed_twice_the_nights_are_off_sale_once(at_work: Visitor, room: Room) -> None:
    for _ in range(2):
        at_work.go(nights_page(room)).send("/admin/calendar/nights", nights_form(room, 3))
        assert "is off sale: " in at_work.text
    assert count(Block) == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"checkIn": ""}, "Check-in is missing"),
    ({"checkOut": "tomorrow"}, "Check-out must be a date"),
    ({"reason": "x" * 256}, "Reason must have at most 255 characters"),
    ({"checkIn": "2020-01-01", "checkOut": "2020-01-03"}, "Check-in"),
]


@each("typed, problem", WRONG)
def test_what_is_wrong_is_named_and_what_was_typed_stays(
    at_work: Visitor, room: Room, typed: dict[str, Any], problem: str
) -> None:
    fields = nights_form(room, 3, reason="Painting") | typed
    visitor = at_work.go(nights_page(room)).send("/admin/calendar/nights", fields)
    assert visitor.status == 400
    assert visitor.problems[0].startswith(problem), visitor.problems
    shown = visitor.page.select_one("#f-reason")
    assert shown is not None
    assert shown["value"] == fields["reason"]
    assert nights_of(room) == {}


def test_nights_that_somebody_has_are_named(at_work: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(4, 1)), VISA, desk)
    visitor = at_work.go(nights_page(room)).send("/admin/calendar/nights", nights_form(room, 3, reason="Painting"))
    assert visitor.status == 409
    assert date_format.day(in_days(4).check_in) in visitor.problems[0]
    assert count(Block) == 0


def test_of_two_who_want_the_same_nights_one_gets_them(app: Flask, at_work: Visitor, room: Room) -> None:
    at_work.go(nights_page(room))
    token = at_work.token()

    def wanted(start: int) -> Any:
        fields = nights_form(room, start, csrf_token=token)
        return lambda: at_work.copy().post("/admin/calendar/nights", data=fields).status_code

    assert sorted(all_at_once(app, [wanted(3), wanted(4)])) == [303, 409]
    assert count(Block) == 1


def test_a_block_says_why_and_is_ended(at_work: Visitor, room: Room) -> None:
    block = blocked(room, in_days(3, 2), reason="Painting")
    address = f"/admin/calendar/blocks/{encode('block', block.id)}"
    visitor = at_work.go(address)
    assert (visitor.heading, "Painting" in visitor.text) == ("Off sale: Room with a view", True)
    visitor.press("Put back on sale")
    assert nights_of(room) == {}
    assert visitor.go(address).status == 404


def test_a_block_that_somebody_else_has_ended_meanwhile_is_no_error(at_work: Visitor, room: Room) -> None:
    from booking.domain import inventory
    from tests.cast import SYSTEM

    block = blocked(room, in_days(3, 2))
    at_work.go(f"/admin/calendar/blocks/{encode('block', block.id)}")
    inventory.unblock(SYSTEM, block.id)
    at_work.press("Put back on sale")
    assert (at_work.status, "These nights were on sale already." in at_work.text) == (200, True)


def test_what_a_feed_has_blocked_offers_no_undo(at_work: Visitor, room: Room) -> None:
    block = blocked(room, in_days(3, 2), source=BLOCKED_BY_FEED, uid="a@b")
    at_work.go(f"/admin/calendar/blocks/{encode('block', block.id)}")
    assert "A calendar feed" in at_work.text
    at_work.press("Put back on sale")
    assert [button.get_text() for button in at_work.page.select(".notice button")] == []
