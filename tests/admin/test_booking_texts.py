"""Text messages at the page of a booking: what was sent, tried again, and what a caller has agreed to."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain import texting
from booking.domain.actors import Role
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, TextConsent, User
from booking.infra.ids import encode
from tests.a_text import NUMBER, text_given_up
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.admin.test_new_booking_pages import NEW, asked, filled, the_order
from tests.cast import count
from tests.domain.reservations.test_guest_erasure import called
from tests.web.test_text_messages import texts  # noqa: F401  # a fixture

pytestmark = pytest.mark.slow
AGREES = "Agrees to text messages to +32 471 23 45 67"


@pytest.mark.usefixtures("texts")
def test_a_caller_agrees_by_phone_and_changes_their_mind(app: Flask, bob: User, room: Room) -> None:
    clerk = at_work(app, bob, Role.DESK, room)
    clerk.go(asked()).send(NEW, filled(room, texts="1", phone="03 123 45 67"))
    assert [one.rstrip(".") for one in clerk.problems] != []
    assert count(TextConsent) == 0
    clerk.go(asked()).send(NEW, filled(room, texts="1", phone="+32 471 23 45 67"))
    assert AGREES in clerk.text
    assert "Agreed to text messages" in clerk.text  # in its history
    here = f"{clerk.url.partition('?')[0]}/guest/contact"
    ticked = clerk.go(here).page.select_one("[name=texts]")
    assert ticked is not None
    assert ticked.has_attr("checked")
    clerk.send(here, {"texts": ""})
    assert AGREES not in clerk.text
    assert texting.find_text_consent_for_order(the_order().id) is None


@pytest.mark.usefixtures("texts")
def test_the_texts_of_a_booking_are_listed_and_tried_again(
    app: Flask, bob: User, room: Room, desk: BookingContext
) -> None:
    caller, clerk = called(desk, room), at_work(app, bob, Role.DESK, room)
    assert "Check-in is tomorrow." not in clerk.go(at(caller)).text
    again = f"/admin/messages/texts/{encode('text', text_given_up(caller.id, room.property_id))}/again"
    assert "Check-in is tomorrow." in clerk.go(at(caller)).text
    assert "+32 471 23 45 67" in clerk.text
    clerk.send(again)
    assert (clerk.url, "The text message is tried again." in clerk.text) == (at(caller), True)


def test_where_nobody_sends_any_nothing_is_asked(app: Flask, bob: User, room: Room) -> None:
    clerk = at_work(app, bob, Role.DESK, room)
    assert clerk.go(asked()).page.select("[name=texts]") == []
    clerk.send(NEW, filled(room, phone=NUMBER))
    assert clerk.go(f"{clerk.url.partition('?')[0]}/guest/contact").page.select("[name=texts]") == []
