"""Several rooms in one order: held all or none, paid at once, confirmed all or none, each cancellable alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import inventory
from booking.domain.errors import (
    BookingNotFound,
    HoldOver,
    Invalid,
    PaymentFailed,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
    RoomNotFound,
    TooManyHolds,
)
from booking.domain.maintenance import verification
from booking.domain.notices import Notice
from booking.domain.pricing import quotes
from booking.domain.reservations import bookings, cancellation_preview, guarantees, holds, lines, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import order_lookup
from booking.domain.reservations.models import Booking, Lines
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.stays import Stay
from booking.domain.tables import Event, Order, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    beside,
    count,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
    silent,
)


@pytest.fixture
def rooms(room: Room) -> list[Room]:
    """Three of one property, at 120, 80 and 50 EUR a night."""
    return [room, beside(room, "Suite", 80), beside(room, "Attic", 50)]


def several(guest: User, rooms: list[Room], stay: Stay | None = None, guests: int = 2) -> OrderRequest:
    return OrderRequest(guest.id, tuple(OrderItem(room.id, stay or in_days(30), guests) for room in rooms))


def states(rooms: list[Room]) -> set[str]:
    return {state for room in rooms for state in nights_of(room).values()}


def now(held: Lines) -> list[str]:
    return [reload(booking).status for booking in held]


def pay(guest: User, held: Lines, method: str, desk: BookingContext) -> Booking:
    return bookings.pay(acting(guest), held[0].id, method, lines.total(held), desk)


# --- hold


def test_all_rooms_are_held_in_one_order_with_references_of_their_own(
    alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    first = held[0].reference
    assert [booking.reference for booking in held] == [first, f"{first}-2", f"{first}-3"]
    assert [booking.room_id for booking in held] == [room.id for room in rooms]
    assert len({(booking.order_id, booking.held_until, booking.user_id) for booking in held}) == 1
    bought = order_of(held[0])
    assert (bought.reference, bought.owed, bought.paid) == (first, Decimal(750), Decimal(0))
    assert [len(nights_of(room)) for room in rooms] == [3, 3, 3]
    assert count(Event, type="booking.created") == 3


def test_one_room_that_is_taken_leaves_all_others_available(
    alice: User, bob: User, rooms: list[Room], desk: BookingContext
) -> None:
    holds.reserve(acting(bob), order(bob, rooms[1], in_days(31, 1)), desk)
    for act in (
        partial(bookings.hold_all, acting(alice), several(alice, rooms), desk),
        partial(bookings.book_all, acting(alice), several(alice, rooms), VISA, desk),
    ):
        with pytest.raises(RoomNotAvailable) as refusal:
            act()
        assert refusal.value.details == {"items[1]": Notice("room_taken")}
    assert (nights_of(rooms[0]), len(nights_of(rooms[1])), nights_of(rooms[2])) == ({}, 1, {})
    assert count(Order, user_id=alice.id) == 0


def test_what_cannot_be_asked_for_is_said_of_its_item(alice: User, rooms: list[Room], desk: BookingContext) -> None:
    def refused(*items: OrderItem) -> dict[str, Notice]:
        with pytest.raises((Invalid, RoomNotFound)) as refusal:
            bookings.hold_all(acting(alice), OrderRequest(alice.id, items), desk)
        found: dict[str, Notice] = refusal.value.details
        return found

    first = OrderItem(rooms[0].id, in_days(30), 2)
    assert refused(first, OrderItem(rooms[1].id, in_days(30), 5)) == {
        "items[1].guests": Notice("too_many_guests", capacity=4)
    }
    assert list(refused(OrderItem(rooms[1].id, in_days(-3), 2), first)) == ["items[0].checkIn"]
    assert refused(first, OrderItem(uuid.uuid4(), in_days(30), 2)) == {"items[1]": Notice("no_such_room")}
    assert refused(first, OrderItem(rooms[0].id, in_days(32), 2)) == {"items[1].roomId": Notice("room_twice")}
    assert refused(first, OrderItem(a_room().id, in_days(30), 2)) == {"items": Notice("not_one_property")}
    assert (nights_of(rooms[0]), count(Order)) == ({}, 0)


def test_one_room_can_be_had_twice_in_an_order_one_stay_after_the_other(
    alice: User, room: Room, desk: BookingContext
) -> None:
    items = (OrderItem(room.id, in_days(33), 2), OrderItem(room.id, in_days(30), 2))
    booked = bookings.book_all(acting(alice), OrderRequest(alice.id, items), VISA, desk)
    assert [booking.status for booking in booked] == ["CONFIRMED", "CONFIRMED"]
    assert len(nights_of(room)) == 6
    assert verification.verify().findings == []


def test_an_order_counts_as_one_hold(alice: User, rooms: list[Room], desk: BookingContext) -> None:
    for start in (30, 40, 50):
        bookings.hold_all(acting(alice), several(alice, rooms, in_days(start)), desk)
    with pytest.raises(TooManyHolds):
        bookings.hold_all(acting(alice), several(alice, rooms, in_days(60)), desk)


def test_two_who_want_the_same_rooms_in_another_order_never_get_half(
    app: Flask, alice: User, bob: User, rooms: list[Room], desk: BookingContext
) -> None:
    wants = [several(alice, rooms), several(bob, list(reversed(rooms)))]
    acts: list[Callable[[], Any]] = [partial(bookings.book_all, acting(one.guest_id), one, VISA, desk) for one in wants]
    got = {type(one).__name__ for one in all_at_once(app, acts)}
    assert got <= {"RoomLocked", "RoomNotAvailable", "tuple"}
    assert count(Booking, status="CONFIRMED") == (3 if "tuple" in got else 0)
    assert verification.verify().findings == []


# --- pay


def test_one_payment_confirms_all_and_says_so_of_each(alice: User, rooms: list[Room], desk: BookingContext) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    assert pay(alice, held, VISA, desk).id == held[0].id
    [paid] = payments_of(held[0])
    assert (paid.amount, paid.state, order_of(held[0]).paid) == (Decimal(750), "succeeded", Decimal(750))
    assert (now(held), states(rooms)) == (["CONFIRMED"] * 3, {"booked"})
    together = [encode("booking", booking.id) for booking in held]
    assert told() == dict.fromkeys(together, together)
    assert pay(alice, held, VISA, desk).status == "CONFIRMED"  # pressed once more
    assert len(payments_of(held[0])) == 1
    assert verification.verify().findings == []


@transaction
def told() -> dict[str, Any]:
    """Which bookings were confirmed, and together with which."""
    events = db.session.query(Event).filter_by(type="booking.confirmed")
    return {event.payload["bookingId"]: event.payload.get("confirmedTogether") for event in events}


def test_a_booking_that_was_confirmed_by_itself_says_nothing_of_others(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert told() == {encode("booking", booked.id): None}


def test_only_the_total_of_all_rooms_is_paid(alice: User, rooms: list[Room], desk: BookingContext) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    with pytest.raises(PriceChanged):
        bookings.pay(acting(alice), held[0].id, VISA, held[0].total_price, desk)
    assert payments_of(held[0]) == []


def test_a_stranger_finds_no_order_to_pay_for(alice: User, bob: User, rooms: list[Room], desk: BookingContext) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    with pytest.raises(BookingNotFound):
        pay(bob, held, VISA, desk)


def test_a_declined_card_keeps_all_holds_or_frees_all_nights(
    alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    with pytest.raises(PaymentFailed):
        pay(alice, held, DECLINED, desk)
    assert [reload(booking).held_until for booking in held] == [booking.held_until for booking in held]
    assert states(rooms) == {"held"}
    assert pay(alice, held, VISA, desk).status == "CONFIRMED"
    with pytest.raises(PaymentFailed) as refusal:
        bookings.book_all(acting(alice), several(alice, rooms, in_days(60)), DECLINED, desk)
    assert list(refusal.value.named) == ["orderId"]
    assert (count(Booking, status="CANCELLED"), states(rooms)) == (3, {"booked"})
    assert verification.verify().findings == []


def test_who_pays_twice_at_once_pays_once(app: Flask, alice: User, rooms: list[Room], desk: BookingContext) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    acts: list[Callable[[], Any]] = [
        partial(bookings.pay, acting(alice), one.id, VISA, lines.total(held), desk) for one in (*held, *held)
    ]
    for one in all_at_once(app, acts):
        assert isinstance(one, Booking | PaymentInProgress), one
    assert (now(held), len(payments_of(held[0]))) == (["CONFIRMED"] * 3, 1)
    assert verification.verify().findings == []


def test_rooms_that_cost_nothing_are_confirmed_without_a_payment(
    alice: User, rooms: list[Room], desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotes, "per_night", lambda *_: Decimal(0))
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    assert bookings.pay(acting(alice), held[1].id, None, Decimal(0), desk).id == held[1].id
    assert (now(held), payments_of(held[0]), states(rooms)) == (["CONFIRMED"] * 3, [], {"booked"})
    assert verification.verify().findings == []


# --- late, and lost


@pytest.mark.parametrize("one_call", [True, False])
def test_a_charge_for_nights_of_which_one_is_gone_gives_everything_back(
    alice: User, rooms: list[Room], desk: BookingContext, one_call: bool
) -> None:
    def last_room_goes(_: object) -> None:
        [lost] = [booking for booking in all_bookings() if booking.room_id == rooms[2].id]
        transaction(lambda: inventory.release_nights(SYSTEM, lost.id, Stay(lost.check_in, lost.check_in + DAY)))()

    bad = interrupted(desk, last_room_goes)
    held = () if one_call else bookings.hold_all(acting(alice), several(alice, rooms), desk)
    with pytest.raises(RoomNotAvailable):
        _ = pay(alice, held, VISA, bad) if held else bookings.book_all(acting(alice), several(alice, rooms), VISA, bad)
    made = all_bookings()
    assert ({booking.status for booking in made}, states(rooms)) == ({"CANCELLED"}, set())
    bought = order_of(made[0])
    assert (bought.paid, bought.refunded, bought.owed) == (Decimal(750), Decimal(750), Decimal(0))
    assert verification.verify().findings == []


DAY = dt.timedelta(days=1)


@transaction
def all_bookings() -> Lines:
    return lines.in_order(db.session.query(Booking).all())


def test_recovery_confirms_all_that_a_lost_answer_has_paid(
    alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    with pytest.raises(PaymentUnknown):
        bookings.book_all(acting(alice), several(alice, rooms), VISA, interrupted(desk, silent))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert ({booking.status for booking in all_bookings()}, states(rooms)) == ({"CONFIRMED"}, {"booked"})
    assert verification.verify().findings == []


def test_a_hold_that_nobody_pays_for_expires_as_a_whole(alice: User, rooms: list[Room], desk: BookingContext) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    later(dt.timedelta(minutes=16))
    with pytest.raises(HoldOver):
        pay(alice, held, VISA, desk)
    assert bookings.expire_holds(SYSTEM) == 3
    assert (now(held), states(rooms), order_of(held[0]).owed) == (["EXPIRED"] * 3, set(), Decimal(0))
    with pytest.raises(HoldOver):
        pay(alice, held, VISA, desk)


# --- one of several


def test_one_room_given_back_before_paying_is_not_paid_for(
    alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    bookings.release(acting(alice), held[0].id)
    assert order_of(held[0]).owed == Decimal(390)
    with pytest.raises(PriceChanged):
        bookings.pay(acting(alice), held[1].id, VISA, lines.total(held), desk)
    with pytest.raises(HoldOver):
        bookings.pay(acting(alice), held[0].id, VISA, Decimal(390), desk)
    assert bookings.pay(acting(alice), held[1].id, VISA, Decimal(390), desk).status == "CONFIRMED"
    assert now(held) == ["CANCELLED", "CONFIRMED", "CONFIRMED"]
    assert told() == {encode("booking", one.id): [encode("booking", held[i].id) for i in (1, 2)] for one in held[1:]}
    assert verification.verify().findings == []


def test_a_booking_of_several_is_found_by_its_reference_as_it_is_said(
    alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    first = held[0].reference
    for said, place in ((f"{first.lower()}", 0), (f"{first[:4]} {first[4:]} - 3", 2), (f"{first}2", 1)):
        assert cancellation_preview.preview(SYSTEM, said).booking_id == held[place].id
        assert [one.id for one in order_lookup.look_up(SYSTEM, said).bookings] == [one.id for one in held]


def test_what_staff_guarantees_of_several_rooms_is_told_together(
    alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    held = bookings.hold_all(acting(alice), several(alice, rooms), desk)
    guarantees.guarantee(SYSTEM, held[0].order_id, "desk")
    together = [encode("booking", booking.id) for booking in held]
    assert told() == dict.fromkeys(together, together)
    assert verification.verify().findings == []


def test_one_of_several_rooms_is_cancelled_alone_and_only_its_price_comes_back(
    alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    booked = bookings.book_all(acting(alice), several(alice, rooms), VISA, desk)
    for place, back in ((1, 240), (0, 600), (2, 750)):
        cancelled = bookings.cancel(acting(alice), booked[place].id, desk)
        assert cancelled.refund_amount == booked[place].total_price
        assert payments_of(booked[place])[-1].booking_id == booked[place].id
        bought = order_of(booked[0])
        assert (bought.refunded, bought.owed) == (Decimal(back), Decimal(750 - back))
        assert verification.verify().findings == []
    assert states(rooms) == set()


@each(
    ("change", "rule"),
    [
        ("UPDATE bookings SET status = 'PENDING' WHERE reference LIKE '%-2'", "order_confirmed_in_part"),
        (
            "UPDATE bookings SET reference = substr(reference, 2) WHERE reference LIKE '%-3'",
            "booking_of_other_reference",
        ),
    ],
)
def test_an_order_that_does_not_agree_is_found(
    alice: User, rooms: list[Room], desk: BookingContext, change: str, rule: str
) -> None:
    start = 30 + 10 * count(Order)
    bookings.book_all(acting(alice), several(alice, rooms, in_days(start)), VISA, desk)
    assert rule not in {finding.rule for finding in verification.verify().findings}
    transaction(lambda: db.session.execute(text(change)))()
    assert rule in {finding.rule for finding in verification.verify().findings}
