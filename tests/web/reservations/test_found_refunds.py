"""Refunds that somebody makes in Stripe's dashboard: told by a webhook, asked from Stripe, entered once."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain import payments
from booking.domain.maintenance.verification import verify
from booking.domain.reservations import balances, bookings, provider_messages, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Room, User
from booking.infra.provider import Heard, NoAnswer
from tests.cast import AN_HOUR, SYSTEM, acting, all_at_once, count, order, order_of, payments_of, reload
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import BEFORE, SILENT_BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]
VISA = "pm_card_visa"


@pytest.fixture
def booked(alice: User, room: Room, stripe_desk: BookingContext) -> Booking:
    """360 EUR, charged by Stripe."""
    return bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)


def intent_of(booking: Booking) -> str:
    return str(payments_of(booking)[0].provider_reference)


def hear(stand_in: StandIn, desk: BookingContext, *kinds: str) -> None:
    """All of Stripe's messages of these kinds, twice, the last one first."""
    provider = desk.find_provider("stripe")
    for delivery in [*stand_in.post.deliveries(*kinds)][::-1] * 2:
        heard = provider.heard(delivery.body, delivery.signature)  # type: ignore[union-attr]
        provider_messages.hear(SYSTEM, "stripe", heard, desk)


def refunds(booking: Booking) -> list[tuple[int, str, bool]]:
    return [
        (int(one.amount), str(one.provider_reference), one.found_at is not None)
        for one in payments_of(booking)
        if one.kind == "refund"
    ]


def test_a_refund_from_the_dashboard_is_entered_once_and_the_stay_stays(
    booked: Booking, stand_in: StandIn, stripe_desk: BookingContext, runner: FlaskCliRunner
) -> None:
    made = [stand_in.account.refund_at_dashboard(intent_of(booked), amount) for amount in (10000, 5050)]
    for kind in ("charge.refunded", "refund.created"):
        hear(stand_in, stripe_desk, kind)
        assert [one[1:] for one in refunds(booked)] == [(one["id"], True) for one in made]
    assert (reload(booked).status, str(order_of(booked).due)) == ("CONFIRMED", "150.500")
    assert [str(one.due) for one in balances.due(SYSTEM)] == ["150.500"]
    assert "due: 150.50 EUR, refunded at the payment provider" in runner.invoke(args=["payments", "due"]).output
    assert verify().findings == []


def test_what_was_given_back_there_does_not_go_back_again(
    alice: User, booked: Booking, stand_in: StandIn, stripe_desk: BookingContext
) -> None:
    stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    hear(stand_in, stripe_desk, "charge.refunded")
    cancelled = bookings.cancel(acting(alice), booked.id, stripe_desk)
    assert int(cancelled.refund_amount or 0) == 260
    assert (stand_in.account.returned(intent_of(booked)), verify().findings) == (36000, [])


def test_our_own_refunds_are_not_found(
    alice: User, booked: Booking, stand_in: StandIn, stripe_desk: BookingContext
) -> None:
    bookings.cancel(acting(alice), booked.id, stripe_desk)
    hear(stand_in, stripe_desk, "refund.created")
    [(amount, _, found)] = refunds(booked)
    assert (amount, found, verify().findings) == (360, False, [])


def test_a_refund_that_was_declined_here_and_made_there_is_owed_no_more(
    alice: User, booked: Booking, stand_in: StandIn, stripe_desk: BookingContext
) -> None:
    stand_in.account.unreturnable.add(VISA)
    bookings.cancel(acting(alice), booked.id, stripe_desk)
    assert payments.refund_states([booked.id]) == {booked.id: payments.OWED}
    stand_in.account.unreturnable.clear()
    stand_in.account.refund_at_dashboard(intent_of(booked), 36000)
    hear(stand_in, stripe_desk, "charge.refunded")
    assert payments.refund_states([booked.id]) == {booked.id: payments.RETURNED}
    assert (count(Event, type="refund.declined"), count(Event, type="refund.returned")) == (1, 1)
    assert verify().findings == []


def test_the_message_is_never_trusted_and_others_charges_are_left_alone(
    booked: Booking, stand_in: StandIn, stripe_desk: BookingContext
) -> None:
    told = Heard("charge.refunded", None, charge=intent_of(booked))
    provider_messages.hear(SYSTEM, "stripe", told, stripe_desk)  # nothing went back, whatever it says
    other = stand_in.account.intents[intent_of(booked)] | {"id": "pi_other", "metadata": {}}
    stand_in.account.intents["pi_other"] = other
    stand_in.account.refund_at_dashboard("pi_other", 100)
    provider_messages.hear(SYSTEM, "stripe", Heard("charge.refunded", None, charge="pi_other"), stripe_desk)
    assert refunds(booked) == []
    stand_in.silence = 1.0
    stand_in.order(SILENT_BEFORE, ".*/payment_intents.*", times=9)
    with pytest.raises(NoAnswer):
        provider_messages.hear(SYSTEM, "stripe", told, stripe_desk)


def test_two_messages_at_once_enter_it_once(
    app: Flask, booked: Booking, stand_in: StandIn, stripe_desk: BookingContext
) -> None:
    stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    told = Heard("charge.refunded", None, charge=intent_of(booked))
    all_at_once(app, [lambda: provider_messages.hear(SYSTEM, "stripe", told, stripe_desk)] * 4)
    assert len(refunds(booked)) == 1


def test_made_there_while_ours_is_under_way_it_goes_back_once(
    alice: User, booked: Booking, stand_in: StandIn, stripe_desk: BookingContext
) -> None:
    stand_in.order(BEFORE, "/v1/refunds", times=9)
    bookings.cancel(acting(alice), booked.id, stripe_desk)
    stand_in.calm()
    stand_in.account.refund_at_dashboard(intent_of(booked), 36000)
    with pytest.raises(NoAnswer):  # more than was paid would be on its way: Stripe tells again later
        hear(stand_in, stripe_desk, "charge.refunded")
    recovery.recover_payments(SYSTEM, stripe_desk, ahead=AN_HOUR)
    assert payments.refund_states([booked.id]) == {booked.id: payments.OWED}
    hear(stand_in, stripe_desk, "charge.refunded")
    assert payments.refund_states([booked.id]) == {booked.id: payments.RETURNED}
    assert (stand_in.account.returned(intent_of(booked)), verify().findings) == (36000, [])
