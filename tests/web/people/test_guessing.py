"""Guessing at the doors: 429 says when to try again, nothing typed is lost, and the owner's browser is known."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter

import pytest
import redis as redis_client
from flask import Flask

from booking.domain.people import password_resets
from booking.domain.people.sign_in_throttle import SignInGuard
from booking.domain.tables import User
from booking.infra import throttle
from booking.pages import devices
from tests.api.program import Program, refused
from tests.cast import PASSWORD, later
from tests.domain.people.test_own_account import last_request
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

WRONG = "not this one, sorry"


@pytest.fixture
def guarded(app: Flask, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application counts attempts, and nothing else."""
    redis_client.Redis.from_url(environ["REDIS_URL"]).flushdb()
    services = app.extensions["services"]
    guard = SignInGuard(services.guard.key, enabled=True)
    monkeypatch.setitem(app.extensions, "services", dataclasses.replace(services, guard=guard))
    monkeypatch.setattr(throttle, "memory", throttle._Memory())
    return app


def sign_in(visitor: Visitor, password: str = WRONG) -> Visitor:
    return visitor.go("/sign-in").send("/sign-in", email="alice@example.com", password=password)


def login(app: Flask, password: str = WRONG, email: str = "alice@example.com", address: str = "127.0.0.1") -> int:
    body = {"email": email, "password": password}
    answer = Program(app).ask("POST", "/auth/login", json=body, environ_base={"REMOTE_ADDR": address})
    return answer.status_code


def is_in(visitor: Visitor) -> bool:
    return visitor.go("/account").heading == "Your account"


def attack(app: Flask) -> None:
    """A hundred failures, each from elsewhere."""
    guard = app.extensions["services"].guard
    limit = throttle.Limit(f"attempts:{guard.account('alice@example.com')}", free=100, longest=30)
    for _ in range(100):
        assert throttle.attempt([limit]) == [0]


def test_a_page_says_when_to_try_again_and_keeps_the_address(guarded: Flask, alice: User) -> None:
    visitor = Visitor(guarded)
    for _ in range(5):
        assert sign_in(visitor).status == 401
    sign_in(visitor)
    assert visitor.status == 429
    assert visitor.headers["Retry-After"] == "1"
    assert visitor.problems == ["Too many attempts. Try again in 1 second."]
    assert visitor.page.find("input", attrs={"name": "email", "value": "alice@example.com"})
    assert visitor.press("Forgot your password?").heading == "Forgot your password?"
    later(dt.timedelta(seconds=2))
    assert is_in(sign_in(visitor, PASSWORD))


def test_a_program_is_told_in_seconds(guarded: Flask, alice: User) -> None:
    assert Counter(login(guarded) for _ in range(5)) == {401: 5}
    answer = Program(guarded).post("/auth/login", {"email": "alice@example.com", "password": PASSWORD})
    refused(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert answer.json is not None
    assert answer.json["message"] == "Too many attempts. Try again in 1 second."
    assert {answer.headers[name] for name in ("Retry-After", "RateLimit-Reset")} == {"1"}
    assert answer.headers["RateLimit-Remaining"] == "0"


def test_pages_and_programs_are_counted_together(guarded: Flask, alice: User) -> None:
    for _ in range(3):
        login(guarded)
    visitor = Visitor(guarded)
    statuses = [sign_in(visitor).status for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_one_network_of_addresses_is_one_place(guarded: Flask, alice: User) -> None:
    told = [login(guarded, address=f"2001:db8:0:1::{n}") for n in range(1, 7)]
    assert told == [401] * 5 + [429]
    assert login(guarded, PASSWORD, address="2001:db8:0:2::1") == 200


def test_an_address_that_nobody_has_is_answered_alike(guarded: Flask, alice: User) -> None:
    nobody = [login(guarded, email="nobody@example.com") for _ in range(7)]
    assert nobody == [login(guarded) for _ in range(7)]


def test_the_browser_that_has_signed_in_before_is_let_in_during_an_attack(guarded: Flask, alice: User) -> None:
    laptop, new = Visitor(guarded), Visitor(guarded)
    laptop.client.environ_base["REMOTE_ADDR"] = "198.51.100.1"
    sign_in(laptop, PASSWORD)
    laptop.go("/account").send("/sign-out")
    attack(guarded)
    new.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert sign_in(new, PASSWORD).status == 429
    laptop.client.environ_base["REMOTE_ADDR"] = "203.0.113.10"
    assert is_in(sign_in(laptop, PASSWORD))


def test_a_new_password_by_mail_lets_the_owner_in_during_an_attack(guarded: Flask, alice: User) -> None:
    new = Visitor(guarded)
    new.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    attack(guarded)
    assert sign_in(new, PASSWORD).status == 429
    password_resets.request("alice@example.com")
    reset_id = last_request()
    assert reset_id
    link = f"/reset-password/{password_resets.token(reset_id, guarded.extensions['services'].settings.secret_keys)}"
    new.go(link).send(link, newPassword="another horse battery")
    assert is_in(sign_in(new, "another horse battery"))


def test_a_cookie_of_another_account_or_made_up_is_of_no_use(guarded: Flask, alice: User, bob: User) -> None:
    bobs = Visitor(guarded).sign_in("bob")
    bobs.go("/account").send("/sign-out")
    attack(guarded)
    bobs.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert sign_in(bobs, PASSWORD).status == 429
    for value in ("", "x", "x.y.z", "WyJhIixbImIiXV0.AAAA"):
        bobs.client.set_cookie("device", value)
        assert sign_in(bobs, PASSWORD).status == 429


def test_the_cookie_holds_no_address_and_is_closed_to_scripts(guarded: Flask, alice: User) -> None:
    visitor = Visitor(guarded).go("/sign-in")
    answer = visitor.client.post(
        "/sign-in",
        data={
            "csrf_token": visitor.form("/sign-in").find("input", attrs={"name": "csrf_token"})["value"],  # type: ignore[index]  # it is there
            "email": "alice@example.com",
            "password": PASSWORD,
        },
    )
    [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("device=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "alice" not in cookie


def test_a_browser_is_known_for_its_last_five_accounts(app: Flask) -> None:
    cookie = ""
    for name in "abcdefg":
        with app.test_request_context(headers={"Cookie": cookie}):
            answer = devices.remember(app.response_class(), f"account-{name}")
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
    with app.test_request_context(headers={"Cookie": cookie}):
        known = [name for name in "abcdefg" if devices.known_for(f"account-{name}")]
    assert known == list("cdefg")


def test_an_open_browser_is_stopped_at_the_account_page(guarded: Flask, alice: User) -> None:
    visitor = Visitor(guarded).sign_in("alice").go("/account")
    for _ in range(5):
        visitor.send("/account/password", currentPassword=WRONG, newPassword="another horse battery")
        assert visitor.status == 400
    visitor.send("/account/password", currentPassword=WRONG, newPassword="another horse battery")
    assert (visitor.status, visitor.headers["Retry-After"]) == (429, "1")
    assert visitor.problems[0] == "Too many attempts. Try again in 1 second."


def test_an_open_browser_is_stopped_where_it_has_to_confirm(guarded: Flask, alice: User) -> None:
    visitor = Visitor(guarded).sign_in("alice").go("/account")
    for _ in range(5):
        visitor.send("/account/profile", fullName="Alice", confirmPassword=WRONG)
        assert visitor.status == 400
    visitor.send("/account/profile", fullName="Alice", confirmPassword=WRONG)
    assert (visitor.status, visitor.headers["Retry-After"]) == (429, "1")
    assert visitor.problems == ["Too many attempts. Try again in 1 second."]
