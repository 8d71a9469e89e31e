"""Guests' messages at the desk: on today, in their list, at the booking, where they are answered or need no answer."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain import correspondence
from booking.domain.actors import Role
from booking.domain.correspondence import MessageText
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Room, User
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.cast import VISA, a_room, acting, count, in_days, order, person
from tests.domain.reservations.test_guest_erasure import BY_PHONE, called
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def asked(alice: User, room: Room, desk: BookingContext) -> Booking:
    made = bookings.book(acting(alice), order(alice, room, in_days(40)), VISA, desk)
    correspondence.write_to_house(acting(alice), made.id, MessageText(message="Is there a <b>cot</b>?"))
    return made


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


def section(visitor: Visitor) -> str:
    found = visitor.page.select_one("section#messages")
    assert found is not None
    return " ".join(found.get_text(" ").split())


def test_today_leads_to_what_is_to_be_answered(clerk: Visitor, asked: Booking) -> None:
    clerk.go("/admin/")
    assert "Alice" in section(clerk)
    assert "Is there a <b>cot</b>?" in section(clerk)
    assert f"{at(asked)}#messages" in clerk.links()
    clerk.go(at(asked)).send(at(asked, "messages"), message="There is.")
    assert (clerk.status, clerk.url) == (200, at(asked))
    assert "The message is sent." in clerk.text
    assert "Bob" in section(clerk)
    assert "Every message is answered." in section(clerk.go("/admin/"))


def test_it_needs_no_answer(clerk: Visitor, asked: Booking) -> None:
    clerk.go(at(asked)).press("No answer needed")
    assert "It needs no answer." in clerk.text
    assert "1 to answer" not in section(clerk)
    assert "Message needs no answer" in clerk.text
    assert count(Event, type="message.answered") == 0


def test_an_empty_answer_is_refused_at_its_form(clerk: Visitor, asked: Booking) -> None:
    clerk.go(at(asked)).send(at(asked, "messages"), message=" ")
    assert (clerk.status, clerk.problems) == (400, ["Message must not be empty."])


def test_the_list_is_searched_by_its_address(
    clerk: Visitor, asked: Booking, room: Room, desk: BookingContext, app: Flask
) -> None:
    clerk.go("/admin/messages")
    assert [one["href"] for one in clerk.page.select("tbody th a")] == [f"{at(asked)}#messages"]
    assert "1 to answer" in clerk.text
    assert "No message matches" in clerk.go("/admin/messages?q=nobody").text
    assert clerk.go("/admin/messages?state=x").status == 400
    carol = at_work(app, person("carol"), Role.DESK, a_room())
    assert "No messages yet" in carol.go("/admin/messages").text
    assert carol.go("/admin/messages?after=x").status == 404


def test_nobody_can_be_written_to_and_the_page_says_why(clerk: Visitor, room: Room, desk: BookingContext) -> None:
    caller = called(desk, room, BY_PHONE, start=10)
    assert "No email address is known, and there is no account" in section(clerk.go(at(caller)))
    clerk.go("/account").post(at(caller, "messages"), message="Hello", csrf_token=clerk.token())
    assert clerk.status == 409
