"""The guest register: who stays, with what the country of the house asks (country_rules.py), filled at the desk.

At rest it is sealed with a key made from SECRET_KEY: the database alone, or a copy of it, tells nothing. Whoever looks
at it or changes it is written down, what it says never is. It goes some time after the stay, and with its guest's
contact or account. An empty register keeps nobody from checking in.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, delete, exists, func, literal, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import BookingModified, Forbidden
from booking.domain.people import Action
from booking.domain.reservations import bookings
from booking.domain.reservations.desk_errors import RegisterNotAsked, RegisterOfUnconfirmed
from booking.domain.reservations.guest_register import country_rules
from booking.domain.reservations.guest_register.country_rules import BIRTH_DATE, DOCUMENT, RegisterRules
from booking.domain.reservations.guest_register.models import GuestRegister
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.infra import clock, sealing, secret_keys, telemetry
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, first_id_at

MOST = 100  # guests of one booking; a larger party has lists of its own
LONGEST_ACTOR = 255

Secrets = Sequence[str]  # SECRET_KEY, then its fallbacks


@dataclass(frozen=True, slots=True)
class RegisteredGuest:
    """One of those who stay; the day as YYYY-MM-DD, the nationality as a code of ISO 3166."""

    full_name: str | None = None
    nationality: str | None = None
    birth_date: str | None = None
    document_type: str | None = None
    document_number: str | None = None
    is_apart: bool = False  # travels on their own, not with the first guest
    lives_here: bool = False  # in the country of the house

    def __repr__(self) -> str:
        """Nothing of it: this ends in logs."""
        return "RegisteredGuest(…)"

    @property
    def is_empty(self) -> bool:
        return not any(asdict(self).values())

    def lacks(self, rules: RegisterRules, *, is_first: bool) -> list[str]:
        """The name, or what of ASKED is missing."""
        is_companion = not (is_first or self.is_apart)
        wanted = rules.wanted(self.nationality, is_companion=is_companion, lives_here=self.lives_here)
        has = {
            country_rules.NATIONALITY: self.nationality,
            BIRTH_DATE: self.birth_date,
            DOCUMENT: self.document_type and self.document_number,
        }
        return [*(["fullName"] if not self.full_name else []), *(one for one in has if one in wanted and not has[one])]


@dataclass(frozen=True, slots=True)
class Register:
    """Of a booking, as it is kept: a place for each guest, also an empty one. `version` is 0 where nothing is kept."""

    booking: Booking
    rules: RegisterRules
    guests: tuple[RegisteredGuest, ...]
    version: int
    is_unreadable: bool = False  # sealed with a key that this copy does not have (any more)

    @property
    def missing(self) -> list[list[str]]:
        """What each guest lacks."""
        return [one.lacks(self.rules, is_first=place == 0) for place, one in enumerate(self.guests)]


def places(booking: Booking) -> int:
    """How many guests are registered."""
    return min(booking.guests, MOST)


def to_fill(booking: Booking, country: str | None, filled: int) -> int:
    """Of a stay in this country: how many guests are still to be registered."""
    if booking.status != CONFIRMED or country_rules.at(country) is None:
        return 0
    return max(0, places(booking) - filled)


# --- at the desk


@transaction(isolation=READ_COMMITTED)
def see(actor: Actor, booking_id: uuid.UUID, secrets: Secrets) -> Register:
    """The register of a booking; that somebody saw it is written down where there is something in it.

    Raises BookingNotFound, RegisterNotAsked, RegisterOfUnconfirmed.
    """
    booking, rules = _asked(actor, booking_id)
    kept = db.session.get(GuestRegister, booking_id)
    if kept is None:
        return Register(booking, rules, (RegisteredGuest(),) * places(booking), 0)
    people.audit(actor, "register.seen", encode("booking", booking_id))
    guests = _opened(kept, secrets)
    return Register(booking, rules, _in_places(guests or (), booking), kept.version, is_unreadable=guests is None)


@transaction(isolation=READ_COMMITTED)
def keep(
    actor: Actor, booking_id: uuid.UUID, guests: Sequence[RegisteredGuest], secrets: Secrets, seen_version: int
) -> Register:
    """The whole register anew, in the place of the version that was seen.

    What the country does not ask is not kept either. The same once more changes nothing. Raises BookingNotFound,
    RegisterNotAsked, RegisterOfUnconfirmed; BookingModified where somebody else has filled it meanwhile.
    """
    booking, rules = _asked(actor, booking_id, lock=True)
    kept = db.session.get(GuestRegister, booking_id)
    wanted = _in_places([_as_asked(one, rules) for one in guests], booking)
    before = _opened(kept, secrets) if kept else ()
    version = kept.version if kept else 0
    if before is not None and _in_places(before, booking) == wanted:
        return Register(booking, rules, wanted, version)
    if seen_version != version:
        raise BookingModified
    made = Register(booking, rules, wanted, version + 1)
    filled = sum(not one for one in made.missing)
    _write(actor, kept, made, filled, secrets)
    was = {"registered": kept.filled} if kept else {}
    people.audit(actor, "register.changed", encode("booking", booking_id), before=was, after={"registered": filled})
    return made


def _asked(actor: Actor, booking_id: uuid.UUID, *, lock: bool = False) -> tuple[Booking, RegisterRules]:
    booking = bookings.permitted(actor, Action.KEEP_REGISTER, booking_id, lock=lock)
    rules = country_rules.at(booking.address.get("country"))
    if rules is None:
        raise RegisterNotAsked
    if booking.status != CONFIRMED:
        raise RegisterOfUnconfirmed
    return booking, rules


def _as_asked(guest: RegisteredGuest, rules: RegisterRules) -> RegisteredGuest:
    has_document = DOCUMENT in rules.asked
    return RegisteredGuest(
        guest.full_name,
        guest.nationality,
        guest.birth_date if BIRTH_DATE in rules.asked else None,
        guest.document_type if has_document else None,
        guest.document_number if has_document else None,
        guest.is_apart and rules.companions is not None,
        guest.lives_here and rules.visitors_alone,
    )


def _in_places(guests: Iterable[RegisteredGuest], booking: Booking) -> tuple[RegisteredGuest, ...]:
    known = [*guests][:MOST]
    return (*known, *[RegisteredGuest()] * (places(booking) - len(known)))


def _write(actor: Actor, kept: GuestRegister | None, made: Register, filled: int, secrets: Secrets) -> None:
    row = kept or GuestRegister(booking_id=made.booking.id)
    newest = secret_keys.ring(secrets, secret_keys.REGISTERS)[0]
    known = [] if all(one.is_empty for one in made.guests) else [asdict(one) for one in made.guests]
    row.sealed = sealing.seal(known, newest, _place(made.booking.id))
    row.filled, row.version, row.recorded_by = filled, made.version, str(actor)[:LONGEST_ACTOR]
    row.updated_at = clock.now()
    db.session.add(row)


# --- sealed


def _place(booking_id: uuid.UUID) -> bytes:
    return b"guest register " + booking_id.bytes


def _opened(kept: GuestRegister, secrets: Secrets) -> tuple[RegisteredGuest, ...] | None:
    """None where none of the keys opens it."""
    keys = secret_keys.ring(secrets, secret_keys.REGISTERS)
    try:
        known: list[dict[str, Any]] = sealing.opened_by_any(kept.sealed, keys, _place(kept.booking_id))
    except ValueError:
        telemetry.log.error("register_unreadable", booking_id=str(kept.booking_id))
        return None
    return tuple(RegisteredGuest(**one) for one in known)


@transaction(isolation=READ_COMMITTED)
def seal_anew(actor: Actor, secrets: Secrets) -> int:
    """After SECRET_KEY was exchanged: no register needs its fallbacks any more. Returns how many did.

    Raises Forbidden; ValueError where none of the keys has sealed one: then nothing is changed.
    """
    people.require(actor, Action.SEAL_SECRETS_ANEW, otherwise=Forbidden)
    keys, number = secret_keys.ring(secrets, secret_keys.REGISTERS), 0
    for kept in db.session.scalars(select(GuestRegister).order_by(GuestRegister.booking_id).with_for_update()):
        if anew := sealing.sealed_anew(kept.sealed, keys, _place(kept.booking_id)):
            kept.sealed, number = anew, number + 1
    people.audit(actor, "registers.sealed", "registers", after={"registers": number})
    return number


# --- forgotten


def forget(booking_ids: Collection[uuid.UUID]) -> None:
    """Inside the caller's transaction: whoever stayed is being erased."""
    gone = delete(GuestRegister).where(GuestRegister.booking_id.in_(booking_ids))
    db.session.execute(gone.execution_options(synchronize_session=False))


