"""Taking reservations over: each as a confirmed booking of a guest without an account, vouched for by the house.

Nothing is charged and nobody is written to. What was paid already stands in the ledger as paid elsewhere, the rest is
due later. A source names its reservations: one that is here already stays as it is, whatever became of it since.
Nights are claimed as every booking claims them, a few rows in one transaction, so that whoever books meanwhile and
this never sell one twice; a row whose nights somebody has is told, and stops no other.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select

from booking.domain import inventory, messages, names, payments, people
from booking.domain.actors import Actor
from booking.domain.catalogue import BadRow
from booking.domain.errors import Forbidden, Invalid
from booking.domain.inventory import InTheWay
from booking.domain.money import as_text
from booking.domain.notices import Notice
from booking.domain.payments import ELSEWHERE, IMPORT, LATER, SAME_SOURCE, Order, Payment
from booking.domain.people import Action
from booking.domain.reservations import changes, holding, sale
from booking.domain.reservations.event_payloads import booking_facts
from booking.domain.reservations.importing.outcomes import (
    CONFLICT,
    DIFFERS,
    IMPORTED,
    READY,
    THERE,
    RowOutcome,
)
from booking.domain.reservations.importing.rows import LONGEST_SOURCE, House, Reader, Reservation
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.domain.stays import Stay, StayRules
from booking.infra import clock, telemetry
from booking.infra.db import db, reading, transaction
from booking.infra.ids import new_id, new_reference

NOTHING_SAID = "–"
AT_ONCE = 20  # rows in one transaction: more would be in the way of whoever books
LOOKED_AT = 500  # rows that are only looked at, in one statement

Night = tuple[uuid.UUID, dt.date]  # of a room
Rows = Iterable[tuple[int, Mapping[str, str] | BadRow]]


def refuse_unless_source(source: str) -> str:
    """The name of a source without blanks around it. Raises Invalid."""
    source = names.trimmed(source)
    if not names.is_visible(source):
        raise Invalid(details={"source": Notice("missing")})
    if len(source) > LONGEST_SOURCE:
        raise Invalid(details={"source": Notice("too_long", most=LONGEST_SOURCE)})
    return source


def look(actor: Actor, house: House, source: str, rows: Rows, rules: StayRules) -> Iterator[RowOutcome]:
    """What would become of each row, without changing anything. Raises Invalid, Forbidden."""
    source, first = refuse_unless_source(source), dict[Night, int]()
    people.require(actor, Action.IMPORT_BOOKINGS, at=house.property.id, otherwise=Forbidden)
    for portion, told in _portions(Reader(house, rules), rows, LOOKED_AT):
        yield from told
        for one, outcome in zip(portion, _looked_at(house, source, portion), strict=True):
            yield _in_the_file(one, outcome, first)


def take_over(actor: Actor, house: House, source: str, rows: Rows, rules: StayRules) -> Iterator[RowOutcome]:
    """Take each row over that can be; what has become of each, as it is done. Raises Invalid, Forbidden."""
    source = refuse_unless_source(source)
    people.require(actor, Action.IMPORT_BOOKINGS, at=house.property.id, otherwise=Forbidden)
    for portion, told in _portions(Reader(house, rules), rows, AT_ONCE):
        yield from told
        done = _put(actor, house, source, portion) if portion else []
        for _ in range(sum(one.outcome == IMPORTED for one in done)):
            telemetry.count_booking("confirmed")
        yield from done


def _portions(reader: Reader, rows: Rows, size: int) -> Iterator[tuple[list[Reservation], list[RowOutcome]]]:
    """So many reservations at a time, and the rows among them that are none."""
    portion: list[Reservation] = []
    told: list[RowOutcome] = []
    for line, cells in rows:
        read = reader.read(line, cells)
        if isinstance(read, RowOutcome):
            told.append(read)
        else:
            portion.append(read)
        if len(portion) == size:
            yield portion, told
            portion, told = [], []
    yield portion, told


# --- looking


@reading
def _looked_at(house: House, source: str, portion: Sequence[Reservation]) -> list[RowOutcome]:
    if not portion:
        return []
    here, taken = _here_already(house, source, portion), _taken(portion)
    outcomes = []
    for one in portion:
        others = [taken[key] for night in one.stay.dates() if (key := (one.room.id, night)) in taken]
        if one.source_id in here:
            outcomes.append(_compared(one, here[one.source_id]))
        else:
            outcomes.append(_conflict(one, others) if others else _done(one, READY))
    return outcomes


def _done(one: Reservation, outcome: str, reference: str | None = None) -> RowOutcome:
    """What can come in, or has."""
    return RowOutcome(one.line, one.source_id, outcome, reference, read=one.read)


def _taken(portion: Sequence[Reservation]) -> dict[Night, InTheWay]:
    first = min(one.stay.check_in for one in portion)
    within = Stay(first, max(one.stay.check_out for one in portion))
    return {
        (one.room_id, night): InTheWay(night, one.state, one.claim_id)
        for one in inventory.nights_taken({one.room.id for one in portion}, within)
        for night in one.stay.dates()
    }


def _in_the_file(one: Reservation, outcome: RowOutcome, first: dict[Night, int]) -> RowOutcome:
    """A row that could come in, were it not for an earlier one of the same file."""
    if outcome.outcome != READY:
        return outcome
    nights = [(one.room.id, night) for night in one.stay.dates()]
    earlier = next((first[night] for night in nights if night in first), None)
    if earlier is None:
        first.update(dict.fromkeys(nights, one.line))
        return outcome
    return RowOutcome(one.line, one.source_id, CONFLICT, problems={"room": Notice("nights_in_file", earlier=earlier)})


def _here_already(house: House, source: str, portion: Sequence[Reservation]) -> dict[str, Booking]:
    """By what the source calls them, inside the caller's transaction."""
    of_source = Order.property_id == house.property.id, Order.source == source
    named = Order.source_id.in_([one.source_id for one in portion])
    found = select(Order.source_id, Booking).join(Booking, Booking.order_id == Order.id).where(*of_source, named)
    return {str(source_id): booking for source_id, booking in db.session.execute(found)}


