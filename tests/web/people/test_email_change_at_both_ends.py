"""The present address is known to be read, so both mailboxes confirm that it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from booking.domain.errors import ChangeLinkOver, Forbidden
from booking.domain.people import email_changes, email_verification
from booking.domain.tables import User
from booking.infra import clock
from booking.infra.db import db
from tests.cast import acting, all_at_once, later
from tests.jobs.letters_sent import newest, sent
from tests.web.people.email_changes_asked import (
    AFTER,
    AWAITED,
    DAY,
    HOUR,
    MINE,
    NEW,
    OLD,
    TO_NEW,
    TO_OLD,
    WORKER,
    agreed,
    ask,
    confirmed,
    has,
    is_in,
    link_of,
    register,
    undone,
)
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def guest(app: Flask, alice: User, mail_dir: Path) -> Visitor:
    return Visitor(app).sign_in("alice")


@pytest.fixture
def known(guest: Visitor, alice: User) -> Visitor:
    """Alice has confirmed her present address."""
    with db.engine.begin() as connection:
        connection.execute(update(User).where(User.id == alice.id).values(email_verified_at=clock.now()))
    return guest


def test_both_mailboxes_confirm_the_new_one_first(app: Flask, known: Visitor, alice: User, mail_dir: Path) -> None:
    phone = Visitor(app).sign_in("alice")
    ask(known)
    assert "We’ve emailed links to both addresses." in known.text
    assert "Open the links" in known.go("/account").text
    stranger = confirmed(app, mail_dir)
    assert stranger.heading == "Your new address is confirmed"
    assert OLD not in stranger.text, "whoever reads the new mailbox may be a stranger"
    assert (has(OLD, alice), is_in(phone)) == (True, True)
    assert "Waiting for your present address" in known.go("/account").text
    assert "was changed from" in agreed(app, mail_dir, AWAITED).text
    assert (has(NEW, alice), is_in(known), is_in(phone)) == (True, True, False)
    assert email_verification.is_verified(acting(alice))


def test_both_mailboxes_confirm_the_old_one_first(app: Flask, known: Visitor, alice: User, mail_dir: Path) -> None:
    ask(known)
    assert "open the link that we’ve sent to the new address" in agreed(app, mail_dir).text
    assert has(OLD, alice)
    assert confirmed(app, mail_dir).heading == "Your email address has been changed"
    assert has(NEW, alice)
    assert not [mail for mail in sent(mail_dir) if str(mail["Subject"]).startswith(AWAITED)], "nobody is asked twice"


def test_confirming_twice_at_either_end_is_once(app: Flask, known: Visitor, alice: User, mail_dir: Path) -> None:
    ask(known)
    new, old = link_of(mail_dir, TO_NEW, "change-email"), link_of(mail_dir, TO_OLD, "keep-email")
    for _ in range(2):
        email_changes.confirm(new, (MINE,))
    assert has(OLD, alice), "the new mailbox does not stand for the old one"
    assert newest(mail_dir, AWAITED)
    for _ in range(2):
        email_changes.agree(old, (MINE,))
    subjects = [str(mail["Subject"]) for mail in sent(mail_dir)]
    assert [len([one for one in subjects if one.startswith(kind)]) for kind in (AWAITED, AFTER)] == [1, 1]


def test_both_ends_at_once_make_one_change(app: Flask, known: Visitor, alice: User, mail_dir: Path) -> None:
    ask(known)
    new, old = link_of(mail_dir, TO_NEW, "change-email"), link_of(mail_dir, TO_OLD, "keep-email")
    acts = [lambda: email_changes.confirm(new, (MINE,)), lambda: email_changes.agree(old, (MINE,))]
    assert all_at_once(app, acts) == [None, None]
    assert has(NEW, alice)
    assert len([mail for mail in sent(mail_dir) if str(mail["Subject"]).startswith(AFTER)]) == 1


def test_the_old_mailbox_stops_what_the_new_one_has_confirmed(
    app: Flask, known: Visitor, alice: User, mail_dir: Path
) -> None:
    ask(known)
    confirmed(app, mail_dir)
    assert undone(app, mail_dir, AWAITED).heading == "Your address is safe"
    later(8 * DAY)
    assert email_changes.finish_silent(WORKER, 100) == 0
    assert has(OLD, alice)


def test_an_old_mailbox_that_says_nothing_for_a_week_has_agreed(
    app: Flask, known: Visitor, alice: User, mail_dir: Path
) -> None:
    ask(known)
    confirmed(app, mail_dir)
    later(7 * DAY - HOUR)
    assert (email_changes.finish_silent(WORKER, 100), email_changes.prune(100)) == (0, 0)
    later(2 * DAY)
    assert email_changes.prune(100) == 0, "it waits for its turn, however late that is"
    assert email_changes.finish_silent(WORKER, 100) == 1
    assert (has(NEW, alice), email_changes.finish_silent(WORKER, 100)) == (True, 0)
    assert undone(app, mail_dir).heading == "Your address is safe", "it can be undone for another week"
    assert has(OLD, alice)


def test_whoever_has_registered_the_new_address_meanwhile_keeps_it(
    app: Flask, known: Visitor, alice: User, mail_dir: Path
) -> None:
    ask(known)
    confirmed(app, mail_dir)
    quicker = register(NEW)
    assert agreed(app, mail_dir, AWAITED).heading == "This address is in use"
    later(8 * DAY)
    assert email_changes.finish_silent(WORKER, 100) == 1
    assert (has(NEW, quicker), has(OLD, alice), email_changes.finish_silent(WORKER, 100)) == (True, True, 0)


def test_an_old_mailbox_that_takes_no_mail_is_not_asked(
    app: Flask, known: Visitor, alice: User, mail_dir: Path
) -> None:
    with db.engine.begin() as connection:
        gone = {"email_undeliverable_at": clock.now(), "email_undeliverable_code": "550"}
        connection.execute(update(User).where(User.id == alice.id).values(**gone))
    ask(known)
    assert confirmed(app, mail_dir).heading == "Your email address has been changed"
    assert has(NEW, alice)


def test_a_link_of_the_new_mailbox_does_not_agree_for_the_old_one(app: Flask, known: Visitor, mail_dir: Path) -> None:
    ask(known)
    link = link_of(mail_dir, TO_NEW, "change-email")
    for one in (link, link.replace("change_", "keep_"), "x"):
        with pytest.raises(ChangeLinkOver):
            email_changes.agree(one, (MINE,))


def test_only_the_system_finishes_what_waits(app: Flask, alice: User) -> None:
    with pytest.raises(Forbidden):
        email_changes.finish_silent(acting(alice), 100)
