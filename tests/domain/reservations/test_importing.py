"""Reservations that were made elsewhere come in once, whoever books meanwhile, and nothing is sold twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import inventory, messages
from booking.domain.actors import Actor, ActorKind, Membership, Role
from booking.domain.catalogue import CsvRows
from booking.domain.errors import BookingError, Forbidden, Invalid, NotFound
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, importing
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.importing import RowOutcome
from booking.domain.reservations.importing import rows as files
from booking.domain.tables import AuditRecord, Booking, Delivery, Order, Payment, Room, User
from booking.infra import ids
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import SYSTEM, VISA, acting, all_at_once, beside, count, in_days, later, nights_of, order

HEADER = "sourceId,room,checkIn,checkOut,guests,name,email,phone,total,currency,paid,note"


def row(source_id: str, room: str, start: int = 30, nights: int = 3, **changes: Any) -> str:
    stay = in_days(start, nights)
    cells = {
        "sourceId": source_id,
        "room": room,
        "checkIn": stay.check_in,
        "checkOut": stay.check_out,
        "guests": 2,
        "name": "Carol Calls",
        "email": "carol@example.com",
        "phone": "0032 (0)3 / 123",
        "total": "300.00",
        "currency": "EUR",
        "paid": "100",
        "note": "Late arrival",
    }
    return ",".join(str(cell) for cell in (cells | changes).values())


def brought(room: Room, desk: BookingContext, *lines: str, actor: Actor = SYSTEM) -> list[RowOutcome]:
    """What became of each row."""
    house = importing.house_of(actor, room.property_id)
    return list(importing.take_over(actor, house, "old system", CsvRows([HEADER + "\n", *ended(lines)]), desk.rules))


def ended(lines: Iterable[str]) -> list[str]:
    return [f"{line}\n" for line in lines]


def outcomes(done: Iterable[RowOutcome]) -> list[str]:
    return [one.outcome for one in sorted(done, key=lambda one: one.line)]


@transaction
def the(model: Any) -> Any:
    return db.session.query(model).one()


def test_a_reservation_comes_in_confirmed_and_what_was_paid_is_paid_elsewhere(room: Room, desk: BookingContext) -> None:
    [done] = brought(room, desk, row("R-1", room.name))
    booking, bought, paid = the(Booking), the(Order), the(Payment)
    assert (done.outcome, done.reference) == ("imported", booking.reference)
    assert (booking.status, booking.user_id, booking.total_price) == ("CONFIRMED", None, Decimal(300))
    assert (bought.channel, bought.source, bought.source_id, bought.guarantee) == (
        "import",
        "old system",
        "R-1",
        "later",
    )
    assert (bought.contact_name, bought.contact_phone, bought.contact_requests) == (
        "Carol Calls",
        "0032 (0)3 / 123",
        "Late arrival",
    )
    assert (paid.provider, paid.amount, bought.due) == ("elsewhere", Decimal(100), Decimal(200))
    assert set(nights_of(room).values()) == {"booked"}
    assert verification.verify().findings == []


def test_nobody_is_charged_or_written_to(app: Flask, room: Room, desk: BookingContext) -> None:
    brought(room, desk, row("R-1", room.name))
    messages.relay_events()
    assert count(Delivery, consumer="mail") == 0
    assert count(Payment, provider="simulated") == 0
    assert {one.action for one in _entries()} == {"booking.imported"}


@transaction
def _entries() -> list[Any]:
    return db.session.query(AuditRecord).all()


def test_twice_is_once_and_a_stay_that_differs_is_told(room: Room, desk: BookingContext) -> None:
    brought(room, desk, row("R-1", room.name))
    again = brought(room, desk, row("R-1", room.name), row("R-2", room.name, 40), row("R-2", room.name, 50))
    assert outcomes(again) == ["there", "imported", "bad"]
    [moved] = brought(room, desk, row("R-1", room.name, 60))
    assert (moved.outcome, list(moved.problems)) == ("differs", ["sourceId"])
    assert count(Booking) == 2


def test_what_was_cancelled_here_is_not_sold_again(room: Room, desk: BookingContext) -> None:
    brought(room, desk, row("R-1", room.name))
    cancelled = bookings.cancel(SYSTEM, the(Booking).id, desk)
    assert cancelled.refund_amount == 100
    assert outcomes(brought(room, desk, row("R-1", room.name))) == ["there"]
    assert nights_of(room) == {}
    assert verification.verify().findings == []


def test_nights_that_somebody_has_are_a_conflict_and_stop_no_other_row(
    room: Room, desk: BookingContext, alice: User
) -> None:
    booked = bookings.book(acting(alice), order(alice, room, in_days(32, 1)), VISA, desk)
    inventory.block(SYSTEM, room.id, in_days(41, 1), rules=desk.rules, reason="paint")
    done = brought(
        room,
        desk,
        row("R-1", room.name),
        row("R-2", room.name, 40),
        row("R-3", room.name, 50),
        row("R-4", room.name, 51),
    )
    assert outcomes(done) == ["conflict", "conflict", "imported", "conflict"]
    told = {one.source_id: one.problems["room"] for one in done if one.outcome == "conflict"}
    assert (told["R-1"].code, told["R-1"].params["reference"]) == ("nights_booked", booked.reference)
    assert (told["R-2"].code, told["R-2"].params["reason"]) == ("nights_blocked", "paint")
    assert len(nights_of(room)) == 1 + 1 + 3
    assert verification.verify().findings == []


def test_a_hold_that_ran_out_is_in_nobodys_way(room: Room, desk: BookingContext, alice: User) -> None:
    line = row("R-1", room.name)
    bookings.hold_all(acting(alice), order(alice, room, in_days(30)), desk)
    assert outcomes(brought(room, desk, line)) == ["conflict"]
    later(dt.timedelta(minutes=20))
    assert outcomes(brought(room, desk, line)) == ["imported"]


def test_looking_says_what_would_become_of_each_row_and_changes_nothing(
    room: Room, desk: BookingContext, alice: User
) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(42, 1)), VISA, desk)
    lines = [row("R-1", room.name), row("R-2", room.name, 31), row("R-3", room.name, 40), row("R-4", "no room", 90)]
    house = importing.house_of(SYSTEM, room.property_id)
    seen = list(importing.rehearse(SYSTEM, house, "old system", CsvRows([HEADER + "\n", *ended(lines)]), desk.rules))
    assert outcomes(seen) == ["ready", "conflict", "conflict", "bad"]
    assert next(one for one in seen if one.line == 3).problems["room"].code == "nights_in_file"
    assert count(Order, channel="import") == 0
    assert outcomes(brought(room, desk, *lines)) == ["imported", "conflict", "conflict", "bad"]


def test_who_imports_and_who_books_at_once_never_both_have_a_night(
    app: Flask, room: Room, desk: BookingContext, alice: User
) -> None:
    line, wanted = row("R-1", room.name), order(alice, room, in_days(31))
    results = all_at_once(
        app,
        [
            *[lambda: brought(room, desk, line)] * 3,
            *[lambda: bookings.book(acting(alice), wanted, VISA, desk)] * 2,
        ],
    )
    assert not [one for one in results if isinstance(one, Exception) and not isinstance(one, BookingError)]
    assert count(Booking, status="CONFIRMED") == 1
    assert count(Order, source_id="R-1") <= 1
    assert verification.verify().findings == []


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"source_id": ""}, "sourceId", "missing"),
    ({"room": "99"}, "room", "no_room_of_that_name"),
    ({"checkIn": "1/5/2027"}, "checkIn", "no_date"),
    ({"checkOut": "2020-01-01"}, "checkIn", "not_in_order"),
    ({"guests": "two"}, "guests", "no_whole_number"),
    ({"guests": "99"}, "guests", "too_many_guests"),
    ({"name": " "}, "name", "missing"),
    ({"email": "carol"}, "email", "no_email"),
    ({"phone": "none"}, "phone", "no_phone"),
    ({"total": "-1"}, "total", "too_small"),
    ({"total": "1.005", "paid": ""}, "total", "too_many_decimals"),
    ({"currency": "USD"}, "currency", "currency_of_another"),
    ({"paid": "300.01"}, "paid", "paid_beyond_total"),
    ({"checkIn": "1999-01-01", "checkOut": "1999-01-02"}, "checkIn", "in_the_past"),
    ({"checkIn": "2099-01-01", "checkOut": "2099-01-02"}, "checkIn", "too_far_ahead"),
]


@each(("changes", "field", "code"), BAD)
def test_what_a_row_cannot_mean_is_named(
    room: Room, desk: BookingContext, changes: dict[str, Any], field: str, code: str
) -> None:
    source_id, known = (
        changes.get("source_id", "R-1"),
        {k: v for k, v in changes.items() if k not in ("source_id", "room")},
    )
    [done] = brought(room, desk, row(source_id, changes.get("room", room.name), **known))
    assert (done.outcome, {name: notice.code for name, notice in done.problems.items()}) == ("bad", {field: code})
    assert count(Booking) == 0


def test_a_room_is_known_by_its_id_its_name_and_its_number(room: Room, desk: BookingContext) -> None:
    twelve = beside(room, "Suite 012", 90)
    first, second = beside(room, "Twin", 90), beside(room, "Twin", 90)
    done = brought(
        room,
        desk,
        row("R-1", ids.encode("room", first.id)),
        row("R-2", "twin"),
        row("R-3", "12"),
        row("R-4", room.name.upper()),
    )
    assert outcomes(done) == ["imported", "bad", "imported", "imported"]
    assert [bool(nights_of(one)) for one in (room, twelve, first, second)] == [True, True, True, False]


def test_what_a_spreadsheet_has_made_of_the_file_is_understood(room: Room, desk: BookingContext) -> None:
    stay = in_days(30)
    header = "\ufeffSource ID;Room;Check-in;check_out;Guests;Name;Total;Paid;Phone"
    line = f"R-1;{room.name};{stay.check_in};{stay.check_out};2;'=Léa;1.234,50;;'+32 3 123 45 67"
    found = files.opened(f"{header}\r\n{line}\r\n;;;;;;;;\r\n".encode())
    house = importing.house_of(SYSTEM, room.property_id)
    assert outcomes(importing.take_over(SYSTEM, house, "x", found, desk.rules)) == ["imported"]
    bought = the(Order)
    assert (bought.contact_name, bought.contact_phone, bought.contact_email) == ("=Léa", "+32 3 123 45 67", None)
    assert (bought.owed, bought.paid) == (Decimal("1234.50"), 0)


def test_bytes_that_are_no_text_spoil_their_row_alone(room: Room, desk: BookingContext) -> None:
    content = f"{HEADER}\n{row('R-1', room.name)}\n{row('R-2', room.name, 50, name='Léa')}\n".encode()
    found = files.opened(content.replace("é".encode(), b"\xe9"))
    house = importing.house_of(SYSTEM, room.property_id)
    done = list(importing.take_over(SYSTEM, house, "x", found, desk.rules))
    assert outcomes(done) == ["imported", "bad"]
    assert {one.line: one.problems["row"].code for one in done if one.problems} == {3: "cell_no_text"}


@each(
    ("content", "code"),
    [
        (b"", "cell_empty"),
        (b"name,room\n", "columns_missing"),
        (HEADER.encode() + b",Room\n", "columns_twice"),
        (b"PK\x03\x04", "file_packed"),
        ("name".encode("utf-16"), "file_utf_16"),
    ],
)
def test_what_is_no_such_file_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        files.opened(content)
    assert refused.value.details["file"].code == code


def test_only_who_runs_the_house_may(room: Room, desk: BookingContext) -> None:
    def staff(role: Role, at: Any) -> Actor:
        return Actor(ActorKind.STAFF, ids.new_id(), (Membership(role, at),))

    assert outcomes(brought(room, desk, row("R-1", room.name), actor=staff(Role.MANAGER, room.property_id))) == [
        "imported"
    ]
    for stranger in (staff(Role.DESK, room.property_id), staff(Role.MANAGER, ids.new_id()), Actor.guest(ids.new_id())):
        with pytest.raises(NotFound):
            brought(room, desk, row("R-2", room.name, 50), actor=stranger)
        house = importing.house_of(SYSTEM, room.property_id)
        with pytest.raises(Forbidden):
            list(importing.take_over(stranger, house, "x", CsvRows([HEADER, "\n"]), desk.rules))


@each(
    ("total", "nights", "amounts"),
    [("100", 3, ["33.34", "33.33", "33.33"]), ("0.02", 4, ["0.02", "0.00", "0.00", "0.00"])],
)
def test_the_price_is_divided_among_the_nights(
    room: Room, desk: BookingContext, total: str, nights: int, amounts: list[str]
) -> None:
    brought(room, desk, row(f"R-{nights}", room.name, 30 + nights * 10, nights, total=total, paid=""))
    lines = _lines(f"R-{nights}")
    assert [line["amount"] for line in lines] == amounts


@transaction
def _lines(source_id: str) -> Any:
    found = db.session.query(Booking).join(Order, Order.id == Booking.order_id).filter(Order.source_id == source_id)
    return found.one().price_lines
