"""What a mail server refuses for good is given up at once, and the guest and the operator see it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain.messages import outbox
from booking.domain.people import undeliverable
from booking.domain.tables import Booking, User
from booking.infra.db import db
from booking.jobs import deliver as jobs
from booking.jobs.mail_deliveries import MAIL
from tests.cast import acting, person
from tests.jobs.conftest import MailServer
from tests.jobs.stories import booked, confirmed, deliveries
from tests.mails import mail_settings
from tests.quick import first_quick
from tests.web.visitor import Visitor

GUEST = "Guest1@example.com"


def delivered() -> list[tuple[str, int]]:
    """Everything that is due is done; states and attempts."""
    outbox.relay()
    jobs.deliver(MAIL, [str(event_id) for name, event_id in outbox.due() if name == MAIL])
    return [(delivery.state, delivery.attempts) for delivery in deliveries()]


def noted() -> str | None:
    db.session.rollback()
    return db.session.query(User).filter_by(email=GUEST).one().email_undeliverable_code


@pytest.mark.parametrize(
    ("refusal", "code"),
    first_quick(
        [
            ("550 5.1.1 <Guest1@example.com>: no such user", "550 5.1.1"),
            ("550 no such user", "550"),
            ("551 not here", "551"),
            ("553 mailbox name not allowed", "553"),
            ("550 5.2.1 mailbox disabled", "550 5.2.1"),
            ("556 5.1.10 the domain takes no mail", "556 5.1.10"),
        ]
    ),
)
@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_an_address_that_is_refused_is_given_up_at_once_and_marked(
    smtp: MailServer, refusal: str, code: str, at: str
) -> None:
    confirmed(booked())
    if at == "RCPT":
        smtp.refusals[GUEST] = refusal
    else:
        smtp.answers = [refusal]
    assert delivered() == [("failed", 1)]
    assert noted() == code
    ((_, _, error),) = outbox.given_up()
    assert code[:3] in error
    assert "uest1@" not in error


@pytest.mark.parametrize(
    "refusal",
    first_quick(["554 5.7.1 spam", "550 5.7.1 relaying denied", "554 transaction failed", "550 5.6.0 malformed"]),
)
def test_a_mail_that_is_refused_for_what_it_is_is_given_up_and_the_address_is_not_blamed(
    smtp: MailServer, refusal: str
) -> None:
    confirmed(booked())
    smtp.answers = [refusal]
    assert delivered() == [("failed", 1)]
    assert noted() is None


@pytest.mark.parametrize(
    "refusal",
    first_quick(
        [
            *(
                "450 4.2.1 busy",
                "421 4.3.2 closing",
                "452 4.2.2 full",
                "552 5.2.2 full",
                "552 too big",
                "530 5.7.0 sign in",
            ),
            *("550 5.2.2 over quota", "535 5.7.8 credentials", "554 5.3.4 system limit"),
        ]
    ),
)
@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_what_may_be_otherwise_tomorrow_is_tried_again(smtp: MailServer, refusal: str, at: str) -> None:
    confirmed(booked())
    if at == "RCPT":
        smtp.refusals[GUEST] = refusal
    else:
        smtp.answers = [refusal]
    assert delivered() == [("waiting", 1)]
    assert noted() is None


def test_a_mail_that_arrives_takes_the_mark_away(smtp: MailServer) -> None:
    stay = booked()
    confirmed(stay)
    smtp.refusals[GUEST] = "550 5.1.1 no such user"
    delivered()
    smtp.refusals.clear()
    confirmed(stay)
    assert delivered() == [("failed", 1), ("done", 1)]
    assert noted() is None


def test_twice_refused_is_marked_since_the_first_time(app: Flask) -> None:
    alice = person("alice")
    undeliverable.note(alice.email.upper(), "550 5.1.1")
    first = undeliverable.since(acting(alice))
    undeliverable.note(alice.email, "551")
    assert first is not None
    assert undeliverable.since(acting(alice)) == first
    assert undeliverable.count() == 1


def test_noting_an_address_that_nobody_has_changes_nothing(app: Flask) -> None:
    undeliverable.note("nobody@example.com", "550")
    assert undeliverable.count() == 0
    assert undeliverable.since(acting(uuid.uuid4())) is None


def test_the_guest_reads_it_on_the_account_page(app: Flask) -> None:
    alice = person("alice")
    visitor = Visitor(app).sign_in("alice")
    assert "emails don’t reach you" not in visitor.go("/account").text
    undeliverable.note(alice.email, "550 5.1.1")
    assert "Our emails don’t reach you" in visitor.go("/account").text
    assert alice.email in visitor.text


def test_the_operator_reads_it(smtp: MailServer, runner: FlaskCliRunner) -> None:
    confirmed(booked())
    smtp.refusals[GUEST] = "550 5.1.1 no such user"
    delivered()
    said = runner.invoke(args=["events", "status"]).output
    assert "mail servers refuse those of 1 account for good" in said
    assert "550 5.1.1" in said


def renamed(stay: Booking, email: str) -> uuid.UUID:
    guest = db.session.get_one(User, stay.user_id)
    guest.email = guest.email_key = email
    db.session.commit()
    return guest.id


def test_an_address_outside_ascii_without_smtputf8_is_told_not_tried_for_ever(
    app: Flask, another_mail_server: Callable[..., MailServer]
) -> None:
    stay = booked()
    guest_id = renamed(stay, "dänä@example.com")
    confirmed(stay)
    with mail_settings(app, mail_dir="", smtp_url=another_mail_server(enable_SMTPUTF8=False).url):
        assert delivered() == [("failed", 1)]
    assert undeliverable.since(acting(guest_id)) is not None
    assert "SMTPUTF8" in outbox.given_up()[0][2]


def test_an_address_that_no_header_can_hold_is_given_up(smtp: MailServer) -> None:
    stay = booked()
    guest_id = renamed(stay, '"a b"@example.com')
    confirmed(stay)
    assert delivered() == [("failed", 1)]
    assert undeliverable.since(acting(guest_id)) is not None
