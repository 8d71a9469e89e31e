"""Emails about two-step sign-in: each change, and each recovery code that was used, is told once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from booking.domain.people import passkeys, second_factor, sessions
from booking.domain.tables import User
from tests.cast import SYSTEM, acting
from tests.domain.people.devices import SITE, Device, added
from tests.domain.people.second_factors import SECRETS, turned_on
from tests.jobs.test_password_mails import sent, text


def told(message: Any) -> tuple[str, str]:
    assert message["To"].addresses[0].addr_spec == "alice@example.com"
    html = " ".join(message.get_body(("html",)).get_content().split())
    plain = " ".join(text(message).split())
    assert "https://stay.example/account/two-step" in html
    assert "https://stay.example/account/two-step" in plain
    assert re.match(r"Hello, [A-Z]", plain)
    return str(message["Subject"]), plain


def test_each_change_is_told_once(alice: User, mail_dir: Path) -> None:
    me = acting(sessions.start_web(alice.id))
    [code, *_] = turned_on(me)
    second_factor.accept(alice.id, code, SECRETS)
    second_factor.turn_off(me)
    on, used, off = map(told, sent(mail_dir))
    assert on[0] == "Two-step sign-in is on for your account at Room Booking"
    assert "You’ll enter a code from your app each time you sign in." in on[1]
    assert used[0] == "A recovery code was used for your account at Room Booking"
    assert "with one of your recovery codes" in used[1]
    assert off[0] == "Two-step sign-in is off for your account at Room Booking"
    assert "Your password alone is enough to sign in." in off[1]


def test_what_an_operator_took_away_is_told_too(alice: User, mail_dir: Path) -> None:
    turned_on(acting(sessions.start_web(alice.id)))
    sent(mail_dir)
    second_factor.reset(SYSTEM, alice.id)
    assert "off" in told(sent(mail_dir)[-1])[0]


def test_each_passkey_is_told_once_with_what_it_changes(alice: User, mail_dir: Path) -> None:
    me, device = acting(sessions.start_web(alice.id)), Device(SITE.origin)
    added(me, device)
    added(me, device)
    turned_on(me)
    second_factor.remove_app(me)
    [one, other] = passkeys.mine(me)
    passkeys.remove(me, one.id)
    passkeys.remove(me, other.id, turning_off=True)
    first, second, app, no_app, gone, off = map(told, sent(mail_dir))
    assert first[0] == "Two-step sign-in is on for your account at Room Booking"
    assert "You’ll sign in with your passkey" in first[1]
    assert second[0] == "A passkey was added to your account at Room Booking"
    assert "It signs you in from now on." in second[1]
    assert app[0] == "An authenticator app was added to your account at Room Booking"
    assert no_app[0] == "Your authenticator app was removed from your account at Room Booking"
    assert gone[0] == "A passkey was removed from your account at Room Booking"
    assert "It no longer signs you in." in gone[1]
    assert off[0] == "Two-step sign-in is off for your account at Room Booking"
