"""The page of a link to pay by: without an account, without a script; opening it changes nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from booking.domain import payments, reservations
from booking.domain.catalogue.cancellation_policies import STRICT
from booking.domain.reservations import bookings, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.http.services import current_services
from booking.infra import clock
from tests.cases import each
from tests.cast import AN_HOUR, DECLINED, SLOW, SYSTEM, VISA, a_room, later, order_of, payments_of, reload
from tests.domain.payments.test_schedule import hold
from tests.domain.reservations.test_guest_erasure import called
from tests.domain.reservations.test_payment_links import CAROL
from tests.web.visitor import Visitor

A_DAY = dt.timedelta(days=1)


@pytest.fixture
def reader(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def due(desk: BookingContext, room: Room) -> Booking:
    """Confirmed for a caller, 360 EUR to be paid."""
    return called(desk, room, CAROL, start=30)


@pytest.fixture
def link(due: Booking) -> str:
    return _link(due)


def _link(booking: Booking, good_for: dt.timedelta = A_DAY) -> str:
    secrets = current_services().settings.secret_keys
    return f"/pay/{reservations.written_payment_link(booking.order_id, clock.now() + good_for, secrets)}"


def test_it_is_paid_and_then_says_so(reader: Visitor, due: Booking, link: str) -> None:
    for _ in range(3):  # a mail scanner, too
        said = reader.go(link).text
    assert payments_of(due) == []
    assert f"Pay for your stay Reference {due.reference}. Your booking stands." in said
    assert "To pay now €360" in said
    assert "carol" not in str(reader.page).lower()  # who stays is nobody's business who has the link
    reader.send(link, paymentMethodId=VISA)
    assert (reader.url, reader.heading, int(order_of(due).due)) == (link, "Nothing left to pay", 0)
    assert "Everything for this stay is paid, and your booking stands." in reader.text
    assert reader.headers["Cache-Control"] == "no-store"


def test_sent_twice_it_is_paid_once(reader: Visitor, due: Booking, link: str) -> None:
    form = reader.go(link).form(link)
    values = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")}
    for _ in range(2):
        reader.client.post(link, data=values | {"paymentMethodId": VISA})
    assert len(payments_of(due)) == 1


def test_a_declined_card_is_said_once_and_another_one_pays(reader: Visitor, due: Booking, link: str) -> None:
    reader.go(link).send(link, paymentMethodId=DECLINED)
    assert "Your card was declined You haven’t been charged, and your booking stands." in reader.text
    assert "declined" not in reader.go(link).text.replace("Test card: declined", "").replace("bank declines", "")
    reader.send(link, paymentMethodId=VISA)
    assert order_of(due).due == 0


def test_a_silent_bank_is_waited_for(reader: Visitor, due: Booking, link: str, desk: BookingContext) -> None:
    reader.go(link).send(link, paymentMethodId=SLOW)
    assert reader.heading == "We’re checking your payment"
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    assert reader.client.get(link, headers=part).status_code == 204
    later(AN_HOUR)
    recovery.recover_payments(SYSTEM, desk)
    answer = reader.client.get(link, headers=part)
    assert answer.headers["HX-Redirect"] == link
    assert reader.go(link).heading in ("Nothing left to pay", "Pay for your stay")


def test_what_was_paid_in_part_meanwhile_is_shown_before_it_is_charged(
    reader: Visitor, due: Booking, link: str
) -> None:
    reader.go(link)
    payments.record_received(SYSTEM, due.order_id, order_of(due).due / 2, by="desk", reference="receipt 1")
    reader.send(link, paymentMethodId=VISA)
    assert "The amount has changed It’s now €180." in reader.text
    assert len(payments_of(due)) == 1


def test_a_form_without_a_card_is_refused(reader: Visitor, due: Booking, link: str) -> None:
    reader.go(link).send(link, paymentMethodId="")
    assert (reader.status, reader.problems, payments_of(due)) == (400, ["Card is missing."], [])


def test_an_old_link_says_what_to_do(reader: Visitor, due: Booking) -> None:
    old = _link(due, AN_HOUR)
    later(2 * AN_HOUR)
    reader.go(old)
    assert (reader.status, reader.heading) == (200, "This link is too old")
    assert "reply to the email that it came with" in reader.text
    later(-2 * AN_HOUR)


def test_of_a_cancelled_booking_nothing_is_to_pay(
    reader: Visitor, due: Booking, link: str, desk: BookingContext
) -> None:
    bookings.cancel(SYSTEM, due.id, desk)
    assert "This booking has been cancelled, and there’s nothing left to pay." in reader.go(link).text


@each("wrong", ["/pay/x", "/pay/order_01h455vb4pex5vsknk084sn02q.0-0", "/pay/order_01h455vb4pex5vsknk084sn02q"])
def test_half_a_link_says_so(reader: Visitor, wrong: str) -> None:
    reader.go(wrong)
    assert (reader.status, reader.heading) == (404, "This link isn’t complete")


def test_a_form_that_is_out_of_date_comes_back(reader: Visitor, due: Booking, link: str) -> None:
    reader.go(link).post(link, csrf_token="x", paymentMethodId=VISA, shownTotal="360.00")
    assert "Please press the button again" in reader.text
    assert payments_of(due) == []


def test_of_a_deposit_it_says_what_is_charged_later(
    reader: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    held = hold(alice, room, desk)
    page = _link(held)  # once: each one ends at a second of its own
    said = reader.go(page).text
    assert "You pay a deposit of €108 now. We keep your card and charge the rest to it: €252 on" in said
    assert "Free cancellation" in said
    reader.send(page, paymentMethodId=VISA)
    assert (reload(held).status, int(order_of(held).paid)) == ("CONFIRMED", 108)
    assert "To pay now €252" in reader.go(page).text  # the rest, if the guest likes


def test_what_a_cancelled_booking_still_costs_is_paid(reader: Visitor, desk: BookingContext) -> None:
    kept = called(desk, a_room(cancellation_policy=STRICT), CAROL, start=3)
    bookings.cancel(SYSTEM, kept.id, desk)
    page = _link(kept)
    said = reader.go(page).text
    assert "The booking has been cancelled. This is what it still costs." in said
    assert "Your booking stands" not in said
    reader.send(page, paymentMethodId=VISA)
    assert "This booking has been cancelled, and there’s nothing left to pay." in reader.text
    assert order_of(kept).due == 0
