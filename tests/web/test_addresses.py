"""Addresses on pages are Flask's own, however they were found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import flask
import pytest
from flask import Flask
from werkzeug.routing import BuildError

from booking.pages import addresses

ROOM = "room_01h2xcejqtf2nbrexx3vqjhp41"
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("admin.booking.show", {"booking_id": "booking_1"}),
    ("admin.booking.show", {"booking_id": "booking_2", "calendar": "start=2026-01-01&days=30"}),
    ("admin.booking.show", {"booking_id": "booking_3", "calendar": "start=2026-01-01&days=90"}),
    ("admin.booking.show", {"booking_id": "booking_4", "calendar": ""}),
    ("admin.booking.show", {"booking_id": "booking 5/6"}),
    ("admin.booking.show", {"calendar": "x", "booking_id": "booking_7"}),
    ("admin.calendar.nights", {"room": ROOM, "checkIn": dt.date(2026, 1, 2), "checkOut": dt.date(2026, 1, 3)}),
    ("admin.calendar.nights", {"room": ROOM, "checkIn": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}),
    ("admin.today.undo", {"booking_id": "booking_8", "step": "check-in"}),
    ("admin.today.show", {}),
    ("admin.today.show", {"day": None}),
    ("admin.today.show", {"day": "2026-01-01", "_anchor": "rooms"}),
    ("admin.today.show", {"day": ["a", "b"]}),
    ("admin.today.show", {"day": 1}),
    ("admin.today.show", {"day": True}),
    ("admin.today.show", {"day": "100%"}),
    (".show", {"day": "markbegin0markend"}),
    ("account.prefilled", {"place": "sign-in"}),
    ("static", {"filename": "app.css"}),
    ("static", {"filename": "vendor/../app.css"}),
]


def test_each_is_what_flask_says_the_first_time_and_again(app: Flask) -> None:
    with app.test_request_context("/admin/"):
        for _ in range(2):
            for endpoint, values in ASKED:
                assert addresses.url_for(endpoint, **values) == flask.url_for(endpoint, **values), (endpoint, values)


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [("nowhere", {"word": "x"}), ("admin.booking.show", {"room": "x"}), ("account.prefilled", {"place": "elsewhere"})],
)
def test_where_there_is_none_flask_says_so(app: Flask, endpoint: str, values: dict[str, str]) -> None:
    with app.test_request_context("/admin/"):
        for _ in range(2):
            with pytest.raises((BuildError, ValueError)):
                addresses.url_for(endpoint, **values)


def test_a_row_of_alike_is_built_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Any] = []
    real = flask.url_for
    monkeypatch.setattr(flask, "url_for", lambda *names, **values: built.append(values) or real(*names, **values))
    with app.test_request_context("/admin/"):
        for number in range(20):
            addresses.url_for("admin.booking.show", booking_id=f"booking_{number}")
    assert len(built) == 1


@pytest.mark.parametrize("word", ["booking_1", "a b/ä", "", "%s", "markbegin0markend"])
def test_those_that_differ_in_some_words_alone_are_flasks_too(app: Flask, word: str) -> None:
    with app.test_request_context("/admin/"):
        others: list[dict[str, Any]] = [{}, {"calendar": "start=2026-01-01&days=30"}, {"calendar": "100%"}]
        for more in others:
            address = addresses.alike("admin.booking.show", "booking_id", **more)
            if word:
                assert address(word) == flask.url_for("admin.booking.show", booking_id=word, **more)
        nights = addresses.alike("admin.calendar.nights", "room", "checkIn")
        assert nights(ROOM, word) == flask.url_for("admin.calendar.nights", room=ROOM, checkIn=word)


def test_a_route_that_takes_only_certain_words_gets_those(app: Flask) -> None:
    with app.test_request_context("/admin/"):
        assert addresses.alike("account.prefilled", "place")("sign-in") == flask.url_for(
            "account.prefilled", place="sign-in"
        )
