"""A guest hears once that a refund was declined, at best with the cancellation, and once that it has gone through."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from booking.domain import payments
from booking.domain.payments import ledger, refunds
from booking.domain.reservations import bookings, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.provider import NoAnswer, Outcome, Result
from tests.cast import AN_HOUR, SYSTEM, VISA, acting, later, order, payments_of
from tests.jobs.letters_sent import recipient, sent, text
from tests.jobs.stories import happened


class Declining:
    """The simulated provider, whose refunds are declined."""

    def __init__(self, desk: BookingContext) -> None:
        self.provider, self.name = desk.provider, "simulated"

    def refund(self, *_: object) -> Outcome:
        return Outcome(Result.DECLINED, "re_1", "the account is closed")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


@pytest.fixture
def declining(desk: BookingContext) -> BookingContext:
    return replace(desk, provider=Declining(desk))


class Silent(Declining):
    """It does not answer."""

    def refund(self, *_: object) -> Outcome:
        raise NoAnswer


def cancelled(alice: User, room: Room, desk: BookingContext) -> Booking:
    """A booking whose refund is declined when nobody waits for the answer any more."""
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    booked = bookings.cancel(acting(alice), booked.id, replace(desk, provider=Silent(desk)))
    recovery.recover_payments(SYSTEM, replace(desk, provider=Declining(desk)), ahead=AN_HOUR)
    return booked


def about_refunds(mail_dir: Path) -> list[EmailMessage]:
    return [message for message in sent(mail_dir) if "your refund" in message["Subject"]]


def again(booked: Booking, desk: BookingContext) -> str:
    return refunds.retry(SYSTEM, payments_of(booked)[-1].id, desk)


def test_what_is_declined_at_once_is_told_with_the_cancellation(
    alice: User, room: Room, desk: BookingContext, declining: BookingContext, mail_dir: Path
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, declining)
    [cancellation] = [message for message in sent(mail_dir) if "confirmed" not in message["Subject"]]
    assert "has been cancelled" in cancellation["Subject"]
    for form in ("plain", "html"):
        said = " ".join(text(cancellation, form).split()).replace("<strong>", "").replace("</strong>", "")
        assert "We couldn’t return €360 of the €360 you paid" in said, form
        assert "goes back" not in said, form
    assert again(booked, declining) == refunds.OWED
    assert about_refunds(mail_dir) == []
    assert again(booked, desk) == refunds.RETURNED
    assert [one["Subject"].split(" (")[0] for one in about_refunds(mail_dir)] == [
        f"{booked.reference}: your refund has been sent"
    ]


def test_the_email_about_a_cancellation_waits_for_the_first_answer(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    with patch.object(payments, "send_refunds"):  # it is being asked for
        bookings.cancel(acting(alice), booked.id, desk)
    assert [one for one in sent(mail_dir) if "has been cancelled" in one["Subject"]] == []
    later(dt.timedelta(minutes=10))
    assert len([one for one in sent(mail_dir) if "has been cancelled" in one["Subject"]]) == 1


def test_a_declined_refund_is_told_once_however_often_it_is_tried(
    alice: User, room: Room, desk: BookingContext, declining: BookingContext, mail_dir: Path
) -> None:
    booked = cancelled(alice, room, desk)
    [told] = about_refunds(mail_dir)
    assert recipient(told) == "alice@example.com"
    assert told["Subject"].startswith(f"{booked.reference}: your refund was declined (Room with a view, ")
    for form in ("plain", "html"):
        said = " ".join(text(told, form).split())
        for fact in (
            booked.reference,
            "€360",
            "We still owe you this money",
            "You don’t need to do anything.",
            "/bookings/",
        ):
            assert fact in said, form
    assert list(told.iter_attachments()) == []
    assert again(booked, declining) == refunds.OWED
    assert again(booked, declining) == refunds.OWED
    assert len(about_refunds(mail_dir)) == 1


def test_that_it_went_through_after_all_is_told_too(
    alice: User, room: Room, desk: BookingContext, declining: BookingContext, mail_dir: Path
) -> None:
    booked = cancelled(alice, room, desk)
    assert len(about_refunds(mail_dir)) == 1
    again(booked, declining)
    assert again(booked, desk) == refunds.RETURNED
    _, told = about_refunds(mail_dir)
    assert told["Subject"].startswith(f"{booked.reference}: your refund has been sent (")
    assert "we’ve returned €360 to the card" in " ".join(text(told).split())
    assert "€360" in text(told, "html")


def test_what_the_provider_had_returned_after_all_is_told(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booked = cancelled(alice, room, desk)
    declined = payments_of(booked)[-1]
    desk.provider.refund(declined.id, ledger.charge_behind(declined), declined.amount, declined.currency)
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    # Nobody was told yet that it was declined: the second email says all of it.
    assert [message["Subject"].split(" (")[0] for message in about_refunds(mail_dir)] == [
        f"{booked.reference}: your refund has been sent"
    ]


def test_a_refund_that_goes_through_at_once_needs_no_email_of_its_own(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    assert about_refunds(mail_dir) == []


def test_a_booking_that_is_not_there_any_more_gets_no_email(alice: User, mail_dir: Path) -> None:
    gone = "booking_01d80000000e00800000000001"
    happened("refund.declined", bookingId=gone, amount="10", currency="EUR")
    assert sent(mail_dir) == []
