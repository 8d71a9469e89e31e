"""Reserving and paying, as a visitor without a script does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import (
    DECLINED,
    VISA,
    a_room,
    acting,
    all_at_once,
    count,
    in_days,
    later,
    order,
    payments_of,
    reload,
)
from tests.quick import first_quick
from tests.web.visitor import Visitor


def the_stay() -> Stay:
    return in_days(30)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def room_url(room: Room, stay: Any = None, guests: Any = 2) -> Any:
    stay = stay or the_stay()
    return f"/rooms/{encode('room', room.id)}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests={guests}"


def reserve_url(room: Room) -> Any:
    return f"/rooms/{encode('room', room.id)}/reserve"


def reserve(visitor: Visitor, room: Room, stay: Any = None, guests: Any = 2) -> Any:
    return visitor.go(room_url(room, stay, guests)).send(reserve_url(room))


@transaction
def the_booking() -> Any:
    return db.session.query(Booking).one()


def checkout_url(booking: Any) -> Any:
    return f"/checkout/{encode('booking', booking.id)}"


# --- reserve


def test_reserving_holds_the_room_and_shows_what_it_costs(guest: Visitor, room: Room) -> None:
    reserve(guest, room)
    held = the_booking()
    assert (guest.url, guest.status) == (checkout_url(held), 200)
    assert guest.heading == "Review and pay"
    assert "Pay €360" in guest.text
    assert "3 nights at €120" in guest.text
    assert "We’re holding the room for you until" in guest.text
    assert "Time left to pay: 15 minutes" in guest.text
    assert guest.headers["Cache-Control"] == "no-store"


def test_a_form_that_is_too_old_is_asked_once_more(guest: Visitor, room: Room) -> None:
    guest.post(reserve_url(room), checkIn=the_stay().check_in, checkOut=the_stay().check_out, guests=2)
    assert count(Booking) == 0
    assert guest.heading == "Reserve this room?"
    guest.send(reserve_url(room))
    assert guest.heading == "Review and pay"


def test_twice_is_the_same_hold(guest: Visitor, room: Room) -> None:
    reserve(guest, room)
    first = guest.url
    guest.go(f"{reserve_url(room)}?{urlsplit(room_url(room)).query}")
    assert guest.url == first
    assert count(Booking) == 1


def test_many_clicks_at_once_are_one_hold(app: Flask, alice: User, room: Room) -> None:
    guest = Visitor(app).sign_in("alice").go(room_url(room))
    token = guest.form(reserve_url(room)).find("input", attrs={"name": "csrf_token"})["value"]
    fields = {"checkIn": the_stay().check_in, "checkOut": the_stay().check_out, "guests": 2, "csrf_token": token}

    def click() -> Any:
        return guest.copy().post(reserve_url(room), data=fields).headers["Location"]

    assert len(set(all_at_once(app, [click] * 6))) == 1
    assert count(Booking) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    first_quick(
        [
            ({"checkIn": ""}, "Check-in"),
            ({"checkOut": "2026-02-30"}, "Check-out"),
            ({"guests": "99"}, "room"),
            ({"guests": "two"}, "Guests"),
            ({"checkIn": "2020-01-01", "checkOut": "2020-01-03"}, "past"),
        ],
        quick=2,
    ),
)
def test_what_cannot_be_reserved_is_explained_on_the_rooms_page(
    guest: Visitor, room: Room, changes: Any, field: str
) -> None:
    guest.go(room_url(room)).send(reserve_url(room), changes)
    assert guest.url.startswith(f"/rooms/{encode('room', room.id)}?")
    assert field in " ".join(guest.problems)
    assert count(Booking) == 0


def test_somebody_was_quicker(guest: Visitor, bob: User, room: Room, desk: BookingContext) -> None:
    other = a_room(name="The other room")
    guest.go(room_url(room))
    holds.reserve(acting(bob), order(bob, room, the_stay()), desk)
    guest.send(reserve_url(room))
    assert (guest.status, guest.heading) == (409, "Someone else has just taken this room")
    assert "The other room" in guest.text
    assert any(link.startswith(f"/rooms/{encode('room', other.id)}?") for link in guest.links())
    assert any(link.startswith("/rooms?location=antwerp&checkIn=") for link in guest.links())


def test_a_room_that_does_not_exist(guest: Visitor, room: Room) -> None:
    guest.go(f"/rooms/room_nonsense/reserve?{urlsplit(room_url(room)).query}")
    assert guest.status == 404


def test_back_on_the_rooms_page_ones_own_reservation_is_known(guest: Visitor, room: Room) -> None:
    url = reserve(guest, room).url
    guest.go(room_url(room))
    assert "You’re holding these nights" in guest.text
    assert url in guest.links()
    assert "Somebody else" not in guest.text


def test_other_dates_can_be_reserved_instead(guest: Visitor, room: Room) -> None:
    reserve(guest, room)
    guest.go(room_url(room, in_days(31, 4)))
    assert "replaces your unpaid reservation" in guest.text
    guest.send(reserve_url(room))
    assert "Pay €480" in guest.text
    assert count(Booking, status="PENDING") == 1


# --- pay


def test_paying_confirms_and_greets(guest: Visitor, room: Room) -> None:
    reserve(guest, room).send(guest.url, paymentMethodId=VISA)
    paid = the_booking()
    assert (paid.status, guest.url) == ("CONFIRMED", f"/bookings/{encode('booking', paid.id)}")
    assert guest.heading == "You’re booked"
    assert paid.reference in guest.text
    assert "alice@example.com" in guest.text


def test_a_declined_card_keeps_the_hold_and_another_one_pays(guest: Visitor, room: Room) -> None:
    reserve(guest, room).send(guest.url, paymentMethodId=DECLINED)
    assert (guest.status, guest.heading) == (200, "Review and pay")
    assert "Your card was declined" in guest.text
    assert the_booking().status == "PENDING"
    assert guest.page.find("input", value=DECLINED).has_attr("checked")
    assert "Your card was declined" not in guest.go(guest.url).text  # said once
    guest.send(guest.url, paymentMethodId=VISA)
    assert guest.heading == "You’re booked"
    assert [payment.state for payment in payments_of(the_booking())] == ["failed", "succeeded"]


def test_paying_twice_charges_once(guest: Visitor, room: Room) -> None:
    url = reserve(guest, room).url
    token = {"csrf_token": guest.form(url).find("input", attrs={"name": "csrf_token"})["value"]}
    fields = {"paymentMethodId": VISA, "shownTotal": "360", **token}
    for _ in range(2):
        assert guest.client.post(url, data=fields).headers["Location"].startswith("/bookings/")
    assert count(Payment) == 1


def test_paying_in_two_tabs_at_once_charges_once(app: Flask, alice: User, room: Room) -> None:
    guest = reserve(Visitor(app).sign_in("alice"), room)
    token = guest.form(guest.url).find("input", attrs={"name": "csrf_token"})["value"]

    def click() -> Any:
        return guest.copy().post(guest.url, data={"paymentMethodId": VISA, "shownTotal": "360", "csrf_token": token})

    assert {response.status_code for response in all_at_once(app, [click] * 4)} == {303}
    assert the_booking().status == "CONFIRMED"
    assert count(Payment, state="succeeded") == 1


def test_pressing_pay_twice_tries_a_card_once_and_tells_both_how_it_ended(app: Flask, alice: User, room: Room) -> None:
    guest = reserve(Visitor(app).signed_in(alice), room)
    url, form = guest.url, guest.form(guest.url)
    fields = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}

    def press(card: str = DECLINED) -> Any:
        browser = guest.copy()
        return browser.get(browser.post(url, data=fields | {"paymentMethodId": card}).headers["Location"]).text

    for page in [*all_at_once(app, [press] * 2), press()]:
        assert "Your card was declined" in page or "We’re checking your payment" in page
    assert len(payments_of(the_booking())) == 1
    assert "Your card was declined" in guest.go(url).send(url, paymentMethodId=DECLINED).text
    assert len(payments_of(the_booking())) == 2  # once more on purpose, from the page that says so
    assert "You’re booked" in press(VISA)  # another card, though from the first page


def test_another_total_than_shown_charges_nothing(guest: Visitor, room: Room) -> None:
    reserve(guest, room).send(guest.url, paymentMethodId=VISA, shownTotal="100")
    assert "It’s now €360. You haven’t been charged." in guest.text
    assert count(Payment) == 0
    assert "Pay €360" in guest.text


def test_without_a_card_the_form_says_so(guest: Visitor, room: Room) -> None:
    reserve(guest, room).send(guest.url, paymentMethodId="")
    assert guest.status == 400
    assert guest.problems == ["Card is missing."]
    assert guest.page.select_one("title").text.startswith("Not paid yet")


def test_what_costs_nothing_is_confirmed_without_a_card(guest: Visitor, room: Room) -> None:
    url = reserve(guest, room).url
    transaction(lambda: db.session.execute(text("UPDATE bookings SET total_price = 0, price_lines = '[]'")))()
    assert guest.send(url, paymentMethodId=VISA, shownTotal="360").text.count("It’s now €0") == 1
    assert (guest.heading, guest.page.select_one("[name=paymentMethodId]")) == ("Review and confirm", None)
    guest.send(url)
    assert (guest.heading, the_booking().status, count(Payment)) == ("You’re booked", "CONFIRMED", 0)
    assert "Paid" not in guest.text
    guest.go(f"{guest.url}/cancel")
    assert "There was nothing to pay" in guest.text
    guest.send(guest.url)
    assert (guest.heading, the_booking().status) == ("This booking has been cancelled", "CANCELLED")


# --- when the time is over


def test_paying_too_late_says_so_and_offers_the_room_again(guest: Visitor, room: Room, desk: BookingContext) -> None:
    url = reserve(guest, room).url
    later(desk.hold_for)
    guest.send(url, paymentMethodId=VISA)
    assert (guest.status, guest.heading) == (409, "This reservation has ended")
    assert count(Payment) == 0
    guest.send(reserve_url(room))
    assert guest.heading == "Review and pay"
    assert guest.url != url


def test_when_somebody_else_has_it_by_then_others_are_offered(
    guest: Visitor, bob: User, room: Room, desk: BookingContext
) -> None:
    a_room(name="The other room")
    url = reserve(guest, room).url
    later(desk.hold_for)
    holds.reserve(acting(bob), order(bob, room, the_stay()), desk)
    guest.go(url)
    assert guest.status == 200
    assert "Another guest has the room for these nights now." in guest.text
    assert "The other room" in guest.text


def test_giving_the_room_back_frees_it_at_once(guest: Visitor, bob: User, room: Room, desk: BookingContext) -> None:
    url = reserve(guest, room).url
    guest.send(f"{url}/release")
    assert guest.url.startswith(f"/rooms/{encode('room', room.id)}?")
    assert holds.reserve(acting(bob), order(bob, room, the_stay()), desk).status == "PENDING"


def test_giving_back_what_is_paid_changes_nothing(guest: Visitor, room: Room) -> None:
    url = reserve(guest, room).url
    page = guest.page
    guest.send(url, paymentMethodId=VISA)
    token = page.find("input", attrs={"name": "csrf_token"})["value"]
    shown = f"/bookings/{encode('booking', the_booking().id)}"
    assert guest.post(f"{url}/release", csrf_token=token).url == shown  # it says what the booking is
    assert the_booking().status == "CONFIRMED"
    guest.go(f"{shown}/cancel").send(f"{shown}/cancel")
    assert guest.post(f"{url}/release", csrf_token=token).url == shown


# --- strangers


def test_a_strangers_checkout_does_not_exist(app: Flask, guest: Visitor, bob: User, room: Room) -> None:
    url = reserve(guest, room).url
    other = Visitor(app).sign_in("bob")
    assert other.go(url).status == 404
    token = other.go("/account").page.find("input", attrs={"name": "csrf_token"})["value"]
    for path in (url, f"{url}/release"):
        fields = {"csrf_token": token, "paymentMethodId": VISA, "shownTotal": "360"}
        assert other.client.post(path, data=fields).status_code == 404
    assert reload(the_booking()).status == "PENDING"


@pytest.mark.parametrize("what", ["", "/release"])
def test_a_checkout_without_its_forms_token_does_nothing(guest: Visitor, room: Room, what: str) -> None:
    url = reserve(guest, room).url
    guest.post(f"{url}{what}", paymentMethodId=VISA, shownTotal="360")
    assert (guest.url, the_booking().status, count(Payment)) == (url, "PENDING", 0)


def test_a_checkout_from_before_the_last_sign_in_is_asked_once_more(guest: Visitor, room: Room) -> None:
    url = reserve(guest, room).url
    old = guest.form(url).find("input", attrs={"name": "csrf_token"})["value"]
    guest.send("/sign-out")
    guest.sign_in("alice").go(url).send(url, csrf_token=old, paymentMethodId=DECLINED)
    assert (guest.url, guest.heading, count(Payment)) == (url, "Review and pay", 0)
    assert "Please press the button again" in guest.text
    assert "You haven’t been charged, and the room is still held for you" in guest.text
    assert guest.page.find("input", value=DECLINED).has_attr("checked")
    guest.send(url, paymentMethodId=VISA)
    assert guest.heading == "You’re booked"


def test_an_old_form_with_a_card_that_is_none_is_shown_without_it(guest: Visitor, room: Room) -> None:
    url = reserve(guest, room).url
    guest.post(url, paymentMethodId="x" * 5000)
    assert guest.page.find("input", value=VISA).has_attr("checked")


@pytest.mark.parametrize("told", [DECLINED, ""])
def test_nothing_in_the_outline_stands_above_the_heading(guest: Visitor, room: Room, told: Any) -> None:
    reserve(guest, room).send(guest.url, paymentMethodId=told)
    assert guest.page.select_one("main :is(h1, h2, h3)").name == "h1"
    assert guest.page.select_one("main :is(.notice, .errors) .heading")


def test_nobody_signs_in_first_and_comes_back(visitor: Visitor, room: Room, alice: User, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    visitor.go(checkout_url(held))
    assert parse_qs(urlsplit(visitor.url).query)["next"] == [checkout_url(held)]
    visitor.send("/sign-in", email=alice.email, password="correct horse battery")
    assert visitor.heading == "Review and pay"
