"""Which passwords are accepted, why others are not, and how they are compared."""

from __future__ import annotations

import threading
import time
import unicodedata

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain.actors import VISITOR
from booking.domain.errors import Invalid, InvalidCredentials, TooBusy
from booking.domain.inputs import accept
from booking.domain.people import own_account, passwords, sessions, users
from booking.domain.people.inputs import Registration
from booking.domain.tables import User
from booking.http import words
from booking.infra.db import db, transaction
from tests.api.program import Program, refused
from tests.cases import each
from tests.cast import PASSWORD, acting, all_at_once
from tests.web.visitor import Visitor

ABOUT = ("alice.liddell@example.com", "Alice Liddell", "Room Booking")


# --- which


@each(
    ("password", "reason"),
    [
        ("short", "must have at least 10 characters"),
        ("\ufdfa", "must have at least 10 characters"),
        ("1234567890", "is one of the most common passwords"),
        ("alice.liddell@example.com", "your name, your email or the name of this site"),
        ("Alice.Liddell@Example.com", "your name, your email or the name of this site"),
        ("roombooking1", "is too easy to guess"),
        ("Alice Liddell 1", "is too easy to guess"),
        ("Summer2026!", "close to a common password"),
        ("P@ssw0rd123", "close to a common password"),
        ("Ｐ＠ssw0rd123", "close to a common password"),
        ("p1" * 128, "it repeats itself"),
        ("🔑" * 9 + "x", "it repeats itself"),
        ("asdfghjkl;", "its keys lie side by side"),
        ("abcdefghijk", "its characters follow one another"),
        ("letmein2026!!", "is too easy to guess; try a few random words"),
    ],
)
def test_what_is_guessed_soon_is_refused_with_the_reason(password: str, reason: str) -> None:
    problem = passwords.find_problem(password, ABOUT)
    assert problem is not None
    assert reason in words.problem("password", problem)


@each(
    "password",
    [
        "a-window-by-the-sea",
        "keys-under-the-mat",
        PASSWORD,
        "another horse battery",
        "winter is coming",
        "kJ8#mPq2vX",
        "  spaces are kept  ",
        "סיסמה ארוכה מאוד",
        "ich liebe dich",
        "blau grün gelb",
        "東京から大阪まで歩いた夏",
        "lavender orbit teapot" * 12,
    ],
)
def test_phrases_pass_without_digits_capitals_or_signs(password: str) -> None:
    assert passwords.find_problem(password, ABOUT) is None


def test_the_longest_is_looked_at_quickly() -> None:
    began = time.process_time()
    for password in ("p1" * 128, "x" * 256, "passwordPASSWORD" * 16, "aB3$" * 64):
        passwords.find_problem(password, ABOUT)
    assert time.process_time() - began < 1


def test_ones_own_name_weakens_only_ones_own_password() -> None:
    assert passwords.find_problem("Marguerite-Yourcenar", ("m@example.com", "Marguerite Yourcenar")) is not None
    assert passwords.find_problem("Marguerite-Yourcenar", ABOUT) is None


# --- one rule at every door

WEAK = "Quentin-Compson"
QUENTIN = {"email": "quentin@example.com", "fullName": "Quentin Compson", "password": WEAK}


def test_the_api_says_why(app: Flask) -> None:
    details = refused(Program(app).post("/auth/register", QUENTIN), 400, "VALIDATION_ERROR")
    assert details.keys() == {"password"}
    assert "your name" in details["password"]


def test_the_page_says_why_and_keeps_the_rest(app: Flask) -> None:
    visitor = Visitor(app).go("/register").send("/register", dict(QUENTIN))
    assert visitor.problems == [
        "Password is too easy to guess: it is made of your name, your email or the name of this site."
    ]
    assert visitor.page.find("input", attrs={"value": "quentin@example.com"})


def test_the_command_line_says_why(app: Flask, runner: FlaskCliRunner) -> None:
    answer = runner.invoke(
        args=["users", "create-owner", QUENTIN["email"], "--name", QUENTIN["fullName"], "--password-stdin"], input=WEAK
    )
    assert answer.exit_code == 1
    assert "your name" in answer.output
    assert users.find(QUENTIN["email"]) is None


