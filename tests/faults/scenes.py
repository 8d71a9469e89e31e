"""Scenes in which many want the same at once, with a pause where it hurts most; and what came of them."""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import cast
from unittest.mock import patch

from flask import Flask
from sqlalchemy import create_engine

from booking.domain import payments, pricing
from booking.domain.errors import BookingError, IdempotencyConflict, RoomLocked, RoomNotAvailable
from booking.domain.payments import Count as CashCount
from booking.domain.payments import DrawerKey, refunds
from booking.domain.pricing import DepositPlan, PromotionInput
from booking.domain.reservations import (
    bookings,
    deposits,
    front_desk,
    goodwill,
    guarantees,
    holds,
    idempotency,
    keyed,
    recovery,
    refund_debts,
    rest_payments,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.reservations.requests import BookingRequest
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from booking.infra import clock, telemetry
from booking.infra.db import Unavailable
from booking.infra.ids import encode
from booking.infra.provider import Outcome, Provider, Result
from tests import oracle
from tests.cast import AN_HOUR, SYSTEM, VISA, acting, all_at_once, beside, blocked, in_days, later, order
from tests.faults.codes import used_beyond
from tests.faults.guards import emptied, without
from tests.faults.pauses import pauses
from tests.oracle import Told

SOLD_TWICE, LOST, MONEY, ANSWERS, ERRORS = "sold twice", "lost", "wrong money", "two answers", "errors"
OVERUSED = "code overused"
RETRIES, GAVE_UP = "retries", "gave up"
WRONG = (SOLD_TWICE, LOST, MONEY, ANSWERS, OVERUSED, ERRORS)  # what must not happen; the other two may

CROWD, WINDOW = 20, 6  # so many want some of so many nights of one room
FEW = 4  # do the same with one booking
# Of these scenes: nobody has paid more than all of it, or is let off more than is due.
BEYOND = """
    SELECT reference || ' has ' || (paid - refunded) || ' and ' || waived || ' waived of ' || owed FROM orders o
    WHERE (guarantee IS NOT NULL OR EXISTS (SELECT FROM payment_schedule s WHERE s.order_id = o.id))
    AND paid - refunded - refunding + waived > owed"""


@dataclass
class Count:
    """What came of some attempts. `told`: what was acknowledged."""

    attempts: int = 0
    times: Counter[str] = field(default_factory=Counter)
    told: list[Told] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def wrong(self) -> set[str]:
        return {what for what in WRONG if self.times[what]}

    def note(self, guest: User, result: object, *, final: bool) -> None:
        """A confirmed booking was acknowledged, and stays so where that is `final`. An error is what is no refusal."""
        self.attempts += 1
        if isinstance(result, Booking) and result.confirmed_at:
            told = Told(encode("user", guest.id), "", 201, "", encode("booking", result.id))
            told.cancelled = result.status == "CANCELLED" or (False if final else None)
            self.told.append(told)
        elif isinstance(result, Unavailable):
            self.times[GAVE_UP] += 1
        elif isinstance(result, Exception) and not isinstance(result, BookingError):
            self.found(ERRORS, [f"{type(result).__name__}: {str(result)[:300]}"])

    def found(self, what: str, findings: list[str]) -> None:
        self.times[what] += len(findings)
        self.examples += findings[:3]


@dataclass
class Stage:
    """The application, who plays, and where."""

    app: Flask
    owner_url: str
    desk: BookingContext
    guests: list[User]
    rooms: list[Room]
    dorm: Room  # one of two that are alike
    beds: list[Room]  # one in each
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    suites: dict[uuid.UUID, Room] = field(default_factory=dict)  # beside each room one to move to

    def guest(self, number: int) -> User:
        return self.guests[number % len(self.guests)]

    def room(self, number: int) -> Room:
        return self.rooms[number % len(self.rooms)]

    def suite(self, number: int) -> Room:
        """Of the same property as the room of this number, which costs as much."""
        room = self.room(number)
        return self.suites.get(room.id) or self.suites.setdefault(room.id, beside(room, "Suite", 120))

    def day(self, number: int, first: int, apart: int) -> int:
        """A day that no earlier number has in the same room."""
        return first + apart * (number // len(self.rooms))


def play(stage: Stage, off: tuple[str, ...], attempts: int) -> Count:
    """All scenes with these guards off; the tables are empty afterwards."""
    count = Count()
    with without(off, stage.owner_url):
        with pauses(), _retries_counted(count):
            for scene, share in SCENES.items():
                end, number = count.attempts + attempts * share / 100, 0
                while count.attempts < end:
                    scene(stage, count, number)
                    number += 1
        _settle(stage.desk)
        _judge(stage, count)
        _empty(stage.owner_url)
    return count


# --- the scenes: a stage, what to count, and how often there was such a scene before


def crowd(stage: Stage, count: Count, number: int) -> None:
    """Many guests, overlapping stays in one room."""
    room, first = stage.room(number), stage.day(number, 30, WINDOW)
    acts: list[Callable[[], Booking]] = []
    for one in range(CROWD):
        nights = stage.chance.randint(1, 4)
        stay = in_days(first + stage.chance.randrange(WINDOW - nights + 1), nights)
        wanted = order(stage.guest(one), room, stay)
        acts.append(partial(bookings.book, acting(wanted), wanted, VISA, stage.desk))
    for one, result in enumerate(all_at_once(stage.app, acts)):
        count.note(stage.guest(one), result, final=True)


def sharing(stage: Stage, count: Count, number: int) -> None:
    """As many want a dorm as there are, and one more, while others want a bed."""
    stay = in_days(30 + 2 * number, 2)
    acts: list[Callable[[], Booking]] = []
    for one, room in enumerate((stage.dorm, stage.dorm, stage.dorm, *stage.beds)):
        wanted = order(stage.guest(one), room, stay)
        acts.append(partial(bookings.book, acting(wanted), wanted, VISA, stage.desk))
    for one, result in enumerate(all_at_once(stage.app, acts)):
        count.note(stage.guest(one), result, final=True)


def paying(stage: Stage, count: Count, number: int) -> None:
    """A hold is paid in several windows, and given back in one."""
    guest, stay = stage.guest(number), in_days(stage.day(number, 200, 2), 2)
    held = holds.reserve(acting(guest), order(guest, stage.room(number), stay), stage.desk)
    acts: list[Callable[[], Booking]] = [
        lambda: bookings.pay(acting(guest), held.id, VISA, held.total_price, stage.desk)
    ] * (FEW - 1)
    acts.append(lambda: bookings.cancel(acting(guest), held.id, stage.desk))
    for result in all_at_once(stage.app, acts):
        count.note(guest, result, final=False)


def cancelling(stage: Stage, count: Count, number: int) -> None:
    """A booking is cancelled in several windows."""
    guest, stay = stage.guest(number), in_days(stage.day(number, 300, 2), 2)
    booked = bookings.book(acting(guest), order(guest, stage.room(number), stay), VISA, stage.desk)
    acts = [lambda: bookings.cancel(acting(guest), booked.id, stage.desk)] * FEW
    for result in all_at_once(stage.app, acts):
        count.note(guest, result, final=True)


def closing(stage: Stage, count: Count, number: int) -> None:
    """Staff takes nights off sale that guests want."""
    room, first = stage.room(number), stage.day(number, 130, WINDOW)
    guest, acts = stage.guest(number), list[Callable[[], object]]()
    for one in range(FEW):
        stay = in_days(first + one, 2)
        acts.append(lambda stay=stay: bookings.book(acting(guest), order(guest, room, stay), VISA, stage.desk))  # type: ignore[misc]
        acts.append(lambda stay=stay: blocked(room, stay))  # type: ignore[misc]
    for result in all_at_once(stage.app, acts):
        count.note(guest, result, final=True)


class Declining:
    """A provider that takes no refund."""

    name = "simulated"

    def refund(self, *_: object) -> Outcome:
        return Outcome(Result.DECLINED, "no")


def refunding(stage: Stage, count: Count, number: int) -> None:
    """A refund was declined, and several operators send it again."""
    guest, stay = stage.guest(number), in_days(stage.day(number, 500, 2), 2)
    booked = bookings.book(acting(guest), order(guest, stage.room(number), stay), VISA, stage.desk)
    bookings.cancel(acting(guest), booked.id, replace(stage.desk, provider=cast(Provider, Declining())))
    [declined] = [debt.payment_id for debt in refund_debts.owed(SYSTEM) if debt.booking_id == booked.id]
    for result in all_at_once(stage.app, [lambda: refunds.retry(SYSTEM, declined, stage.desk)] * FEW):
        count.note(guest, result, final=True)


def counting(stage: Stage, count: Count, number: int) -> None:
    """Several people count one drawer, into which somebody has put change, and differ."""
    drawer = DrawerKey(stage.room(number).property_id, "EUR", uuid.uuid4())
    counts = [CashCount(Decimal(50 + one), Decimal(50), "change", Decimal(0), None) for one in range(FEW)]
    acts: list[Callable[[], object]] = [partial(payments.close_drawer, SYSTEM, drawer, one) for one in counts]
    for result in all_at_once(stage.app, acts):
        count.note(stage.guest(number), result, final=True)


def deciding(stage: Stage, count: Count, number: int) -> None:
    """A guest cancels, and so do two at the desk, each with another refund than the policy's; others give goodwill."""
    guest, stay = stage.guest(number), in_days(stage.day(number, 350, 2), 2)
    booked = bookings.book(acting(guest), order(guest, stage.room(number), stay), VISA, stage.desk)
    acts: list[Callable[[], object]] = [partial(bookings.cancel, acting(guest), booked.id, stage.desk)] * 2
    for refund in (10, 20):
        decided = Decided(Decimal(refund), "as agreed")
        acts.append(partial(bookings.cancel, SYSTEM, booked.id, stage.desk, decided=decided))
    given = Decided(Decimal(5), "no hot water")
    acts += [partial(goodwill.give, SYSTEM, booked.id, given, stage.desk, seen_version=booked.version)] * 2
    for one, result in enumerate(all_at_once(stage.app, acts)):
        count.note(guest, result, final=one < FEW)  # goodwill is given before it is cancelled, too


def paying_the_rest(stage: Stage, count: Count, number: int) -> None:
    """What is left of a deposit is paid in two windows, and charged by two workers, as it falls due."""
    guest, stay = stage.guest(number), in_days(stage.day(number, 5, 2), 2)
    wanted = replace(order(guest, stage.room(number), stay), deposit=DepositPlan(3, Decimal(30)))
    booked = bookings.book(acting(guest), wanted, VISA, stage.desk)
    due, is_due = booked.total_price * 7 / 10, booked.check_in - dt.timedelta(days=2)
    clock.shift(dt.timedelta(days=(is_due - clock.now().date()).days))
    acts: list[Callable[[], object]] = [partial(rest_payments.pay, acting(guest), booked.id, VISA, due, stage.desk)] * 2
    acts += [partial(deposits.charge_due, SYSTEM, stage.desk)] * 2
    for result in all_at_once(stage.app, acts):
        count.note(guest, result, final=True)
    clock.shift(dt.timedelta(0))


def waiving(stage: Stage, count: Count, number: int) -> None:
    """A guest is let off all that is due by several at the desk, for reasons of their own, and pays it as well."""
    guest, stay = stage.guest(number), in_days(stage.day(number, 450, 2), 2)
    held = holds.reserve(acting(guest), order(guest, stage.room(number), stay), stage.desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    acts: list[Callable[[], object]] = [
        partial(payments.waive_debt, SYSTEM, held.order_id, f"reason {one}") for one in range(FEW - 1)
    ]
    entered = partial(payments.record_received, by="desk", reference=f"receipt {number}")
    acts.append(lambda: entered(SYSTEM, held.order_id, held.total_price))
    for result in all_at_once(stage.app, acts):
        count.note(guest, result, final=True)


def _at_noon(day: dt.date) -> None:
    clock.shift(dt.timedelta(0))
    clock.shift(dt.datetime.combine(day, dt.time(12), dt.UTC) - clock.now())


def moving(stage: Stage, count: Count, number: int) -> None:
    """A guest of the house is moved by two at the desk, to a room that somebody books, and checked out by a third."""
    guest, day = stage.guest(number), stage.day(number, 80, 3)
    booked = bookings.book(acting(guest), order(guest, stage.room(number), in_days(day, 3)), VISA, stage.desk)
    _at_noon(booked.check_in)  # by night it is the day before at the desk
    front_desk.check_in(SYSTEM, booked.id, stage.desk)
    _at_noon(booked.check_in + dt.timedelta(days=1))
    agreed = Agreed(StayChange(room_id=stage.suite(number).id), Decimal(0))
    acts: list[Callable[[], object]] = [partial(stay_changes.change, SYSTEM, booked.id, agreed, stage.desk)] * 2
    wanted = order(stage.guest(number + 1), stage.suite(number), in_days(day + 1, 1))
    acts.append(partial(bookings.book, acting(wanted), wanted, VISA, stage.desk))
    acts.append(partial(front_desk.check_out, SYSTEM, booked.id, stage.desk))
    for one, result in enumerate(all_at_once(stage.app, acts)):
        count.note(stage.guest(number + (one == 2)), result, final=True)
    clock.shift(dt.timedelta(0))


def asking_again(stage: Stage, count: Count, number: int) -> None:
    """A request comes several times at once, with one key."""
    guest, stay = stage.guest(number), in_days(stage.day(number, 400, 2), 2)
    wanted = order(guest, stage.room(number), stay)
    acts = [lambda: _asked(wanted, f"key-{number}", stage.desk)] * FEW
    results = all_at_once(stage.app, acts)
    answers = {result for result in results if isinstance(result, str)}
    if len(answers) > 1:
        count.found(ANSWERS, [f"one key was answered {' and '.join(sorted(answers))}"])
    for result in results:
        count.note(guest, result, final=False)


def sharing_a_code(stage: Stage, count: Count, number: int) -> None:
    """Several guests, each in a room of their own, want the last use of a promotion."""
    code, acts = f"CODE-{uuid.uuid4().hex[:12]}".upper(), list[Callable[[], Booking]]()
    terms = {"code": code, "name": "The last one", "percent": 10, "mostUses": 1}
    pricing.add_promotion(SYSTEM, PromotionInput.model_validate(terms))
    for one in range(number * FEW, number * FEW + FEW):
        wanted = replace(order(stage.guest(one), stage.room(one), in_days(stage.day(one, 250, 2), 2)), code=code)
        acts.append(partial(bookings.book, acting(wanted), wanted, VISA, stage.desk))
    for one, result in enumerate(all_at_once(stage.app, acts)):
        count.note(stage.guest(number * FEW + one), result, final=True)


def _asked(wanted: BookingRequest, key: str, desk: BookingContext) -> str:
    """As the API does it, and a program that asks until the answer is final."""

    def book(claim: idempotency.Claim) -> Booking:
        answer = lambda booking: idempotency.Answer(201, str(booking.id))  # noqa: E731
        return bookings.book(acting(wanted), wanted, VISA, desk, claim=claim, render=answer)

    while True:
        first = idempotency.first_claim(acting(wanted), "controls", key, idempotency.fingerprint({"key": key}))
        try:
            booked = keyed.once(first, book, lambda _: idempotency.Answer(409, "refused"))
        except RoomNotAvailable:
            return "refused"
        except (RoomLocked, IdempotencyConflict):
            time.sleep(0.01)
        else:
            return booked.body if isinstance(booked, idempotency.Answer) else str(booked.id)


# Out of a hundred attempts.
SCENES: dict[Callable[[Stage, Count, int], None], int] = {
    crowd: 28,
    sharing: 4,
    closing: 8,
    paying: 14,
    cancelling: 8,
    refunding: 8,
    asking_again: 6,
    counting: 4,
    deciding: 4,
    paying_the_rest: 4,
    waiving: 4,
    moving: 4,
    sharing_a_code: 4,
}


# --- around them


@contextmanager
def _retries_counted(count: Count) -> Iterator[None]:
    with patch.object(telemetry, "count_retry", lambda _: count.times.update([RETRIES])):
        yield


def _settle(desk: BookingContext) -> None:
    """A quarter of an hour later nothing is under way."""
    later(dt.timedelta(minutes=16))
    bookings.expire_holds(SYSTEM, 10_000)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR, limit=10_000)
    clock.shift(dt.timedelta(0))


def _judge(stage: Stage, count: Count) -> None:
    engine = create_engine(stage.owner_url)
    with engine.connect() as connection:
        database = connection.connection.driver_connection
        facts = oracle.Facts(database)
        count.found(SOLD_TWICE, oracle.sold_twice(database))
        count.found(LOST, list(oracle.broken_promises(facts, count.told)))
        beyond = [*oracle.counted_twice(database), *(row[0] for row in oracle.rows(database, BEYOND))]
        count.found(OVERUSED, list(used_beyond(database)))
        count.found(MONEY, [*oracle.wrong_money(facts), *oracle.wrong_sums(database), *beyond])
    engine.dispose()


def _empty(owner_url: str) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        books = ("bookings", "orders", "payments", "simulated_ledger", "idempotency_keys", "promotions")
        emptied(connection, "availability", "blocks", *books, "events", "deliveries")
    engine.dispose()
