"""Recovery: each payment on its own, once, in bounded time; what hangs holds up nobody and becomes an alarm."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import text
from structlog.testing import capture_logs

from booking.config import Settings
from booking.domain.errors import IdempotencyConflict, PaymentUnknown
from booking.domain.maintenance import verification
from booking.domain.payments import ledger
from booking.domain.reservations import bookings, holds, idempotency, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Payment, Room, User
from booking.http.services import _booking_context
from booking.infra.db import db, reading, transaction
from booking.infra.provider import NoAnswer, Outcome, Result
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    count,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    payments_of,
    reload,
    silent,
)

PATIENCE = dt.timedelta(seconds=10)


class Watched:
    """The simulated provider, and what is asked of it; `trouble(key)` comes before every refund and cancel."""

    name = "simulated"

    def __init__(self, desk: BookingContext, trouble: Callable[[uuid.UUID], object] = lambda _: None) -> None:
        self.provider, self.trouble = desk.provider, trouble
        self.asked: list[uuid.UUID] = []

    def refund(self, key: uuid.UUID, *more: Any) -> Outcome:
        return self._after_trouble(self.provider.refund, key, *more)

    def cancel(self, key: uuid.UUID, *more: Any) -> Outcome:
        return self._after_trouble(self.provider.cancel, key, *more)

    def _after_trouble(self, verb: Callable[..., Outcome], key: uuid.UUID, *more: Any) -> Outcome:
        self.asked.append(key)
        self.trouble(key)
        return verb(key, *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def no_answer(_: uuid.UUID) -> None:
    raise NoAnswer


def unanswered(alice: User, room: Room, desk: BookingContext, number: int) -> list[Booking]:
    """So many cancelled bookings whose refund nobody has answered."""
    mute = replace(desk, provider=Watched(desk, no_answer))
    made = [
        bookings.book(acting(alice), order(alice, room, in_days(20 + 2 * one, 1)), VISA, desk) for one in range(number)
    ]
    for booking in made:
        bookings.cancel(acting(alice), booking.id, mute)
    return made


def charged_without_an_answer(alice: User, room: Room, desk: BookingContext, days: int = 30) -> Booking:
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room, in_days(days)), VISA, interrupted(desk, silent))
    return newest()


@transaction
def newest() -> Booking:
    return db.session.query(Booking).order_by(Booking.id.desc()).limit(1).one()


def refund_of(booking: Booking) -> Payment:
    return payments_of(booking)[-1]


@reading
def pauses() -> list[float]:
    """For how many seconds each open payment is left alone from now on."""
    rows = db.session.scalars(text("SELECT extract(epoch FROM next_at - now()) FROM payments WHERE state = 'started'"))
    return [float(row) for row in rows]


# --- each on its own


@pytest.mark.slow
def test_fifty_unanswered_refunds_do_not_keep_the_next_one_from_being_asked(
    alice: User, room: Room, desk: BookingContext
) -> None:
    stuck = {refund_of(booking).id for booking in unanswered(alice, room, desk, 50)}
    last = refund_of(unanswered(alice, room, desk, 1)[0])

    def for_the_old_ones(key: uuid.UUID) -> None:
        if key in stuck:
            raise NoAnswer

    watched = Watched(desk, for_the_old_ones)
    for _ in range(2):
        recovery.recover_payments(SYSTEM, replace(desk, provider=watched), ahead=dt.timedelta(seconds=30), limit=50)
    assert last.id in watched.asked


def test_one_that_breaks_does_not_stop_those_behind_it(alice: User, room: Room, desk: BookingContext) -> None:
    broken, pinned = unanswered(alice, room, desk, 1)[0], charged_without_an_answer(alice, room, desk)

    def breaks(key: uuid.UUID) -> None:
        if key == refund_of(broken).id:
            raise RuntimeError("no such field: status")

    assert recovery.recover_payments(SYSTEM, replace(desk, provider=Watched(desk, breaks)), ahead=AN_HOUR) == 2
    assert reload(pinned).status == "CONFIRMED"
    assert (refund_of(broken).state, refund_of(broken).error) == ("started", "RuntimeError: no such field: status")


def test_a_charge_that_breaks_is_noted_too_and_keeps_its_nights(alice: User, room: Room, desk: BookingContext) -> None:
    broken = charged_without_an_answer(alice, room, desk)

    def breaks(_: uuid.UUID) -> None:
        raise KeyError("status")

    with capture_logs() as said:
        recovery.recover_payments(SYSTEM, replace(desk, provider=Watched(desk, breaks)), ahead=AN_HOUR)
    assert [(line["event"], line["log_level"]) for line in said] == [("recovery_broke", "error")]
    assert (refund_of(broken).state, refund_of(broken).error) == ("unknown", "KeyError: 'status'")
    assert set(nights_of(room).values()) == {"pinned"}
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (reload(broken).status, refund_of(broken).error) == ("CONFIRMED", None)


def test_a_refund_found_under_the_key_of_a_charge_frees_nothing(alice: User, room: Room, desk: BookingContext) -> None:
    charged_without_an_answer(alice, room, desk)

    class Confused(Watched):
        def cancel(self, *_: Any) -> Outcome:
            return Outcome(Result.REFUNDED, "re_1")

    recovery.recover_payments(SYSTEM, replace(desk, provider=Confused(desk)), ahead=AN_HOUR)
    assert set(nights_of(room).values()) == {"pinned"}


def test_a_charge_of_a_provider_that_is_not_here_waits_and_says_why(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booking = charged_without_an_answer(alice, room, desk)
    other = Watched(desk)
    other.name = "other"
    elsewhere = replace(desk, provider=other, providers={})
    assert recovery.recover_payments(SYSTEM, elsewhere, ahead=AN_HOUR) == 1
    waiting = refund_of(booking)
    assert (waiting.state, waiting.error) == ("unknown", "no_provider:simulated")
    assert set(nights_of(room).values()) == {"pinned"}


# --- once, and less and less often


def test_a_payment_is_put_off_for_longer_each_time_up_to_an_hour(alice: User, room: Room, desk: BookingContext) -> None:
    unanswered(alice, room, desk, 1)
    mute = replace(desk, provider=Watched(desk, no_answer), patience=PATIENCE)
    seen = []
    for _ in range(12):
        assert recovery.recover_payments(SYSTEM, mute, ahead=AN_HOUR) == 1
        assert recovery.recover_payments(SYSTEM, mute) == 0
        seen += pauses()
    expected = [min(10 * 2**times, 3600) for times in range(12)]
    assert seen == pytest.approx(expected, abs=5)


def test_new_ones_are_asked_before_those_that_were_asked_in_vain(alice: User, room: Room, desk: BookingContext) -> None:
    [old] = unanswered(alice, room, desk, 1)
    recovery.recover_payments(SYSTEM, replace(desk, provider=Watched(desk, no_answer)), ahead=AN_HOUR)
    new = charged_without_an_answer(alice, room, desk)
    watched = Watched(desk)
    recovery.recover_payments(SYSTEM, replace(desk, provider=watched), ahead=AN_HOUR)
    assert watched.asked == [refund_of(new).id, refund_of(old).id]


def test_two_sweepers_ask_once(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    unanswered(alice, room, desk, 6)
    watched = Watched(desk, lambda _: time.sleep(0.05))
    sweep = lambda: recovery.recover_payments(SYSTEM, replace(desk, provider=watched), ahead=AN_HOUR)  # noqa: E731
    tried = all_at_once(app, [sweep] * 4)
    assert sum(tried) == 6
    assert set(Counter(watched.asked).values()) == {1}
    assert verification.verify().findings == []


def test_a_sweep_ends_in_time_and_the_next_one_goes_on(alice: User, room: Room, desk: BookingContext) -> None:
    unanswered(alice, room, desk, 5)

    def hangs(_: uuid.UUID) -> None:
        time.sleep(0.3)
        raise NoAnswer

    slow = Watched(desk, hangs)
    began = time.monotonic()
    assert 1 <= recovery.recover_payments(SYSTEM, replace(desk, provider=slow), ahead=AN_HOUR, seconds=0.4) < 5
    assert time.monotonic() - began < 3
    for _ in range(5):  # each asks one at least
        recovery.recover_payments(SYSTEM, replace(desk, provider=slow), ahead=dt.timedelta(seconds=10), seconds=0.4)
    assert len(set(slow.asked)) == 5


def test_what_stays_without_an_outcome_becomes_an_alarm(alice: User, room: Room, desk: BookingContext) -> None:
    [booking] = unanswered(alice, room, desk, 1)
    mute = replace(desk, provider=Watched(desk, no_answer))
    alarms = []
    before = REGISTRY.get_sample_value("payments_total", {"kind": "refund", "outcome": "stuck"}) or 0
    for _ in range(ledger.STUCK_AFTER + 1):
        with capture_logs() as said:
            recovery.recover_payments(SYSTEM, mute, ahead=AN_HOUR)
        alarms.append([line["event"] for line in said if line["log_level"] == "error"])
    assert alarms == [*[[]] * (ledger.STUCK_AFTER - 1), ["payment_stuck"], ["payment_stuck"]]
    assert REGISTRY.get_sample_value("payments_total", {"kind": "refund", "outcome": "stuck"}) == before + 2
    assert refund_of(booking).error == ledger.NO_ANSWER


# --- never too early


def test_the_patience_follows_the_timeout_of_payments(environ: dict[str, str], app: Flask) -> None:
    for seconds in (1, 5, 45):
        chosen = Settings.from_env({**environ, "PAYMENT_TIMEOUT_SECONDS": str(seconds)})
        assert _booking_context(chosen).patience >= dt.timedelta(seconds=seconds + 5)


@pytest.mark.parametrize("seconds", [5, 60])
def test_a_live_charge_is_never_cancelled(alice: User, room: Room, desk: BookingContext, seconds: int) -> None:
    """A sweep comes just before the provider's time is up."""
    patient = replace(desk, patience=dt.timedelta(seconds=seconds + 5))

    class Slow(Watched):
        def charge(self, *call: Any) -> Outcome:
            later(dt.timedelta(seconds=seconds))
            assert recovery.recover_payments(SYSTEM, patient) == 0
            return self.provider.charge(*call)

    assert (
        bookings.book(acting(alice), order(alice, room), VISA, replace(patient, provider=Slow(desk))).status
        == "CONFIRMED"
    )


