"""The domain says codes and parameters; the catalogue has words for each, and names nothing that is not given."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from booking.api import endpoint, identity
from booking.domain import input_problems, payments
from booking.domain.errors import BookingError, MoreThanDue
from booking.domain.inventory import NightsTaken
from booking.domain.maintenance import verification
from booking.domain.money import Amount
from booking.domain.notices import AllOf, AnyOf, FieldName, Notice
from booking.domain.reservations.desk_errors import NoShowTooEarly
from booking.http import date_format, words
from booking.http.words import refunds
from booking.http.words.templates import Counted, Template
from booking.web import demo_mails
from tests.cases import each
from tests.sources import nodes_of, tree_of

BOOKING = Path(words.__file__).parents[2]
DOMAIN = sorted((BOOKING / "domain").rglob("*.py"))
SPEAKING = [path for part in ("domain", "api", "web", "cli", "jobs") for path in sorted((BOOKING / part).rglob("*.py"))]
DOORS_WITH_ERRORS = (endpoint, identity, demo_mails)  # imported, so that their errors are known
GIVEN_BY_THE_DOOR = {"field", "name"}
# Who is read by programmers, not by people: faults of the program itself.
KEYED = {"buffer_until_commit", "act_after_commit"}  # their first argument is a key
STATES = {"RETURNED", "UNDER_WAY", "OWED"}
OF_PROGRAMMERS = {"ValueError", "TypeError", "RuntimeError", "LookupError", "KeyError"}


def kinds(of: type[BookingError] = BookingError) -> Iterator[type[BookingError]]:
    yield of
    for kind in of.__subclasses__():
        if kind.__module__.startswith("booking."):
            yield from kinds(kind)


def texts(template: Template) -> list[str]:
    return [template.one, template.many] if isinstance(template, Counted) else [str(template)]


def names(template: Template) -> set[str]:
    """The parameters that stand in a text."""
    return {name for text in texts(template) for name in re.findall(r"%\((\w+)\)s", text)}


def calls(path: Path, *called: str) -> Iterator[ast.Call]:
    for node in nodes_of(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in called:
            yield node


def noticed() -> Iterator[tuple[str, str, set[str]]]:
    """Where, code and parameters of every notice that is made: Notice("code", ...), BadRow(field, "code", ...)."""
    for path in SPEAKING:
        for call in calls(path, "Notice", "Unfit", "BadRow"):
            place = 1 if isinstance(call.func, ast.Name) and call.func.id == "BadRow" else 0
            code = call.args[place] if len(call.args) > place else None
            if isinstance(code, ast.Constant):
                given = {keyword.arg or "**" for keyword in call.keywords}
                yield f"{path.relative_to(BOOKING)}:{call.lineno}", str(code.value), given


def test_pages_write_days_and_money_as_people_do_and_programs_as_ever() -> None:
    day = dt.date(2026, 11, 30)
    shown = date_format.day(day)
    for refusal, to_programs, to_people in (
        (NoShowTooEarly(day=day, hour=dt.time(18)), "from 2026-11-30, 18:00 on.", f"from {shown}, 18:00 on."),
        (NightsTaken({day: "booked"}), "are taken: 2026-11-30.", f"are taken: {shown}."),
        (payments.CashMoved(expected=Amount(Decimal(90), "GBP")), "now 90.00 GBP is expected", "now £90 is expected"),
        (MoreThanDue(due=Amount(Decimal("90.5"), "GBP")), "Only 90.50 GBP is due", "Only £90.50 is due"),
    ):
        assert to_programs in words.message(refusal)
        assert to_people in words.on_page(refusal)
    used = Notice("night_is_used", first=day)
    assert "2026-11-30 at the earliest" in words.problem("checkOut", used)
    assert f"{shown} at the earliest" in words.sentence("checkOut", used)


def test_every_error_has_words() -> None:
    found = list(kinds())
    assert len(found) > 40
    assert {kind.reason for kind in found} == set(words.ERRORS)


def test_every_notice_has_words_and_is_given_what_they_name() -> None:
    found = list(noticed())
    assert len(found) > 80
    assert [(where, code) for where, code, _ in found if code not in words.NOTICES] == []
    lacking = {
        where: missing
        for where, code, given in found
        if "**" not in given and (missing := names(words.NOTICES[code]) - given - GIVEN_BY_THE_DOOR)
    }
    assert lacking == {}


def test_no_words_are_left_over() -> None:
    """A code that nobody says any more is not translated for ever."""
    constants = {
        node.value
        for path in [*SPEAKING, BOOKING / "http" / "words" / "__init__.py"]
        for node in nodes_of(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    built = {f"payment_{code}" for code in ("no_answer", "no_provider", "no_refund")}  # payments.explained_error
    assert set(words.NOTICES) - constants - built == set()


def test_every_rule_of_the_books_has_words() -> None:
    assert set(verification.RULES) <= set(words.NOTICES)


def test_every_state_of_a_refund_has_words_for_guests_and_for_operators_in_one_place() -> None:
    assert set(refunds.FOR_GUESTS) == set(refunds.FOR_OPERATORS) == set(payments.REFUND_STATES)
    assert [words.refund_state(state) for state in payments.REFUND_STATES] == [
        refunds.FOR_GUESTS[state] for state in payments.REFUND_STATES
    ]
    keyed = {
        path.relative_to(BOOKING).as_posix()
        for path in SPEAKING
        for node in nodes_of(tree_of(path))
        if isinstance(node, ast.Dict) and {key.attr for key in node.keys if isinstance(key, ast.Attribute)} >= STATES
    }
    assert keyed == set(), "a table of words for the states of a refund"


def test_whatever_pydantic_finds_has_words_with_its_numbers() -> None:
    for code, params in input_problems.CODES.values():
        assert names(words.NOTICES[code]) - GIVEN_BY_THE_DOOR == set(params.values())


def test_errors_are_given_what_their_words_name() -> None:
    of_class = {kind.__name__: kind for kind in kinds()}
    own = {"TooManyAttempts": {"seconds"}, "NightsTaken": {"nights"}}  # their own constructors give it
    raised = [
        (f"{path.relative_to(BOOKING)}:{call.lineno}", kind, {keyword.arg for keyword in call.keywords})
        for path in SPEAKING
        for call in calls(path, *of_class)
        if isinstance(call.func, ast.Name) and (kind := of_class[call.func.id])
    ]
    assert len(raised) > 20
    for where, kind, given in raised:
        assert names(words.ERRORS[kind.reason]) <= given | own.get(kind.__name__, set()), where
    bare = {
        node.exc.id
        for path in SPEAKING
        for node in nodes_of(tree_of(path))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id in of_class
    }
    assert len(bare) > 20
    assert {name for name in bare if names(words.ERRORS[of_class[name].reason])} == set()


# --- no sentence stays in the domain


def sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts of two or more words that somebody could read: no docstrings, SQL, patterns or faults of the program."""
    apart = {id(node) for exempt in _exempt(tree) for node in ast.walk(exempt)}
    for node in nodes_of(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            text = node.value
            if re.search(r"[A-Za-z]{2,} [a-z]{2,}", text) and not re.search(r"[\\|<>=*()]|\b[A-Z]{2,}\b", text):
                yield node.lineno, text


def _exempt(tree: ast.Module) -> Iterator[ast.AST]:
    for node in nodes_of(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            yield node.body[0]
        elif isinstance(node, ast.Raise) and _name(node.exc) in OF_PROGRAMMERS:
            yield node
        elif isinstance(node, ast.Call) and _name(node) in KEYED:
            yield node.args[0]


def _name(node: ast.expr | None) -> str:
    made = node.func if isinstance(node, ast.Call) else node
    return made.id if isinstance(made, ast.Name) else ""


# Data, and what only machines read.
NO_SENTENCES = {
    "domain/catalogue/importing/__init__.py": {"Inside Airbnb", "our own CSV"},  # names of formats
    "domain/catalogue/importing/amenities.py": None,  # what hosts write
    "domain/catalogue/importing/csv_rows.py": {"unexpected end of data"},  # what Python's csv says
    "domain/catalogue/importing/listings.py": {"translation missing"},  # what a file of Airbnb's says
    "domain/catalogue/importing/places.py": None,  # names of countries
    "domain/catalogue/importing/text.py": None,  # names of HTML's elements
    "domain/catalogue/kinds.py": None,  # what hosts write
    # Of the OpenAPI document.
    "domain/inputs.py": {"Without control characters.", "Lines of text, without other control characters."},
    "domain/people/account_closing.py": {"Deleted account"},  # the name in the row of nobody
    "domain/reservations/hold_limits.py": {"holds of "},  # the name of a lock
    "domain/reservations/guest_register/country_rules.py": None,  # names of fields
    "domain/saved_rows.py": {"as read", "as text"},  # names of modes
}


@each("path", DOMAIN, ids=lambda path: str(path.relative_to(BOOKING)))
def test_no_sentence_is_made_in_the_domain(path: Path) -> None:
    known = NO_SENTENCES.get(str(path.relative_to(BOOKING)), set())
    found = [(line, text) for line, text in sentences(tree_of(path)) if known is not None]
    assert [(line, text) for line, text in found if text not in (known or set())] == []


@each(
    ("source", "count"),
    [
        ('raise Invalid("This is not possible.")', 1),
        ('details = {"checkIn": f"must be before {day}"}', 1),
        ('"""A docstring of words."""', 0),
        ('raise ValueError("only rows can be saved")', 0),
        ('text("SELECT a FROM b")', 0),
        ('Notice("too_small", least=1)', 0),
    ],
)
def test_a_sentence_is_found(source: str, count: int) -> None:
    assert len(list(sentences(ast.parse(source)))) == count


# --- what is said


@each(
    ("notice", "to_programs", "to_people"),
    [
        (Notice("missing"), "is missing", "Check-in is missing."),
        (Notice("in_the_past"), "checkIn is in the past", "Check-in is in the past."),
        (
            Notice("not_in_order", first=FieldName("checkIn"), then=FieldName("checkOut")),
            "checkIn must be before checkOut",
            "Check-in must be before check-out.",
        ),
        (
            Notice("stay_too_long", most=365),
            "a stay may have at most 365 nights",
            "A stay may have at most 365 nights.",
        ),
        (Notice("too_many_guests", capacity=1), "this room sleeps 1 guest", "This room sleeps 1 guest."),
        (Notice("too_large", most=1000000), "must be at most 1000000", "Check-in must be at most 1000000."),
        (
            Notice("password_easy_because", reason=Notice("password_repeats")),
            "is too easy to guess: it repeats itself; try a few random words",
            "Check-in is too easy to guess: it repeats itself; try a few random words.",
        ),
        (
            Notice("email_taken"),
            "An account with this email already exists.",
            "An account with this email already exists.",
        ),
        (Notice("not_one_of", choices=("a", "b")), "must be one of a, b", "Check-in must be one of a, b."),
    ],
)
def test_programs_read_names_and_people_labels(notice: Notice, to_programs: str, to_people: str) -> None:
    assert words.problem("checkIn", notice) == to_programs
    assert words.sentence("checkIn", notice) == to_people


@each(
    ("notice", "told"),
    [
        (Notice("cell_too_large", cell='"1"', most=2739726027), '"1" is more than 2,739,726,027'),
        (Notice("deliveries_given_up", deliveries=1), "1 delivery was given up"),
        (Notice("deliveries_given_up", deliveries=1200), "1,200 deliveries were given up"),
        (Notice("perhaps_meant", choices=AnyOf(("a", "b"))), " Did you mean a or b?"),
    ],
)
def test_operators_read_numbers_with_separators(notice: Notice, told: str) -> None:
    assert words.told(notice) == told


def test_several_things_are_listed_as_the_language_does() -> None:
    assert "its location, currency, and time zone" in words.message(
        _refusal("OPTIONS_MISSING", what=AllOf(("location", "currency", "time zone")))
    )


def _refusal(reason: str, **params: Any) -> BookingError:
    refusal = BookingError(**params)
    refusal.reason = reason
    return refusal