def _compared(one: Reservation, booking: Booking) -> RowOutcome:
    """It came in before. Where the source tells of another stay by now, somebody has to look."""
    told = (one.stay.check_in, one.stay.check_out, one.room.id)
    if told == (booking.check_in, booking.check_out, booking.room_id) or booking.status != CONFIRMED:
        return RowOutcome(one.line, one.source_id, THERE, booking.reference)
    facts = {"first": booking.check_in, "last": booking.check_out, "room": booking.room_name}
    return RowOutcome(
        one.line, one.source_id, DIFFERS, booking.reference, {"sourceId": Notice("imported_otherwise", **facts)}
    )


def _conflict(one: Reservation, others: Sequence[InTheWay]) -> RowOutcome:
    """Whose nights they are, by the first of them; inside the caller's transaction."""
    night = min(others, key=lambda other: other.night)
    first = night.night
    if night.state == inventory.NIGHT_BLOCKED:
        block = inventory.blocks_of_claims([night.claim_id]).get(night.claim_id)
        notice = Notice("nights_blocked", first=first, reason=(block and block.reason) or NOTHING_SAID)
    else:
        booking = db.session.get(Booking, night.claim_id)
        code = "nights_booked" if night.state == inventory.NIGHT_BOOKED else "nights_held"
        notice = Notice(code, first=first, reference=booking.reference if booking else NOTHING_SAID)
    return RowOutcome(one.line, one.source_id, CONFLICT, problems={"room": notice})


# --- taking over


@transaction(retry_on=(SAME_SOURCE, *holding.REFERENCES))
def _put(actor: Actor, house: House, source: str, portion: Sequence[Reservation]) -> list[RowOutcome]:
    here, new = _here_already(house, source, portion), []
    outcomes = [_compared(one, here[one.source_id]) for one in portion if one.source_id in here]
    left = [one for one in portion if one.source_id not in here]
    # In the order of the rooms' ids, so that two who want several never wait for each other in a circle.
    for one in sorted(left, key=lambda one: (one.room.id, one.stay.check_in, one.line)):
        booking_id = new_id()
        claim = inventory.Claim(booking_id, one.room.id, one.room.location, one.stay)
        if others := inventory.sell_nights(actor, claim):
            outcomes.append(_conflict(one, others))
        else:
            new.append((booking_id, one))
    return sorted(outcomes + _written(actor, house, source, new), key=lambda outcome: outcome.line)


def _written(actor: Actor, house: House, source: str, new: Sequence[tuple[uuid.UUID, Reservation]]) -> list[RowOutcome]:
    if not new:
        return []
    rows = [_rows(actor, house, source, *one) for one in new]
    db.session.execute(insert(Order), [row[Order] for row in rows])
    db.session.execute(insert(Booking), [row[Booking] for row in rows])
    if paid := [row[Payment] for row in rows if Payment in row]:
        db.session.execute(insert(Payment), paid)
    outcomes = []
    for (_, one), row in zip(new, rows, strict=True):
        booking = Booking(**row[Booking])
        messages.record(actor, "booking.imported", booking_facts(booking))
        total, elsewhere = (as_text(amount, booking.currency) for amount in (one.read.total, one.read.paid))
        facts = {"status": CONFIRMED, "source": source, "total": total, "currency": booking.currency}
        changes.audit(actor, "booking.imported", booking, {}, facts | {"paidElsewhere": elsewhere})
        outcomes.append(_done(one, IMPORTED, booking.reference))
    return outcomes


def _rows(
    actor: Actor, house: House, source: str, booking_id: uuid.UUID, one: Reservation
) -> dict[Any, dict[str, Any]]:
    order_id, reference, now, by = new_id(), new_reference(), clock.now(), str(actor)[:255]
    # What was paid is counted where the payment is written.
    order = {
        "id": order_id,
        "reference": reference,
        "channel": IMPORT,
        "source": source,
        "source_id": one.source_id,
        **one.contact.as_columns(),
        "property_id": house.property.id,
        "currency": house.property.currency,
        "owed": one.read.total,
        "guarantee": LATER,
        "guaranteed_by": by,
        "guaranteed_at": now,
    }
    booking = {
        "id": booking_id,
        "order_id": order_id,
        "room_id": one.room.id,
        "reference": reference,
        "check_in": one.stay.check_in,
        "check_out": one.stay.check_out,
        "status": CONFIRMED,
        "confirmed_at": now,
        **sale.sold_elsewhere(one.room, house.property, one.stay, one.read.guests, one.read.total),
    }
    return {Order: order, Booking: booking} | ({Payment: _paid(order, booking, one)} if one.read.paid else {})


def _paid(order: Mapping[str, Any], booking: Mapping[str, Any], one: Reservation) -> dict[str, Any]:
    """What the guest has paid before it came here, as staff enters what it takes by hand."""
    return {
        "id": new_id(),
        "order_id": order["id"],
        "booking_id": booking["id"],
        "kind": payments.CHARGE,
        "state": payments.SUCCEEDED,
        "amount": one.read.paid,
        "currency": order["currency"],
        "method": ELSEWHERE,
        "provider": ELSEWHERE,
        "provider_reference": one.source_id,
        "recorded_by": order["guaranteed_by"],
        "value_date": order["guaranteed_at"].date(),
    }
