"""Who plays in the tests: alice and bob, a room and a suite, the desk that sells, and steps named as sentences."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from booking.domain import inventory
from booking.domain.actors import VISITOR, Actor
from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.domain.inventory import Block
from booking.domain.people import passwords, users
from booking.domain.people.users import CurrentUser
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Booking, Order, Payment, Property, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.infra.provider import NoAnswer, Outcome, Provider

PASSWORD = "correct horse battery"
VISA, DECLINED, SLOW = "pm_card_visa", "pm_card_declined", "pm_card_timeout"
REFUND_DECLINED, REFUND_SLOW = "pm_card_refund_declined", "pm_card_refund_timeout"
SYSTEM = Actor.system("tests")
AN_HOUR = dt.timedelta(hours=1)  # ahead: whatever recovery would ask about by then


@pytest.fixture(scope="session", autouse=True)
def quick_hasher() -> Iterator[PasswordHasher]:
    """Hashes as the product does, with the least work that argon2id allows. Yields the product's own."""
    own, passwords._hasher = passwords._hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield own
    passwords._hasher = own


@pytest.fixture
def own_hasher(quick_hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The product's own work for each hash, where a test is about that. Stands before whoever has a password."""
    monkeypatch.setattr(passwords, "_hasher", quick_hasher)
    _forget_hashes()
    yield
    _forget_hashes()


def _forget_hashes() -> None:
    _password_hash.cache_clear()
    passwords._nobodys.cache_clear()


@pytest.fixture
def alice(app: Flask) -> User:
    return person("alice")


@pytest.fixture
def bob(app: Flask) -> User:
    return person("bob")


def person(name: str) -> User:
    """An account; its password is PASSWORD."""
    email = f"{name}@example.com"
    made = users._create(VISITOR, email, _password_hash(), name.title(), role="guest", region="eu")
    return made or users._get(email)


def acting(who: User | CurrentUser | BookingRequest | uuid.UUID | None) -> Actor:
    """Somebody in their own name, as far as a guest can: the one whose order it is, or whose id."""
    assert who is not None, "a guest without an account cannot act"
    if isinstance(who, CurrentUser):
        return who.actor
    if isinstance(who, BookingRequest):
        return Actor.guest(who.guest_id)
    return Actor.guest(who if isinstance(who, uuid.UUID) else who.id)


@functools.cache
def _password_hash() -> str:
    """Hashing is meant to be slow, and takes longer than most tests."""
    return passwords.hashed(PASSWORD)


@pytest.fixture
def room(app: Flask) -> Room:
    """120 EUR a night in Antwerp, for four, to be cancelled without cost until the day before."""
    return a_room()


def a_room(**changes: Any) -> Room:
    """A published room in a property of its own; `changes` go to whichever of the two knows them."""
    house = {"time_zone": "Europe/Brussels", "location": "antwerp", "currency": "EUR"}
    house |= {
        name: changes.pop(name)
        for name in list(changes)
        if name in Property.__table__.columns and name not in Room.__table__.columns
    }
    house |= {name: changes[name] for name in ("location", "currency") if name in changes}
    details = {
        "name": "Room with a view",
        "capacity": 4,
        "price_per_night": Decimal(120),
        "cancellation_policy": FLEXIBLE,
        "published": True,
        "amenities": ["wifi"],
    }
    return _furnish(house, details | changes)


@transaction
def beside(room: Room, name: str, price: int) -> Room:
    """Another room of the same property, which differs by its name and its price for a night."""
    given = ("id", "created_at", "updated_at", "unit_group_id", "listed", "is_whole")
    same = {column.name: getattr(room, column.name) for column in Room.__table__.columns if column.name not in given}
    other = Room(**same | {"name": name, "price_per_night": Decimal(price)})
    db.session.add(other)
    return other


_houses = itertools.count(1)


@transaction
def _furnish(house: dict[str, Any], details: dict[str, Any]) -> Room:
    number = next(_houses)
    built = Property(
        name=f"House {number}",
        slug=f"house-{number}-{uuid.uuid4().hex[:6]}",
        legal_name=f"House {number} Ltd",
        **({"address": {"city": "Antwerp"}} | house),
    )
    db.session.add(built)
    db.session.flush()
    room = Room(
        property_id=built.id,
        location=built.location,
        currency=built.currency,
        **{name: value for name, value in details.items() if name not in ("location", "currency")},
    )
    db.session.add(room)
    return room


@pytest.fixture
def desk(app: Flask) -> BookingContext:
    """Sells with the simulated provider, which answers slowly after 0.2 s here instead of 5."""
    sells: BookingContext = app.extensions["services"].booking_context
    sells.provider.patience = 0.2  # type: ignore[attr-defined]  # the simulated one has it
    return sells


_first_day: list[dt.date] = []
_listing = [False]


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    _listing[0] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """The day on which a test begins stays its day, whatever the clocks say later on: midnight may pass meanwhile."""
    it_is(_day_of_the_houses())


def it_is(day: dt.date) -> None:
    """Stays are counted from this day on: the one of the test, also in a process that the test starts."""
    _listing[0] = False
    _first_day[:] = [day]


def _day_of_the_houses() -> dt.date:
    """Between midnight and four in Antwerp, where the houses of the tests are, it is still the day before."""
    return StayRules().today("Europe/Brussels")


def today() -> dt.date:
    """The houses' day on which this test began; for programmes, which are no test, the one that it is now."""
    assert not _listing[0], "as tests are listed nobody knows yet on which day they will begin"
    return _first_day[0] if _first_day else _day_of_the_houses()


def in_days(start: int, nights: int = 3) -> Stay:
    """A stay that begins so many days after the one on which the test began, however late it is by then."""
    first = today() + dt.timedelta(days=start)
    return Stay(first, first + dt.timedelta(days=nights))


def order(guest: User, room: Room, stay: Stay | None = None, guests: int = 2) -> BookingRequest:
    return BookingRequest(guest.id, room.id, stay or in_days(30), guests)


@transaction
def reload(booking: Booking) -> Booking:
    """The booking as it is now."""
    return db.session.get_one(Booking, booking.id)


@transaction
def order_of(booking: Booking) -> Order:
    """The order that the booking is a line of, as it is now."""
    return db.session.get_one(Order, booking.order_id)


@transaction
def payments_of(booking: Booking) -> list[Payment]:
    return db.session.query(Payment).filter_by(booking_id=booking.id).order_by(Payment.id).all()


@transaction
def nights_of(room: Room) -> dict[dt.date, str]:
    """The room's taken nights and their state."""
    from booking.domain.tables import Availability

    rows = db.session.query(Availability).filter_by(room_id=room.id).order_by(Availability.night)
    return {row.night: row.state for row in rows}


def blocked(room: Room, stay: Stay, **said: Any) -> Block:
    """Nights of the room that staff has taken off sale."""
    facts: dict[str, Any] = {"reason": "painting", "rules": StayRules()} | said
    return inventory.block(facts.pop("actor", SYSTEM), room.id, stay, **facts)


@transaction
def count(table: type[Any], **where: Any) -> int:
    return db.session.query(table).filter_by(**where).count()


def later(delta: dt.timedelta) -> None:
    """Let time pass, for Postgres and for Python alike."""
    clock.shift(clock._offset + delta)


@pytest.fixture
def noon() -> None:
    """It is noon of the test's day, for what counts days by UTC: after midnight it is still yesterday in the houses."""
    later(dt.datetime.combine(today(), dt.time(12), dt.UTC) - clock.now())


class Interrupted:
    """A provider that does its work, and then something happens before the answer comes back."""

    name = "simulated"

    def __init__(self, provider: Provider, meanwhile: Callable[[Outcome], None]) -> None:
        self.provider, self.meanwhile = provider, meanwhile

    def charge(self, *call: Any) -> Outcome:
        outcome = self.provider.charge(*call)
        self.meanwhile(outcome)
        return outcome

    def charge_kept(self, *call: Any) -> Outcome:
        outcome = self.provider.charge_kept(*call)
        self.meanwhile(outcome)
        return outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def interrupted(desk: BookingContext, meanwhile: Callable[[Outcome], None]) -> BookingContext:
    """The same desk, but `meanwhile` happens between the charge and its answer."""
    return replace(desk, provider=Interrupted(desk.provider, meanwhile))


def silent(_: Outcome) -> None:
    """The charge was made, its answer is lost."""
    raise NoAnswer


def all_at_once(app: Flask, acts: list[Callable[[], Any]]) -> list[Any]:
    """Do all acts in threads that start together, each in its own context; results or exceptions, in order."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[place] = act()
            except Exception as error:  # noqa: BLE001 the test looks at what came
                results[place] = error

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
