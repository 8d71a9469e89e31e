"""Plays one shard: a process of its own, its own clock, its own guests; the rooms are nobody else's."""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import text

from booking import create_app
from booking.config import Settings
from booking.domain.errors import BookingError, RoomNotAvailable
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.db import db, reading
from tests.cast import acting
from tests.replay.trace import Operation, Recorded

CARD = "pm_card_visa"
HOUR = dt.time(6, tzinfo=dt.UTC)  # every day is played from this hour on, before anybody's check-in
STEPS = HOLD, CONFIRM, RELEASE, REFUSE = ("hold", "confirm", "release", "refuse an overlap")


@dataclass(frozen=True)
class House:
    """Where the trace is played: ids of the rooms by their name in the trace, a guest and a rival per shard."""

    rooms: dict[str, uuid.UUID]
    guest: uuid.UUID
    rival: uuid.UUID


@dataclass
class Played:
    """What came of a shard: seconds of every step, by its name, and everything that was not as it should be."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})
    findings: list[str] = field(default_factory=list)


def play(environ: dict[str, str], house: House, shard: list[Operation], overlap_every: int, done: Any) -> Played:
    """All operations of the shard, in order; `done` is a shared counter for whoever watches."""
    app = create_app(Settings.from_env(environ))
    with app.app_context():
        player = Player(app, house, overlap_every)
        for step in shard:
            player.perform(step)
            with done.get_lock():
                done.value += 1
        return player.played


class Player:
    """Remembers which booking of ours stands for which of the trace."""

    def __init__(self, app: Flask, house: House, overlap_every: int) -> None:
        self.desk: BookingContext = app.extensions["services"].booking_context
        self.house, self.overlap_every = house, overlap_every
        self.played = Played()
        self.ours: dict[int, uuid.UUID] = {}
        self.day: dt.date | None = None

    def perform(self, step: Operation) -> None:
        if step.day != self.day:
            self.day = step.day
            clock.shift(dt.datetime.combine(step.day, HOUR) - dt.datetime.now(dt.UTC))
        try:
            self._release(step.booking) if step.releases else self._book(step.booking)
        except BookingError as refusal:
            what = "released" if step.releases else "accepted"
            self._find(step.booking, f"should have been {what}: {refusal.code} {refusal.details or ''}")

    def _book(self, wanted: Recorded) -> None:
        room = self.house.rooms[wanted.room]
        order = BookingRequest(self.house.guest, room, Stay(wanted.check_in, wanted.check_out), wanted.guests)
        with self._timed(HOLD):
            # Not as a page reserves: the guest of all these bookings would be given what they have already.
            [held] = bookings.hold_all(acting(order), order, self.desk)
        with self._timed(CONFIRM):
            booked = bookings.pay(acting(self.house.guest), held.id, CARD, held.total_price, self.desk)
        self.ours[wanted.number] = booked.id
        self._expect(wanted, booked.status == "CONFIRMED", f"is {booked.status} after its payment")
        self._expect(wanted, taken(room, wanted) == wanted.nights, "does not have all of its nights")
        if wanted.number % self.overlap_every == 0:
            self._expect(wanted, self._refused(wanted), "was sold a second time")

    def _release(self, wanted: Recorded) -> None:
        if wanted.number not in self.ours:
            return  # it was not accepted, and that is a finding already
        with self._timed(RELEASE):
            ended = bookings.cancel(acting(self.house.guest), self.ours[wanted.number], self.desk)
        self._expect(wanted, ended.status == "CANCELLED", f"is {ended.status} after its release")
        self._expect(wanted, taken(self.house.rooms[wanted.room], wanted) == 0, "still has nights after its release")

    def _refused(self, sold: Recorded) -> bool:
        """Whether somebody else is refused one or more of the nights that were just sold."""
        chance = random.Random(sold.number)
        first = sold.check_in + dt.timedelta(days=chance.randrange(sold.nights))
        stay = Stay(first, first + dt.timedelta(days=chance.randint(1, 5)))
        order = BookingRequest(self.house.rival, self.house.rooms[sold.room], stay, 1)
        try:
            with self._timed(REFUSE):
                bookings.hold_all(acting(order), order, self.desk)
        except RoomNotAvailable:
            return True
        return False

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.played.seconds[step].append(time.perf_counter() - began)

    def _expect(self, booking: Recorded, is_so: bool, otherwise: str) -> None:
        if not is_so:
            self._find(booking, otherwise)

    def _find(self, booking: Recorded, what: str) -> None:
        self.played.findings.append(
            f"booking {booking.number} ({booking.room}, {booking.check_in} to {booking.check_out}) {what}"
        )


@reading
def taken(room: uuid.UUID, booking: Recorded) -> int:
    """How many nights of the stay are somebody's, read from the table itself."""
    counted = text("SELECT count(*) FROM availability WHERE room_id = :room AND night >= :first AND night < :last")
    values = {"room": room, "first": booking.check_in, "last": booking.check_out}
    return int(db.session.execute(counted, values).scalar_one())
