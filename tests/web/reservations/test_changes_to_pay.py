"""A change that is to be paid at the provider's page, as its guest sees it without a script: on, back, or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain.errors import ChangeActionRequired
from booking.domain.reservations import PaymentLinks, bookings, recovery, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.cast import SYSTEM, VISA, acting, in_days, later, order, reload
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import BEFORE
from tests.web.visitor import Visitor

pytest_plugins = ["tests.stripe_stand_in.fixtures"]
SITE = "http://localhost:8000"


@pytest.fixture
def selling(app: Flask, stripe_desk: BookingContext) -> Iterator[BookingContext]:
    services = app.extensions["services"]
    app.extensions["services"] = replace(services, booking_context=stripe_desk)
    yield stripe_desk
    app.extensions["services"] = services


@pytest.fixture
def guest(app: Flask, alice: User, selling: BookingContext) -> Visitor:
    return Visitor(app).signed_in(alice)


@pytest.fixture
def booked(alice: User, room: Room, selling: BookingContext) -> Booking:
    """Three nights, paid; two more are to be paid at the page, which a program has asked for."""
    booking = bookings.book(acting(alice), order(alice, room), VISA, selling)
    links = PaymentLinks(f"{SITE}{page(booking)}/change/paid", SITE + page(booking))
    agreed = Agreed(StayChange(check_out=in_days(30, 5).check_out), Decimal(240), links=links)
    with pytest.raises(ChangeActionRequired):
        stay_changes.change(acting(alice), booking.id, agreed, selling)
    return booking


def page(booking: Booking) -> str:
    return f"/bookings/{encode('booking', booking.id)}"


def session(stand_in: StandIn) -> dict[str, Any]:
    return list(stand_in.account.sessions.values())[-1]


def test_the_booking_shows_what_is_to_be_paid_and_leads_there_and_back(
    guest: Visitor, booked: Booking, stand_in: StandIn
) -> None:
    guest.go(page(booked))
    assert "Your change isn’t paid yet" in guest.text
    assert "Continue to payment: €240" in guest.text
    assert "form-action 'self' https://checkout.stripe.com;" in guest.headers["Content-Security-Policy"]
    guest.send(f"{page(booked)}/change/pay")
    assert (guest.status, guest.url) == (303, session(stand_in)["url"])
    stand_in.account.guest_pays(session(stand_in)["id"])
    guest.go(session(stand_in)["success_url"].removeprefix(SITE))
    assert guest.url == page(booked)
    assert reload(booked).total_price == 600
    assert ("5 nights" in guest.text, "isn’t paid yet" in guest.text) == (True, False)
    assert "checkout.stripe.com" not in guest.headers["Content-Security-Policy"]
    guest.go(f"{page(booked)}/change/paid")  # once more
    assert guest.url == page(booked)


def test_whoever_comes_back_unpaid_can_go_on_or_keep_the_booking(
    guest: Visitor, booked: Booking, stand_in: StandIn
) -> None:
    guest.go(session(stand_in)["cancel_url"].removeprefix(SITE))
    assert "Keep the booking as it is" in guest.text
    guest.send(f"{page(booked)}/change/withdraw")
    assert session(stand_in)["status"] == "expired"
    assert "Your booking wasn’t changed" in guest.text
    assert "3 nights" in guest.text
    assert reload(booked).version == booked.version


def test_a_page_that_was_left_is_closed_and_the_booking_says_so(
    guest: Visitor, booked: Booking, selling: BookingContext
) -> None:
    later(dt.timedelta(minutes=16))
    assert "We’re checking the payment for your change" in guest.go(page(booked)).text
    recovery.recover_payments(SYSTEM, selling)
    assert "Your booking wasn’t changed" in guest.go(page(booked)).text
    later(dt.timedelta(days=2))
    assert "Your booking wasn’t changed" not in guest.go(page(booked)).text


def test_while_stripe_is_silent_the_page_says_what_cannot_be_done(
    guest: Visitor, booked: Booking, stand_in: StandIn
) -> None:
    guest.go(page(booked))
    stand_in.order(BEFORE, times=99)
    guest.send(f"{page(booked)}/change/pay")
    assert "The payment page can’t be opened right now" in guest.text
    guest.send(f"{page(booked)}/change/withdraw")
    assert "The payment page can’t be closed right now" in guest.text
    assert "can’t be closed" not in guest.go(page(booked)).text  # told once
    stand_in.calm()
    guest.send(f"{page(booked)}/change/pay")
    assert guest.url == session(stand_in)["url"]


def test_nobody_else_finds_it(app: Flask, guest: Visitor, booked: Booking, bob: User, stand_in: StandIn) -> None:
    other = Visitor(app).signed_in(bob)
    token = other.go("/account").form("/sign-out").find("input")["value"]
    for verb in ("pay", "withdraw"):
        assert other.post(f"{page(booked)}/change/{verb}", csrf_token=token).status == 404
    assert other.go(f"{page(booked)}/change/paid").status == 404
    assert session(stand_in)["status"] == "open"


def test_cancelling_closes_the_page(guest: Visitor, booked: Booking, stand_in: StandIn) -> None:
    guest.go(f"{page(booked)}/cancel").send(f"{page(booked)}/cancel")
    assert (reload(booked).status, session(stand_in)["status"]) == ("CANCELLED", "expired")
    assert "isn’t paid yet" not in guest.text
