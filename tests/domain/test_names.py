"""What is a name: something to see, nothing that pretends, and no link in the name of a person."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain import names
from booking.domain.catalogue.importing import text
from booking.domain.errors import Invalid
from booking.domain.inputs import accept
from booking.domain.people.inputs import Profile, Registration
from tests.cases import each
from tests.refusals import problems

INVISIBLE = (
    "\u200b",  # zero width space
    "\u3164",  # Hangul filler
    "\u2800",  # blank Braille
    "\u115f\u1160",
    "\uffa0",
    "\u034f",  # combining grapheme joiner
    "\ufe0f",  # variation selector
    "\U000e0100",
    "\U000e0041",  # a tag
    "\u180e",
    "\u00ad",  # soft hyphen
    "\u200e\u200f\u061c",
    "\u2060\ufeff",
    "\u17b4",
    "\u0301",  # an accent on nothing
    "\u00a0\u3000 ",
    "\u200b \u3164\u2800",
    "\ue000",  # private use
)
NAMES = (
    "Al",
    "李",
    "O'Neil",
    "J.R.R. Tolkien",
    "Dr. Smith",
    "Dr.Smith",
    "St.John",
    "María José",
    "علی‌رضا",  # with a joiner, as Persian is spelled
    "मिश्र",
    "김",
    "7",
    "❤️",
    "Anne-Marie d'Arc",
    "Jürgen Müller-Lüdenscheidt, Jr.",
    "Comet Coleman",
)
LINKS = (
    "You won 500 EUR, claim at http://evil.example/x",
    "HTTPS://EVIL",
    "hxxp://evil",
    "www.evil.xyz",
    "Go to WWW.evil",
    "evil.com",
    "evil.example/claim",
    "claim.now/here",
    "ｗｗｗ．evil.com",
    "ev\u200bil.c\u200bom",
    "evil。com",
    "write to claim@evil.co.uk",
    "mailto:x",
)


def refused(model: type[Profile] | type[Registration], name: str) -> str:
    fields = {"email": "carol@example.com", "password": "another horse battery", "fullName": name}
    with pytest.raises(Invalid) as error:
        accept(model, fields, strict=False)
    return problems(error.value)["fullName"]


@each("name", INVISIBLE, ids=ascii)
@each("model", [Profile, Registration])
def test_what_shows_nothing_is_no_name(model: type[Profile] | type[Registration], name: str) -> None:
    assert refused(model, name) == "must not be empty"


@each("name", INVISIBLE, ids=ascii)
def test_nor_is_it_the_name_of_a_room_a_property_or_a_place(name: str) -> None:
    assert text.one_line(name) == ""


@each("name", ["\u202eevil", "a\u2066b", "a\u0000b", "a\nb", "\u202d"], ids=ascii)
def test_what_turns_or_breaks_the_text_beside_it_is_refused(name: str) -> None:
    assert refused(Profile, name) == "must not contain control characters"


@each("name", NAMES)
def test_names_of_people_are_names(name: str) -> None:
    assert accept(Profile, {"fullName": name}, strict=False).full_name == name
    assert text.one_line(name) == name


def test_invisible_edges_are_no_part_of_a_name() -> None:
    assert names.trimmed("\u200b\u3164 Ana \u2800\ufeff") == "Ana"


@each("name", LINKS, ids=ascii)
def test_a_persons_name_holds_no_link(name: str) -> None:
    assert refused(Profile, name) == "must not contain a link or an email address"


@each("name", [*LINKS, "Dr.Smith", "evil.museum"], ids=ascii)
def test_no_mail_greets_with_what_could_become_a_link(name: str) -> None:
    assert names.for_greeting(name) == ""


@each("name", [name for name in NAMES if name not in {"Dr.Smith", "St.John"}])
def test_mails_greet_by_name(name: str) -> None:
    assert names.for_greeting(name) == name


def test_a_long_name_is_looked_at_quickly() -> None:
    assert names.has_link("a." * 127) is False


def test_the_api_says_so_too(app: Flask) -> None:
    body = {"email": "carol@example.com", "password": "another horse battery", "fullName": "\u3164"}
    answer = app.test_client().post("/api/v1/auth/register", json=body)
    assert (answer.status_code, answer.json["details"]) == (400, {"fullName": "must not be empty"})
