"""The connection breaks inside COMMIT: done or not? The Idempotency-Key settles it, and nothing happens twice."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url

from booking import create_app
from booking.config import Settings
from booking.domain.maintenance import verification
from booking.domain.people import sessions
from booking.domain.reservations import bookings, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests import oracle
from tests.cast import AN_HOUR, SYSTEM, VISA, in_days, later
from tests.faults.fault_proxy import CUT, PASS, Shears, commits, proxy

pytestmark = pytest.mark.faults


@pytest.fixture
def line(request: pytest.FixtureRequest) -> Any:
    """What cuts it: a class without arguments, where a test names one."""
    return request.param() if hasattr(request, "param") else Shears(seed=5)


@pytest.fixture
def shop(environ: dict[str, str], app: Flask, line: Shears) -> Iterator[Flask]:
    """The application behind that line."""
    url = make_url(environ["DATABASE_URL"])
    with proxy(lambda: (str(url.host), int(url.port or 0)), line.decide) as port:
        through = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        yield create_app(Settings.from_env({**environ, "DATABASE_URL": through}))


@pytest.fixture
def database(environ: dict[str, str]) -> Iterator[Any]:
    engine = create_engine(environ["MIGRATION_DATABASE_URL"])
    connection = engine.raw_connection()
    yield connection.driver_connection
    connection.close()
    engine.dispose()


def test_no_booking_is_lost_or_doubled(
    shop: Flask, line: Shears, database: Any, alice: User, room: Room, desk: BookingContext
) -> None:
    session = sessions.start_api(alice.id).user.session_id
    told = [attempt(shop, line, token(shop, alice, session), alice, room, number) for number in range(30)]
    line.left = 0
    later(dt.timedelta(minutes=16))
    bookings.expire_holds(SYSTEM)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert line.cuts >= 30
    assert [one.status for one in told] == [201] * len(told)
    assert oracle.findings(database, told) == []
    assert verification.verify().findings == []


class AtThePayment:
    """Cuts the line once, inside the COMMIT that begins a payment."""

    def __init__(self) -> None:
        self.cuts = 0

    def decide(self, message: bytes) -> str:
        if self.cuts or b"INSERT INTO payments" not in message or not commits(message):
            return PASS
        self.cuts += 1
        return CUT


@contextmanager
def slow_commits(database: Any, table: str, seconds: float) -> Iterator[None]:
    """Whatever inserts into the table takes so long to commit, as it may on a busy disk."""
    with database.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$"
        )
        cursor.execute(
            f"CREATE CONSTRAINT TRIGGER takes_long AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION take_long()"
        )
        database.commit()
        try:
            yield
        finally:
            database.rollback()
            cursor.execute("DROP FUNCTION take_long CASCADE")
            database.commit()


@pytest.mark.parametrize("line", [AtThePayment], indirect=True)
def test_a_payment_whose_beginning_is_still_being_committed_is_unknown_to_whoever_asks_again(
    shop: Flask, line: AtThePayment, database: Any, alice: User, room: Room
) -> None:
    told = oracle.Told(encode("user", alice.id), str(uuid.uuid4()))
    bearer = token(shop, alice, sessions.start_api(alice.id).user.session_id)
    with slow_commits(database, "payments", 1.0):
        broken = ask(shop, bearer, told.key, in_days(20, 2), room)
        at_once = ask(shop, bearer, told.key, in_days(20, 2), room)
    assert (line.cuts, broken.status_code) == (1, 503)
    assert (at_once.status_code, at_once.json["error"]) == (503, "PAYMENT_UNKNOWN")
    assert int(at_once.headers["Retry-After"]) > 0
    later(dt.timedelta(minutes=2))
    at_last = ask(shop, bearer, told.key, in_days(20, 2), room)
    told.status, told.booking_id = at_last.status_code, at_last.json["id"]
    assert told.status == 201
    assert oracle.findings(database, [told]) == []
    assert verification.verify().findings == []


def ask(shop: Flask, bearer: Any, key: str, stay: Stay, room: Room) -> Any:
    """The answer to a request to book the room under this key."""
    body = {"roomId": encode("room", room.id), "guests": 2, "paymentMethodId": VISA}
    body |= {"checkIn": stay.check_in.isoformat(), "checkOut": stay.check_out.isoformat()}
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": key}
    return shop.test_client().post("/api/v1/bookings", json=body, headers=headers)


def attempt(shop: Flask, line: Shears, bearer: Any, alice: User, room: Room, number: int) -> Any:
    """Book nights of its own over a line that breaks once or twice, and ask until the answer is final."""
    told = oracle.Told(encode("user", alice.id), str(uuid.uuid4()))
    stay = in_days(20 + 3 * number, 2)
    line.left = line.chance.choice([1, 1, 2])
    for _ in range(10):
        reply = ask(shop, bearer, told.key, stay, room)
        told.status, told.booking_id = reply.status_code, reply.json.get("id", "")
        if reply.status_code == 201:
            break
        assert reply.status_code == 503 or reply.json["error"] == "IDEMPOTENCY_CONFLICT", reply.json
        later(dt.timedelta(seconds=31))  # the lease of the call that broke
    return told


def token(shop: Flask, alice: User, session_id: Any) -> Any:
    keys = shop.extensions["services"].keys
    who = {"sub": encode("user", alice.id), "email": alice.email, "region": "eu"}
    return keys.issue(**who, sid=encode("session", session_id))
