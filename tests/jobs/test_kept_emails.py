"""Emails are kept as they were sent: to whom, in which words, without links that open something, until erased."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from booking.admin import states
from booking.domain.messages import outbox, sent_texts
from booking.domain.people import password_resets
from booking.domain.reservations import bookings, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion, gathering
from booking.domain.tables import Booking, Room, SentEmail, User
from booking.infra.db import db, reading
from booking.jobs import deliver
from booking.jobs.mail_deliveries import MAIL
from booking.jobs.mails import WRITERS
from tests.cast import SYSTEM, VISA, acting, in_days, later, order
from tests.domain.reservations.test_desk_bookings import CALLER
from tests.domain.reservations.test_guest_erasure import called, manager, paid
from tests.jobs.conftest import MailServer
from tests.jobs.letters_sent import sent

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("app")]
A_DAY = dt.timedelta(days=1)


@reading
def kept() -> list[SentEmail]:
    return list(db.session.scalars(select(SentEmail).order_by(SentEmail.event_id)))


def tried() -> None:
    outbox.relay()
    deliver.deliver(MAIL, [str(event_id) for _, event_id in outbox.due()])


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)


def test_what_was_sent_is_kept_by_booking_and_property(booked: Booking, mail_dir: Path) -> None:
    sent(mail_dir)
    [one] = kept()
    assert (one.kind, one.booking_id, one.property_id) == ("booking.confirmed", booked.id, booked.property_id)
    assert (one.to_address, one.to_key) == ("alice@example.com", "alice@example.com")
    assert one.subject.startswith(f"{booked.reference}: your booking is confirmed")
    assert f"Reference: {booked.reference}" in one.text
    assert one.sent_at is not None


def test_a_server_that_refuses_leaves_its_words_unsent(booked: Booking, smtp: MailServer) -> None:
    smtp.answers = ["451 later", "250 OK"]
    tried()
    [one] = kept()
    assert (one.sent_at, one.subject.startswith(booked.reference)) == (None, True)
    later(dt.timedelta(minutes=1))
    tried()
    assert [two.sent_at is not None for two in kept()] == [True]


def test_links_that_open_something_are_hidden(alice: User, mail_dir: Path) -> None:
    password_resets.request(alice.email)
    [mail] = sent(mail_dir)
    [one] = kept()
    assert one.kind == "password.requested"
    assert "/reset-password/reset_[hidden]" in one.text
    assert "[hidden]" not in str(mail)


def test_who_lost_the_claim_keeps_nothing(booked: Booking, mail_dir: Path) -> None:
    outbox.relay()
    [(consumer, event_id)] = outbox.due()
    [task] = outbox.claim(consumer, [event_id])
    stale = replace(task, attempts=7)
    email = sent_texts.EmailText("booking.confirmed", booked.id, "x@example.com", "x@example.com", "x", "x")
    sent_texts.finish_sent(stale, email)
    assert kept() == []
    sent_texts.finish_sent(task, email)
    assert [one.text for one in kept()] == ["x"]


def test_they_go_with_the_account_the_contact_and_the_event(
    booked: Booking, alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    caller = paid(called(desk, room, CALLER, start=10))
    sent(mail_dir)
    password_resets.request(alice.email)
    sent(mail_dir)
    assert len(kept()) == 3
    told = gathering._gathered(acting(alice), ["a secret"])["emails"]
    assert [one["to"] for one in told] == ["alice@example.com"] * 2
    later(15 * A_DAY)
    account_deletion.remove(SYSTEM, alice.id)
    sent(mail_dir)  # the farewell is kept nowhere
    assert [one.booking_id for one in kept()] == [caller.id]
    personal_data.erase_guest(manager(room), caller.id)
    assert kept() == []


def test_they_are_pruned_with_their_events(booked: Booking, mail_dir: Path) -> None:
    sent(mail_dir)
    later(29 * A_DAY)
    outbox.prune()
    assert len(kept()) == 1
    later(2 * A_DAY)
    outbox.prune()
    assert kept() == []


def test_every_email_has_a_name_in_the_list() -> None:
    assert set(WRITERS) - {"email.resent"} <= set(states.EMAILS)
