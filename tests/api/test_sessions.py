"""Refresh tokens turn into the next ones once; a session ends as a whole."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from booking.domain.people import sessions
from booking.domain.tables import User
from booking.infra.ids import encode
from tests.api.program import Program, refused
from tests.cast import PASSWORD, acting, all_at_once, later
from tests.domain.people.second_factors import turned_on


@pytest.fixture
def signed_in(app: Flask, alice: User) -> dict[str, Any]:
    """What signing in answered."""
    answer = Program(app).post("/auth/login", {"email": alice.email, "password": PASSWORD})
    assert answer.status_code == 200
    return dict(answer.json or {})


def refresh(app: Flask, token: Any) -> Any:
    return Program(app).post("/auth/refresh", {"refreshToken": token})


def is_live(app: Flask, tokens: Any) -> Any:
    return Program(app, tokens["accessToken"]).get("/me").status_code == 200


def test_a_refresh_answers_as_signing_in_does_with_new_tokens(app: Flask, signed_in: dict[str, Any]) -> None:
    answer = refresh(app, signed_in["refreshToken"])
    assert answer.status_code == 200
    assert answer.json.keys() == signed_in.keys()
    assert answer.json["refreshToken"] != signed_in["refreshToken"]
    assert is_live(app, answer.json)
    assert refresh(app, answer.json["refreshToken"]).status_code == 200


def test_the_last_token_is_good_for_ten_seconds_more_and_gives_the_same_one(
    app: Flask, signed_in: dict[str, Any]
) -> None:
    second = refresh(app, signed_in["refreshToken"]).json
    later(dt.timedelta(seconds=9))
    again = refresh(app, signed_in["refreshToken"])
    assert again.status_code == 200
    assert again.json["refreshToken"] == second["refreshToken"]
    assert is_live(app, again.json)
    assert refresh(app, second["refreshToken"]).status_code == 200


def test_a_token_used_again_after_that_ends_its_whole_session(app: Flask, signed_in: dict[str, Any]) -> None:
    second = refresh(app, signed_in["refreshToken"]).json
    later(dt.timedelta(seconds=11))
    refused(refresh(app, signed_in["refreshToken"]), 401, "INVALID_TOKEN")
    refused(refresh(app, second["refreshToken"]), 401, "INVALID_TOKEN")
    assert not is_live(app, second)
    assert not is_live(app, signed_in)


@pytest.mark.parametrize("generations", [1, 2, 5])
def test_a_token_of_any_older_generation_ends_the_session_at_once(
    app: Flask, signed_in: dict[str, Any], generations: int
) -> None:
    newest = refresh(app, signed_in["refreshToken"]).json
    for _ in range(generations):
        newest = refresh(app, newest["refreshToken"]).json
    refused(refresh(app, signed_in["refreshToken"]), 401, "INVALID_TOKEN")
    assert not is_live(app, newest)
    refused(refresh(app, newest["refreshToken"]), 401, "INVALID_TOKEN")


def test_another_session_of_the_same_user_goes_on(app: Flask, alice: User, signed_in: dict[str, Any]) -> None:
    phone = Program(app).post("/auth/login", {"email": alice.email, "password": PASSWORD}).json
    refresh(app, signed_in["refreshToken"])
    later(dt.timedelta(seconds=11))
    refresh(app, signed_in["refreshToken"])
    assert is_live(app, phone)
    assert refresh(app, phone["refreshToken"]).status_code == 200


def test_twenty_at_once_with_one_token_all_get_the_same_next_one(app: Flask, signed_in: dict[str, Any]) -> None:
    answers = all_at_once(app, [lambda: refresh(app, signed_in["refreshToken"])] * 20)
    assert Counter(answer.status_code for answer in answers) == {200: 20}
    [following] = {answer.json["refreshToken"] for answer in answers}
    assert refresh(app, following).status_code == 200


def test_twenty_at_once_with_an_old_token_end_the_session(app: Flask, signed_in: dict[str, Any]) -> None:
    newest = refresh(app, refresh(app, signed_in["refreshToken"]).json["refreshToken"]).json
    answers = all_at_once(app, [lambda: refresh(app, signed_in["refreshToken"])] * 20)
    assert Counter(answer.status_code for answer in answers) == {401: 20}
    assert not is_live(app, newest)


@pytest.mark.parametrize("made_up", ["x", "x" * 64, "A" * 43, "é", "{same}x", "{cut}", "=" * 64])
def test_whoever_only_knows_the_id_of_a_session_cannot_end_it(
    app: Flask, signed_in: dict[str, Any], made_up: str
) -> None:
    session, _, secret = signed_in["refreshToken"].partition(".")
    made_up = made_up.format(same=secret, cut=secret[:-4])
    refused(refresh(app, f"{session}.{made_up}"), 401, "INVALID_TOKEN")
    assert is_live(app, signed_in)
    assert refresh(app, signed_in["refreshToken"]).status_code == 200


def test_the_session_of_a_browser_has_no_refresh_token_and_does_not_end_by_one(app: Flask, alice: User) -> None:
    who = sessions.start_web(alice.id)
    for secret in ("x", "A" * 64):
        refused(refresh(app, f"{encode('session', who.session_id)}.{secret}"), 401, "INVALID_TOKEN")
    assert sessions.current(who.session_id, who.id).id == alice.id


@pytest.mark.parametrize("change", ["secret", "session", "empty secret", "no dot", "nothing", "another kind"])
def test_a_token_that_was_never_given_out_is_refused(app: Flask, signed_in: dict[str, Any], change: str) -> None:
    session, _, secret = signed_in["refreshToken"].partition(".")
    made_up = {
        "secret": f"{session}.{'x' * len(secret)}",
        "session": f"session_01h2xcejqtf2nbrexx3vqjhp41.{secret}",
        "empty secret": f"{session}.",
        "no dot": session,
        "nothing": "",
        "another kind": f"{session.replace('session_', 'user_')}.{secret}",
    }
    refused(refresh(app, made_up[change]), 401, "INVALID_TOKEN")


def test_a_session_that_nobody_used_for_thirty_days_is_over(app: Flask, signed_in: dict[str, Any]) -> None:
    later(dt.timedelta(days=29))
    second = refresh(app, signed_in["refreshToken"])
    assert second.status_code == 200
    later(dt.timedelta(days=31))
    refused(refresh(app, second.json["refreshToken"]), 401, "INVALID_TOKEN")


def test_logging_out_ends_both_tokens_at_once(app: Flask, signed_in: dict[str, Any]) -> None:
    mine = Program(app, signed_in["accessToken"])
    answer = mine.post("/auth/logout")
    assert (answer.status_code, answer.data) == (204, b"")
    refused(mine.get("/me"), 401, "UNAUTHORIZED")
    refused(mine.post("/auth/logout"), 401, "UNAUTHORIZED")
    refused(refresh(app, signed_in["refreshToken"]), 401, "INVALID_TOKEN")


@pytest.mark.slow
def test_sessions_are_seen_to_end_without_redis_as_well(
    app: Flask, signed_in: dict[str, Any], without_redis: Callable[[], None]
) -> None:
    without_redis()
    second = refresh(app, signed_in["refreshToken"]).json
    assert is_live(app, second)
    Program(app, second["accessToken"]).post("/auth/logout")
    assert not is_live(app, second)


# --- an account with two-step sign-in


def test_two_step_sign_in_needs_the_code_as_well(app: Flask, alice: User) -> None:
    secrets = app.extensions["services"].settings.secret_keys
    [code, another, *_] = turned_on(acting(sessions.start_web(alice.id)), secrets)
    asks, password = Program(app), {"email": alice.email, "password": PASSWORD}
    refused(asks.post("/auth/login", password), 401, "SECOND_FACTOR_NEEDED")
    refused(asks.post("/auth/login", password | {"code": "000000"}), 401, "WRONG_CODE")
    refused(asks.post("/auth/login", password | {"code": ""}), 400, "VALIDATION_ERROR")
    refused(asks.post("/auth/login", password | {"password": "wrong", "code": code}), 401, "INVALID_CREDENTIALS")
    tokens = asks.post("/auth/login", password | {"code": code})
    assert tokens.status_code == 200
    assert is_live(app, tokens.json)
    refused(asks.post("/auth/login", password | {"code": code}), 401, "WRONG_CODE")
    assert asks.post("/auth/login", password | {"code": another}).status_code == 200


def test_a_code_where_none_is_needed_does_no_harm(app: Flask, alice: User) -> None:
    given = {"email": alice.email, "password": PASSWORD, "code": "123456"}
    assert Program(app).post("/auth/login", given).status_code == 200
