"""A guest pays the rest of an order before its card is charged for it, or after it was declined: once, whoever asks."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs

from booking.domain import payments
from booking.domain.errors import (
    AlreadyCancelled,
    BookingNotFound,
    PaymentFailed,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
)
from booking.domain.maintenance import verification
from booking.domain.reservations import (
    booking_details,
    bookings,
    deposits,
    guarantees,
    hosted,
    payment_pages,
    recovery,
    rest_payments,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.payment_pages import Links
from booking.domain.tables import Booking, Room, User
from booking.infra.provider import NoAnswer, Outcome
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    Interrupted,
    a_room,
    acting,
    all_at_once,
    interrupted,
    later,
    order,
    payments_of,
    reload,
    silent,
)
from tests.domain.payments.test_schedule import DUE, declining, hold, moved, pay, steps, sums, told
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]

OTHER = "pm_card_mastercard"
LINKS = Links("https://rooms.example/bookings/b/paid", "https://rooms.example/bookings/b/pay")
REST = ("charge", "balance", 252, "succeeded")


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, of which 108 are paid."""
    return pay(hold(alice, room, desk), desk)


def pay_rest(booking: Booking, desk: BookingContext, card: str = OTHER, shown: int = 252, **seen: Any) -> None:
    rest_payments.pay(acting(booking.user_id), booking.id, card, Decimal(shown), desk, **seen)


def rest_of(booking: Booking) -> rest_payments.Rest | None:
    return booking_details.trip(acting(booking.user_id), booking.id).rest


def agrees() -> bool:
    return verification.verify().findings == []


def test_what_is_paid_early_is_not_charged_again(booked: Booking, desk: BookingContext) -> None:
    rest = rest_of(booked)
    assert rest
    assert (int(rest.amount), rest.is_open, rest.failure) == (252, False, None)
    pay_rest(booked, desk)
    assert (moved(booked)[1:], sums(booked), rest_of(booked)) == ([REST], (360, 0, 0), None)
    assert payments_of(booked)[1].method == OTHER
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (len(payments_of(booked)), steps(booked)[1].next_at, told(), agrees()) == (2, None, [], True)


def test_asked_twice_it_is_paid_once(app: Flask, booked: Booking, desk: BookingContext) -> None:
    results = all_at_once(app, [partial(pay_rest, booked, desk)] * 4)
    assert all(result is None or isinstance(result, PaymentInProgress) for result in results)
    pay_rest(booked, desk)
    assert (moved(booked)[1:], sums(booked), agrees()) == ([REST], (360, 0, 0), True)


def test_the_worker_and_the_guest_never_both_charge(app: Flask, booked: Booking, desk: BookingContext) -> None:
    later(DUE)
    all_at_once(app, [partial(deposits.charge_due, SYSTEM, desk), partial(pay_rest, booked, desk)] * 2)
    assert (moved(booked)[1:], sums(booked)) == ([REST], (360, 0, 0))
    deposits.charge_due(SYSTEM, desk)
    assert (len(payments_of(booked)), agrees()) == (2, True)


def test_while_the_guest_pays_the_worker_waits_and_counts_no_attempt(booked: Booking, desk: BookingContext) -> None:
    later(DUE)

    def worker_comes(_: Outcome) -> None:
        deposits.charge_due(SYSTEM, desk)

    pay_rest(booked, interrupted(desk, worker_comes))
    assert (moved(booked)[1:], steps(booked)[1].attempts) == ([REST], 0)


def test_while_the_worker_charges_the_guest_is_told_to_wait(booked: Booking, desk: BookingContext) -> None:
    later(DUE)
    refused: list[Exception] = []

    def guest_comes(_: Outcome) -> None:
        with pytest.raises(PaymentInProgress) as refusal:
            pay_rest(booked, desk)
        refused.append(refusal.value)
        rest = rest_of(booked)
        assert rest
        assert rest.is_open

    deposits.charge_due(SYSTEM, interrupted(desk, guest_comes))
    assert (len(refused), moved(booked)[1:], agrees()) == (1, [REST], True)


def test_a_declined_card_leaves_it_due_and_tells_nobody_by_email(booked: Booking, desk: BookingContext) -> None:
    with pytest.raises(PaymentFailed):
        pay_rest(booked, desk, DECLINED)
    assert (sums(booked), told(), steps(booked)[1].attempts) == ((108, 0, 252), [], 0)
    rest = rest_of(booked)
    assert rest
    assert rest.failure == "declined"
    assert steps(booked)[1].next_at == steps(booked)[1].due_at
    later(DUE)
    deposits.charge_due(SYSTEM, desk)  # by the card that paid the deposit, not by the declined one
    assert (payments_of(booked)[-1].method, sums(booked), agrees()) == (VISA, (360, 0, 0), True)


