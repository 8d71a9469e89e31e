"""What the pages between reserving and being booked tell, whoever reads them: one heading, times with their zone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.domain.errors import PaymentUnknown
from booking.domain.reservations import bookings, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    in_days,
    interrupted,
    later,
    order,
    reload,
    silent,
)
from tests.web.visitor import Visitor


def the_stay() -> Stay:
    return in_days(30)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room, the_stay()), desk)


def checkout(booking: Any) -> Any:
    return f"/checkout/{encode('booking', booking.id)}"


def wish(room: Room, guests: Any = 2) -> Any:
    query = f"checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&guests={guests}"
    return f"/rooms/{encode('room', room.id)}/reserve?{query}"


def link_text(visitor: Visitor, url: str) -> str:
    link = visitor.page.select_one(f"main a[href='{url}']")
    assert link is not None, visitor.text
    return link.get_text(strip=True)


def refresh(visitor: Any) -> Any:
    """After how many seconds the page asks again where no script runs."""
    (meta,) = visitor.page.select("head noscript meta[http-equiv=refresh]")
    return int(meta["content"])


def unanswered(alice: User, held: Booking, desk: BookingContext) -> None:
    """The charge was made, and nobody knows yet."""
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, silent))


# --- a hold


def test_the_end_of_the_hold_names_its_zone(guest: Visitor, held: Booking) -> None:
    guest.go(checkout(held))
    told = guest.page.select_one(".countdown time")
    assert told.text.endswith("(Brussels time)")
    end = dt.datetime.fromisoformat(str(told["datetime"]))
    assert (end, f"{end:%H:%M}") == (held.held_until, told.text[:5])
    assert "{time}" in told["data-clock"]


def test_without_a_script_the_page_asks_again_when_the_hold_is_over(guest: Visitor, held: Booking) -> None:
    assert 895 <= refresh(guest.go(checkout(held))) <= 901


def test_in_the_list_the_end_of_the_hold_names_its_zone_too(guest: Visitor, held: Booking) -> None:
    guest.go("/bookings")
    assert "(Brussels time)" in guest.page.select_one("main time").text
    assert checkout(held) in guest.links()


@pytest.mark.parametrize(
    ("currency", "price", "shown"), [("EUR", "120", "360.00"), ("JPY", "18000", "54000"), ("KWD", "41.5", "124.500")]
)
def test_the_total_goes_back_in_the_currencys_own_decimals(
    guest: Visitor, alice: User, desk: BookingContext, currency: str, price: str, shown: str
) -> None:
    abroad = a_room(currency=currency, price_per_night=Decimal(price))
    held = holds.reserve(acting(alice), order(alice, abroad, the_stay()), desk)
    assert guest.go(checkout(held)).page.find("input", attrs={"name": "shownTotal"})["value"] == shown
    guest.send(checkout(held), paymentMethodId=VISA)
    assert guest.heading == "You’re booked"


# --- held nights on the room's page


def offer(guest: Visitor) -> str:
    return " ".join(guest.page.select_one("#offer").get_text(" ").split())


def test_the_rooms_page_says_whose_hold_it_is_until_when_and_leads_to_paying_and_releasing(
    guest: Visitor, room: Room, held: Booking
) -> None:
    guest.go(wish(room).replace("/reserve", ""))
    assert "You’re holding these nights Held for you until" in offer(guest)
    assert f"{held.held_until.astimezone(ZoneInfo('Europe/Brussels')):%H:%M} (Brussels time)" in offer(guest)
    assert "Time left to pay: 15 minutes" in offer(guest)
    assert "already have" not in guest.text
    assert checkout(held) in [link["href"] for link in guest.page.select("#reserve-bar a")]  # on a phone
    assert link_text(guest, checkout(held)) == "Review and pay"
    guest.send(f"{checkout(held)}/release")
    assert guest.url == wish(room).replace("/reserve", "")  # where the nights are available again
    assert guest.page.select_one("form#reserve")
    assert (reload(held).status, "holding these nights" in guest.text) == ("CANCELLED", False)


def test_a_hold_of_overlapping_dates_is_told_and_released_for_the_dates_that_are_looked_at(
    guest: Visitor, bob: User, room: Room, desk: BookingContext, alice: User, held: Booking
) -> None:
    others = holds.reserve(acting(bob), order(bob, room, in_days(33, 1)), desk)
    mine = held
    for nights in (2, 4):  # which may be had in its stead, or not, since the last of them is somebody else's
        other = in_days(30, nights)
        page = f"/rooms/{encode('room', room.id)}?checkIn={other.check_in}&checkOut={other.check_out}&guests=1"
        guest.go(page)
        assert "Held for you until" in offer(guest)
        assert "Time left to pay: 15 minutes" in offer(guest)
        assert link_text(guest, checkout(mine)) == "Review and pay"
        assert ("haven’t paid yet" in offer(guest), "still stands" in offer(guest)) == (nights == 2, nights == 4)
        guest.send(f"{checkout(mine)}/release")
        assert (guest.url, reload(mine).status) == (page, "CANCELLED")
        assert "Held for you until" not in offer(guest)
        mine = holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    assert reload(others).status == "PENDING"


def test_releasing_twice_or_from_anothers_page_does_nothing_more(
    app: Flask, guest: Visitor, bob: User, room: Room, held: Booking
) -> None:
    page = wish(room).replace("/reserve", "")
    beside = Visitor(app)
    beside.client = guest.client
    beside.go(page)
    guest.go(page).send(f"{checkout(held)}/release")
    assert beside.send(f"{checkout(held)}/release").url == page
    stranger = Visitor(app).signed_in(bob).go(page)
    assert f"{checkout(held)}/release" not in str(stranger.page)


# --- another number of guests


def test_the_rooms_page_offers_to_change_the_number_of_guests(guest: Visitor, room: Room, held: Booking) -> None:
    guest.go(wish(room, 3).replace("/reserve", ""))
    assert "You’ve reserved this room for 2 guests but haven’t paid yet." in guest.text
    guest.send(wish(room).partition("?")[0])
    assert (guest.url, guest.heading) == (checkout(held), "Review and pay")
    assert "3 guests" in guest.text
    assert reload(held).guests == 3


def test_a_wish_for_another_number_of_guests_is_asked_and_applied(guest: Visitor, room: Room, held: Booking) -> None:
    assert guest.go(wish(room, 3)).heading == "Change the number of guests?"
    assert "We’re holding this room for you for 2 guests until" in guest.text
    assert checkout(held) in guest.links()
    guest.send(wish(room).partition("?")[0])
    assert guest.url == checkout(held)
    assert reload(held).guests == 3


def test_more_guests_than_fit_are_refused_with_the_hold_as_it_was(guest: Visitor, room: Room, held: Booking) -> None:
    guest.go(wish(room, 9))
    assert (guest.status, guest.problems != []) == (400, True)
    assert reload(held).guests == 2


# --- nights that are one's own


@pytest.fixture
def booked(alice: User, held: Booking, desk: BookingContext) -> Booking:
    return bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)


@pytest.mark.parametrize("path", ["", "/reserve"])
def test_ones_own_stay_is_not_somebody_elses(guest: Visitor, room: Room, booked: Booking, path: str) -> None:
    url = f"/rooms/{encode('room', room.id)}{path}"
    other = in_days(31)
    guest.go(f"{url}?checkIn={other.check_in}&checkOut={other.check_out}&guests=2")
    assert "You already have this room from" in guest.text
    assert "omebody" not in guest.text
    assert checkout(booked) in guest.links()
    assert guest.go(checkout(booked)).heading == "You’re booked"


def test_reserving_in_spite_of_ones_own_stay_says_whose_it_is(
    guest: Visitor, room: Room, desk: BookingContext, alice: User
) -> None:
    other = in_days(31)
    guest.go(f"/rooms/{encode('room', room.id)}?checkIn={other.check_in}&checkOut={other.check_out}&guests=2")
    bookings.book(acting(alice), order(alice, room, the_stay()), VISA, desk)
    guest.send(wish(room).partition("?")[0])
    assert "You already have this room from" in guest.text


def test_a_reservation_that_made_way_names_the_one_that_took_its_place(
    guest: Visitor, alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    new = holds.reserve(acting(alice), order(alice, room, in_days(31)), desk)
    guest.go(checkout(held))
    assert guest.heading == "You’ve changed your dates"
    assert ("You released" in guest.text, "View your booking" in guest.text) == (False, False)
    assert "Time left to pay: 15 minutes" in guest.text
    assert link_text(guest, checkout(new)) == "Review and pay"


@pytest.mark.parametrize("others_nights", [None, (32, 1)], ids=["and nobody else has any", "and somebody else has one"])
def test_a_stay_made_shorter_says_so_on_the_first_address(
    guest: Visitor,
    alice: User,
    bob: User,
    room: Room,
    held: Booking,
    desk: BookingContext,
    others_nights: tuple[int, int] | None,
) -> None:
    new = holds.reserve(acting(alice), order(alice, room, in_days(30, 2)), desk)
    if others_nights:
        holds.reserve(acting(bob), order(bob, room, in_days(*others_nights)), desk)
    guest.go(checkout(held))
    assert guest.heading == "You’ve changed your dates"
    assert link_text(guest, checkout(new)) == "Review and pay"


def test_dates_changed_after_a_declined_card_are_called_changed(
    guest: Visitor, alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    guest.go(checkout(held)).send(checkout(held), paymentMethodId=DECLINED)
    holds.reserve(acting(alice), order(alice, room, in_days(31)), desk)
    assert guest.go(checkout(held)).heading == "You’ve changed your dates"
    assert "The payment didn’t go through" not in guest.text


def test_dates_changed_and_paid_lead_to_the_booking(
    guest: Visitor, alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    new = holds.reserve(acting(alice), order(alice, room, in_days(31)), desk)
    bookings.pay(acting(alice), new.id, VISA, new.total_price, desk)
    assert guest.go(checkout(held)).heading == "You’ve changed your dates"
    assert link_text(guest, checkout(new)) == "View your booking"


def test_what_ran_out_was_not_changed(
    guest: Visitor, alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    later(desk.hold_for)
    new = holds.reserve(acting(alice), order(alice, room, in_days(31)), desk)
    assert guest.go(checkout(held)).heading == "This reservation has ended"
    assert "It wasn’t paid in time" in guest.text
    assert link_text(guest, checkout(new)) == "Review and pay"


def test_other_dates_that_somebody_else_has_leave_the_reservation_and_say_so(
    guest: Visitor, bob: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    longer = in_days(30, 5)
    page = f"/rooms/{encode('room', room.id)}?checkIn={longer.check_in}&checkOut={longer.check_out}&guests=2"
    guest.go(page)
    holds.reserve(acting(bob), order(bob, room, in_days(33, 2)), desk)
    guest.send(wish(room).partition("?")[0])
    assert (guest.status, guest.heading) == (409, "Someone else has just taken this room")
    for _ in ("after pressing the button", "on the room's page"):
        assert "Your unpaid reservation for" in guest.text
        assert "still stands" in guest.text
        assert "Time left to pay: 15 minutes" in guest.text
        assert link_text(guest, checkout(held)) == "Review and pay"
        guest.go(page)
    assert reload(held).status == "PENDING"


def test_a_room_that_another_only_holds_is_not_called_booked(
    guest: Visitor, bob: User, room: Room, desk: BookingContext
) -> None:
    holds.reserve(acting(bob), order(bob, room, the_stay()), desk)
    guest.go(wish(room))
    assert (guest.status, "booked" in str(guest.page.select_one("main .stack"))) == (409, False)
    assert "still stands" not in guest.text


def test_what_was_given_back_is_not_called_unpaid(guest: Visitor, held: Booking) -> None:
    guest.go(checkout(held)).send(f"{checkout(held)}/release")
    guest.go(checkout(held))
    assert "You released the room before paying" in guest.text
    assert "It was not paid" not in guest.text


# --- a payment that nobody knows about


def test_a_payment_being_checked_says_what_is_going_on_and_looks_again(
    guest: Visitor, alice: User, held: Booking, desk: BookingContext
) -> None:
    unanswered(alice, held, desk)
    guest.go(checkout(held))
    assert "The room is held for you in the meantime" in guest.text
    assert "alice@example.com" in guest.text
    assert f"Without JavaScript it checks every {refresh(guest)} seconds." in guest.text
    assert guest.page.select_one("[hx-get][hx-trigger='every 3s']")["hx-get"] == checkout(held)
    assert {checkout(held), "/bookings"} <= {link["href"] for link in guest.page.select("main a.button")}


def test_the_room_page_leads_to_the_payment_being_checked(
    guest: Visitor, alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    unanswered(alice, held, desk)
    assert guest.go(wish(room)).heading == "We’re checking your payment"
    dates = f"checkIn={held.check_in}&checkOut={held.check_out}&guests={held.guests}"
    guest.go(f"/rooms/{encode('room', room.id)}?{dates}")
    assert "We’re checking your payment We’re holding this room for you in the meantime." in guest.text
    assert "You already have these nights" not in guest.text
    assert link_text(guest, checkout(held)) == "See your payment"
    assert "haven’t paid yet" not in guest.text
    assert checkout(held) in guest.links()


def test_releasing_what_is_being_paid_leads_to_the_payment_being_checked(
    app: Flask, alice: User, held: Booking, desk: BookingContext
) -> None:
    one, two = (Visitor(app).signed_in(alice).go(checkout(held)) for _ in range(2))
    unanswered(alice, held, desk)
    release, instead = f"{checkout(held)}/release", encode("room", a_room().id)
    assert one.send(release).heading == "We’re checking your payment"
    assert two.send(release, roomId=instead).heading == "We’re checking your payment"
    assert reload(held).status == "PENDING"


# --- one heading


def test_every_state_has_one_heading(
    guest: Visitor, alice: User, bob: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    pages = [guest.go(checkout(held)).page]
    pages.append(guest.send(checkout(held), paymentMethodId=DECLINED).page)
    unanswered(alice, held, desk)
    pages.append(guest.go(checkout(held)).page)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    pages.append(guest.go(checkout(held)).page)
    pages.append(guest.go(guest.url + "/cancel").page)
    pages.append(guest.send(guest.url).page)
    pages.append(guest.go(wish(room)).page)
    again = holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    later(desk.hold_for)
    pages.append(guest.go(checkout(again)).page)
    holds.reserve(acting(bob), order(bob, room, the_stay()), desk)
    pages.append(guest.go(wish(room)).page)
    headings = [[heading.get_text(strip=True) for heading in page.select("h1")] for page in pages]
    assert headings == [
        ["Review and pay"],
        ["Review and pay"],
        ["We’re checking your payment"],
        ["You’re booked"],
        ["Cancel this booking?"],
        ["This booking has been cancelled"],
        ["Reserve this room?"],
        ["This reservation has ended"],
        ["Someone else has just taken this room"],
    ]
