"""Guessing passwords: it slows the stranger more and more, and never locks the owner out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask

from booking.domain.errors import Invalid, InvalidCredentials, TooBusy, TooManyAttempts
from booking.domain.people import own_account, sessions, signing_in
from booking.domain.people.sign_in_throttle import ANYWHERE, HERE, SignInGuard
from booking.domain.tables import User
from booking.infra import callers, redis, throttle
from booking.infra.callers import Caller
from tests import databases
from tests.cast import PASSWORD, acting, all_at_once, later

pytestmark = pytest.mark.slow

GUARD = SignInGuard(b"k" * 32)
STRANGER, HOME = "203.0.113.7", "198.51.100.1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Comparing without the slow hash; memory as if the process were new."""
    from booking.domain.people import passwords

    right = passwords.Match(right=True, outdated=False)
    wrong = passwords.Match(right=False, outdated=False)
    monkeypatch.setattr(
        passwords, "compared", lambda stored, password: right if stored and password == PASSWORD else wrong
    )
    monkeypatch.setattr(throttle, "memory", throttle._Memory())
    yield
    callers.forget()


def tried(password: str, network: str = STRANGER, *, email: str = "alice@example.com", device: str = "") -> str:
    """What trying the password from there came to: in, wrong, or the seconds to wait."""
    callers.bind(lambda: Caller(network, network, "Firefox"))
    try:
        found = signing_in.with_password(email, password, GUARD, device=device)
    except InvalidCredentials:
        return "wrong"
    except TooManyAttempts as refusal:
        return str(refusal.retry_after)
    sessions.start_web(found.user.id)
    return "in"


def guessed(times: int, network: str = STRANGER, *, email: str = "alice@example.com") -> list[str]:
    return [tried("wrong", network, email=email) for _ in range(times)]


def under_attack(failures: int = ANYWHERE["free"]) -> None:
    """So many failures, from a new network every time."""
    for number in range(failures):
        assert tried("wrong", f"192.0.2.{number}") == "wrong"


