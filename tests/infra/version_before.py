"""What the version before orders says to Postgres when somebody books, pays, cancels or lets a hold run out.

Statement by statement as it does, with its columns and no others, in its transactions: for seeing both versions on one
database, and a database of its from before a migration. Its provider always says yes.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_SERIALIZABLE
from psycopg2.extras import register_uuid

from booking.infra.ids import new_id, new_reference

R = TypeVar("R")
POLICY = {"name": "flexible", "tiers": [{"daysBefore": 1, "percent": 100}]}
FROZEN = POLICY | {"timeZone": "Europe/Brussels", "checkInTime": "15:00"}
ATTEMPTS = 20


class Taken(Exception):
    """Some of the nights are."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A booking of that version."""

    id: uuid.UUID
    room_id: uuid.UUID
    nights: int
    total: Decimal


class VersionBefore:
    """One process of it; `url` is its database role's."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg2.connect(url.replace("+psycopg2", ""))
        register_uuid(conn_or_curs=self.connection)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self.connection.close()

    def hold(
        self, user_id: uuid.UUID, room_id: uuid.UUID, check_in: dt.date, nights: int, price: Decimal = Decimal(120)
    ) -> Sold:
        """Raises Taken."""
        new = Sold(new_id(), room_id, nights, price * nights)
        self._in(ISOLATION_LEVEL_SERIALIZABLE, lambda say: _hold(say, new, user_id, check_in, price))
        return new

    def begin_payment(self, sold: Sold) -> uuid.UUID:
        payment_id = new_id()

        def begin(say: Say) -> None:
            say("SELECT id FROM bookings WHERE id = %s FOR UPDATE", sold.id)
            say(
                "UPDATE availability SET state = 'pinned', version = version + 1"
                " WHERE claim_id = %s AND state = 'held'",
                sold.id,
            )
            say("UPDATE bookings SET held_until = NULL, version = version + 1 WHERE id = %s", sold.id)
            say(
                "INSERT INTO payments (id, booking_id, kind, amount, currency, state, method, provider,"
                " provider_reference, failure, error, charge_id, attempts, next_at) VALUES (%s, %s, 'charge', %s,"
                " 'EUR', 'started', 'pm_card_visa', 'simulated', NULL, NULL, NULL, NULL, 0, now() + interval '10 s')",
                payment_id,
                sold.id,
                sold.total,
            )

        self._in(ISOLATION_LEVEL_SERIALIZABLE, begin)
        return payment_id

    def charged(self, payment_id: uuid.UUID, sold: Sold) -> None:
        """The provider's own ledger, on its own connection."""
        self._in(ISOLATION_LEVEL_READ_COMMITTED, lambda say: _ledger(say, payment_id, "charge", sold.total, None))

    def confirm(self, payment_id: uuid.UUID, sold: Sold) -> None:
        def confirm(say: Say) -> None:
            say(
                "SELECT b.id FROM bookings b, payments p WHERE b.id = p.booking_id AND p.id = %s FOR UPDATE", payment_id
            )
            _succeeded(say, payment_id)
            say(
                "UPDATE availability SET state = 'booked', held_until = NULL, version = version + 1"
                " WHERE claim_id = %s AND state = 'pinned'",
                sold.id,
            )
            say(
                "UPDATE bookings SET status = 'CONFIRMED', confirmed_at = now(), held_until = NULL,"
                " version = version + 1 WHERE id = %s",
                sold.id,
            )
            say(
                "INSERT INTO events (id, type, payload) SELECT %s, 'booking.confirmed',"
                " jsonb_build_object('reference', reference) FROM bookings WHERE id = %s",
                new_id(),
                sold.id,
            )

        self._in(ISOLATION_LEVEL_READ_COMMITTED, confirm)

    def book(self, user_id: uuid.UUID, room_id: uuid.UUID, check_in: dt.date, nights: int) -> Sold:
        """Hold, pay and confirm. Raises Taken."""
        sold = self.hold(user_id, room_id, check_in, nights)
        payment_id = self.begin_payment(sold)
        self.charged(payment_id, sold)
        self.confirm(payment_id, sold)
        return sold

    def begin_cancel(self, booking_id: uuid.UUID, percent: int = 100) -> uuid.UUID | None:
        """The refund that was begun; None where the booking is not confirmed (any more)."""
        refund_id = new_id()

        def cancel(say: Say) -> uuid.UUID | None:
            [(status, total)] = say("SELECT status, total_price FROM bookings WHERE id = %s FOR UPDATE", booking_id)
            if status != "CONFIRMED":
                return None
            amount = total * percent / 100
            say("DELETE FROM availability WHERE claim_id = %s", booking_id)
            say(
                "UPDATE bookings SET status = 'CANCELLED', cancelled_at = now(), refund_amount = %s,"
                " version = version + 1 WHERE id = %s",
                amount,
                booking_id,
            )
            if not amount:
                return None
            say(
                "INSERT INTO payments (id, booking_id, kind, amount, currency, state, method, provider, charge_id,"
                " attempts, next_at) SELECT %s, booking_id, 'refund', %s, currency, 'started', NULL, provider, id, 0,"
                " now() + interval '10 s' FROM payments WHERE booking_id = %s AND kind = 'charge'"
                " AND state = 'succeeded'",
                refund_id,
                amount,
                booking_id,
            )
            return refund_id

        return self._in(ISOLATION_LEVEL_READ_COMMITTED, cancel)

    def returned(self, refund_id: uuid.UUID) -> None:
        """The provider has sent the money back."""

        def arrived(say: Say) -> None:
            [(amount, charge_id)] = say("SELECT amount, charge_id FROM payments WHERE id = %s", refund_id)
            _ledger(say, refund_id, "refund", amount, charge_id)

        self._in(ISOLATION_LEVEL_READ_COMMITTED, arrived)
        self._in(ISOLATION_LEVEL_READ_COMMITTED, lambda say: _succeeded(say, refund_id))

    def declined(self, refund_id: uuid.UUID) -> None:
        """The provider will not."""
        failed = "UPDATE payments SET state = 'failed', failure = 'declined', error = 'no' WHERE id = %s"
        self._in(ISOLATION_LEVEL_READ_COMMITTED, lambda say: say(failed, refund_id))

    def cancel(self, booking_id: uuid.UUID) -> None:
        refund_id = self.begin_cancel(booking_id)
        if refund_id:
            self.returned(refund_id)

    def expire(self, sold: Sold) -> None:
        def over(say: Say) -> None:
            say("SELECT id FROM bookings WHERE id = %s FOR UPDATE", sold.id)
            say("DELETE FROM availability WHERE claim_id = %s", sold.id)
            say(
                "UPDATE bookings SET status = 'EXPIRED', held_until = NULL, version = version + 1 WHERE id = %s",
                sold.id,
            )

        self._in(ISOLATION_LEVEL_READ_COMMITTED, over)

    def say(self, statement: str, *values: Any) -> list[Any]:
        return self._in(ISOLATION_LEVEL_READ_COMMITTED, lambda say: say(statement, *values))

    def _in(self, isolation: int, act: Callable[[Say], R]) -> R:
        for _ in range(ATTEMPTS):
            try:
                with self._transaction(isolation) as say:
                    return act(say)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                continue
        raise AssertionError("it was tried too often")

    @contextmanager
    def _transaction(self, isolation: int) -> Iterator[Say]:
        self.connection.set_isolation_level(isolation)
        with self.connection, self.connection.cursor() as cursor:

            def say(statement: str, *values: Any) -> list[Any]:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall()) if cursor.description else []

            yield say


