"""What signs somebody in by a passkey, and what does not."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs

from booking.domain.actors import Actor
from booking.domain.errors import (
    AccountDisabled,
    BookingError,
    SessionOver,
    TooManyAttempts,
)
from booking.domain.people import (
    account_closing,
    passkeys,
    sessions,
    signing_in,
)
from booking.domain.people.passkey_ceremonies import Challenge, Site
from booking.domain.people.passkey_errors import ChallengeOver, WrongPasskey
from booking.domain.tables import User
from tests.cases import each
from tests.cast import SYSTEM, acting, all_at_once, later
from tests.domain.people.devices import PRESENT, SITE, Device, added, enter
from tests.domain.people.test_second_factor import GUARD, half, secured


def test_alone_it_is_as_good_as_both_steps(me: Actor, device: Device) -> None:
    added(me, device)
    asked = passkeys.ask_anybody(SITE)
    assert (asked.options["allowCredentials"], asked.options["userVerification"]) == ([], "required")
    found = signing_in.by_passkey(device.sign(asked.options), asked.challenge, SITE, GUARD)
    assert (found.user.id, found.by_second_factor) == (me.account, True)
    assert passkeys.mine(me)[0].used is not None


def test_after_the_password_it_is_the_second_step(me: Actor, bob: User, device: Device) -> None:
    added(me, device)
    proved = half()
    asked = signing_in.ask_for_passkey(proved, SITE)
    answer = device.sign(asked.options, user=None)
    found = signing_in.finish_by_passkey(proved, answer, asked.challenge, SITE, GUARD)
    assert (found.user.id, found.by_second_factor) == (me.account, True)
    theirs = Device(SITE.origin)
    added(acting(sessions.start_web(bob.id)), theirs)
    asked = passkeys.ask_anybody(SITE)
    with pytest.raises(WrongPasskey):
        signing_in.finish_by_passkey(proved, theirs.sign(asked.options, user=None), asked.challenge, SITE, GUARD)
    later(dt.timedelta(minutes=10))
    with pytest.raises(SessionOver):
        signing_in.ask_for_passkey(proved, SITE)


@pytest.mark.parametrize("counts", [True, False])
def test_an_answer_signs_in_once_whether_or_not_the_device_counts(me: Actor, device: Device, counts: bool) -> None:
    device.counts = counts
    added(me, device)
    older, asked = passkeys.ask_anybody(SITE), passkeys.ask_anybody(SITE)
    answer = device.sign(asked.options)
    signing_in.by_passkey(answer, asked.challenge, SITE, GUARD)
    with pytest.raises((WrongPasskey, ChallengeOver)):
        signing_in.by_passkey(answer, asked.challenge, SITE, GUARD)
    with pytest.raises(ChallengeOver):
        enter(device, older)
    assert enter(device) == me.account


def test_of_those_who_bring_the_same_answer_at_once_one_is_signed_in(app: Flask, me: Actor, device: Device) -> None:
    device.counts = False
    added(me, device)
    asked = passkeys.ask_anybody(SITE)
    answer = device.sign(asked.options)
    found = all_at_once(app, [lambda: passkeys.accept(me.account, answer, asked.challenge, SITE)] * 4)
    assert sorted(type(one).__name__ for one in found) == [*["ChallengeOver"] * 3, "NoneType"]


def test_a_device_that_counts_backwards_is_a_copy(me: Actor, device: Device) -> None:
    device.count = 7
    added(me, device)
    device.count = 5
    with pytest.raises(WrongPasskey):
        enter(device)
    assert secured("passkey_refused") == 1
    device.count = 7
    assert enter(device) == me.account


def test_a_challenge_is_good_for_five_minutes(me: Actor, device: Device) -> None:
    added(me, device)
    asked = passkeys.ask_anybody(SITE)
    later(dt.timedelta(minutes=5))
    with pytest.raises(ChallengeOver):
        enter(device, asked)
    with pytest.raises(ChallengeOver):
        signing_in.by_passkey(device.sign(asked.options), None, SITE, GUARD)


@each(
    "instead",
    [
        {"origin": "http://rooms.example"},
        {"host": "example"},
        {"challenge": "AAAA"},
        {"type": "webauthn.create"},
        {"user": b"somebody else"},
    ],
)
def test_an_answer_to_something_else_signs_nobody_in(me: Actor, device: Device, instead: dict[str, Any]) -> None:
    added(me, device)
    with pytest.raises(WrongPasskey):
        enter(device, **instead)


def test_neither_an_unknown_key_nor_a_forged_one_nor_one_without_its_owner(me: Actor, device: Device) -> None:
    added(me, device, key_id=b"known")
    forger = Device(SITE.origin, count=100)
    forger.create(passkeys.begin(me, SITE).options, key_id=b"known")
    with pytest.raises(WrongPasskey):
        enter(forger)
    forger.create(passkeys.begin(me, SITE).options, key_id=b"unknown")
    with pytest.raises(WrongPasskey):
        enter(forger)
    device.flags = PRESENT
    with pytest.raises(WrongPasskey):
        enter(device)


@each(
    "junk", ["", "null", "[]", '"x"', "{", '{"id": 1}', '{"id":"AA","rawId":"AA","type":"x","response":{}}', "[" * 9999]
)
def test_junk_is_refused_and_breaks_nothing(me: Actor, junk: str) -> None:
    challenge = passkeys.begin(me, SITE).challenge
    with pytest.raises(WrongPasskey):
        passkeys.add(me, junk, "Phone", challenge, SITE)
    with pytest.raises(WrongPasskey):
        signing_in.by_passkey(junk, challenge, SITE, GUARD)


def test_what_breaks_a_parser_is_refused_too_and_its_kind_is_logged(me: Actor, device: Device) -> None:
    added(me, device)
    asked = passkeys.ask_anybody(SITE)
    answer = json.loads(device.sign(asked.options))
    answer["response"]["userHandle"] = "A"  # no whole byte
    with capture_logs() as said, pytest.raises(WrongPasskey):
        signing_in.by_passkey(json.dumps(answer), asked.challenge, SITE, GUARD)
    assert [(one["event"], one["error"]) for one in said] == [("passkey_unreadable", "Error")]


def test_a_disabled_account_is_told_to_whoever_has_the_key(me: Actor, alice: User, device: Device) -> None:
    added(me, device)
    account_closing.disable(SYSTEM, alice.id)
    with pytest.raises(AccountDisabled):
        enter(device)
    with pytest.raises(WrongPasskey):
        enter(device, origin="https://evil.example")
    account_closing.enable(SYSTEM, alice.id)
    assert enter(device) == me.account


def test_guessing_waits_and_the_owners_browser_does_not(me: Actor, device: Device) -> None:
    added(me, device)

    def attempts(**where: Any) -> type[BookingError]:
        asked = passkeys.ask_anybody(SITE)
        answer = device.sign(asked.options, origin="https://evil.example")
        with pytest.raises(BookingError) as refused:
            signing_in.by_passkey(answer, asked.challenge, SITE, GUARD, **where)
        return refused.type

    assert [attempts() for _ in range(6)] == [*[WrongPasskey] * 5, TooManyAttempts]
    assert attempts(device_of=lambda _: "mine") is WrongPasskey


def test_another_site_address_makes_them_void(me: Actor, device: Device) -> None:
    added(me, device)
    moved = Site("other.example", "https://other.example", "Rooms")
    asked = passkeys.ask_anybody(moved)
    with pytest.raises(WrongPasskey):
        signing_in.by_passkey(device.sign(asked.options), asked.challenge, moved, GUARD)


def test_challenges_differ() -> None:
    made: list[Challenge] = [passkeys.ask_anybody(SITE).challenge for _ in range(2)]
    assert made[0].value != made[1].value
    assert len(made[0].value) == 32