@pytest.fixture(params=["with Redis", "without Redis"])
def store(request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "without Redis":
        away = redis.Guarded("redis://127.0.0.1:1/0")
        databases.redis_elsewhere(monkeypatch, app, main=away)
    return str(request.param)


def test_some_slips_cost_nothing(alice: User, store: str) -> None:
    assert guessed(HERE["free"]) == ["wrong"] * 5
    later(dt.timedelta(seconds=1))
    assert tried(PASSWORD) == "in"


def test_every_failure_after_that_waits_twice_as_long_up_to_a_quarter_of_an_hour(alice: User, store: str) -> None:
    guessed(5)
    waits = []
    for _ in range(13):
        waits.append(int(tried("wrong")))
        later(dt.timedelta(seconds=waits[-1]))
        assert tried("wrong") == "wrong"
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_whoever_waits_is_not_told_whether_the_password_was_right_and_does_not_wait_longer_for_asking(
    alice: User, store: str
) -> None:
    guessed(6)
    later(dt.timedelta(seconds=1))
    guessed(1)
    assert {tried(PASSWORD) for _ in range(20)} == {"2"}
    later(dt.timedelta(seconds=3))
    assert tried(PASSWORD) == "in"


def test_an_address_that_nobody_has_is_counted_alike(alice: User, store: str) -> None:
    nobody = [tried("wrong", email="nobody@example.com") for _ in range(7)]
    assert nobody == [tried("wrong") for _ in range(7)]


def test_the_account_is_the_same_however_its_address_is_written(alice: User, store: str) -> None:
    for email in ("alice@example.com", "ALICE@example.com", "Alice@Example.com"):
        guessed(2, email=email)
    assert tried(PASSWORD) == "1"


def test_the_owner_elsewhere_is_not_kept_waiting(alice: User, store: str) -> None:
    guessed(12)
    assert tried(PASSWORD, HOME) == "in"


def test_other_accounts_are_not_kept_waiting(alice: User, bob: User, store: str) -> None:
    guessed(12)
    assert tried(PASSWORD, email="bob@example.com") == "in"


def test_being_right_begins_anew(alice: User, store: str) -> None:
    guessed(4)
    assert tried(PASSWORD) == "in"
    assert guessed(5) == ["wrong"] * 5


def test_a_crowd_of_addresses_waits_together(alice: User, store: str) -> None:
    under_attack()
    assert tried("wrong", "192.0.2.200") == "1"
    assert tried(PASSWORD, "192.0.2.201") == "1"


def test_that_wait_is_short(alice: User, store: str) -> None:
    under_attack()
    for number in range(8):
        later(dt.timedelta(seconds=int(tried("wrong", f"192.0.2.{number + 100}"))))
        assert tried("wrong", f"192.0.2.{number + 100}") == "wrong"
    assert tried("wrong", "192.0.2.250") == "30"


def test_the_owners_network_is_let_in_meanwhile(alice: User, store: str) -> None:
    assert tried(PASSWORD, HOME) == "in"
    under_attack(100)
    assert tried(PASSWORD, "192.0.2.200") == "1"
    assert tried(PASSWORD, HOME) == "in"


def test_the_owners_browser_is_let_in_wherever_it_is(alice: User, store: str) -> None:
    under_attack()
    assert tried(PASSWORD, "192.0.2.200", device="laptop") == "in"


def test_a_stranger_beside_the_owner_does_not_slow_the_owners_browser(alice: User, store: str) -> None:
    guessed(12, HOME)
    assert tried(PASSWORD, HOME, device="laptop") == "in"
    assert tried(PASSWORD, HOME) != "in"


def test_a_known_browser_may_not_guess_for_ever_either(alice: User, store: str) -> None:
    assert [tried("wrong", device="laptop") for _ in range(6)] == ["wrong"] * 5 + ["1"]


def test_a_crowd_at_the_same_instant_does_not_slip_through(app: Flask, alice: User, store: str) -> None:
    told = Counter(all_at_once(app, [lambda: tried("wrong")] * 16))
    assert told.pop("wrong") == 5
    assert sum(told.values()) == 11


def test_what_found_out_nothing_is_not_counted(alice: User, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from booking.domain.people import users

    def busy(*_: str) -> User:
        raise TooBusy

    with monkeypatch.context() as patched:
        patched.setattr(users, "with_password", busy)
        for _ in range(30):
            with pytest.raises(TooBusy):
                tried("wrong")
    assert guessed(5) == ["wrong"] * 5


def test_a_day_without_a_failure_is_forgotten_in_memory(alice: User, app: Flask) -> None:
    limit = throttle.Limit("k", **HERE)
    for _ in range(6):
        throttle.memory.attempt([limit], 0)
    assert throttle.memory.attempt([limit], 500) != [0]
    assert throttle.memory.attempt([limit], throttle.KEPT * 1000 + 1) == [0]


def test_the_memory_of_a_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST", 10)
    for number in range(50):
        throttle.memory.attempt([throttle.Limit(f"k{number}", **HERE)], 0)
    assert len(throttle.memory._kept) == 10


def test_no_counter_holds_an_address(alice: User, store: str) -> None:
    guessed(2)
    keys = [*throttle.memory._kept, *redis.servers.cache.client.keys("attempts:*")]
    assert keys
    assert all("alice" not in key and "example" not in key for key in keys)


def test_an_open_browser_may_not_try_passwords_for_long(alice: User) -> None:
    here, phone = sessions.start_web(alice.id), sessions.start_web(alice.id)
    for _ in range(5):
        with pytest.raises(Invalid):
            own_account.confirm(acting(here), "wrong", GUARD)
    with pytest.raises(TooManyAttempts):
        own_account.change_password(acting(here), PASSWORD, "another horse battery", guard=GUARD)
    own_account.confirm(acting(phone), PASSWORD, GUARD)


def test_load_tests_switch_it_off(alice: User) -> None:
    for _ in range(20):
        with pytest.raises(InvalidCredentials):
            signing_in.with_password("alice@example.com", "wrong", SignInGuard(b"", enabled=False))
