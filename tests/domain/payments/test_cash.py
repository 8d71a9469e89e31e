"""Cash of the desk: what goes into whose drawer, and the count that closes a shift, once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from booking.domain import payments
from booking.domain.actors import Actor, Role
from booking.domain.errors import EntryDiffers, Invalid, NotFound
from booking.domain.maintenance import verification
from booking.domain.money import Amount
from booking.domain.payments import CashClosing, CashMoved, Count, DrawerClosed, DrawerKey, Moved
from booking.domain.people import audit_log
from booking.domain.reservations import bookings, front_desk
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, CashMovement, Payment, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import SYSTEM, a_room, acting, all_at_once, payments_of
from tests.domain.payments.test_by_hand import agrees, clerk, receive
from tests.domain.payments.test_by_hand import vouched as vouched  # noqa: PLC0414 a fixture
from tests.domain.people.test_audit_log import INSUFFICIENT_PRIVILEGE, refusals

pytestmark = pytest.mark.slow


@pytest.fixture
def dana(room: Room) -> Actor:
    return clerk(Role.DESK, room)


@pytest.fixture
def max_(room: Room) -> Actor:
    return clerk(Role.MANAGER, room)


def drawer_of(who: Actor, room: Room) -> DrawerKey:
    return DrawerKey(room.property_id, "EUR", who.user_id)


def expected(who: Actor, room: Room, of: Actor | None = None) -> int:
    return int(payments.get_drawer(who, drawer_of(of or who, room))[0].expected)


def close(who: Actor, room: Room, counted: object, *, of: Actor | None = None, **said: Any) -> CashClosing:
    """With what is shown now, unless that is said."""
    key = drawer_of(of or who, room)
    shown, _ = payments.get_drawer(of or who, key)
    facts = {"kept": Decimal(0), "note": None, "seen": shown.expected, "after": shown.after} | said
    return payments.close_drawer(who, key, Count(counted=Decimal(str(counted)), **facts))


@transaction
def movements() -> list[tuple[int, uuid.UUID | None, bool]]:
    rows = db.session.query(CashMovement).order_by(CashMovement.created_at)
    return [(int(row.amount), row.user_id, row.closing_id is not None) for row in rows]


def sums(moved: Moved) -> tuple[int, int, int]:
    return int(moved.taken), int(moved.given_back), int(moved.corrected)


def cancelled(vouched: Booking, alice: User, desk: BookingContext) -> Payment:
    """The last refund, which staff is to give back."""
    bookings.cancel(acting(alice), vouched.id, desk)
    return payments_of(vouched)[-1]


def test_only_cash_goes_into_the_drawer_of_whoever_enters_it(vouched: Booking, room: Room, dana: Actor) -> None:
    for number, (by, who) in enumerate([("desk", dana), ("terminal", dana), ("transfer", dana), ("desk", SYSTEM)]):
        receive(vouched, 50 + number, f"receipt {number}", by, who)
    assert movements() == [(50, dana.user_id, False), (53, None, False)]
    [one] = payments.list_drawers(dana)
    assert (int(one.expected), one.number, one.key) == (50, 1, drawer_of(dana, room))
    _, moved = payments.get_drawer(dana, one.key)
    [shown] = moved.shown
    assert (shown.booking_id, shown.entry, shown.guest) == (vouched.id, "receipt 0", "Alice")
    assert agrees()


def test_cash_goes_back_out_of_it_also_for_what_was_paid_by_card(
    alice: User, vouched: Booking, room: Room, dana: Actor, desk: BookingContext
) -> None:
    receive(vouched, 100, by="terminal", actor=dana)
    refund = cancelled(vouched, alice, desk)
    with pytest.raises(Invalid) as wrong:
        payments.record_returned(dana, refund.id, reference="", by="cheque")
    assert set(wrong.value.details) == {"by", "reference"}
    for _ in range(2):
        payments.record_returned(dana, refund.id, reference="cash 1", by="desk")
    with pytest.raises(EntryDiffers):
        payments.record_returned(dana, refund.id, reference="cash 1", by="terminal")
    assert movements() == [(-100, dana.user_id, False)]
    assert agrees()
    # It had not gone back after all, and goes back to the card.
    back = front_desk.correct_entry(SYSTEM, refund.id, "typed wrongly", desk.patience)
    assert (back.provider, movements()[1]) == ("desk", (100, dana.user_id, False))
    again = payments_of(vouched)[-1]
    assert again.provider == "terminal"
    payments.record_returned(dana, again.id, reference="slip 2")
    assert (len(movements()), expected(dana, room), agrees()) == (2, 0, True)


def test_a_closing_takes_all_that_is_open_and_leaves_a_float(vouched: Booking, room: Room, dana: Actor) -> None:
    receive(vouched, 100, actor=dana)
    first = close(dana, room, 110, kept=Decimal(30), note="10 put in for change")
    assert (int(first.opening), int(first.expected), int(first.counted), int(first.kept)) == (0, 100, 110, 30)
    assert movements() == [(100, dana.user_id, True)]
    receive(vouched, 50, "receipt 2", actor=dana)
    second = close(dana, room, 80)
    assert (second.previous_id, int(second.opening), int(second.expected), second.note) == (first.id, 30, 80, None)
    found, more = payments.list_closings(dana)
    assert ([one.closing.id for one in found], more) == ([second.id, first.id], False)
    assert payments.list_closings(dana, before=encode("closing", second.id))[0][0].closing.id == first.id
    shown, moved = payments.get_closing(dana, first.id)
    assert (int(shown.difference), int(shown.handed_over), int(moved.taken), moved.number) == (10, 80, 100, 1)
    assert payments.list_drawers(dana) == []
    [told] = audit_log.entries(SYSTEM, subject=encode("closing", first.id))
    assert (told.action, told.actor, told.after["difference"]) == ("cash.closed", str(dana), "10.00")
    assert "change" not in str(told.after)
    assert agrees()


def test_the_same_count_twice_is_one_another_one_is_told(vouched: Booking, room: Room, dana: Actor) -> None:
    receive(vouched, 100, actor=dana)
    seen: dict[str, Any] = {"seen": Decimal(100), "after": None}
    first = close(dana, room, 100, **seen)
    receive(vouched, 50, "receipt 2", actor=dana)
    assert close(dana, room, 100, **seen).id == first.id
    with pytest.raises(DrawerClosed):
        close(dana, room, 90, note="10 too few", **seen)
    assert expected(dana, room) == 50


def test_a_sum_that_has_changed_since_is_told_and_nothing_closed(vouched: Booking, room: Room, dana: Actor) -> None:
    receive(vouched, 100, actor=dana)
    with pytest.raises(CashMoved) as told:
        close(dana, room, 90, seen=Decimal(90))
    assert told.value.params == {"expected": Amount(Decimal(100), "EUR")}
    assert movements() == [(100, dana.user_id, False)]


@each(
    "said",
    [
        {"counted": -1, "note": "x"},
        {"counted": "100.001", "note": "x"},
        {"counted": 100, "kept": Decimal(101)},
        {"counted": 100, "kept": Decimal("0.001")},
        {"counted": 99},
    ],
)
def test_senseless_counts_are_refused_by_their_field(
    vouched: Booking, room: Room, dana: Actor, said: dict[str, Any]
) -> None:
    receive(vouched, 100, actor=dana)
    with pytest.raises(Invalid) as wrong:
        close(dana, room, **said)
    field = {"kept": "kept", "note": "counted"}.get(list(said)[-1], "note")
    assert list(wrong.value.details) in ([field], ["counted", "kept"])
    assert movements() == [(100, dana.user_id, False)]


def test_of_closings_at_once_one_holds_and_nothing_is_counted_twice(
    app: Flask, vouched: Booking, room: Room, dana: Actor, max_: Actor
) -> None:
    """Also where the drawer is empty, and no row of it is in the way of the other."""
    for amount in (100, 0):
        if amount:
            receive(vouched, amount, actor=dana)
        after = payments.get_drawer(dana, drawer_of(dana, room))[0].after
        count = Count(Decimal(amount), Decimal(0), None, Decimal(amount), after)
        acts: list[Callable[[], Any]] = [
            partial(payments.close_drawer, who, drawer_of(dana, room), count) for who in (dana, max_) * 2
        ]
        told = all_at_once(app, acts)
        made = {one.id for one in told if isinstance(one, CashClosing)}
        assert len(made) == 1
        assert {type(one) for one in told} <= {CashClosing, DrawerClosed}
    assert len(payments.list_closings(dana)[0]) == 2
    assert agrees()


def test_what_comes_in_meanwhile_is_counted_now_or_stays_for_later(
    app: Flask, vouched: Booking, room: Room, dana: Actor
) -> None:
    receive(vouched, 10, actor=dana)
    entries = [partial(receive, vouched, 10, f"receipt {number}", "desk", dana) for number in range(2, 6)]
    all_at_once(app, [*entries, lambda: close(dana, room, 10)])
    closed = sum((int(one.closing.counted) for one in payments.list_closings(dana)[0]), 0)
    assert (closed + expected(dana, room), len(movements()), agrees()) == (50, 5, True)


def test_a_mistake_is_taken_out_of_the_drawer_that_it_is_in_while_that_is_open(
    vouched: Booking, room: Room, dana: Actor, max_: Actor, desk: BookingContext
) -> None:
    first, second = receive(vouched, 100, actor=dana), receive(vouched, 50, "receipt 2", actor=dana)
    front_desk.correct_entry(max_, first.id, "another guest's", desk.patience)
    assert (expected(dana, room), expected(max_, room)) == (50, 0)
    close(dana, room, 50)
    front_desk.correct_entry(max_, second.id, "another guest's", desk.patience)
    assert (expected(dana, room), expected(max_, room)) == (0, -50)
    assert sums(payments.get_drawer(max_, drawer_of(max_, room))[1]) == (0, 0, -50)
    # It was there, and is entered where it belongs; a mistake of the same shift is no sum.
    receive(vouched, 50, "receipt 3", actor=max_)
    again = receive(vouched, 20, "receipt 4", actor=max_)
    front_desk.correct_entry(max_, again.id, "typed twice", desk.patience)
    assert sums(payments.get_drawer(max_, drawer_of(max_, room))[1]) == (50, 0, -50)
    closing = close(max_, room, 0)
    assert sums(payments.get_closing(max_, closing.id)[1]) == (50, 0, -50)
    assert agrees()


def test_everybody_has_their_own_and_owners_and_managers_see_all(
    vouched: Booking, room: Room, dana: Actor, max_: Actor
) -> None:
    other, cleaner = clerk(Role.DESK, room), clerk(Role.HOUSEKEEPING, room)
    elsewhere = clerk(Role.MANAGER, a_room())
    receive(vouched, 100, actor=dana)
    assert payments.list_drawers(other) == payments.list_drawers(elsewhere) == []
    for stranger in (other, cleaner, elsewhere, acting(vouched.user_id)):
        with pytest.raises(NotFound):
            close(stranger, room, 100, of=dana)
    for nobody in (cleaner, acting(vouched.user_id)):
        for look in (payments.list_drawers, payments.list_closings):
            with pytest.raises(NotFound):
                look(nobody)
    [seen] = payments.list_drawers(max_)
    assert seen.key == drawer_of(dana, room)
    closing = close(max_, room, 100, of=dana)
    assert (closing.user_id, closing.closed_by) == (dana.user_id, str(max_))
    assert payments.get_closing(dana, closing.id)[0].closing.id == closing.id
    for stranger in (other, elsewhere):
        with pytest.raises(NotFound):
            payments.get_closing(stranger, closing.id)


@each("currency, place", [("USD", True), ("EUR", False)])
def test_there_are_only_drawers_of_a_property_in_its_currency(room: Room, currency: str, place: bool) -> None:
    owner = clerk(Role.OWNER, None)
    key = DrawerKey(room.property_id if place else uuid.uuid4(), currency, owner.user_id)
    with pytest.raises(NotFound):
        payments.get_drawer(owner, key)


CLOSINGS = ("UPDATE cash_closings SET note = 'x'", "DELETE FROM cash_closings", "TRUNCATE cash_closings CASCADE")
MOVEMENTS = (
    "UPDATE cash_movements SET closing_id = NULL",
    "UPDATE cash_movements SET amount = 1",
    "DELETE FROM cash_movements",
)


@pytest.mark.parametrize("role", ["DATABASE_URL", "MIGRATION_DATABASE_URL"])
def test_postgres_lets_nobody_edit_what_was_counted(
    vouched: Booking, room: Room, dana: Actor, environ: dict[str, str], role: str
) -> None:
    receive(vouched, 100, actor=dana)
    close(dana, room, 100)
    edits = CLOSINGS + MOVEMENTS
    assert refusals(environ[role], *edits) == [INSUFFICIENT_PRIVILEGE] * len(edits)


def test_the_application_has_no_right_to_edit_a_closing(app: Flask, environ: dict[str, str]) -> None:
    """Also where no row is there, for which the trigger would refuse."""
    assert refusals(environ["DATABASE_URL"], *CLOSINGS) == [INSUFFICIENT_PRIVILEGE] * len(CLOSINGS)


def test_accounts_are_known_by_what_actors_are_called(app: Flask) -> None:
    accounts = [uuid.uuid4(), uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)]
    written = [f"staff:{encode('user', one)}" for one in accounts] + ["system:cli cash (user_x)", "program:agency"]
    assert [_account(one) for one in written] == [*accounts, None, None]


@transaction
def _account(actor: str) -> Any:
    return db.session.scalar(text("SELECT account_of_actor(:actor)"), {"actor": actor})


@pytest.mark.parametrize(
    ("damage", "rules"),
    [
        ("UPDATE cash_movements SET amount = 99", {"cash_moved_otherwise", "cash_closed_otherwise"}),
        ("DELETE FROM cash_movements", {"cash_moved_otherwise", "cash_closed_otherwise"}),
        ("UPDATE cash_movements SET user_id = NULL", {"cash_counted_elsewhere"}),
        ("UPDATE cash_closings SET opening = 1, expected = 101, note = 'x'", {"cash_closed_otherwise"}),
        ("UPDATE cash_movements SET closing_id = NULL", {"cash_closed_otherwise"}),
    ],
)
def test_cash_that_does_not_agree_is_found(
    vouched: Booking, room: Room, dana: Actor, environ: dict[str, str], damage: str, rules: set[str]
) -> None:
    receive(vouched, 100, actor=dana)
    close(dana, room, 100)
    assert agrees()
    owner = create_engine(environ["MIGRATION_DATABASE_URL"], isolation_level="AUTOCOMMIT", poolclass=NullPool)
    table = "cash_closings" if "closings SET" in damage else "cash_movements"
    with owner.connect() as connection:
        for switch in ("DISABLE TRIGGER USER", "", "ENABLE TRIGGER USER"):
            connection.execute(text(f"ALTER TABLE {table} {switch}" if switch else damage))
    assert {one.rule for one in verification.verify().findings} == rules
