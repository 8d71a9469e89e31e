"""New bookings and messages, told to those who want to know: in one email for all of some minutes, or once a day.

Found in the outbox after what was told last, by its key. Whoever wants one email a day gets what else is wrong with it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking.domain import catalogue, messages, people, reservations
from booking.domain.actors import Actor
from booking.domain.people import Action, AlertReader
from booking.domain.system import alert_texts, alerts
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import decode, encode, first_id_at

NEWS = "alert.news"
KINDS = {"booking.confirmed": people.ALERT_BOOKINGS, messages.MESSAGE_RECEIVED: people.ALERT_MESSAGES}
# What committed later than it was recorded must not be passed by: no transaction takes longer.
SETTLED = dt.timedelta(seconds=10)
PAUSE = dt.timedelta(minutes=5)  # between two emails at once
MOVES_ON = dt.timedelta(hours=1)  # then what was looked through in vain is not looked through again
MORNING = dt.time(7)  # of the digest, by the first property of whoever gets it
MOST_NAMED = 20  # in one email; the others are counted
MOST_READ = 5000  # events at once; what is beyond them comes next time


@dataclass(frozen=True, slots=True)
class _Happened:
    """An event that somebody may want to know of."""

    event_id: uuid.UUID
    kind: str
    booking_id: uuid.UUID
    property_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class _Turn:
    """Somebody is to be told of these kinds now, in the way that they want it."""

    reader: AlertReader
    kinds: tuple[str, ...]
    how: str

    @property
    def since(self) -> uuid.UUID:
        """The event after which they have been told nothing of some kind."""
        return min(self.reader.told_until[kind] for kind in self.kinds)

    def tells(self, one: _Happened) -> bool:
        """Whether it is news to them."""
        is_new = one.kind in self.kinds and one.event_id > self.reader.told_until[one.kind]
        return is_new and self.reader.hears_of(one.kind, one.property_id)


def tell(actor: Actor) -> int:
    """Have everybody told who is due. Returns how many emails are on their way."""
    people.require(actor, Action.CHECK_BOOKS)
    until = first_id_at(clock.now() - SETTLED)
    turns = [turn for reader in people.alert_readers() for turn in _turns(reader)]
    if not turns:
        return 0
    found, until = _since(min(turn.since for turn in turns), until)
    return sum(_told(actor, turn, found, until) for turn in turns)


def _turns(reader: AlertReader) -> list[_Turn]:
    """What they are to be told now."""
    chosen = {how: tuple(kind for kind in reader.told_until if reader.way(kind) == how) for how in people.ALERT_WAYS}
    news = tuple(kind for kind in chosen[people.ALERT_AT_ONCE] if kind in KINDS.values())
    daily, turns = chosen[people.ALERT_DAILY], []
    if news and _pause_is_over(reader, news):
        turns.append(_Turn(reader, news, people.ALERT_AT_ONCE))
    if daily and _morning_has_come(reader, daily):
        turns.append(_Turn(reader, daily, people.ALERT_DAILY))
    return turns


def _pause_is_over(reader: AlertReader, kinds: Sequence[str]) -> bool:
    last = [at for kind in kinds if (at := reader.told_at[kind])]
    return not last or clock.now() - max(last) >= PAUSE


def _morning_has_come(reader: AlertReader, kinds: Sequence[str]) -> bool:
    """Whether it has, since they were told last; those who have chosen it today wait for the next one."""
    zone = ZoneInfo(next((house.time_zone for house in catalogue.properties_of_staff(reader.actor)), "Etc/UTC"))
    now = clock.now().astimezone(zone)
    morning = dt.datetime.combine(now.date(), MORNING, zone)
    last = [reader.told_at[kind] or _instant_of(reader.told_until[kind]) for kind in kinds]
    return now >= morning and min(last) < morning


def _instant_of(event_id: uuid.UUID) -> dt.datetime:
    """When an id (UUID version 7) was made."""
    return dt.datetime.fromtimestamp((event_id.int >> 80) / 1000, dt.UTC)


@reading
def _since(begin: uuid.UUID, until: uuid.UUID) -> tuple[list[_Happened], uuid.UUID]:
    """What happened, as far as the bookings are known; and up to which event all was read."""
    event, booking = messages.Event, reservations.Booking
    rows = db.session.execute(
        select(event.id, event.type, event.payload["bookingId"].astext)
        .where(event.id > begin, event.id <= until, event.type.in_(tuple(KINDS)))
        .order_by(event.id)
        .limit(MOST_READ)
    ).all()
    about = {shown: decode("booking", shown) for _, _, shown in rows if shown}
    places = select(booking.id, booking.property_id).where(booking.id.in_([one for one in about.values() if one]))
    at = {row.id: row.property_id for row in db.session.execute(places)} if about else {}
    found = [
        _Happened(event_id, KINDS[kind], known, at[known])
        for event_id, kind, shown in rows
        if (known := about.get(shown)) in at and known
    ]
    return found, rows[-1].id if len(rows) == MOST_READ else until


@transaction(isolation=READ_COMMITTED)
def _told(actor: Actor, turn: _Turn, found: Sequence[_Happened], until: uuid.UUID) -> bool:
    """Whether there was something to tell. Of two who tell at once, the second finds it told."""
    theirs, is_daily = [one for one in found if turn.tells(one)], turn.how == people.ALERT_DAILY
    wrong = alerts.open_for(turn.reader, turn.kinds) if is_daily else []
    is_news, told = bool(theirs or wrong), bool(theirs or wrong or is_daily)
    if not told and clock.now() - _instant_of(turn.since) < MOVES_ON:
        return False
    noted = people.note_alerts_told(turn.reader.user_id, turn.kinds, until, told=told)
    if not (noted and is_news):
        return False
    payload: dict[str, object] = {kind: _listed([one for one in theirs if one.kind == kind]) for kind in KINDS.values()}
    payload |= {"alerts": [alerts.as_told(alert) for alert in wrong], "how": turn.how}
    payload |= {"userId": encode("user", turn.reader.user_id)}
    messages.record(actor, NEWS, payload)
    if not is_daily:
        alert_texts.record(actor, turn.reader, alert_texts.wanted_by([turn.reader]), payload | {"tells": NEWS})
    return True


def _listed(happened: Sequence[_Happened]) -> dict[str, object]:
    """How many, and the newest of the bookings that they are about, each once."""
    ids = dict.fromkeys(encode("booking", one.booking_id) for one in reversed(happened))
    return {"count": len(happened), "named": list(ids)[:MOST_NAMED]}


@dataclass(frozen=True, slots=True)
class BookingLine:
    """A booking as an email to staff names it: nothing of its guest. `key` is its id as addresses have it."""

    key: str
    reference: str
    room: str
    place: str
    check_in: dt.date
    check_out: dt.date
    guests: int
    total: Decimal
    currency: str


@reading
def booking_lines(shown: Sequence[str]) -> list[BookingLine]:
    """Of these ids as events write them, in their order; those that are there."""
    booking = reservations.Booking
    known = [known for one in shown if (known := decode("booking", one))]
    about = (
        booking.id,
        booking.reference,
        booking.room_name,
        booking.property_name,
        booking.check_in,
        booking.check_out,
        booking.guests,
        booking.total_price,
        booking.currency,
    )
    rows = {row[0]: row[1:] for row in db.session.execute(select(*about).where(booking.id.in_(known)))} if known else {}
    return [BookingLine(encode("booking", one), *rows[one]) for one in known if one in rows]