def test_a_repeated_request_does_not_cancel_a_live_charge_either(alice: User, room: Room, desk: BookingContext) -> None:
    """The lease of its key is over after 30 s, and the provider may take a minute."""
    patient = replace(desk, patience=dt.timedelta(seconds=65))

    def ask(at: BookingContext) -> Booking:
        claim = idempotency.claim(acting(alice), "test", "a-key", idempotency.fingerprint({}))
        assert isinstance(claim, idempotency.Claim)
        return bookings.book(
            acting(alice), order(alice, room), VISA, at, claim=claim, render=lambda _: idempotency.Answer(201, "{}")
        )

    class Slow(Watched):
        def charge(self, *call: Any) -> Outcome:
            later(dt.timedelta(seconds=31))
            with pytest.raises(PaymentUnknown):
                ask(patient)
            return self.provider.charge(*call)

    with pytest.raises(IdempotencyConflict):  # its lease is over: the answer is another call's to keep
        ask(replace(patient, provider=Slow(desk)))
    later(dt.timedelta(seconds=120))
    recovery.recover_payments(SYSTEM, patient)
    assert (newest().status, count(Payment, state="succeeded")) == ("CONFIRMED", 1)


def test_recovery_and_pay_at_once_end_as_one(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    """Whoever is quicker: charged once and confirmed, or neither."""
    for number in range(6):
        held = holds.reserve(acting(alice), order(alice, room, in_days(30 + 4 * number)), desk)
        under_way = threading.Event()

        class Slow(Watched):
            def charge(self, *call: Any, under_way: threading.Event = under_way) -> Outcome:
                under_way.set()
                return self.provider.charge(*call)

        def sweep(under_way: threading.Event = under_way) -> int:
            assert under_way.wait(10)
            return recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)

        paying = replace(desk, provider=Slow(desk))
        pay = lambda held=held, paying=paying: bookings.pay(acting(alice), held.id, VISA, held.total_price, paying)  # noqa: E731
        paid, _ = all_at_once(app, [pay, sweep])
        ended = reload(held)
        [payment] = payments_of(held)
        assert (ended.status, payment.state) in {("CONFIRMED", "succeeded"), ("PENDING", "failed")}
        assert isinstance(paid, Booking if ended.status == "CONFIRMED" else PaymentUnknown)
    assert count(Event, type="booking.confirmed") == count(Booking, status="CONFIRMED")
    assert verification.verify().findings == []