Say = Callable[..., list[Any]]


def _hold(say: Say, new: Sold, user_id: uuid.UUID, check_in: dt.date, price: Decimal) -> None:
    taken = say(
        "INSERT INTO availability (room_id, night, location, state, claim_id, held_until, version)"
        " SELECT r.id, %s + day, r.location, 'held', %s, now() + interval '15 min', 1"
        " FROM rooms r, generate_series(0, %s) day WHERE r.id = %s ORDER BY day ON CONFLICT DO NOTHING RETURNING night",
        check_in,
        new.id,
        new.nights - 1,
        new.room_id,
    )
    if len(taken) < new.nights:
        raise Taken
    lines = [
        {"night": (check_in + dt.timedelta(days=day)).isoformat(), "amount": str(price), "rule": "base"}
        for day in range(new.nights)
    ]
    say(
        "INSERT INTO bookings (id, user_id, room_id, reference, check_in, check_out, guests, total_price, currency,"
        " price_lines, policy, status, held_until, confirmed_at, cancelled_at, refund_amount, version)"
        " VALUES (%s, %s, %s, %s, %s, %s, 2, %s, 'EUR', %s, %s, 'PENDING', now() + interval '15 min', NULL, NULL,"
        " NULL, 1)",
        new.id,
        user_id,
        new.room_id,
        new_reference(),
        check_in,
        check_in + dt.timedelta(days=new.nights),
        new.total,
        json.dumps(lines),
        json.dumps(FROZEN),
    )


def _ledger(say: Say, key: uuid.UUID, kind: str, amount: Decimal, charge_key: uuid.UUID | None) -> None:
    say(
        "INSERT INTO simulated_ledger (key, kind, reference, amount, currency, method, charge_key)"
        " VALUES (%s, %s, %s, %s, 'EUR', 'pm_card_visa', %s)",
        key,
        kind,
        f"sim_{key.hex}",
        amount,
        charge_key,
    )


def _succeeded(say: Say, payment_id: uuid.UUID) -> None:
    say(
        "UPDATE payments SET state = 'succeeded', provider_reference = %s, updated_at = clock_timestamp()"
        " WHERE id = %s",
        f"sim_{payment_id.hex}",
        payment_id,
    )
