"""GET /rooms/{id} with its quote, and the calendar of its nights."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import StayRules
from booking.domain.tables import Room, User
from booking.infra.ids import encode, new_id
from tests.api.program import INSTANT, Program, dates, fields, refused
from tests.cases import each
from tests.cast import VISA, a_room, acting, blocked, in_days, order

ROOM = {
    "id",
    "name",
    "description",
    "kind",
    "location",
    "capacity",
    "pricePerNight",
    "currency",
    "amenities",
    "images",
    "beds",
    "sizeM2",
    "rules",
    "cancellationPolicy",
    "property",
    "quote",
}


def path(room: Room) -> Any:
    return f"/rooms/{encode('room', room.id)}"


def test_a_room_tells_everything_about_itself(standing: tuple[Program, Room]) -> None:
    api, room = standing
    answer = api.get(path(room))
    assert answer.json.keys() == ROOM
    assert answer.json["quote"] is None
    assert answer.json["cancellationPolicy"] == FLEXIBLE
    assert answer.json["rules"] == {
        "minNights": 2,
        "maxNights": 10,
        "checkInFrom": "15:00",
        "checkOutUntil": "11:00",
        "timeZone": "Europe/Brussels",
    }
    assert answer.json["property"].keys() == {"name", "address", "contactEmail", "contactPhone", "houseRules"}


def test_a_quote_adds_up_night_by_night(standing: tuple[Program, Room]) -> None:
    api, room = standing
    stay = in_days(30)
    quote = api.get(path(room), **dates(stay), guests=3).json["quote"]
    assert [line["night"] for line in quote["lines"]] == [night.isoformat() for night in stay.dates()]
    assert sum(line["amount"] for line in quote["lines"]) == quote["totalPrice"] == 360
    assert (quote["nights"], quote["guests"], quote["currency"], quote["isAvailable"]) == (3, 3, "EUR", True)
    assert [refund["percent"] for refund in quote["refunds"]] == [100]
    assert all(re.fullmatch(INSTANT, refund["until"]) for refund in quote["refunds"])


def test_a_quote_knows_that_nights_are_taken(api: Program, bob: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(bob), order(bob, room, in_days(32, 1)), VISA, desk)
    assert api.get(path(room), **dates()).json["quote"]["isAvailable"] is False
    assert api.get(path(room), **dates(in_days(33, 2))).json["quote"]["isAvailable"] is True


@each(
    ("query", "wrong"),
    lambda: [
        ({"checkIn": "2026-02-30"}, {"checkIn"}),
        ({"checkIn": in_days(30).check_in.isoformat()}, {"checkOut"}),
        ({"checkOut": in_days(30).check_out.isoformat()}, {"checkIn"}),
        (dates(in_days(30, 1)), {"checkOut"}),
        (dates(in_days(30, 11)), {"checkOut"}),
        (dates(in_days(30, 366)), {"checkOut"}),
        (dates(in_days(-5)), {"checkIn"}),
        (dates(in_days(545)), {"checkIn"}),
        (dates() | {"guests": 5}, {"guests"}),
        (dates() | {"guests": 0}, {"guests"}),
        (dates(in_days(600, 20)) | {"guests": 9}, {"checkIn", "checkOut", "guests"}),
    ],
)
def test_a_quote_names_what_is_wrong(standing: tuple[Program, Room], query: Any, wrong: Any) -> None:
    api, room = standing
    assert fields(api.get(path(room), **query)) == wrong


STRANGE_IDS = [
    "room_",
    "room_x",
    "room_01h2xcejqtf2nbrexx3vqjhp4",
    "room_81h2xcejqtf2nbrexx3vqjhp41",
    "room_01H2XCEJQTF2NBREXX3VQJHP41",
    "user_01h2xcejqtf2nbrexx3vqjhp41",
    "01h2xcejqtf2nbrexx3vqjhp41",
    "1",
    "%00",
    "room_%00",
    "..%2f..",
    "room_ü1h2xcejqtf2nbrexx3vqjhp41",
    "' OR 1=1 --",
    "x" * 3000,
    "018f6f6e-0000-7000-8000-000000000000",
    encode("room", new_id()),
]


@each("strange", STRANGE_IDS, ids=range(len(STRANGE_IDS)))
def test_an_unknown_or_malformed_id_is_404(standing: tuple[Program, Room], strange: Any) -> None:
    api, _ = standing
    for tail in ("", "/availability"):
        answer = api.get(f"/rooms/{strange}{tail}")
        assert answer.status_code == 404
        assert answer.json["error"] in {"ROOM_NOT_FOUND", "NOT_FOUND"}
    assert api.get(f"/bookings/{strange}").status_code == 404
    assert api.post(f"/bookings/{strange}/cancel").status_code == 404


def test_an_unpublished_room_does_not_exist(api: Program) -> None:
    hidden = a_room(published=False)
    for where in (path(hidden), f"{path(hidden)}/availability"):
        refused(api.get(where), 404, "ROOM_NOT_FOUND")


# --- the calendar


def nights(api: Program, room: Room, **query: Any) -> Any:
    answer = api.get(f"{path(room)}/availability", **query)
    assert answer.status_code == 200, answer.text
    return answer.json["items"]


def test_the_calendar_says_night_by_night_what_can_be_had(
    api: Program, bob: User, room: Room, desk: BookingContext
) -> None:
    bookings.book(acting(bob), order(bob, room, in_days(31, 2)), VISA, desk)
    blocked(room, in_days(34, 1))
    shown = nights(api, room, **{"from": in_days(30).check_in, "to": in_days(36).check_in})
    assert [night["isAvailable"] for night in shown] == [True, False, False, True, False, True]
    assert [night["date"] for night in shown] == [in_days(30 + n).check_in.isoformat() for n in range(6)]
    assert {night["price"] for night in shown} == {120}
    assert shown[0].keys() == {"date", "isAvailable", "price"}


def test_the_calendar_begins_today_at_the_property_and_shows_a_month(api: Program) -> None:
    far_east = a_room(time_zone="Pacific/Kiritimati", currency="JPY", location="east", price_per_night=Decimal(9000))
    shown = nights(api, far_east)
    assert shown[0]["date"] == StayRules().today("Pacific/Kiritimati").isoformat()
    assert len(shown) == 31
    assert {night["price"] for night in shown} == {9000}


def test_a_night_that_no_stay_can_reach_is_not_free(standing: tuple[Program, Room]) -> None:
    api, room = standing
    today = StayRules().today("Europe/Brussels")
    past = nights(api, room, **{"from": today - dt.timedelta(days=2), "to": today + dt.timedelta(days=1)})
    assert [night["isAvailable"] for night in past] == [False, False, True]
    edge = today + dt.timedelta(days=540 + 10)  # the latest arrival, the room's longest stay
    far = nights(api, room, **{"from": edge - dt.timedelta(days=1), "to": edge + dt.timedelta(days=1)})
    assert [night["isAvailable"] for night in far] == [True, False]


@each(
    ("query", "wrong"),
    [
        ({"from": "2026-02-30"}, {"from"}),
        ({"from": "x", "to": "y"}, {"from", "to"}),
        ({"from": "2026-12-02", "to": "2026-12-02"}, {"from"}),
        ({"from": "2026-12-02", "to": "2026-12-01"}, {"from"}),
        ({"from": "2026-12-01", "to": "2027-12-02"}, {"to"}),
        ({"from": "0001-01-01", "to": "9999-12-31"}, {"to"}),
        ({"from": "9999-12-31"}, {"from"}),
    ],
)
def test_the_calendar_names_what_is_wrong(standing: tuple[Program, Room], query: Any, wrong: Any) -> None:
    api, room = standing
    assert fields(api.get(f"{path(room)}/availability", **query)) == wrong


def test_only_pictures_at_https_addresses_come_out(standing: tuple[Program, Room]) -> None:
    good = {"url": "https://a.example/1.jpg", "alt": "The bed", "width": 800}
    stored = [
        good | {"onerror": "alert(1)", "thumbnail": "javascript:alert(1)", "height": "<b>"},
        {"url": "javascript:alert(1)"},
        {"url": "http://a.example/2.jpg"},
        {"url": "//a.example/3.jpg"},
        {"url": "https://a.example@evil.example/4.jpg"},
        {"url": ["https://a.example/5.jpg"]},
        "https://a.example/6.jpg",
    ]
    api = standing[0]
    with api.app.app_context():
        room = a_room(images=stored)
    assert api.get(path(room)).json["images"] == [good]
