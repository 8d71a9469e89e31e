"""Refunds and disputes of which no message of the provider came: found by looking, once, whoever is first."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import update
from structlog.testing import capture_logs

from booking.domain import maintenance, payments
from booking.domain.errors import Forbidden
from booking.domain.maintenance.verification import verify
from booking.domain.reservations import bookings, provider_looks, provider_messages
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.provider_looks import Looked
from booking.domain.tables import Booking, Dispute, ProviderLook, Room, User
from booking.http import words
from booking.http.services import current_services
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id
from booking.infra.stripe_provider import client
from tests.cast import SYSTEM, acting, all_at_once, beside, count, in_days, later, order, order_of, payments_of, reload
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]
VISA = "pm_card_visa"
AN_HOUR = dt.timedelta(hours=1, seconds=1)


@pytest.fixture
def booked(alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn) -> Booking:
    """360 EUR, charged by Stripe, whose clock is ours."""
    stand_in.account.clock = lambda: clock.now().timestamp()
    return bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)


def intent_of(booking: Booking) -> str:
    return str(payments_of(booking)[0].provider_reference)


def look(desk: BookingContext, *, at_once: bool = False) -> dict[str, tuple[int, str | None]]:
    """How much each kind has found, and what went wrong."""
    return {one.kind: (one.found, one.error) for one in provider_looks.look(SYSTEM, desk, at_once=at_once)}


@reading
def kept(kind: str) -> ProviderLook:
    return db.session.get_one(ProviderLook, ("stripe", kind))


NOTHING = {"refunds": (0, None), "disputes": (0, None)}


def test_a_refund_from_the_dashboard_that_nobody_told_is_entered_once(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    assert look(stripe_desk) == NOTHING
    made = stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    assert look(stripe_desk) == {}, "not before the hour is over"
    later(AN_HOUR)
    assert look(stripe_desk) == {"refunds": (1, None), "disputes": (0, None)}
    [refund] = payments_of(booked)[1:]
    assert (int(refund.amount), refund.state, refund.provider_reference) == (100, "succeeded", made["id"])
    assert (str(order_of(booked).due), reload(booked).status) == ("100.000", "CONFIRMED")
    later(AN_HOUR)
    assert look(stripe_desk) == NOTHING
    assert (len(payments_of(booked)), verify().findings) == (2, [])


def test_the_message_that_comes_after_all_finds_it_done(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    assert look(stripe_desk)["refunds"] == (1, None)
    provider = stripe_desk.find_provider("stripe")
    for delivery in stand_in.post.deliveries("charge.refunded", "refund.created"):
        heard = provider.heard(delivery.body, delivery.signature)  # type: ignore[union-attr]
        provider_messages.hear(SYSTEM, "stripe", heard, stripe_desk)
    assert (len(payments_of(booked)), verify().findings) == (2, [])


def test_many_at_once_enter_it_once(
    app: Flask, booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    all_at_once(app, [partial(provider_looks.look, SYSTEM, stripe_desk, at_once=True)] * 4)
    assert (len(payments_of(booked)), verify().findings) == (2, [])


def test_what_was_made_while_nobody_looked_for_days_is_found(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    look(stripe_desk)
    later(dt.timedelta(days=2))
    stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    later(dt.timedelta(days=12))
    assert look(stripe_desk)["refunds"] == (1, None)


def test_what_was_pending_is_found_once_it_is_decided(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    stand_in.account.refund_status = "pending"
    made = stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    assert look(stripe_desk)["refunds"] == (0, None)
    made["status"] = "succeeded"
    later(dt.timedelta(days=9))
    assert look(stripe_desk)["refunds"] == (1, None)


def test_a_refund_of_ours_that_a_bank_sends_back_later_is_owed_again(
    alice: User, booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    bookings.cancel(acting(alice), booked.id, stripe_desk)
    assert look(stripe_desk) == NOTHING
    [returned] = stand_in.account.refunds.values()
    returned["status"], returned["failure_reason"] = "failed", "lost_or_stolen_card"
    later(dt.timedelta(days=3))
    assert look(stripe_desk)["refunds"] == (1, None)
    assert payments_of(booked)[1].state == "failed"
    later(AN_HOUR)
    assert look(stripe_desk) == NOTHING


def test_a_dispute_is_kept_and_so_is_what_was_decided_months_later(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    made = stand_in.account.dispute(intent_of(booked))
    assert look(stripe_desk)["disputes"] == (1, None)
    assert count(Dispute, reference=made["id"], state="open") == 1
    stand_in.account.close_dispute(made["id"], "lost")
    later(dt.timedelta(days=70))
    assert look(stripe_desk)["disputes"] == (0, None)
    assert count(Dispute, reference=made["id"], state="lost") == 1


def test_what_others_sell_through_the_same_account_is_left_alone(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    account = stand_in.account
    for metadata in ({}, {"payment": str(new_id())}, {"payment": "theirs"}):
        theirs = account.create_intent({"amount": "500", "currency": "eur", "metadata": metadata})
        account.confirm_intent(theirs["id"], {"payment_method": VISA})
        account.refund_at_dashboard(theirs["id"], 500)
        account.dispute(theirs["id"])
    for _ in range(2):
        assert look(stripe_desk, at_once=True) == NOTHING
    assert not any(path.startswith("/v1/payment_intents/") and method == "GET" for method, path, _ in stand_in.requests)


def test_more_than_a_page_of_them_is_read_to_the_end(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE", 5)
    for _ in range(12):
        stand_in.account.refund_at_dashboard(intent_of(booked), 100)
    look(stripe_desk)
    assert (len(payments_of(booked)), str(order_of(booked).refunded)) == (13, "12.000")


# --- when it cannot be done


def test_a_silent_provider_is_asked_again_later_each_time_and_becomes_an_alarm(
    booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    look(stripe_desk)
    before, pauses = kept("refunds").looked_until, list[dt.timedelta]()
    stand_in.order(BEFORE, "/v1/refunds", times=999)
    for number in range(payments.NEVER_ENDED):
        later(AN_HOUR if number == 0 else pauses[-1])
        with capture_logs() as said:
            assert look(stripe_desk)["refunds"] == (0, "no_answer")
        pauses.append(kept("refunds").next_at - clock.now())
        is_alarm = "provider_look_stuck" in [line["event"] for line in said]
        assert is_alarm == (number + 1 == payments.NEVER_ENDED)
    assert [round(pause.total_seconds() / 60) for pause in pauses] == [1, 2, 4, 8, 16]
    assert kept("refunds").looked_until == before
    stand_in.calm()
    stand_in.account.refund_at_dashboard(intent_of(booked), 10000)
    assert look(stripe_desk, at_once=True)["refunds"] == (1, None)
    assert (kept("refunds").attempts, kept("refunds").error) == (0, None)


def test_one_that_breaks_keeps_no_other_waiting_and_its_day_is_looked_at_again(
    alice: User, room: Room, booked: Booking, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    other = bookings.book(acting(alice), order(alice, beside(room, "Suite", 80), in_days(60)), VISA, stripe_desk)
    look(stripe_desk)
    later(dt.timedelta(days=1))
    broken_at = clock.now()
    stand_in.account.refund_at_dashboard(intent_of(booked), 100)
    later(dt.timedelta(days=2))
    stand_in.account.refund_at_dashboard(intent_of(other), 100)
    stand_in.order(BEFORE, f"/v1/payment_intents/{intent_of(booked)}", times=9)
    assert look(stripe_desk)["refunds"] == (1, "no_answer")
    assert [len(payments_of(one)) for one in (booked, other)] == [1, 2]
    assert kept("refunds").looked_until <= broken_at
    stand_in.calm()
    assert look(stripe_desk, at_once=True)["refunds"] == (1, None)
    assert [len(payments_of(one)) for one in (booked, other)] == [2, 2]


def test_nobody_but_staff_and_the_system_looks(alice: User, stripe_desk: BookingContext) -> None:
    with pytest.raises(Forbidden):
        provider_looks.look(acting(alice), stripe_desk)


def test_where_no_provider_tells_by_itself_there_is_nothing_to_look_at(desk: BookingContext) -> None:
    assert provider_looks.look(SYSTEM, desk, at_once=True) == []
    assert count(ProviderLook) == 0


# --- for operators


@pytest.fixture
def sold_by_stripe(app: Flask, stripe_desk: BookingContext, monkeypatch: pytest.MonkeyPatch) -> None:
    services = replace(current_services(), booking_context=stripe_desk)
    monkeypatch.setitem(app.extensions, "services", services)


def test_the_command_looks_at_once_and_says_what_it_found(
    booked: Booking, sold_by_stripe: None, stand_in: StandIn, runner: FlaskCliRunner
) -> None:
    stand_in.account.refund_at_dashboard(intent_of(booked), 100)
    until = f"{clock.now():%Y-%m-%d}"
    first, second = (runner.invoke(args=["payments", "look"]) for _ in range(2))
    assert f"stripe: 1 refund found, known until {until}" in first.output
    assert "stripe: 0 disputes found" in first.output
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "stripe: 0 refunds found" in second.output
    stand_in.order(BEFORE, "/v1/disputes", times=99)
    failed = runner.invoke(args=["payments", "look"])
    assert (failed.exit_code, "the provider did not answer" in failed.output) == (1, True)


def test_the_command_says_where_there_is_nothing_to_look_at(app: Flask, runner: FlaskCliRunner) -> None:
    said = runner.invoke(args=["payments", "look"])
    assert (said.exit_code, said.output) == (0, "No payment provider here has refunds and disputes of its own.\n")


@transaction(isolation=READ_COMMITTED)
def last_looked(ago: dt.timedelta, attempts: int) -> None:
    db.session.execute(
        update(ProviderLook).values(looked_until=clock.now() - ago, attempts=attempts, error="no_answer")
    )


def doctor() -> str:
    with db.engine.connect() as opened:
        seen = list(maintenance.overdue_payments(opened, current_services().settings))
    return "; ".join(
        f"{one.state}: {words.told(one.finding)} -> {one.advice and words.told(one.advice)}" for one in seen
    )


def test_the_doctor_says_what_is_not_known(booked: Booking, stripe_desk: BookingContext) -> None:
    look(stripe_desk)
    for hours, attempts in ((7, 0), (5, 3)):  # nobody looks for hours where no worker runs, which it says by itself
        last_looked(dt.timedelta(hours=hours), attempts)
        assert "stripe" not in doctor()
    last_looked(dt.timedelta(hours=7), 3)
    said = doctor()
    assert "problem: refunds that were made at stripe itself are not known (the provider did not answer)" in said
    assert "problem: disputes at stripe are not known (the provider did not answer)" in said
    assert "`flask payments look`" in said


def test_looks_tell_what_they_came_to(booked: Booking, stripe_desk: BookingContext) -> None:
    first = provider_looks.look(SYSTEM, stripe_desk)
    assert [(one.provider, one.kind, one.found, one.error) for one in first] == [
        ("stripe", "refunds", 0, None),
        ("stripe", "disputes", 0, None),
    ]
    assert all(isinstance(one, Looked) and abs(one.until - clock.now()) < dt.timedelta(seconds=30) for one in first)
