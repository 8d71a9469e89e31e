"""Refresh tokens turn into the next ones once; a session ends as a whole."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from tests.api.program import Program, refused
from tests.cast import PASSWORD, all_at_once, later


@pytest.fixture
def signed_in(app, alice):
    """What signing in answered."""
    answer = Program(app).post("/auth/login", {"email": alice.email, "password": PASSWORD})
    assert answer.status_code == 200
    return answer.json


def refresh(app, token):
    return Program(app).post("/auth/refresh", {"refreshToken": token})


def is_live(app, tokens):
    return Program(app, tokens["accessToken"]).get("/me").status_code == 200


def test_a_refresh_answers_as_signing_in_does_with_new_tokens(app, signed_in):
    answer = refresh(app, signed_in["refreshToken"])
    assert answer.status_code == 200
    assert answer.json.keys() == signed_in.keys()
    assert answer.json["refreshToken"] != signed_in["refreshToken"]
    assert is_live(app, answer.json)
    assert refresh(app, answer.json["refreshToken"]).status_code == 200


def test_a_token_used_twice_ends_its_whole_session(app, signed_in):
    second = refresh(app, signed_in["refreshToken"]).json
    refused(refresh(app, signed_in["refreshToken"]), 401, "INVALID_TOKEN")
    refused(refresh(app, second["refreshToken"]), 401, "INVALID_TOKEN")
    assert not is_live(app, second)
    assert not is_live(app, signed_in)


def test_a_token_of_an_older_generation_ends_the_session_too(app, signed_in):
    second = refresh(app, signed_in["refreshToken"]).json
    third = refresh(app, second["refreshToken"]).json
    refused(refresh(app, signed_in["refreshToken"]), 401, "INVALID_TOKEN")
    assert not is_live(app, third)
    refused(refresh(app, third["refreshToken"]), 401, "INVALID_TOKEN")


def test_another_session_of_the_same_user_goes_on(app, alice, signed_in):
    phone = Program(app).post("/auth/login", {"email": alice.email, "password": PASSWORD}).json
    refresh(app, signed_in["refreshToken"])
    refresh(app, signed_in["refreshToken"])
    assert is_live(app, phone)
    assert refresh(app, phone["refreshToken"]).status_code == 200


def test_twenty_at_once_with_one_token_leave_at_most_one_success_and_no_session(app, signed_in):
    answers = all_at_once(app, [lambda: refresh(app, signed_in["refreshToken"])] * 20)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 19}
    [winner] = [answer.json for answer in answers if answer.status_code == 200]
    assert not is_live(app, winner)
    refused(refresh(app, winner["refreshToken"]), 401, "INVALID_TOKEN")


@pytest.mark.parametrize("change", ["secret", "session", "empty secret", "no dot", "nothing", "another kind"])
def test_a_token_that_was_never_given_out_is_refused(app, signed_in, change):
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


def test_a_session_that_nobody_used_for_thirty_days_is_over(app, signed_in):
    later(dt.timedelta(days=29))
    second = refresh(app, signed_in["refreshToken"])
    assert second.status_code == 200
    later(dt.timedelta(days=31))
    refused(refresh(app, second.json["refreshToken"]), 401, "INVALID_TOKEN")


def test_logging_out_ends_both_tokens_at_once(app, signed_in):
    mine = Program(app, signed_in["accessToken"])
    answer = mine.post("/auth/logout")
    assert (answer.status_code, answer.data) == (204, b"")
    refused(mine.get("/me"), 401, "UNAUTHORIZED")
    refused(mine.post("/auth/logout"), 401, "UNAUTHORIZED")
    refused(refresh(app, signed_in["refreshToken"]), 401, "INVALID_TOKEN")


def test_sessions_are_seen_to_end_without_redis_as_well(app, signed_in, without_redis):
    without_redis()
    second = refresh(app, signed_in["refreshToken"]).json
    assert is_live(app, second)
    Program(app, second["accessToken"]).post("/auth/logout")
    assert not is_live(app, second)
