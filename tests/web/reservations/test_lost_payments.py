"""A payment of which nobody knows: the page waits with its guest, and says in the end what became of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any, cast

import pytest
from flask import Flask

from booking.domain.errors import PaymentUnknown
from booking.domain.reservations import bookings, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Payment, Room, User
from booking.infra.db import OutcomeUnknown
from booking.infra.ids import encode
from booking.infra.provider import NoAnswer, Provider
from tests.cast import AN_HOUR, DECLINED, SLOW, SYSTEM, VISA, acting, count, interrupted, later, payments_of, silent
from tests.web.reservations.test_checkout import reserve, the_booking
from tests.web.visitor import Visitor


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def test_no_answer_is_checked_and_then_known(guest: Visitor, room: Room, desk: BookingContext) -> None:
    reserve(guest, room).send(guest.url, paymentMethodId=SLOW)
    assert guest.heading == "We’re checking your payment"
    here = guest.url
    assert guest.client.get(here, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).status_code == 204
    threading.Event().wait(0.3)  # the late charge
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    asked = guest.client.get(here, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert asked.headers["HX-Redirect"] == f"/bookings/{encode('booking', the_booking().id)}"
    assert guest.go(here).heading == "You’re booked"


def test_back_to_paying_while_it_is_checked_cannot_pay_twice(
    guest: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    url = reserve(guest, room).url
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), the_booking().id, VISA, the_booking().total_price, interrupted(desk, silent))
    guest.send(url, paymentMethodId=VISA)
    assert guest.heading == "We’re checking your payment"
    assert count(Payment) == 1


def test_a_payment_that_failed_silently_keeps_the_room_and_says_so(
    guest: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    url = reserve(guest, room).url
    held = the_booking()

    class Down:
        def charge(self, *_: Any) -> None:
            raise NoAnswer

        def __getattr__(self, name: Any) -> Any:
            return getattr(desk.provider, name)

    with pytest.raises(PaymentUnknown):
        bookings.pay(
            acting(alice),
            held.id,
            VISA,
            held.total_price,
            replace(desk, provider=cast(Provider, Down())),
        )
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    for _ in range(2):  # whoever had closed the page sees it too, however often it is loaded
        assert guest.go(url).heading == "Review and pay"
        assert "Your payment didn’t go through You haven’t been charged, and the room is still held" in guest.text
    guest.send(url, paymentMethodId=DECLINED)
    assert "Your card was declined" in guest.text
    assert "Your payment didn’t go through" not in guest.text
    later(desk.hold_for)
    assert guest.go(url).heading == "This reservation has ended"
    assert "The payment didn’t go through. You weren’t charged" in guest.text
    assert "Still available" in guest.text


def test_a_card_that_was_declined_without_anybody_hearing_of_it_is_told_later(
    guest: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    url = reserve(guest, room).url
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), the_booking().id, DECLINED, the_booking().total_price, interrupted(desk, silent))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert "Your card was declined" in guest.go(url).text
    assert guest.send(url, paymentMethodId=VISA).heading == "You’re booked"


def test_where_postgres_hung_the_payment_is_looked_for_and_can_be_made_again(
    guest: Visitor, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ran what it was sent only after the guest had been told that nobody knows: nobody was ever charged."""
    url, begin = reserve(guest, room).url, bookings._begin_payment

    def begun_and_unknown(*call: Any) -> Any:
        begin(*call)
        raise OutcomeUnknown

    with monkeypatch.context() as hanging:
        hanging.setattr(bookings, "_begin_payment", begun_and_unknown)
        assert guest.send(url, paymentMethodId=VISA).status == 503
    again = guest.send(url)
    assert again.heading == "We’re checking your payment"
    assert "bank" not in again.text
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    part = guest.client.get(url, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.headers["HX-Redirect"] == url
    assert "Your payment didn’t go through" in guest.go(url).text
    assert guest.send(url, paymentMethodId=VISA).heading == "You’re booked"
    assert [payment.state for payment in payments_of(the_booking())] == ["failed", "succeeded"]
