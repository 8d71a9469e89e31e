"""A save writes every column that was changed, or refuses; it never drops one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from booking.domain import inventory
from booking.domain.actors import Actor
from booking.domain.errors import BookingModified
from booking.domain.payments import ledger
from booking.domain.payments import repository as payment_rows
from booking.domain.people import Action
from booking.domain.reservations import bookings, holding, holds, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra import db as database
from booking.infra.db import db, transaction
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, later, order, payments_of, reload

NEW: dict[str, Any] = {
    "reference": "ZZZZ-ZZZZ",
    "check_in": dt.date(2031, 1, 1),
    "check_out": dt.date(2031, 1, 4),
    "guests": 3,
    "total_price": Decimal(99),
    "currency": "USD",
    "price_lines": [{"night": "2030-01-01", "amount": "99", "rule": "base"}],
    "policy": {"name": "other", "tiers": []},
    "held_until": dt.datetime(2031, 1, 1, tzinfo=dt.UTC),
}


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room), desk)


@transaction
def change(booking_id: uuid.UUID, act: Callable[[Booking], None]) -> None:
    booking = repository.booking(booking_id, lock=True)
    act(booking)
    repository.save(booking)


def test_whatever_is_changed_is_written(held: Booking) -> None:
    def all_of_them(booking: Booking) -> None:
        for name, value in NEW.items():
            setattr(booking, name, value)

    change(held.id, all_of_them)
    saved = reload(held)
    assert {name: getattr(saved, name) for name in NEW} == NEW
    assert (saved.version, saved.status) == (2, "PENDING")


def test_a_list_that_was_changed_where_it_stands_is_written(held: Booking) -> None:
    change(held.id, lambda booking: booking.price_lines[0].update(rule="changed"))
    assert reload(held).price_lines[0]["rule"] == "changed"


def test_a_list_that_somebody_has_looked_into_is_not_written_again(held: Booking) -> None:
    @transaction
    def look() -> tuple[list[Any], set[str]]:
        booking = repository.booking(held.id, lock=True)
        booking.guests = 1
        seen = [*booking.policy.values(), *(value for line in booking.price_lines for value in line.values())]
        return seen, set(repository._ROWS.changes(booking))

    assert look()[1] == {"guests"}


@pytest.mark.parametrize("name", ["id", "created_at", "version", "updated_at"])
def test_what_never_changes_is_refused(held: Booking, name: str) -> None:
    values = {"id": uuid.uuid4(), "version": 9}

    def forge(booking: Booking) -> None:
        setattr(booking, name, values.get(name, dt.datetime(2031, 1, 1, tzinfo=dt.UTC)))

    with pytest.raises(ValueError, match=name):
        change(held.id, forge)
    assert reload(held).version == 1


def test_all_that_never_changes_is_named_in_the_refusal(held: Booking) -> None:
    def forge(booking: Booking) -> None:
        booking.id, booking.version = uuid.uuid4(), 9

    with pytest.raises(ValueError, match="id, version of bookings cannot be changed"):
        change(held.id, forge)


# --- locked


def is_locked(booking_id: uuid.UUID) -> bool:
    """Whether a transaction that is running has locked the booking's row."""
    with db.engine.connect() as other:
        try:
            other.execute(select(Booking.id).where(Booking.id == booking_id).with_for_update(nowait=True))
        except OperationalError:
            return True
        return False


def test_a_booking_is_locked_where_that_is_asked_for_and_only_there(held: Booking) -> None:
    def read_by(read: Callable[[], Booking]) -> bool:
        return transaction(lambda: (read(), is_locked(held.id)))()[1]

    owner = held.user_id
    assert read_by(lambda: repository.booking(held.id, lock=True))
    assert read_by(lambda: bookings.permitted(acting(owner), Action.CANCEL_BOOKING, held.id, lock=True))
    assert not read_by(lambda: repository.booking(held.id))
    assert not read_by(lambda: bookings.permitted(acting(owner), Action.SEE_BOOKING, held.id))


def test_a_booking_is_locked_before_its_nights_move(
    held: Booking, alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[bool] = []
    release, sweep, pin = inventory.release_nights, inventory.release_held_nights, inventory.pin_nights_or_refuse

    def watched_pin(claim_id: uuid.UUID, nights: int, refusal: Exception) -> None:
        database._attempt_now().batch.send()  # what was said before it
        locked.append(is_locked(claim_id))
        pin(claim_id, nights, refusal)

    def watched_release(actor: Actor, claim_id: uuid.UUID) -> int:
        locked.append(is_locked(claim_id))
        return release(actor, claim_id)

    def watched_sweep(actor: Actor, claim_id: uuid.UUID) -> int:
        locked.append(is_locked(claim_id))
        return sweep(actor, claim_id)

    monkeypatch.setattr(inventory, "pin_nights_or_refuse", watched_pin)
    monkeypatch.setattr(inventory, "release_held_nights", watched_sweep)
    monkeypatch.setattr(inventory, "release_nights", watched_release)
    second = holds.reserve(acting(alice), order(alice, room, in_days(31)), desk)  # releases the first
    paid = bookings.pay(acting(alice), second.id, VISA, second.total_price, desk)
    bookings.cancel(acting(alice), paid.id, desk)
    bookings.cancel(acting(alice), holds.reserve(acting(alice), order(alice, room), desk).id, desk)
    holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for + dt.timedelta(seconds=1))
    bookings.expire_holds(SYSTEM)
    assert locked == [True] * 5


def test_a_row_that_was_not_read_for_it_is_refused(held: Booking) -> None:
    stranger = reload(held)
    with pytest.raises(ValueError, match="read"):
        transaction(repository.save)(stranger)


def test_two_saves_of_one_row_count_on(held: Booking) -> None:
    @transaction
    def twice() -> None:
        booking = repository.booking(held.id, lock=True)
        for guests in (3, 4):
            booking.guests = guests
            repository.save(booking)

    twice()
    saved = reload(held)
    assert (saved.guests, saved.version) == (4, 3)


def test_a_save_of_what_somebody_else_has_changed_is_refused(held: Booking) -> None:
    old = transaction(repository.booking)(held.id)
    change(held.id, lambda booking: setattr(booking, "guests", 3))
    old.guests = 1
    with pytest.raises(BookingModified):
        transaction(repository.save)(old)
    assert reload(held).guests == 3


def test_a_change_to_a_payment_is_written_whole(held: Booking, desk: BookingContext) -> None:
    bookings.pay(acting(held.user_id), held.id, VISA, held.total_price, desk)
    [paid] = payments_of(held)
    new = {"provider_reference": "other", "failure": "why", "method": "pm_other", "amount": Decimal(1)}

    @transaction
    def rewrite() -> None:
        _, payment = repository.with_payment(paid.id)
        for name, value in new.items():
            setattr(payment, name, value)
        payment_rows.save(payment)

    rewrite()
    saved: Payment = payments_of(held)[0]
    assert {name: getattr(saved, name) for name in new} == new
    assert ledger.latest_charge(held.order_id) is not None


def test_a_reference_that_is_taken_already_is_made_anew(
    alice: User, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter(["AAAA2222", "AAAA2222", "BBBB3333"])
    monkeypatch.setattr(holding, "new_reference", lambda: next(made))
    booked = [bookings.book(acting(alice), order(alice, a_room()), VISA, desk) for _ in range(2)]
    assert [one.reference for one in booked] == ["AAAA2222", "BBBB3333"]
