"""What a page sends along by itself: where that is none any more, it is told in words, and nothing is done."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.errors import Invalid
from booking.domain.payments.inputs import CashCount
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Property, Room, User
from booking.infra.db import db, reading
from booking.infra.ids import encode
from booking.pages.forms import Form
from tests.admin.staff import at_work
from tests.cases import each
from tests.cast import VISA, acting, in_days, order, reload
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
TOLD = "This page was out of date. Check what it says now, and try again."
# Where somebody else may have been quicker, the page has its own words for it.
MEANWHILE = (TOLD, "has changed", "was modified", "Somebody else has changed", "has been changed")
WRONG = ("99999999999", "abc", "-1", "1.5")


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)


@pytest.fixture
def owner(app: Flask, bob: User) -> Visitor:
    return at_work(app, bob, Role.OWNER)


def forms(visitor: Visitor, url: str) -> list[str]:
    """The addresses of the forms of a page that send a version."""
    found = [field.find_parent("form") for field in visitor.go(url).page.select("main input[name=version]")]
    return sorted({str(form["action"]) for form in found if form is not None})


def versions(room: Room, booked: Booking) -> tuple[int, int, int]:
    now = reading(lambda: (db.session.get_one(Room, room.id), db.session.get_one(Property, room.property_id)))()
    return now[0].version, now[1].version, reload(booked).version


@each("wrong", WRONG)
def test_a_version_that_is_none_is_told_in_words_and_nothing_is_changed(
    owner: Visitor, booked: Booking, room: Room, wrong: str
) -> None:
    key, house = encode("booking", booked.id), encode("property", room.property_id)
    pages = [
        f"/admin/properties/{house}",
        f"/admin/rooms/{encode('room', room.id)}",
        f"/admin/bookings/{key}/cancel",
        f"/admin/bookings/{key}/guest/contact",
        "/admin/rooms",
    ]
    before = versions(room, booked)
    tried = [(page, action) for page in pages for action in forms(owner, page)]
    assert {page for page, _ in tried} == set(pages)
    for page, action in tried:
        owner.go(page).send(action, version=wrong)
        assert "Version" not in owner.text
        assert any(words in owner.text for words in MEANWHILE), (action, owner.text)
    assert versions(room, booked) == before


@each("wrong", WRONG)
def test_a_guest_is_told_so_before_anything_is_charged(
    app: Flask, alice: User, room: Room, desk: BookingContext, wrong: str
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(30)), desk)
    guest, page = Visitor(app).signed_in(alice), f"/checkout/{encode('booking', held.id)}"
    for field in ("version", "shownTotal"):
        [action] = forms(guest, page)
        guest.go(page).send(action, {field: wrong if field == "version" else "abc"}, paymentMethodId=VISA)
        assert (guest.status, guest.problems) == (400, [TOLD])
        assert reload(held).status == "PENDING"


@each(("field", "wrong"), [("shown", "zzz"), ("shown", ""), ("shown", "1" * 40)])
def test_what_a_count_of_cash_was_shown_is_told_as_the_page_s(app: Flask, field: str, wrong: str) -> None:
    form = Form({"counted": "5", field: wrong})
    with pytest.raises(Invalid):
        form.accept(CashCount)
    assert form.problems == {"": TOLD}
