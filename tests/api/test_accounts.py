"""Register, sign in, /me."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from booking.domain.actors import VISITOR
from booking.domain.people import passwords
from booking.domain.tables import Event, User
from tests.api.program import INSTANT, Program, fields, refused
from tests.cast import PASSWORD, all_at_once, count

CAROL = {"email": "Carol@Example.com", "password": PASSWORD, "fullName": "Carol Example"}


@pytest.fixture
def carol(app: Flask) -> tuple[Program, TestResponse]:
    """A program, and what registering answered."""
    return Program(app), Program(app).post("/auth/register", CAROL)


def login(program: Any, **changes: Any) -> Any:
    return program.post("/auth/login", {"email": CAROL["email"], "password": PASSWORD} | changes)


# --- register


def test_registering_answers_the_account(carol: tuple[Program, TestResponse]) -> None:
    _, answer = carol
    assert answer.status_code == 201
    assert answer.json.keys() == {"id", "email", "fullName", "createdAt"}
    assert answer.json["id"].startswith("user_")
    assert answer.json["email"].lower() == "carol@example.com"
    assert answer.json["fullName"] == "Carol Example"
    assert re.fullmatch(INSTANT, answer.json["createdAt"])
    assert count(Event, type="user.registered") == 1


@pytest.mark.parametrize(
    "same",
    ["CAROL@EXAMPLE.COM", "carol@example.com", "  Carol@Example.com ", "ｃａｒｏｌ@example.com", "carol@ｅxample.com"],
)
def test_one_address_is_one_account_however_it_is_spelled(carol: tuple[Program, TestResponse], same: str) -> None:
    program, _ = carol
    answer = program.post("/auth/register", CAROL | {"email": same})
    assert refused(answer, 409, "EMAIL_TAKEN").keys() == {"email"}


@pytest.mark.parametrize("spelled", ["CAROL@EXAMPLE.COM", "  Carol@Example.com ", "ｃａｒｏｌ@example.com"])
def test_signing_in_works_however_the_address_is_spelled(carol: tuple[Program, TestResponse], spelled: str) -> None:
    program, _ = carol
    assert login(program, email=spelled).status_code == 200


def test_an_address_in_another_script_can_sign_in_as_it_was_typed(app: Flask) -> None:
    program = Program(app)
    for email in ("דנה@example.com", "info@xn--bcher-kva.example"):
        assert program.post("/auth/register", CAROL | {"email": email}).status_code == 201
        assert login(program, email=email).status_code == 200


def test_eight_registrations_at_once_make_one_account(app: Flask) -> None:
    answers = all_at_once(app, [lambda: Program(app).post("/auth/register", CAROL)] * 8)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert count(User) == count(Event, type="user.registered") == 1


def test_the_region_is_that_of_this_copy(app: Flask) -> None:
    program = Program(app)
    for number, given in enumerate([{}, {"region": None}, {"region": "eu"}]):
        account = CAROL | {"email": f"carol{number}@example.com"} | given
        assert program.post("/auth/register", account).status_code == 201
        token = login(program, email=account["email"]).json["accessToken"]
        assert program.with_token(token).get("/me").json["region"] == "eu"


@pytest.mark.parametrize("region", ["us-east", "mars", "eu-2"])
def test_another_region_makes_its_accounts_itself(app: Flask, region: str) -> None:
    answer = Program(app).post("/auth/register", CAROL | {"region": region})
    assert refused(answer, 400, "VALIDATION_ERROR").keys() == {"region"}
    assert count(User) == 0


def test_nobody_makes_themselves_an_owner(app: Flask) -> None:
    program = Program(app)
    account = CAROL | {"role": "owner", "id": "user_01h2xcejqtf2nbrexx3vqjhp41", "passwordHash": "x", "isAdmin": True}
    assert program.post("/auth/register", account).status_code == 201
    me = program.with_token(login(program).json["accessToken"]).get("/me").json
    assert me["role"] == "guest"
    assert me["id"] != account["id"]


def test_256_characters_and_every_script_make_a_password(app: Flask) -> None:
    program = Program(app)
    for number, password in enumerate(
        [
            "lavender orbit teapot " * 11 + "at dawn now.",
            "סיסמה ארוכה מאוד",
            "  spaces are kept  ",
            "🔑 und 🚪 und 🪟 und 🛏",
        ]
    ):
        account = {"email": f"long{number}@example.com", "password": password, "fullName": "Long"}
        assert program.post("/auth/register", account).status_code == 201
        assert login(program, email=account["email"], password=password).status_code == 200
        assert login(program, email=account["email"], password=password[:-1]).status_code == 401


def test_the_password_is_kept_as_argon2id_only(carol: tuple[Program, TestResponse]) -> None:
    from booking.domain.people import users

    stored = users.find("carol@example.com").password_hash
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


# --- sign in


def test_signing_in_answers_tokens_and_the_user(carol: tuple[Program, TestResponse]) -> None:
    program, registered = carol
    answer = login(program)
    assert answer.status_code == 200
    assert answer.json.keys() == {"accessToken", "tokenType", "expiresIn", "refreshToken", "user"}
    assert (answer.json["tokenType"], answer.json["expiresIn"]) == ("Bearer", 3600)
    assert answer.json["user"] == {name: registered.json[name] for name in ("id", "email", "fullName")}


def test_me_is_who_signed_in(carol: tuple[Program, TestResponse]) -> None:
    program, registered = carol
    me = program.with_token(login(program).json["accessToken"]).get("/me")
    assert me.json["id"] == registered.json["id"]
    assert {"id", "email", "fullName"} <= me.json.keys()


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(carol: tuple[Program, TestResponse]) -> None:
    program, _ = carol
    wrong, unknown = login(program, password="not the password"), login(program, email="nobody@example.com")
    refused(wrong, 401, "INVALID_CREDENTIALS")
    assert (wrong.status_code, wrong.data) == (unknown.status_code, unknown.data)


@pytest.mark.slow
def test_a_wrong_password_and_an_unknown_address_take_the_same_time(
    own_hasher: None, carol: tuple[Program, TestResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared by the work that is done (one argon2 verification each) and, loosely, by the clock."""
    program, _ = carol
    verified = []
    verify = type(passwords._hasher).verify
    monkeypatch.setattr(
        type(passwords._hasher), "verify", lambda self, *given: verified.append(1) or verify(self, *given)
    )
    login(program, email="nobody@example.com")  # the first unknown address makes the hash that nobody has
    verified.clear()
    times: dict[str, list[float]] = {"wrong": [], "unknown": []}
    for _ in range(9):
        for kind, changes in (("wrong", {"password": "not the one"}), ("unknown", {"email": "nobody@example.com"})):
            began = time.process_time()
            login(program, **changes)
            times[kind].append(time.process_time() - began)
    assert len(verified) == 18
    wrong, unknown = (statistics.median(taken) for taken in times.values())
    assert abs(wrong - unknown) < 0.5 * max(wrong, unknown)


def test_an_account_without_a_password_cannot_sign_in_with_one(app: Flask) -> None:
    from booking.domain.people import users

    users._create(VISITOR, "linked@example.com", None, "Linked", role="guest", region="eu")  # type: ignore[arg-type]  # by a link, later
    for password in ("None", PASSWORD):
        assert login(Program(app), email="linked@example.com", password=password).status_code == 401
    assert fields(login(Program(app), email="linked@example.com", password="")) == {"password"}