def test_an_answer_that_is_lost_late_changes_nothing_any_more(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    declined = holds.reserve(acting(alice), order(alice, room, in_days(60)), desk)
    with pytest.raises(Exception, match="PAYMENT_FAILED"):
        bookings.pay(acting(alice), declined.id, DECLINED, declined.total_price, desk)
    for booking in (booked, declined):
        before = payments_of(booking)[0]
        ledger.mark_unknown(before.id, desk.patience)
        ledger.note(before.id, "too late")
        after = payments_of(booking)[0]
        assert (after.state, after.error, after.next_at) == (before.state, before.error, before.next_at)


# --- what was held to be paid in a second step can be paid again; what was asked for in one call is given up


class _OutOfReach:
    """A provider that no charge comes to."""

    def __init__(self, provider: Any) -> None:
        self.provider = provider

    def charge(self, *_: Any) -> Outcome:
        raise NoAnswer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def _with_unknown_payment(alice: User, room: Room, desk: BookingContext, *, in_one_call: bool) -> Booking:
    away = replace(desk, provider=_OutOfReach(desk.provider))
    if in_one_call:
        with pytest.raises(PaymentUnknown):
            bookings.book(acting(alice), order(alice, room), VISA, away)
        return _the_booking()
    [held] = bookings.hold_all(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, away)
    return held


@reading
def _the_booking() -> Booking:
    return db.session.query(Booking).one()


@transaction
def _as_the_version_before_writes_it(channel: str) -> None:
    db.session.execute(text("UPDATE orders SET in_one_call = NULL, channel = :channel"), {"channel": channel})


@pytest.mark.parametrize(("in_one_call", "ends_as"), [(False, "PENDING"), (True, "CANCELLED")])
@pytest.mark.parametrize("from_before", [False, True])
def test_a_hold_of_a_program_is_kept_for_another_card_and_one_call_is_given_up(
    alice: User, room: Room, desk: BookingContext, in_one_call: bool, ends_as: str, from_before: bool
) -> None:
    made = _with_unknown_payment(alice, room, desk, in_one_call=in_one_call)
    if from_before:
        _as_the_version_before_writes_it("api" if in_one_call else "web")
    assert recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR) == 1
    assert reload(made).status == ends_as
    assert bool(nights_of(room)) is not in_one_call
