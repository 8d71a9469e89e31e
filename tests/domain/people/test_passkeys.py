"""Passkeys: added, renamed and removed by their owner; which sites have them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.actors import Actor
from booking.domain.errors import SignInTooOld
from booking.domain.people import (
    account_closing,
    passkeys,
    personal_data,
    second_factor,
    sessions,
    signing_in,
    users,
)
from booking.domain.people.passkey_ceremonies import Site, site_of
from booking.domain.people.passkey_errors import (
    LastFactor,
    PasskeyNotFound,
    PasskeyTaken,
    TooManyPasskeys,
    WrongPasskey,
)
from booking.domain.tables import Passkey, RecoveryCode, User
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from tests.cases import each
from tests.cast import PASSWORD, SYSTEM, acting, all_at_once, later
from tests.domain.people.devices import PRESENT, SITE, Device, added, enter, unwritten
from tests.domain.people.second_factors import turned_on
from tests.domain.people.test_second_factor import GUARD, events, half, secured


@reading
def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


# --- adding


def test_the_first_one_turns_two_step_sign_in_on_as_an_app_does(me: Actor, alice: User, device: Device) -> None:
    sessions.start_web(alice.id, "Safari")
    codes = added(me, device)
    state = second_factor.mine(me)
    assert (len(set(codes)), state.codes_left, state.app_since) == (10, 10, None)
    assert state.since is not None
    assert [one.client for one in sessions.mine(me)] == ["Firefox"]
    [mine] = passkeys.mine(me)
    assert (mine.name, mine.used) == ("Phone", None)
    assert (events().count(second_factor.TURNED_ON), events().count(passkeys.ADDED)) == (1, 0)
    assert (secured("second_factor_on"), secured("passkey_added")) == (1, 1)
    assert half().ways == second_factor.Ways(passkey=True)


def test_a_further_one_keeps_codes_and_sign_ins_and_its_owner_is_told(me: Actor, alice: User, device: Device) -> None:
    turned_on(me)
    sessions.start_web(alice.id, "Safari")
    assert added(me, device) == []
    assert (second_factor.mine(me).codes_left, len(sessions.mine(me))) == (10, 2)
    assert (events().count(second_factor.TURNED_ON), events().count(passkeys.ADDED)) == (1, 1)
    assert half().ways == second_factor.Ways(app=True, passkey=True)


def test_an_app_beside_it_keeps_the_codes_and_goes_alone(me: Actor, device: Device) -> None:
    added(me, device)
    assert turned_on(me) == []
    assert second_factor.mine(me).codes_left == 10
    second_factor.remove_app(me)
    second_factor.remove_app(me)
    assert half().ways == second_factor.Ways(passkey=True)
    assert [events().count(told) for told in (second_factor.APP_ADDED, second_factor.APP_REMOVED)] == [1, 1]
    assert [secured(kind) for kind in ("authenticator_added", "authenticator_removed", "second_factor_off")] == [
        1,
        1,
        0,
    ]


def test_an_app_alone_does_not_go_without_turning_it_off(me: Actor) -> None:
    turned_on(me)
    with pytest.raises(LastFactor):
        second_factor.remove_app(me)


def test_the_device_is_told_whose_it_is_and_what_is_there_already(me: Actor, device: Device) -> None:
    added(me, device)
    options = passkeys.begin(me, SITE).options
    assert options["rp"] == {"id": "rooms.example", "name": "Rooms"}
    assert (unwritten(options["user"]["id"]), options["user"]["name"]) == (me.account.bytes, "alice@example.com")
    [there] = options["excludeCredentials"]
    assert (unwritten(there["id"]), there["transports"]) == (next(iter(device.keys)), ["usb"])
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"


def test_adding_and_removing_ask_for_a_recent_sign_in(me: Actor, device: Device) -> None:
    added(me, device)
    asked, [mine] = passkeys.begin(me, SITE), passkeys.mine(me)
    later(dt.timedelta(minutes=16))
    acts: list[Callable[[], object]] = [
        lambda: passkeys.begin(me, SITE),
        lambda: passkeys.add(me, device.create(asked.options), "Phone", asked.challenge, SITE),
        lambda: passkeys.remove(me, mine.id, turning_off=True),
        lambda: second_factor.remove_app(me),
    ]
    for act in acts:
        with pytest.raises(SignInTooOld):
            act()


def test_a_key_is_kept_once_whoever_brings_it(me: Actor, bob: User, device: Device) -> None:
    added(me, device, key_id=b"the same")
    with pytest.raises(PasskeyTaken):
        added(acting(sessions.start_web(bob.id)), device, key_id=b"the same")
    with pytest.raises(PasskeyTaken):
        added(me, device, key_id=b"the same")
    assert count(Passkey) == 1
    assert second_factor.ways(bob.id) == second_factor.Ways()


def test_of_two_that_are_added_at_once_one_brings_the_recovery_codes(app: Flask, me: Actor, device: Device) -> None:
    asked = [passkeys.begin(me, SITE) for _ in range(2)]
    answers = [device.create(one.options) for one in asked]
    acts: list[Callable[[], object]] = [
        partial(passkeys.add, me, answer, "Phone", one.challenge, SITE)
        for one, answer in zip(asked, answers, strict=True)
    ]
    assert sorted(map(len, all_at_once(app, acts))) == [0, 10]
    assert (count(Passkey), count(RecoveryCode)) == (2, 10)


def test_an_account_has_twenty_at_most(me: Actor, device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MOST", 1)
    asked = passkeys.begin(me, SITE)
    added(me, device)
    with pytest.raises(TooManyPasskeys):
        passkeys.begin(me, SITE)
    with pytest.raises(TooManyPasskeys):
        passkeys.add(me, device.create(asked.options), "Phone", asked.challenge, SITE)


@each(
    "instead",
    [
        {"origin": "https://rooms.example.evil"},
        {"host": "evil.example"},
        {"challenge": "AAAA"},
        {"type": "webauthn.get"},
        {"key_id": bytes(1024)},
    ],
)
def test_what_was_made_for_something_else_is_no_passkey(me: Actor, device: Device, instead: dict[str, Any]) -> None:
    with pytest.raises(WrongPasskey):
        added(me, device, **instead)
    assert second_factor.mine(me).since is None


def test_a_device_that_did_not_look_at_its_owner_makes_none(me: Actor, device: Device) -> None:
    device.flags = PRESENT
    with pytest.raises(WrongPasskey):
        added(me, device)


# --- renaming and removing


def test_renamed_and_removed(me: Actor, device: Device) -> None:
    turned_on(me)
    added(me, device)
    [mine] = passkeys.mine(me)
    passkeys.rename(me, mine.id, "Old phone")
    assert passkeys.get(me, mine.id).name == "Old phone"
    passkeys.remove(me, mine.id)
    with pytest.raises(PasskeyNotFound):
        passkeys.remove(me, mine.id)
    with pytest.raises(WrongPasskey):
        enter(device)
    assert (secured("passkey_removed"), events().count(passkeys.REMOVED)) == (1, 1)
    assert second_factor.mine(me).since is not None


def test_a_strangers_is_not_there(me: Actor, bob: User, device: Device) -> None:
    added(me, device)
    [mine] = passkeys.mine(me)
    stranger = acting(sessions.start_web(bob.id))
    acts: list[Callable[[], object]] = [
        lambda: passkeys.get(stranger, mine.id),
        lambda: passkeys.rename(stranger, mine.id, "Mine"),
        lambda: passkeys.remove(stranger, mine.id, turning_off=True),
    ]
    for act in acts:
        with pytest.raises(PasskeyNotFound):
            act()
    assert passkeys.mine(stranger) == []


def test_without_the_last_one_two_step_sign_in_is_off_and_only_if_that_is_meant(me: Actor, device: Device) -> None:
    added(me, device)
    [mine] = passkeys.mine(me)
    with pytest.raises(LastFactor):
        passkeys.remove(me, mine.id)
    passkeys.remove(me, mine.id, turning_off=True)
    assert not signing_in.with_password("alice@example.com", PASSWORD, GUARD).by_second_factor
    assert (count(Passkey), count(RecoveryCode)) == (0, 0)
    assert (events().count(second_factor.TURNED_OFF), events().count(passkeys.REMOVED)) == (1, 0)


def test_of_two_that_are_removed_at_once_the_last_one_stays(app: Flask, me: Actor, device: Device) -> None:
    added(me, device)
    added(me, device)
    acts: list[Callable[[], object]] = [partial(passkeys.remove, me, one.id) for one in passkeys.mine(me)]
    found = all_at_once(app, acts)
    assert sorted(type(one).__name__ for one in found) == ["LastFactor", "NoneType"]
    assert count(Passkey) == 1


@pytest.mark.parametrize("end", ["turned off", "reset", "erased"])
def test_what_ends_two_step_sign_in_ends_passkeys(me: Actor, alice: User, device: Device, end: str) -> None:
    added(me, device)
    if end == "turned off":
        second_factor.turn_off(me)
    elif end == "reset":
        assert second_factor.reset(SYSTEM, alice.id)
    else:
        _erase(me)
    assert (count(Passkey), count(RecoveryCode)) == (0, 0)
    with pytest.raises(WrongPasskey):
        enter(device)


@transaction(isolation=READ_COMMITTED)
def _erase(actor: Actor) -> None:
    account_closing.erase(actor, users.lock(actor.account))


def test_ones_data_names_them_and_no_key(me: Actor, device: Device) -> None:
    added(me, device)
    about = reading(personal_data.about)(me)
    [mine] = about["passkeys"]
    assert (mine["name"], mine["lastUsedAt"]) == ("Phone", None)
    assert set(mine) == {"id", "name", "transports", "createdAt", "lastUsedAt"}
    assert about["account"]["secondFactorSince"] == mine["createdAt"]


# --- whose


@each(
    ("url", "host", "origin"),
    [
        ("https://Rooms.example/", "rooms.example", "https://rooms.example"),
        ("https://rooms.example:8443", "rooms.example", "https://rooms.example:8443"),
        ("https://rooms.example:443", "rooms.example", "https://rooms.example"),
        ("https://zimmer-süd.example", "xn--zimmer-sd-x9a.example", "https://xn--zimmer-sd-x9a.example"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_site_is_that_of_its_address(url: str, host: str, origin: str) -> None:
    assert site_of(url, "Rooms") == Site(host, origin, "Rooms")


@each("url", ["http://127.0.0.1:8000", "https://192.0.2.7", "https://[2001:db8::7]", "http://rooms.example"])
def test_an_address_without_a_name_or_a_secure_line_has_none(url: str) -> None:
    assert site_of(url, "Rooms") is None
