"""What the audit log and the outbox tell of payments that went wrong, and of refunds that came about in another way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from booking.domain.errors import Forbidden, PaymentFailed, PaymentNotFound, RoomNotAvailable
from booking.domain.payments import ledger, refunds
from booking.domain.people import AuditEntry, audit_log
from booking.domain.reservations import bookings, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Payment, Room, User
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from booking.infra.provider import Outcome, Result
from tests.cast import AN_HOUR, DECLINED, SYSTEM, VISA, a_room, acting, interrupted, order, payments_of
from tests.domain.payments.test_refunds import declines, says_nothing, with_refunds


def entry(action: str) -> AuditEntry:
    [found] = [one for one in audit_log.entries(SYSTEM) if one.action == action]
    return found


@reading
def told(kind: str) -> list[dict[str, Any]]:
    told = list(db.session.scalars(select(Event.payload).where(Event.type == kind)))
    return [{name: value for name, value in one.items() if name != "actor"} for one in told]


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room), desk)


@pytest.fixture
def declined(alice: User, room: Room, desk: BookingContext) -> Payment:
    """A refund of 360 EUR that the bank has declined, and would not decline again."""
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    return payments_of(booked)[-1]


def facts(payment: Payment) -> dict[str, str]:
    return {"bookingId": encode("booking", payment.booking_id), "amount": "360.00", "currency": "EUR"}


def test_a_declined_card_is_in_the_log_with_the_reason(held: Booking, desk: BookingContext) -> None:
    with pytest.raises(PaymentFailed):
        bookings.pay(SYSTEM, held.id, DECLINED, held.total_price, desk)
    logged = entry("payment.failed")
    assert (logged.subject, logged.before) == (encode("booking", held.id), {})
    assert logged.after == {"failure": ledger.DECLINED}


def test_money_that_came_too_late_goes_back_and_the_log_says_how_much(held: Booking, desk: BookingContext) -> None:
    @transaction
    def nights_go(_: Outcome) -> None:
        db.session.execute(text("DELETE FROM availability"))

    with pytest.raises(RoomNotAvailable):
        bookings.pay(SYSTEM, held.id, VISA, held.total_price, interrupted(desk, nights_go))
    logged = entry("refund.started")
    assert (logged.subject, logged.before) == (encode("booking", held.id), {})
    assert logged.after == {"amount": "360.00", "currency": "EUR"}


def test_a_refund_that_staff_began_is_in_the_log_with_what_came_of_it(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(SYSTEM, booked.id, desk)
    refund, logged = payments_of(booked)[-1], entry("refund.succeeded")
    assert (logged.subject, logged.after) == (encode("payment", refund.id), facts(refund))
    [cancelled] = told("booking.cancelled")
    assert cancelled["refundAmount"] == "360.00"
    with pytest.raises(PaymentNotFound):  # others do not learn that there is one
        refunds.retry(acting(alice), refund.id, desk)


@pytest.mark.parametrize(("currency", "back"), [("JPY", "360"), ("KWD", "360.000")])
def test_a_cancellation_tells_what_comes_back_in_the_currencys_own_decimals(
    alice: User, desk: BookingContext, currency: str, back: str
) -> None:
    booked = bookings.book(acting(alice), order(alice, a_room(currency=currency)), VISA, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    [cancelled] = told("booking.cancelled")
    assert cancelled["refundAmount"] == back


def test_a_refund_sent_again_is_in_the_log_with_its_new_attempt(declined: Payment, desk: BookingContext) -> None:
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    again, logged = next(one for one in refunds_of(declined) if one.id != declined.id), entry("refund.retried")
    assert (logged.subject, logged.before) == (encode("payment", declined.id), {"state": "failed"})
    assert logged.after == {"payment": encode("payment", again.id)} | facts(declined)
    assert told(refunds.TOLD_RETURNED) == [{"paymentId": encode("payment", again.id)} | facts(declined)]


def test_a_refund_that_was_returned_after_all_is_in_the_log_and_its_guest_is_told(
    declined: Payment, desk: BookingContext
) -> None:
    desk.provider.refund(declined.id, ledger.charge_behind(declined), declined.amount, declined.currency)
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    logged = entry("refund.found")
    assert (logged.subject, logged.before) == (encode("payment", declined.id), {"state": "failed"})
    assert logged.after == {"state": "succeeded"} | facts(declined)
    assert told(refunds.TOLD_RETURNED) == [{"paymentId": encode("payment", declined.id)} | facts(declined)]


class Finding:
    """The simulated provider, but for what it says of refunds that it is asked about later."""

    name = "simulated"

    def __init__(self, desk: BookingContext, found: Outcome | None) -> None:
        self.provider, self.found = desk.provider, found

    def find(self, _: object) -> Outcome | None:
        return self.found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def finding(desk: BookingContext, found: Outcome | None) -> BookingContext:
    return replace(desk, provider=Finding(desk, found))


class Elsewhere(Finding):
    """The provider of another house, which knows none of our payments."""

    name = "elsewhere"


SENT_BACK = Outcome(Result.DECLINED, "re_9", "the account is closed")


def test_a_refund_that_the_bank_sends_back_days_later_is_owed_and_its_guest_is_told_once(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    for _ in range(2):
        refunds.look(SYSTEM, payments_of(booked)[-1], finding(desk, SENT_BACK))
    refund, logged = payments_of(booked)[-1], entry("refund.failed_after_all")
    assert (refund.state, refund.failure, refund.error) == ("failed", ledger.DECLINED, "the account is closed")
    assert (logged.subject, logged.before) == (encode("payment", refund.id), {"state": "succeeded"})
    assert logged.after == {"state": "failed"} | facts(refund)
    assert told(refunds.TOLD_DECLINED) == [{"paymentId": encode("payment", refund.id)} | facts(refund)]


@pytest.mark.parametrize("found", [None, Outcome(Result.REFUNDED, "re_9")], ids=["nothing", "what is known"])
def test_a_look_that_finds_nothing_new_changes_nothing(
    alice: User, room: Room, desk: BookingContext, found: Outcome | None
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    before = len(audit_log.entries(SYSTEM))
    refunds.look(SYSTEM, payments_of(booked)[-1], finding(desk, found))
    assert (payments_of(booked)[-1].state, len(audit_log.entries(SYSTEM))) == ("succeeded", before)


def test_a_declined_refund_that_arrived_after_all_is_found_by_a_look(declined: Payment, desk: BookingContext) -> None:
    refunds.look(SYSTEM, declined, finding(desk, SENT_BACK))  # as it is known
    assert refunds_of(declined)[0].state == "failed"
    refunds.look(SYSTEM, declined, finding(desk, Outcome(Result.REFUNDED, "re_9")))
    assert (refunds_of(declined)[0].state, entry("refund.found").before) == ("succeeded", {"state": "failed"})


def test_a_look_at_a_refund_under_way_sends_it_and_one_of_a_provider_that_is_gone_waits(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, says_nothing))
    gone = replace(desk, provider=Elsewhere(desk, None), providers={})
    refunds.look(SYSTEM, payments_of(booked)[-1], gone)
    assert payments_of(booked)[-1].state == "started"
    refunds.look(SYSTEM, payments_of(booked)[-1], desk)
    assert payments_of(booked)[-1].state == "succeeded"
    refunds.look(SYSTEM, payments_of(booked)[-1], gone)
    assert payments_of(booked)[-1].state == "succeeded"


def test_a_look_at_one_that_was_sent_again_meanwhile_leaves_both_as_they_are(
    declined: Payment, desk: BookingContext
) -> None:
    refunds.retry(SYSTEM, declined.id, desk)
    refunds.look(SYSTEM, declined, finding(desk, Outcome(Result.REFUNDED, "re_9")))
    assert sorted(one.state for one in refunds_of(declined)) == ["failed", "succeeded"]


def test_what_was_put_off_is_due_again_for_who_may_and_the_log_says_how_many(
    alice: User, room: Room, desk: BookingContext
) -> None:
    mute = with_refunds(desk, says_nothing)
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, mute)
    recovery.recover_payments(SYSTEM, mute, ahead=AN_HOUR)  # asks, and puts it off
    assert ledger.asked_in_vain(SYSTEM)[0].next_at > clock.now()
    for ask in (ledger.hurry, ledger.asked_in_vain):
        with pytest.raises(Forbidden):
            ask(acting(alice))
    ledger.hurry(SYSTEM)
    [due] = ledger.asked_in_vain(SYSTEM)
    assert (due.id, due.next_at <= clock.now()) == (payments_of(booked)[-1].id, True)
    logged = entry("payments.hurried")
    assert (logged.subject, logged.after) == ("payments", {"payments": 1})


@transaction
def refunds_of(payment: Payment) -> list[Payment]:
    same = select(Payment).where(Payment.booking_id == payment.booking_id, Payment.kind == "refund")
    return list(db.session.scalars(same))