@transaction(isolation=READ_COMMITTED)
def erase_past(actor: Actor, days: int | None, limit: int) -> int:
    """Registers of at most `limit` stays that ended more than so many days ago, or were cancelled; None: as many as
    the law of the country says. Returns how many.

    By the key, which carries the time at which the booking was made.
    """
    people.require(actor, Action.PRUNE)
    laws, now = country_rules.days_kept(), clock.now()
    country = func.lower(func.trim(Booking.address["country"].astext))
    kept = case(laws, value=country, else_=max(laws.values())) if days is None else literal(days, Integer)
    stays = exists().where(
        Booking.id == GuestRegister.booking_id, Booking.status == CONFIRMED, Booking.check_out + kept >= now.date()
    )
    shortest = dt.timedelta(days=min(laws.values()) if days is None else days)
    old = select(GuestRegister.booking_id).where(GuestRegister.booking_id < first_id_at(now - shortest), ~stays)
    found = db.session.scalars(old.order_by(GuestRegister.booking_id).limit(limit).with_for_update(skip_locked=True))
    gone = found.all()
    if gone:
        forget(gone)
    return len(gone)


# --- for its guest


def of_guest(which: ColumnElement[bool], secrets: Secrets) -> list[tuple[str, RegisteredGuest, int]]:
    """Of these bookings, inside the caller's transaction: reference, the first guest, how many others.

    What the others have shown is theirs, and not for whoever has booked.
    """
    rows = db.session.execute(
        select(GuestRegister, Booking.reference)
        .join(Booking, Booking.id == GuestRegister.booking_id)
        .where(which)
        .order_by(Booking.id.desc())
    )
    found = []
    for kept, reference in rows:
        if guests := _opened(kept, secrets):
            found.append((reference, guests[0], sum(not one.is_empty for one in guests[1:])))
    return found
