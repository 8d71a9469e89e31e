"""Every number among the settings, as small and as large as it may be: pages and endpoints work, or it is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import redis as redis_client
from flask import Flask

from booking import create_app
from booking.config import RANGES, Settings, SettingsError
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.api.program import Program, an_order, dates, program_of
from tests.cases import each
from tests.cast import PASSWORD, a_room, count, in_days
from tests.quick import first_quick
from tests.web.visitor import Visitor

NUMBERS = [field.name for field in dataclasses.fields(Settings) if field.type in ("int", "float")]
# What is used by web processes; the others belong to the worker, to backups and to the server's start.
OF_THE_WEB = [name for name in NUMBERS if not name.startswith(("backup_", "ticker_", "sweep_", "granian_"))]
# Several share an application: to start one takes longer than to look at its pages.
PARTS = 5
GROUPS = [[(name, RANGES[name][edge]) for name in OF_THE_WEB[part::PARTS]] for edge in (0, 1) for part in range(PARTS)]


def told(edges: list[tuple[str, float]]) -> str:
    return " ".join(f"{name}={edge:g}" for name, edge in edges)


def written(name: str, value: float) -> str:
    """As it stands in the environment."""
    kind = next(field.type for field in dataclasses.fields(Settings) if field.name == name)
    return str(int(value)) if kind == "int" else str(value)


def test_every_number_has_a_range() -> None:
    assert set(NUMBERS) == set(RANGES)


@each("name", NUMBERS)
def test_beyond_its_range_a_number_is_refused_at_start_and_named(environ: dict[str, str], name: str) -> None:
    least, most = RANGES[name]
    beyond = [least - 1, most + 1, -(10**9), 10**12]
    texts = [written(name, value) for value in beyond]
    if "." in written(name, 0.5):
        texts += ["nan", "inf", "-inf"]
    for text in texts:
        with pytest.raises(SettingsError, match=f"{name.upper()} must be between"):
            Settings.from_env(environ | {name.upper(): text})


@each("text", ["", "4", "04:10", "12:00", "24:00", "-1:00", "04:00:00", "noon"])
def test_an_hour_that_no_day_begins_at_is_refused(environ: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsError, match="DAY_BEGINS_AT"):
        Settings.from_env(environ | {"DAY_BEGINS_AT": text})


def with_settings(environ: dict[str, str], values: dict[str, float]) -> Flask:
    redis_client.Redis.from_url(environ["REDIS_URL"]).flushdb()
    texts = {name.upper(): written(name, value) for name, value in values.items()}
    return create_app(Settings.from_env(environ | texts))


def pages(app: Flask, room: Room) -> dict[str, int]:
    """What a visitor opens, from the front page to the booking."""
    visitor, room_page = Visitor(app), f"/rooms/{encode('room', room.id)}"
    stay = in_days(1, 1)
    addresses = ["/", "/rooms", "/rooms?location=antwerp", room_page, f"{room_page}?month=2027-01"]
    addresses += [f"{room_page}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2"]
    seen = {address: visitor.go(address).status for address in addresses}
    visitor.go("/sign-in").send("/sign-in", email="alice@example.com", password=PASSWORD)
    seen["reserve"] = visitor.go(addresses[-1]).send(f"{room_page}/reserve").status
    checkout = visitor.url
    assert checkout.startswith("/checkout/"), checkout
    seen["pay"] = visitor.send(checkout).status
    return seen | {address: visitor.go(address).status for address in ("/bookings", "/account", visitor.url)}


def answers(api: Program, room: Room) -> dict[str, int]:
    """The same by API."""
    room_url, stay = f"/rooms/{encode('room', room.id)}", in_days(1, 1)
    asked = {
        "me": api.get("/me"),
        "search": api.get("/rooms", **dates(stay)),
        "room": api.get(room_url, **dates(stay)),
        "calendar": api.get(f"{room_url}/availability"),
        "book": api.post("/bookings", an_order(room, stay)),
        "bookings": api.get("/bookings"),
        "contract": api.get("/openapi.json"),
    }
    return {name: answer.status_code for name, answer in asked.items()}


@pytest.mark.slow
@pytest.mark.parametrize("edges", GROUPS, ids=told)
def test_at_its_edge_every_page_and_endpoint_works(
    environ: dict[str, str], empty: None, alice: User, edges: list[tuple[str, float]]
) -> None:
    # Until 16:00 UTC it is still yesterday somewhere, and a horizon of one day ends sooner for a search of any place.
    clock.shift(dt.timedelta(hours=max(0, 20 - clock.now().hour)))
    room = a_room()
    app = with_settings(environ, dict(edges))
    with app.app_context():
        seen = pages(app, room) | answers(program_of(app, alice), a_room())
        assert {what: status for what, status in seen.items() if status not in (200, 201)} == {}
        assert count(Booking, status="CONFIRMED") == 2


@pytest.mark.parametrize("nights", first_quick([1, 2, 29, 30, 31, 61]))
def test_whatever_the_longest_stay_calendars_show_whole_months(
    environ: dict[str, str], empty: None, alice: User, nights: int
) -> None:
    room = a_room()
    app = with_settings(environ, {"longest_stay_nights": nights})
    with app.app_context():
        assert Visitor(app).go(f"/rooms/{encode('room', room.id)}").status == 200
        shown = program_of(app, alice).get(f"/rooms/{encode('room', room.id)}/availability")
    assert (shown.status_code, len(shown.json["items"])) == (200, 31)