def test_a_password_from_a_file_of_windows_has_no_line_end(app: Flask, runner: FlaskCliRunner) -> None:
    args = ["users", "create-owner", "olga@example.com", "--name", "Olga", "--password-stdin"]
    assert runner.invoke(args=args, input=f"{PASSWORD}\r\n").exit_code == 0
    assert users.with_password("olga@example.com", PASSWORD).role == "owner"


def test_changing_it_asks_the_same(alice: User) -> None:
    here = sessions.start_web(alice.id)
    with pytest.raises(Invalid) as refusal:
        own_account.change_password(acting(here), PASSWORD, "alice@example.com", site="Room Booking")
    assert refusal.value.details.keys() == {"newPassword"}
    assert users.with_password("alice@example.com", PASSWORD)


def test_the_name_of_the_site_counts(app: Flask) -> None:
    form = accept(Registration, QUENTIN | {"password": "Zaubermühle-Rooms"}, strict=True)
    with pytest.raises(Invalid):
        users.register(VISITOR, form, "eu", site="Zaubermühle Rooms")
    assert users.register(VISITOR, form, "eu", site="Another House").email == QUENTIN["email"]


# --- how it is typed

COMPOSED = unicodedata.normalize("NFC", "crème brûlée à volonté")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.mark.parametrize(
    ("chosen", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED), ("ｆｕｌｌ width moon", "full width moon")]
)
def test_the_same_characters_are_the_same_password(app: Flask, chosen: str, typed: str) -> None:
    account = QUENTIN | {"password": chosen}
    assert Program(app).post("/auth/register", account).status_code == 201
    answer = Program(app).post("/auth/login", {"email": account["email"], "password": typed})
    assert answer.status_code == 200


def test_a_hash_from_before_is_right_as_it_was_typed_and_made_anew(alice: User) -> None:
    store(alice, passwords._hasher.hash(DECOMPOSED))
    with pytest.raises(InvalidCredentials):
        users.with_password(alice.email, COMPOSED)
    assert users.with_password(alice.email, DECOMPOSED).id == alice.id
    assert users.with_password(alice.email, COMPOSED).id == alice.id
    assert users.with_password(alice.email, DECOMPOSED).id == alice.id


def test_a_right_password_is_not_hashed_anew_for_nothing(alice: User) -> None:
    before = users.with_password(alice.email, PASSWORD).password_hash
    assert users.with_password(alice.email, PASSWORD).password_hash == before


def test_a_hash_takes_the_work_that_owasp_asks_for(own_hasher: None, alice: User) -> None:
    assert passwords.hashed(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert users.with_password(alice.email, PASSWORD).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_hash_of_less_work_is_right_and_made_anew(alice: User, own_hasher: None) -> None:
    assert "m=8,t=1" in alice.password_hash
    for _ in range(2):
        assert users.with_password(alice.email, PASSWORD).id == alice.id
    assert users.with_password(alice.email, PASSWORD).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@transaction
def store(user: User, password_hash: str) -> None:
    db.session.get_one(User, user.id).password_hash = password_hash


# --- too many at once


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place for a hash is taken."""
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(passwords, "_places", taken)


def test_a_program_is_told_at_once_to_come_back(app: Flask, alice: User, full: None) -> None:
    answer = Program(app).post("/auth/login", {"email": alice.email, "password": PASSWORD})
    refused(answer, 503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_a_page_is_told_and_keeps_what_was_typed(app: Flask, full: None, path: str) -> None:
    visitor = Visitor(app).go(path).send(path, email="carol@example.com", fullName="Carol", password="a nice long walk")
    assert visitor.status == 503
    assert visitor.headers["Retry-After"] == "1"
    assert visitor.problems == ["Too many people are signing in right now. Please try again in a moment."]
    assert visitor.page.find("input", attrs={"value": "carol@example.com"})


def test_a_place_is_given_back_whatever_happens(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(passwords, "_verify", lambda *_: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            passwords.matches(alice.password_hash, PASSWORD)


def test_a_crowd_waits_or_is_told_and_nobody_is_refused_for_a_wrong_password(
    own_hasher: None, app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_places", threading.BoundedSemaphore(2))
    results = all_at_once(app, [lambda: users.with_password(alice.email, PASSWORD)] * 8)
    told = [result for result in results if isinstance(result, TooBusy)]
    assert len(told) < len(results)
    assert all(isinstance(result, TooBusy | User) for result in results)
