"""In another language every text of pages, emails and errors is that language's, dates and amounts too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel import Locale
from babel.messages.extract import extract_from_dir
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain.errors import TooManyAttempts
from booking.domain.figures import Sums, Week, WeekLine
from booking.domain.notices import FieldName, Notice
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.booking_summary import ChangedFrom
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.deposits import LaterCharge
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.http import words
from booking.infra.ids import encode
from booking.jobs import email_builder
from booking.jobs.mails import (
    BALANCE_AHEAD,
    BALANCE_DECLINED,
    CANCELLATION,
    CHANGE,
    CONFIRMATION,
    PAYMENT_LINK,
    REFUND_DECLINED,
    REFUND_RETURNED,
    compose,
)
from tests.cases import each
from tests.cast import VISA, acting, in_days, order
from tests.jobs.stories import CANCELLED_NOTICE, NOTICE, SETTINGS, WRITTEN, letter
from tests.languages import SPOKEN, TEMPLATE, bracketed, catalogue, outside, spoken_by
from tests.web.visitor import Visitor

HOME = TEMPLATE.parents[2]


def the_stay() -> Stay:
    return in_days(30)


@pytest.fixture(scope="module")
def translation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bracketed(tmp_path_factory.mktemp("translations"))


@pytest.fixture
def foreign(app: Flask, translation: Path) -> Iterator[Flask]:
    """The application in a language where every text stands in brackets."""
    with spoken_by(app, translation):
        yield app


def test_whatever_is_said_can_be_translated() -> None:
    """`make messages` has collected everything."""
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "_n": (1, 2)}
    methods = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
    found = extract_from_dir(HOME / "booking", methods, keywords=keywords)
    assert {message for _, _, message, _, _ in found} <= {one.id for one in catalogue() if one.id}


# --- pages

# What is no text of ours: names of things, people and places, and what the language itself says of dates and amounts.
DATA = {
    "Alice",
    "alice",
    "example",
    "com",
    "Antwerp",
    "House",
    "Room",
    "with",
    "view",
    "antwerp",
    "EUR",
    "wifi",
    "Ltd",
    "Werkzeug",
}


def foreign_words(page: str, *known: str) -> set[str]:
    """Words that no translation has touched."""
    spoken = Locale.parse(SPOKEN)
    ours = " ".join([*spoken.days["format"]["wide"].values(), *spoken.days["format"]["abbreviated"].values()])
    ours += " ".join([*spoken.months["format"]["wide"].values(), *spoken.months["format"]["abbreviated"].values()])
    ours += " ".join(long for kind in ("wide", "abbreviated") for long in spoken.days["stand-alone"][kind].values())
    ours += " ".join(long for long in spoken.months["stand-alone"]["wide"].values())
    named = DATA | set(re.findall(r"\w+", ours)) | {word for text in known for word in re.findall(r"\w+", text)}
    return set(re.findall(r"\b[^\W\d_]{2,}\b", outside(page))) - named


def visible(visitor: Visitor) -> str:
    """Every text of the page, and what is read aloud or shown beside the pointer."""
    page = visitor.page
    for hidden in page.select("script, style, template"):
        hidden.decompose()
    spoken = [
        str(tag[name]) for name in ("aria-label", "title", "placeholder", "alt") for tag in page.select(f"[{name}]")
    ]
    return " ".join([page.get_text(" "), *spoken])


PAGES = ["/", "/rooms?location=antwerp", "/sign-in", "/register", "/forgot-password", "/nothing-here", "/contact"]


@each("path", PAGES)
def test_pages_for_everybody(foreign: Flask, room: Room, path: str) -> None:
    visitor = Visitor(foreign).go(path)
    site = foreign.extensions["services"].settings.site_name
    assert foreign_words(visible(visitor), site) == set()
    assert visitor.page.select_one("html")["lang"] == SPOKEN  # type: ignore[index]  # every page has it


def room_address(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}?checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&guests=2"


def test_the_way_from_a_room_to_a_booking(foreign: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    site = foreign.extensions["services"].settings.site_name
    guest = Visitor(foreign).sign_in("alice")
    pages = [room_address(room), "/account", "/bookings"]
    held = holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    pages.append(f"/checkout/{encode('booking', held.id)}")
    for path in pages:
        assert foreign_words(visible(guest.go(path)), site) == set(), path
    assert "360 €" in guest.text
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    guest.go(f"/bookings/{encode('booking', held.id)}")
    assert (
        foreign_words(visible(guest), site, held.reference, "http localhost bookings") == set()
    )  # its address, printed


def test_errors_name_fields_as_the_page_does(foreign: Flask, room: Room) -> None:
    visitor = Visitor(foreign).go(f"{room_address(room).partition('?')[0]}?checkIn=2026-12-02&checkOut=2026-12-01")
    assert visitor.problems
    assert all(problem.startswith("⟦") for problem in visitor.problems)
    assert words.sentence("checkIn", Notice("missing")) == "⟦⟦Check-in⟧ is missing⟧."
    turned = Notice("not_in_order", first=FieldName("checkIn"), then=FieldName("checkOut"))
    assert words.sentence("checkIn", turned) == "⟦⟦Check-in⟧ must be before ⟦Check-out⟧⟧."  # nouns keep their capital
    assert words.message(TooManyAttempts(30)) == "⟦Too many attempts. Try again in 30 seconds.⟧"


def test_commands_use_the_same_words(foreign: Flask, runner: FlaskCliRunner) -> None:
    said = runner.invoke(args=["users", "disable", "nobody@example.com"])
    assert said.exit_code == 1
    refused = runner.invoke(args=["users", "create-owner", "x", "--name", "Anna"], input="short\nshort\n")
    assert "⟦ must be an email address⟧" in refused.output
    assert "⟦ must have at least 10 characters⟧" in refused.output


# --- emails

KINDS = sorted(path.stem for path in email_builder.FOLDER.glob("*.txt") if path.stem != "stay")
ABOUT_BOOKINGS = (CONFIRMATION, CANCELLATION, REFUND_DECLINED, REFUND_RETURNED, BALANCE_DECLINED, BALANCE_AHEAD, CHANGE)
FACTS = {
    "name": "Dana",
    "when": WRITTEN,
    "link": "https://stay.example/x/abcdef",
    "minutes": 30,
    "hours": 24,
    "days": 7,
    "change": SimpleNamespace(new_email="new@example.com", by_itself_at=WRITTEN, waits_for_old=True),
    "email": "dana@example.com",
    "what": "used",
    "site_name": "Stay",
    "inviter": "Dana Levi",
    "house": "Neve House",
    "line": SimpleNamespace(text="", place=""),
    "opened": WRITTEN,
    "ended": WRITTEN,
    "choose": "https://stay.example/x",
    "site": "https://stay.example",
    "alerts": [SimpleNamespace(text="", place="")],
    "counts": SimpleNamespace(bookings=2, messages=1),
    "named": {"bookings": [], "messages": []},
    "notice": NOTICE,
    "said": [],
    "answer_link": "https://stay.example/x",
    "is_daily": True,
    "week": Week(WRITTEN.date(), WRITTEN.date(), (WeekLine("Neve House", "EUR", Sums(), Sums()),), (), sees_money=True),
    "ahead": [(SimpleNamespace(currency="EUR"), [])],
    "page": "https://stay.example/x",
    "percent": lambda _: "–",
    "amount": lambda *_: "–",
}
TO_PAY = {
    "pay_link": "https://stay.example/x/abcdef",
    "amount": Decimal("2000.500"),
    "held_until": None,
    "is_cancelled": False,
    "good_until": NOTICE.arrival,
}
OF_ORDERS = "order_confirmation"  # of several bookings at once
KNOWN = (
    "https stay example abcdef x dana new com Stay UTC Dana Levi Neve House Shabazi St Tel Aviv Israel Sea facing"
    " studio weekend K7PQ2WXH bookings booking_01d80000000e00800000000001 booking Booking pay"
)


@each("name", ["Dana", ""])
@each("kind", sorted(set(KINDS) - set(ABOUT_BOOKINGS) - {OF_ORDERS, PAYMENT_LINK}))
def test_emails_about_accounts(foreign: Flask, kind: str, name: str) -> None:
    text = email_builder.render(f"{kind}.txt", {**FACTS, "name": name})
    html = BeautifulSoup(email_builder.render(f"{kind}.html", {**FACTS, "name": name}), "html.parser")
    html.style.decompose()  # type: ignore[union-attr]  # every email has one
    for said in (text, html.get_text(" ")):
        assert "⟦" in said
        assert foreign_words(said, KNOWN) == set()


@each("what", ["on", "on_by_passkey", "off", "app_added", "app_removed", "passkey_added", "passkey_removed", "used"])
def test_emails_about_two_step_sign_in(foreign: Flask, what: str) -> None:
    for form in ("txt", "html"):
        shown = BeautifulSoup(email_builder.render(f"second_factor.{form}", {**FACTS, "what": what}), "html.parser")
        for style in shown.select("style"):
            style.decompose()
        assert foreign_words(shown.get_text(" "), KNOWN) == set(), form


@each("due", [Decimal(0), Decimal(1440)])
def test_the_email_about_rooms_that_were_booked_together(foreign: Flask, due: Decimal) -> None:
    first = replace(NOTICE, order_reference=NOTICE.reference, rooms=2, due=due)
    email = compose(first, letter(), SETTINGS, [replace(first, reference="K7PQ2WXH-2")])
    assert email.subject.startswith("⟦")
    for form, body in (("plain", email.text), ("html", email.html)):
        shown = BeautifulSoup(body, "html.parser")
        for style in shown.select("style"):
            style.decompose()
        assert foreign_words(shown.get_text(" "), KNOWN) == set(), form


@each("kind", ABOUT_BOOKINGS)
@each("plain", [True, False])
def test_emails_about_bookings(foreign: Flask, kind: str, plain: bool) -> None:
    told = NOTICE if kind == CONFIRMATION else CANCELLED_NOTICE
    about_stay = kind in (CONFIRMATION, CANCELLATION)
    if plain:
        told = replace(told, guest_name="", refunds=(), lines=NOTICE.lines[:1], total=Decimal(1440), paid=Decimal(1440))
        told = replace(told, refunded=None if about_stay else Decimal(1440))
    if kind == CHANGE:
        was = ChangedFrom(
            "Studio", told.arrival.date(), told.departure.date(), 1, told.refunded or Decimal(0), Decimal(0)
        )
        told = replace(told, changed_from=was)
    if kind == BALANCE_DECLINED:
        told = replace(told, due=told.refunded or Decimal(0), cancels_at=told.arrival)
    if kind == BALANCE_AHEAD:
        told = replace(told, later=(LaterCharge(told.arrival, told.refunded or Decimal(0), 3),))
    email = compose(told, letter(kind), SETTINGS)
    assert email.subject.startswith("⟦")
    for form, body in (("plain", email.text), ("html", email.html)):
        shown = BeautifulSoup(body, "html.parser")
        for style in shown.select("style"):
            style.decompose()
        said = shown.get_text(" ")
        assert foreign_words(said, KNOWN) == set(), form
        assert "4. Mai 2026" in said
        sum_told = "1.440" if plain else "2.000,50" if about_stay else "1.000,25"
        assert f"{sum_told}\N{NO-BREAK SPACE}₪" in said


@each("held", [None, NOTICE.arrival])
@each("rooms", [1, 2])
def test_the_email_with_a_link_to_pay_by(foreign: Flask, held: object, rooms: int) -> None:
    told = replace(NOTICE, due=NOTICE.total, paid=Decimal(100), let_off=Decimal(10), order_reference=NOTICE.reference)
    others = [replace(told, reference="K7PQ2WXH-2")][: rooms - 1]
    email = compose(told, letter(PAYMENT_LINK), SETTINGS, others, TO_PAY | {"held_until": held})
    assert email.subject.startswith("⟦")
    for form, body in (("plain", email.text), ("html", email.html)):
        shown = BeautifulSoup(body, "html.parser")
        for style in shown.select("style"):
            style.decompose()
        assert foreign_words(shown.get_text(" "), KNOWN) == set(), form


def test_every_email_has_both_parts_and_no_text_outside_of_gettext() -> None:
    """What stands between statements of a template is marks and blanks."""
    assert len(KINDS) > 8
    for path in email_builder.FOLDER.glob("*.txt"):
        bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)
        assert re.findall(r"\w+", bare) == [], path.name
        assert path.with_suffix(".html").exists()
