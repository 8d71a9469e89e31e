"""What every declared input says about a wrong value: our sentences, with the right number, never pydantic's."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from pydantic import BaseModel

from booking.domain import input_problems
from booking.domain.correspondence.conversations import MessageText
from booking.domain.errors import Invalid
from booking.domain.inputs import Input, accept
from booking.domain.notices import Notice
from booking.domain.payments import inputs as of_payments
from booking.domain.people import inputs as of_people
from booking.domain.pricing import inputs as of_pricing
from booking.domain.reservations import inputs as of_reservations
from booking.domain.reservations.front_desk import inputs as at_desk
from booking.domain.search import inputs as of_search
from tests.cases import each
from tests.refusals import problems

MODELS = [
    model
    for inputs in (of_payments, of_people, of_pricing, of_reservations, at_desk, of_search)
    for _, model in inspect.getmembers(inputs, inspect.isclass)
    if issubclass(model, Input) and model.__module__ == inputs.__name__
]
UNLIMITED = Input.model_config["str_max_length"]  # what pydantic may look at of a number


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *(kind for kind in schema.get("anyOf", []))]


def properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = model.model_json_schema()["properties"]
    return found


def limited(kind: str, limit: str) -> list[tuple[type[Input], str, int]]:
    """Model, field and limit of every field of this JSON type that has one."""
    return [
        (model, name, schema[limit])
        for model in MODELS
        for name, whole in properties(model).items()
        for schema in alternatives(whole)
        if schema.get("type") == kind and schema.get(limit, UNLIMITED) != UNLIMITED
    ]


def said(model: type[Input], field: str, value: object, *, strict: bool) -> str:
    try:
        accept(model, {field: value}, strict=strict)
    except Invalid as refusal:
        return problems(refusal).get(field, "")
    return ""


@each("strict", [True, False])
@each("beyond", [1, 20_000])
@each(("model", "field", "most"), limited("string", "maxLength"))
def test_a_text_that_is_too_long_is_told_how_long_it_may_be(
    model: type[Input], field: str, most: int, beyond: int, strict: bool
) -> None:
    assert said(model, field, "a" * (most + beyond), strict=strict) == f"must have at most {most} characters"


@pytest.mark.parametrize(("model", "field", "most"), limited("array", "maxItems"))
def test_only_a_list_has_entries(model: type[Input], field: str, most: int) -> None:
    assert said(model, field, ["a"] * (most + 1), strict=False) == "has too many entries"


@each("model", MODELS)
def test_what_is_sent_twice_is_to_be_given_once(model: type[Input]) -> None:
    for field, schema in properties(model).items():
        if "array" not in {one.get("type") for one in schema.get("anyOf", [schema])}:
            for twice in (["1", "2"], ["lisbon", "x"], ["2026-12-01", "2026-12-02"], ["", "x"]):
                assert said(model, field, twice, strict=False) == "must be given once", field
                assert said(model, field, twice, strict=True) != "must be given once"


def test_every_kind_of_text_is_looked_at() -> None:
    found = {(model.__name__, field) for model, field, _ in limited("string", "maxLength")}
    assert {
        ("Registration", "email"),
        ("Registration", "password"),
        ("Registration", "fullName"),
        ("Registration", "region"),
        ("Credentials", "password"),
        ("Deletion", "confirmEmail"),
        ("RoomOrder", "roomId"),
        ("RoomSearch", "q"),
        ("RoomSearch", "location"),
    } <= found
    assert limited("array", "maxItems")


WRONG = ["", "x", "é" * 11_000, "9" * 5_000, "-1", "1e400", "nan", "\ud800", b"\xff", 1.5, -1, 10**30, float("inf")]
WRONG += [True, None, [], [None], ["a", "b"], {}, {"a": 1}, float("nan")]


@each("strict", [True, False])
@each("model", MODELS)
def test_no_sentence_is_a_librarys(model: type[Input], strict: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown: set[str] = set()
    told = input_problems.by_field

    def noted(error: Any, **how: bool) -> dict[str, Notice]:
        ours = {*input_problems.CODES, input_problems.REFUSED}
        unknown.update(entry["type"] for entry in error.errors() if entry["type"] not in ours)
        return told(error, **how)

    no_objects: tuple[object, ...] = (None, [], "text", 1)
    with monkeypatch.context() as listening:
        listening.setattr(input_problems, "by_field", noted)
        for field in properties(model):
            for value in WRONG:
                said(model, field, value, strict=strict)
        for body in no_objects:
            with pytest.raises(Invalid):
                accept(model, body, strict=strict)
    assert not unknown


def test_an_empty_new_password_is_told_how_long_it_has_to_be() -> None:
    assert said(of_people.Registration, "password", "", strict=True) == "must have at least 10 characters"


@each("amount", ["0", "-5", "-0.01"])
def test_a_sum_that_is_none_says_why(amount: str) -> None:
    for model in (of_payments.MoneyReceived, of_payments.DebtWaived):
        assert said(model, "amount", amount, strict=False) == "must be more than 0"


@pytest.mark.parametrize(
    ("written", "is_right"),
    [
        ("Two\nlines,\r\nand a\ttab", True),
        ("ß, \u202fב and 你", True),
        ("a bell \x07", False),
        ("a page \x0b", False),
        ("half of a line's end \r", False),
        ("the other way round \u202e", False),
    ],
)
def test_the_document_says_which_signs_a_text_of_several_lines_may_have(written: str, is_right: bool) -> None:
    pattern = properties(MessageText)["message"]["pattern"]
    assert bool(re.search(pattern, written)) is is_right
    if is_right:
        accept(MessageText, {"message": written}, strict=True)
        return
    with pytest.raises(Invalid) as refused:
        accept(MessageText, {"message": written}, strict=True)
    assert problems(refused.value)["message"].endswith("must not contain control characters")
