"""Signing in, or creating an account, on the way from a room to paying: nothing is asked for twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from booking.domain.people import password_resets
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import count
from tests.web.people.test_own_account import link
from tests.web.reservations.test_checkout import checkout_url, reserve, reserve_url, the_booking, the_stay
from tests.web.visitor import Visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@transaction
def change_price(room: Room, price: Decimal) -> None:
    db.session.get_one(Room, room.id).price_per_night = price


def test_a_stranger_signs_in_and_nothing_is_lost(visitor: Visitor, alice: User, room: Room) -> None:
    reserve(visitor, room)
    assert visitor.heading == "Sign in or create an account"
    assert "We’ve saved your room and dates" in visitor.text
    visitor.send("/sign-in", email=alice.email, password="correct horse battery")
    assert visitor.url == checkout_url(the_booking())
    assert the_booking().guests == 2


def test_a_changed_password_is_told_beside_the_room_that_waits(visitor: Visitor, alice: User, room: Room) -> None:
    password_resets.request(alice.email)
    visitor.go(f"{link()}?next={reserve_url(room)}?guests=2").press("Change password", newPassword="three words here")
    told = "Your password has been changed"
    assert ("We’ve saved your room and dates" in visitor.text, told in visitor.text) == (True, True)
    assert told not in visitor.send("/sign-in", password="wrong").text


def test_a_stranger_registers_instead_and_nothing_is_lost(visitor: Visitor, room: Room) -> None:
    reserve(visitor, room)
    visitor.send("/register", fullName="Carol", email="carol@example.com", password="three words here")
    assert visitor.heading == "Review and pay"


def test_what_was_typed_into_one_way_in_stands_in_the_other(visitor: Visitor, alice: User, room: Room) -> None:
    reserve(visitor, room)
    visitor.send("/register", fullName="Alice B.", email=alice.email, password="three words here")
    assert visitor.status == 409
    assert visitor.form("/sign-in").select_one("[name=email]")["value"] == alice.email
    assert visitor.form("/register").select_one("[name=fullName]")["value"] == "Alice B."
    assert visitor.form("/sign-in").select_one("[aria-invalid]") is None
    visitor.send("/sign-in", password="correct horse battery")
    assert visitor.heading == "Review and pay"


def test_another_price_than_shown_is_asked_about_after_signing_in(visitor: Visitor, alice: User, room: Room) -> None:
    reserve(visitor, room)
    change_price(room, Decimal(130))
    visitor.send("/sign-in", email=alice.email, password="correct horse battery")
    assert visitor.heading == "Reserve this room?"
    assert "€390" in visitor.text
    assert count(Booking) == 0


def test_a_link_alone_reserves_nothing_after_signing_in(visitor: Visitor, alice: User, room: Room) -> None:
    visitor.go(f"{reserve_url(room)}?checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&guests=2")
    visitor.send("/sign-in", email=alice.email, password="correct horse battery")
    assert visitor.heading == "Reserve this room?"
    assert count(Booking) == 0


def test_what_was_wished_is_reserved_once(visitor: Visitor, alice: User, room: Room) -> None:
    reserve(visitor, room)
    wish = visitor.page.select_one("[name=next]")["value"]
    visitor.send("/sign-in", email=alice.email, password="correct horse battery")
    visitor.send(f"{checkout_url(the_booking())}/release")
    assert visitor.go(str(wish)).heading == "Reserve this room?"


def test_a_wrong_password_keeps_the_wish(visitor: Visitor, alice: User, room: Room) -> None:
    reserve(visitor, room)
    visitor.send("/sign-in", email=alice.email, password="wrong")
    assert visitor.status == 401
    visitor.send("/sign-in", email=alice.email, password="correct horse battery")
    assert visitor.heading == "Review and pay"


def in_header(visitor: Visitor, text: str) -> str:
    [link] = [link for link in visitor.page.select("header a[href]") if link.get_text(strip=True) == text]
    return str(link["href"])


@pytest.mark.parametrize("link", ["Create account", "Sign in"])
def test_a_stranger_who_takes_the_headers_link_keeps_the_chosen_room(visitor: Visitor, room: Room, link: str) -> None:
    reserve(visitor, room)
    visitor.go(in_header(visitor, link))
    assert visitor.heading == "Sign in or create an account"
    visitor.send("/register", fullName="Carol", email="carol@example.com", password="three words here")
    assert visitor.heading == "Review and pay"


def test_the_headers_links_keep_what_was_wanted_after_a_mistake(visitor: Visitor, room: Room) -> None:
    reserve(visitor, room)
    visitor.send("/sign-in", email="nobody@example.com", password="three words here")
    assert visitor.status == 401
    visitor.go(in_header(visitor, "Create account"))
    visitor.send("/register", fullName="Carol", email="carol@example.com", password="three words here")
    assert visitor.heading == "Review and pay"


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_the_headers_links_keep_any_page_of_ours(visitor: Visitor, path: str) -> None:
    visitor.go(f"{path}?next=/bookings?page=2")
    assert in_header(visitor, "Create account") == "/register?next=/bookings?page%3D2"
    assert in_header(visitor, "Sign in") == "/sign-in?next=/bookings?page%3D2"


@each("path", ["/", "/sign-in", "/sign-in?next=//evil.example", "/register?next=/sign-out"])
def test_the_headers_links_lead_nowhere_else(visitor: Visitor, path: str) -> None:
    visitor.go(path)
    assert (in_header(visitor, "Sign in"), in_header(visitor, "Create account")) == ("/sign-in", "/register")
