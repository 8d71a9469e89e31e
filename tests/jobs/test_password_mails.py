"""The mail with the link for a new password: who gets it, what it holds, and when it is not worth sending."""

from __future__ import annotations

import datetime as dt
import re
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from booking.domain import events, resets, users
from booking.domain.events import MAIL
from booking.jobs import deliver
from booking.jobs.letters import Letter
from booking.jobs.password_mails import compose
from tests.cast import later
from tests.jobs.stories import SETTINGS, WRITTEN, deliveries

NEW = "another horse battery"


def sent(mail_dir: Path):
    """Work off what is due, and read what was written."""
    events.relay()
    deliver.deliver(MAIL, [str(event_id) for _, event_id in events.due()])
    return [message_from_bytes(file.read_bytes(), policy=SMTP) for file in sorted(mail_dir.glob("*.eml"))]


def text(message) -> str:
    return message.get_body(("plain",)).get_content()


def test_the_link_in_the_mail_opens_the_account(app, alice, mail_dir):
    resets.request("Alice@Example.com")
    (message,) = sent(mail_dir)
    assert message["To"].addresses[0].addr_spec == "alice@example.com"
    (link,) = re.findall(r"https://stay\.example/reset-password/(\S+)", text(message))
    assert link in message.get_body(("html",)).get_content()
    resets.reset(link, NEW, app.config["SECRET_KEY"])
    assert users.with_password("alice@example.com", NEW)


def test_nobody_gets_no_mail_and_the_work_is_done(mail_dir):
    resets.request("nobody@example.com")
    assert sent(mail_dir) == []
    assert [delivery.state for delivery in deliveries()] == ["done"]


@pytest.mark.parametrize("minutes", [61, 24 * 60])
def test_a_link_that_would_not_work_any_more_is_not_sent(alice, mail_dir, minutes):
    resets.request(alice.email)
    later(dt.timedelta(minutes=minutes))
    assert sent(mail_dir) == []


def test_of_two_requests_only_the_newer_is_sent(alice, mail_dir):
    resets.request(alice.email)
    later(dt.timedelta(minutes=2))
    resets.request(alice.email)
    assert len(sent(mail_dir)) == 1


def test_trying_again_makes_the_same_bytes_and_names_stay_names(alice):
    notice = resets.ResetNotice(alice.id, "dana@example.com", "Dana\r\nBcc: x@example.com <b>&")
    letter = Letter("password", "<1.mail@stay.example>", WRITTEN)
    message = compose(notice, letter, SETTINGS)
    assert message.as_bytes() == compose(notice, letter, SETTINGS).as_bytes()
    assert message["Bcc"] is None
    assert "<b>" not in message.get_body(("html",)).get_content().partition("Hello")[2][:80]
