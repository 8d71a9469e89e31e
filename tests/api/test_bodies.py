"""What is no JSON object, too much, or of the wrong kind is refused before anything happens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.program import Program, fields, refused
from tests.cases import each

REGISTER = "/auth/register"
GOOD = {"email": "carol@example.com", "password": "correct horse battery", "fullName": "Carol"}


def send(program: Any, data: Any, content_type: Any = "application/json") -> Any:
    return program.ask("POST", REGISTER, data=data, content_type=content_type)


@each(
    "data",
    [
        b"",
        b"{",
        b"not json",
        b"{'email': 1}",
        b'{"email": NaN}',
        b'{"email": Infinity}',
        b'{"email": -Infinity}',
        b'{"a": 1} {"b": 2}',
        b'{"a": 01}',
        b'{"email": "\xff\xfe"}',
        b'{"email": "\xed\xa0\x80"}',
        '{"email": "carol"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"1" * 100_000,
        b'{"email": "a\x00b"}',
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_json_is_malformed(anonymous: Program, data: Any) -> None:
    refused(send(anonymous, data), 400, "MALFORMED_JSON")


@each("data", [b"[]", b"null", b"1", b'"text"', b"true", b"1e400", b'[{"email": "a@b.example"}]'])
def test_what_is_no_object_is_invalid(anonymous: Program, data: bytes) -> None:
    assert fields(send(anonymous, data)) == {"body"}


def test_everything_missing_is_named_at_once(anonymous: Program) -> None:
    assert fields(send(anonymous, b"{}")) == {"email", "password", "fullName"}


def test_everything_wrong_is_named_at_once(anonymous: Program) -> None:
    wrong = {"email": "nobody", "password": "short", "fullName": "", "region": "!"}
    assert fields(send(anonymous, json.dumps(wrong))) == set(wrong)


@each("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_another_content_type_is_415(anonymous: Program, content_type: str) -> None:
    refused(send(anonymous, json.dumps(GOOD), content_type), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_charset_beside_the_content_type_is_fine(anonymous: Program) -> None:
    assert fields(send(anonymous, b"{}", "application/json; charset=utf-8")) >= {"email"}


def test_more_than_a_mebibyte_is_413(anonymous: Program) -> None:
    refused(send(anonymous, b'{"email": "' + b"a" * 1024 * 1024 + b'"}'), 413, "PAYLOAD_TOO_LARGE")


def test_a_mebibyte_is_read(anonymous: Program) -> None:
    padded = json.dumps({"email": "nobody"}).encode().ljust(1024 * 1024)
    assert fields(send(anonymous, padded)) >= {"email"}


@each("bad", [1, True, None, 1.5, [], {}, ["carol@example.com"]])
@each("field", ["email", "password", "fullName"])
def test_a_text_is_a_text(anonymous: Program, field: str, bad: Any) -> None:
    assert fields(anonymous.post(REGISTER, GOOD | {field: bad})) == {field}


@each("bad", ["a\x00b", "line\nbreak", "tab\tbed", "\x7f", "\x9b", "lone \ud800 surrogate"])
@each("field", ["email", "password", "fullName"])
def test_control_characters_and_lone_surrogates_are_refused(anonymous: Program, field: str, bad: str) -> None:
    assert fields(anonymous.post(REGISTER, GOOD | {field: f"x{bad}@example.com"})) == {field}


@each("bad", ["a\x00b", "\ud800", "x" * 300, "", 5, None])
@each("field", ["email", "password"])
def test_signing_in_with_strange_text_is_refused_and_nothing_breaks(
    anonymous: Program, field: str, bad: int | str | None
) -> None:
    answer = anonymous.post("/auth/login", {"email": "x@example.com", "password": "whatever it is"} | {field: bad})
    assert answer.status_code in {400, 401}


@each("bad", ["\x00", "\ud800", "x" * 600, 5, None])
def test_a_strange_refresh_token_is_refused_and_nothing_breaks(anonymous: Program, bad: int | str | None) -> None:
    assert anonymous.post("/auth/refresh", {"refreshToken": bad}).status_code in {400, 401}


@each(
    "email",
    [
        "nobody",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@b@example.com",
        "a@example",
        "a@-x-.example",
        "İ" * 200 + "@example.com",
        "a@" + "b" * 60 + ".example." * 30,
        "x" * 244 + "@example.com",
    ],
)
def test_what_is_no_email_is_refused(anonymous: Program, email: str) -> None:
    assert fields(anonymous.post(REGISTER, GOOD | {"email": email})) == {"email"}


@each("name", ["", "   ", "n" * 256])
def test_a_name_has_1_to_255_characters(anonymous: Program, name: str) -> None:
    assert fields(anonymous.post(REGISTER, GOOD | {"fullName": name})) == {"fullName"}


@each("password", ["short", "9 chars ?", "1234567890", "PASSWORD123", "aaaaaaaaaaaaaaa", "p" * 257])
def test_a_password_is_long_and_not_one_that_everybody_tries(anonymous: Program, password: str) -> None:
    assert fields(anonymous.post(REGISTER, GOOD | {"password": password})) == {"password"}


@each("region", ["", "E", "EU", "eu_west", "a" * 40, 7])
def test_a_region_looks_like_one(anonymous: Program, region: int | str) -> None:
    assert fields(anonymous.post(REGISTER, GOOD | {"region": region})) == {"region"}


@each(
    ("path", "body"),
    [
        ("/auth/login", {"email": "", "password": ""}),
        (REGISTER, {"email": "", "password": "", "fullName": "", "region": ""}),
    ],
)
def test_what_is_empty_is_named(anonymous: Program, path: str, body: dict[str, str]) -> None:
    """As by a program whose settings are not there: it has no wrong password, it has none."""
    assert fields(anonymous.post(path, body)) == set(body)


def test_no_message_speaks_of_our_libraries(anonymous: Program) -> None:
    for wrong in ({}, {"email": 1, "password": [], "fullName": {}}, {"region": 4}):
        text = anonymous.post(REGISTER, wrong).text.lower()
        assert not any(word in text for word in ("pydantic", "python", "str_type", "traceback", "class"))


def test_a_byte_order_mark_before_json_is_no_harm(api: Program) -> None:
    answer = send(api, b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/health/", "/health//", "/openapi.json/", "/rooms/", "/me/"])
def test_a_slash_at_the_end_of_a_path_is_no_harm(api: Program, path: str) -> None:
    query = {"checkIn": "2030-01-02", "checkOut": "2030-01-04"} if path == "/rooms/" else {}
    for prefix in ("/api", "/api/v1"):
        answer = api.get(prefix + path, **query)
        assert answer.status_code in {200, 400}, answer.text
        assert answer.json.get("error") in {None, "VALIDATION_ERROR"}
    assert send(api, json.dumps(GOOD)).status_code == 201
    assert (
        api.ask("POST", "/auth/login/", json={"email": GOOD["email"], "password": GOOD["password"]}).status_code == 200
    )
