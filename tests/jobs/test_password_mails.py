"""Mails about a password: the link for a new one, and the news that it was changed. Who gets them, and who does not."""

from __future__ import annotations

import datetime as dt
import re
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from booking.domain.errors import Invalid, ResetLinkOver
from booking.domain.messages import outbox
from booking.domain.people import own_account, password_resets, passwords, sessions, users
from booking.domain.people.email_verification import Addressee
from booking.domain.tables import PasswordReset, User
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.jobs import deliver, password_mails
from booking.jobs.email_builder import Letter
from booking.jobs.mail_deliveries import MAIL
from tests.cast import PASSWORD, acting, later
from tests.jobs.letters_sent import received
from tests.jobs.stories import SETTINGS, WRITTEN, deliveries

NEW = "another horse battery"


def sent(mail_dir: Path) -> Any:
    """Work off what is due, and read what was written."""
    outbox.relay()
    deliver.deliver(MAIL, [str(event_id) for _, event_id in outbox.due()])
    return [message_from_bytes(file.read_bytes(), policy=SMTP) for file in sorted(mail_dir.glob("*.eml"))]


def secrets(app: Flask) -> tuple[str, ...]:
    keys: tuple[str, ...] = app.extensions["services"].settings.secret_keys
    return keys


def text(message: Any) -> str:
    return str(message.get_body(("plain",)).get_content())


def test_the_link_in_the_mail_opens_the_account(app: Flask, alice: User, mail_dir: Path) -> None:
    password_resets.request("Alice@Example.com")
    (message,) = sent(mail_dir)
    assert message["To"].addresses[0].addr_spec == "alice@example.com"
    (link,) = re.findall(r"https://stay\.example/reset-password/(\S+)", text(message))
    assert link in message.get_body(("html",)).get_content()
    password_resets.reset(link, NEW, secrets(app))
    assert users.with_password("alice@example.com", NEW)


def test_nobody_gets_no_mail_and_the_work_is_done(mail_dir: Path) -> None:
    password_resets.request("nobody@example.com")
    assert sent(mail_dir) == []
    assert [delivery.state for delivery in deliveries()] == ["done"]


@pytest.mark.parametrize("minutes", [61, 24 * 60])
def test_a_link_that_would_not_work_any_more_is_not_sent(alice: User, mail_dir: Path, minutes: Any) -> None:
    password_resets.request(alice.email)
    later(dt.timedelta(minutes=minutes))
    assert sent(mail_dir) == []


def test_of_two_requests_both_are_sent_with_the_same_link(alice: User, mail_dir: Path) -> None:
    password_resets.request(alice.email)
    later(dt.timedelta(minutes=2))
    password_resets.request(alice.email)
    found = [re.findall(r"/reset-password/(\S+)", text(message)) for message in sent(mail_dir)]
    assert len(found) == 2
    assert found[0] == found[1]


def test_trying_again_makes_the_same_bytes_and_names_stay_names(alice: User) -> None:
    notice = password_resets.ResetNotice(alice.id, Addressee("dana@example.com", "Dana\r\nBcc: x@example.com <b>&"))
    letter = Letter("password", "<1.mail@stay.example>", WRITTEN)
    message = password_mails.link(notice, letter, SETTINGS)
    assert message.as_bytes() == password_mails.link(notice, letter, SETTINGS).as_bytes()
    read = received(message)
    assert read["Bcc"] is None
    assert "<b>" not in read.get_body(("html",)).get_content().partition("Hello")[2][:80]


# --- a password that was changed


def changed_by_alice(alice: User, current: Any = PASSWORD) -> None:
    own_account.change_password(acting(sessions.start_web(alice.id, "")), current, NEW)


def reset_by_alice(app: Flask, alice: User) -> None:
    password_resets.request(alice.email)
    password_resets.reset(password_resets.token(last_reset(), secrets(app)), NEW, secrets(app))


@transaction
def last_reset() -> Any:
    return db.session.query(PasswordReset).one().id


def test_a_changed_password_is_told_once_with_what_to_do(app: Flask, alice: User, mail_dir: Path) -> None:
    changed_by_alice(alice)
    (message,) = sent(mail_dir)
    assert message["To"].addresses[0].addr_spec == "alice@example.com"
    assert message["Subject"] == "Your password for Room Booking was changed"
    for part in (text(message), message.get_body(("html",)).get_content()):
        assert f"{clock.now():%H:%M} UTC" in part or f"{clock.now() - dt.timedelta(minutes=1):%H:%M} UTC" in part
        assert "https://stay.example/forgot-password" in part
    assert len(sent(mail_dir)) == 1


def test_a_password_that_was_set_by_link_is_told_as_well(app: Flask, alice: User, mail_dir: Path) -> None:
    reset_by_alice(app, alice)
    assert [message["Subject"] for message in sent(mail_dir)] == ["Your password for Room Booking was changed"]


def test_the_news_holds_no_secret(app: Flask, alice: User, mail_dir: Path) -> None:
    reset_by_alice(app, alice)
    (message,) = sent(mail_dir)
    whole = message.as_string() + text(message) + message.get_body(("html",)).get_content()
    for secret in (NEW, PASSWORD, users.find(alice.email).password_hash, "reset-password", "reset_"):
        assert secret not in whole


def test_a_change_that_was_refused_is_no_news(app: Flask, alice: User, mail_dir: Path) -> None:
    with pytest.raises(Invalid):
        changed_by_alice(alice, current="a wrong one")
    with pytest.raises(ResetLinkOver):
        password_resets.reset("reset_nonsense.0", NEW, secrets(app))
    assert sent(mail_dir) == []


def test_a_hash_that_is_only_made_stronger_is_no_news(
    alice: User, mail_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "compared", lambda *_: passwords.Match(right=True, outdated=True))
    assert users.with_password(alice.email, PASSWORD)
    assert sent(mail_dir) == []


def test_news_about_an_account_that_is_gone_is_sent_to_nobody(alice: User, mail_dir: Path) -> None:
    changed_by_alice(alice)
    forget(alice)
    assert sent(mail_dir) == []
    assert [delivery.state for delivery in deliveries()] == ["done"]


@transaction
def forget(user: Any) -> None:
    db.session.delete(db.session.get_one(User, user.id))


def test_trying_to_tell_again_makes_the_same_bytes_and_names_stay_names() -> None:
    owner = Addressee("dana@example.com", "Dana\r\nBcc: x@example.com <b>&")
    letter = Letter("password_changed", "<1.mail@stay.example>", WRITTEN)
    message = password_mails.news(owner, letter, SETTINGS)
    assert message.as_bytes() == password_mails.news(owner, letter, SETTINGS).as_bytes()
    read = received(message)
    assert read["Bcc"] is None
    assert "Sunday 1 March 2026, 10:15 UTC" in text(read)
    assert "<b>" not in read.get_body(("html",)).get_content().partition("Hello")[2][:80]