def test_pressed_twice_a_declined_card_is_tried_once(booked: Booking, desk: BookingContext) -> None:
    seen = payments_of(booked)[-1].id
    for _ in range(2):
        with pytest.raises(PaymentFailed):
            pay_rest(booked, desk, DECLINED, seen=seen)
    assert len(payments_of(booked)) == 2
    with pytest.raises(PaymentFailed):  # looked at again, and tried again on purpose
        pay_rest(booked, desk, DECLINED, seen=payments_of(booked)[-1].id)
    pay_rest(booked, desk, seen=seen)  # another card
    assert (len(payments_of(booked)), sums(booked)) == (4, (360, 0, 0))


def test_after_the_worker_was_declined_the_guest_pays_by_another_card(booked: Booking, desk: BookingContext) -> None:
    later(DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    pay_rest(booked, desk)
    assert (moved(booked)[-1], steps(booked)[1].next_at, len(told()), agrees()) == (REST, None, 1, True)


@each("charged", [True, False])
def test_a_payment_whose_answer_was_lost_is_settled_by_recovery(
    alice: User, desk: BookingContext, charged: bool
) -> None:
    booked = pay(hold(alice, a_room(), desk), desk)

    class Lost(Interrupted):
        def charge(self, *call: Any) -> Outcome:
            if charged:
                self.provider.charge(*call)
            raise NoAnswer

    with pytest.raises(PaymentUnknown):
        pay_rest(booked, replace(desk, provider=Lost(desk.provider, silent)))
    with pytest.raises(PaymentInProgress):
        pay_rest(booked, desk)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert sums(booked) == ((360, 0, 0) if charged else (108, 0, 252))
    rest = rest_of(booked)
    assert charged or (rest and rest.failure == "abandoned")
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (sums(booked), told(), agrees()) == ((360, 0, 0), [], True)


@each("by_worker", [True, False])
def test_what_is_charged_while_the_stay_is_cancelled_goes_back(
    alice: User, desk: BookingContext, by_worker: bool
) -> None:
    booked = pay(hold(alice, a_room(), desk), desk)
    later(DUE)

    def cancels(_: Outcome) -> None:
        bookings.cancel(acting(alice), booked.id, desk)

    meanwhile = interrupted(desk, cancels)
    if by_worker:
        deposits.charge_due(SYSTEM, meanwhile)
    else:
        pay_rest(booked, meanwhile)
    assert (reload(booked).status, sums(booked), agrees()) == ("CANCELLED", (360, 360, 0), True)
    assert ("refund", "balance", 252, "succeeded") in moved(booked)


def test_another_amount_than_was_shown_is_not_charged(booked: Booking, desk: BookingContext) -> None:
    payments.record_received(SYSTEM, booked.order_id, Decimal(52), by="desk", reference="1")
    with pytest.raises(PriceChanged):
        pay_rest(booked, desk)
    pay_rest(booked, desk, shown=200)
    assert (sums(booked), agrees()) == ((360, 0, 0), True)


def test_a_stranger_finds_nothing_to_pay(booked: Booking, bob: User, desk: BookingContext) -> None:
    with pytest.raises(BookingNotFound):
        rest_payments.pay(acting(bob), booked.id, VISA, Decimal(252), desk)


def test_what_is_not_paid_in_steps_or_vouched_for_is_not_offered(
    alice: User, room: Room, booked: Booking, desk: BookingContext
) -> None:
    whole = bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    vouched = hold(alice, a_room(), desk)
    guarantees.guarantee(SYSTEM, vouched.order_id, "desk")
    for booking in (whole, vouched):
        assert rest_of(booking) is None
        before = payments_of(booking)
        pay_rest(booking, desk)
        assert len(payments_of(booking)) == len(before)
    held = hold(alice, a_room(), desk)
    assert rest_of(held) is None


# --- at the provider's page


@pytest.fixture
def at_stripe(booked: Booking, stripe_desk: BookingContext) -> Booking:
    return booked


def open_page(booking: Booking, desk: BookingContext, shown: int = 252) -> str | None:
    return rest_payments.page_of(acting(booking.user_id), booking.id, Decimal(shown), desk, LINKS)


def test_it_is_paid_at_the_providers_page(at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn) -> None:
    url = open_page(at_stripe, stripe_desk)
    assert url
    assert url == open_page(at_stripe, stripe_desk)
    rest = rest_of(at_stripe)
    assert rest
    assert (rest.is_open, rest.is_awaited) == (True, True)
    assert agrees()
    [session] = stand_in.account.sessions.values()
    assert (session["amount_total"], session["success_url"]) == (25200, LINKS.paid)
    stand_in.account.guest_pays(session["id"])
    for _ in range(2):
        hosted.came_back(acting(at_stripe.user_id), at_stripe.id, stripe_desk)
    assert (moved(at_stripe)[1:], sums(at_stripe), rest_of(at_stripe)) == ([REST], (360, 0, 0), None)
    assert (open_page(at_stripe, stripe_desk), agrees()) == (None, True)


def test_the_worker_waits_for_whoever_is_at_the_page(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    later(DUE)
    open_page(at_stripe, stripe_desk)
    deposits.charge_due(SYSTEM, stripe_desk)
    assert (moved(at_stripe)[1:], steps(at_stripe)[1].attempts) == ([("charge", "balance", 252, "awaiting_guest")], 0)
    later(dt.timedelta(minutes=31))
    recovery.recover_payments(SYSTEM, stripe_desk)
    assert (moved(at_stripe)[-1][-1], told()) == ("failed", [])
    [session] = stand_in.account.sessions.values()
    assert session["status"] == "expired"


def test_paid_there_and_nobody_tells_it_is_found(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    open_page(at_stripe, stripe_desk)
    [session] = stand_in.account.sessions.values()
    stand_in.account.guest_pays(session["id"])
    later(dt.timedelta(minutes=31))
    recovery.recover_payments(SYSTEM, stripe_desk)
    assert (moved(at_stripe)[1:], sums(at_stripe), agrees()) == ([REST], (360, 0, 0), True)


def test_a_page_that_cannot_be_opened_leaves_it_due(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    from booking.domain.errors import PaymentPageUnavailable

    stand_in.order(BEFORE, "/v1/checkout/sessions", times=2)
    with pytest.raises(PaymentPageUnavailable):
        open_page(at_stripe, stripe_desk)
    assert (sums(at_stripe), told()) == ((108, 0, 252), [])
    assert open_page(at_stripe, stripe_desk)


def test_cancelled_while_the_guest_is_at_the_page_it_is_closed(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    open_page(at_stripe, stripe_desk)
    for _ in range(2):
        with suppress(AlreadyCancelled):
            bookings.cancel(acting(at_stripe.user_id), at_stripe.id, stripe_desk)
    [session] = stand_in.account.sessions.values()
    assert (session["status"], moved(at_stripe)[1][-1]) == ("expired", "failed")
    assert (sums(at_stripe), told(), agrees()) == ((108, 108, 0), [], True)


def test_paid_there_just_before_the_cancellation_everything_goes_back(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    open_page(at_stripe, stripe_desk)
    [session] = stand_in.account.sessions.values()
    stand_in.account.guest_pays(session["id"])
    bookings.cancel(acting(at_stripe.user_id), at_stripe.id, stripe_desk)
    assert (sums(at_stripe), agrees()) == ((360, 360, 0), True)
    assert stand_in.account.returned(session["payment_intent"]) == 25200


def test_a_page_that_asks_for_what_is_still_due_stays_open(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    url = open_page(at_stripe, stripe_desk)
    payment_pages.close_beyond(SYSTEM, at_stripe.order_id, stripe_desk)
    assert (open_page(at_stripe, stripe_desk), len(payments_of(at_stripe))) == (url, 2)


def test_a_shorter_stay_closes_the_page_and_another_asks_for_what_is_left(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    open_page(at_stripe, stripe_desk)
    shorter = StayChange(check_out=at_stripe.check_out - dt.timedelta(days=1))
    stay_changes.change(
        acting(at_stripe.user_id), at_stripe.id, stay_changes.Agreed(shorter, Decimal(-120)), stripe_desk
    )
    [session] = stand_in.account.sessions.values()
    assert (session["status"], sums(at_stripe)) == ("expired", (108, 0, 132))
    assert open_page(at_stripe, stripe_desk, 132)
    assert list(stand_in.account.sessions.values())[1]["amount_total"] == 13200
    assert agrees()


def test_while_the_provider_is_silent_it_is_cancelled_all_the_same_and_recovery_closes_the_page(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    open_page(at_stripe, stripe_desk)
    [session] = stand_in.account.sessions.values()
    stand_in.order(BEFORE, ".*/expire", times=9)
    with capture_logs() as said:
        cancelled = bookings.cancel(acting(at_stripe.user_id), at_stripe.id, stripe_desk)
    assert "payment_page_not_closed" in [line["event"] for line in said]
    assert (cancelled.status, session["status"]) == ("CANCELLED", "open")
    stand_in.calm()
    recovery.recover_payments(SYSTEM, stripe_desk)
    assert (session["status"], moved(at_stripe)[1][-1], agrees()) == ("expired", "failed", True)


def test_paid_although_it_is_cancelled_everything_goes_back(
    at_stripe: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    open_page(at_stripe, stripe_desk)
    [session] = stand_in.account.sessions.values()
    stand_in.order(BEFORE, ".*/expire", times=9)
    bookings.cancel(acting(at_stripe.user_id), at_stripe.id, stripe_desk)
    stand_in.account.guest_pays(session["id"])
    payment_pages.look(SYSTEM, payments_of(at_stripe)[1].id, stripe_desk)
    assert (sums(at_stripe), agrees()) == ((360, 360, 0), True)
    assert stand_in.account.returned(session["payment_intent"]) == 25200
