"""Guests who come soon are sent a text message with what they need, if they have agreed to that: once for each day on
which they come, the afternoon before, or on the day itself where they booked or agreed later than that.

Nobody gets one at night, by the clock of the property, nor for somebody else's stay: who has agreed is who has booked
for themselves, or whoever stays, as they have told the desk.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Row,
    Time,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import aliased

from booking.domain import catalogue, messages, people
from booking.domain.actors import Actor
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import CONFIRMED, Booking
from booking.domain.texting import ARRIVAL_NEAR, DAY_BEGINS, DAY_ENDS, TextConsent, ToldArrival
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode

AFTERNOON = dt.time(16)  # of the day before
A_DAY = dt.timedelta(days=1)
KEPT = dt.timedelta(days=30)  # after the day


def _local() -> ColumnElement[dt.datetime]:
    """Date and hour at the booking's property."""
    return func.timezone(Booking.time_zone, sql_now())


def _is_time() -> ColumnElement[bool]:
    today, hour = cast(_local(), Date), cast(_local(), Time)
    by_day = and_(hour >= DAY_BEGINS, hour < DAY_ENDS)
    is_today, is_tomorrow = Booking.check_in == today, Booking.check_in == today + 1
    return and_(by_day, or_(is_today, and_(is_tomorrow, hour >= AFTERNOON)))


def _is_expected() -> ColumnElement[bool]:
    """To come, and nobody has been told so far; one of an order's rooms stands for all."""
    is_told = select(ToldArrival.order_id).where(
        ToldArrival.order_id == Booking.order_id, ToldArrival.check_in == Booking.check_in
    )
    # By the clock of Postgres, one day more on either side: no zone is farther off. It narrows what is looked through.
    near = Booking.check_in.between(func.date(sql_now() - A_DAY), func.date(sql_now() + 2 * A_DAY))
    return and_(
        near,
        Booking.status == CONFIRMED,
        Booking.checked_in_at.is_(None),
        Booking.no_show_at.is_(None),
        _is_time(),
        ~is_told.exists(),
    )


def tell(actor: Actor, limit: int = 200) -> int:
    """Have at most so many guests told. Returns how many: of two who look at once, each guest is told by one."""
    people.require(actor, Action.TELL_ARRIVALS)
    return _tell(actor, [house.id for house in catalogue.list_properties(actor)], limit)


@transaction(isolation=READ_COMMITTED)
def _tell(actor: Actor, places: Sequence[uuid.UUID], limit: int) -> int:
    """`places`: all properties, by which the index finds who comes soon, however many have agreed to be told."""
    own, staying = aliased(TextConsent), aliased(TextConsent)
    is_own = and_(own.user_id == Booking.user_id, own.withdrawn_at.is_(None), Order.contact_name.is_(None))
    is_of_order = and_(staying.order_id == Booking.order_id, staying.withdrawn_at.is_(None))
    found = db.session.execute(
        select(Booking.order_id, Booking.check_in, Booking.id, Booking.property_id, own.user_id)
        .join(Order, Order.id == Booking.order_id)
        .outerjoin(own, is_own)
        .outerjoin(staying, is_of_order)
        .where(Booking.property_id == any_(bindparam("places", places, type_=ARRAY(Uuid))))
        .where(or_(own.arrivals, staying.arrivals), _is_expected())
        .order_by(Booking.order_id, Booking.check_in, Booking.id)
        .ext(distinct_on(Booking.order_id, Booking.check_in))
        .limit(limit)
    ).all()
    soon = {(row.order_id, row.check_in): row for row in found}
    if not soon:
        return 0
    rows = [{"order_id": order_id, "check_in": day} for order_id, day in soon]
    told = insert(ToldArrival).values(rows).on_conflict_do_nothing()
    new = db.session.execute(told.returning(ToldArrival.order_id, ToldArrival.check_in)).all()
    for order_id, day in new:
        messages.record(actor, ARRIVAL_NEAR, _facts(soon[(order_id, day)]))
    return len(new)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a guest needs who comes soon. `at`: check-in, in the property's zone; `is_today` by its clock."""

    reference: str
    property_id: uuid.UUID
    property: str
    street: str
    city: str
    at: dt.datetime
    is_today: bool
    time_zone: str


@reading
def find(booking_id: uuid.UUID, check_in: dt.date) -> Arrival | None:
    """Of the order of this booking on this day, if it is still to come; None where nobody is expected any more."""
    of_order = select(Booking.order_id).where(Booking.id == booking_id).scalar_subquery()
    expected = Booking.status == CONFIRMED, Booking.checked_in_at.is_(None), Booking.no_show_at.is_(None)
    today = cast(_local(), Date)
    still = select(Booking, Order.reference, today).join(Order, Order.id == Booking.order_id)
    still = still.where(Booking.order_id == of_order, Booking.check_in == check_in, *expected, today <= check_in)
    row = db.session.execute(still.order_by(Booking.id).limit(1)).one_or_none()
    if row is None:
        return None
    booking, reference, day = row
    at = dt.datetime.combine(check_in, booking.check_in_time, ZoneInfo(booking.time_zone))
    street, city = (str(booking.address.get(part) or "") for part in ("street", "city"))
    house = booking.property_id, booking.property_name
    return Arrival(reference, *house, street, city, at, day == check_in, booking.time_zone)


def _facts(row: Row[uuid.UUID, dt.date, uuid.UUID, uuid.UUID, uuid.UUID | None]) -> dict[str, str]:
    """Whose consent it is: an account's, or that of whoever stays with the order."""
    whose = {"userId": encode("user", row.user_id)} if row.user_id else {"orderId": encode("order", row.order_id)}
    return {
        "bookingId": encode("booking", row.id),
        "propertyId": encode("property", row.property_id),
        "checkIn": row.check_in.isoformat(),
        **whose,
    }


@transaction(isolation=READ_COMMITTED)
def prune(limit: int) -> int:
    """Forget which arrivals were told a month ago. Returns how many."""
    key = tuple_(ToldArrival.order_id, ToldArrival.check_in)
    past = select(ToldArrival.order_id, ToldArrival.check_in).where(ToldArrival.check_in < func.date(sql_now() - KEPT))
    gone = delete(ToldArrival).where(key.in_(past.limit(limit))).returning(ToldArrival.check_in)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())
