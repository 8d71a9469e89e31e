"""What a search's statement asks of rated rooms: whether rules and limits let the stay be, and what it costs.

What a set of terms says of the stay is worked out once for all rooms that are held to it (`sets`); of a room there is
left whether its set fits, and, only where it is shown or compared by price, what its nights cost. Other rooms go by
their own price and limits. A statement about a place without rated rooms does not ask at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from typing import cast as typing_cast

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Numeric,
    Select,
    SmallInteger,
    and_,
    between,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased
from sqlalchemy.types import TypeEngine

from booking.domain.catalogue import Property, Room
from booking.domain.pricing.projection_models import RoomCalendar, StayTerms, TermsMonth
from booking.domain.stays import Stay
from booking.infra.clock import sql_now

WHOLE = 10_000  # hundredths of a percent

OWN_LIMITS: ColumnElement[bool] = and_(
    Room.min_nights <= bindparam("nights", type_=Integer), Room.max_nights >= bindparam("nights", type_=Integer)
)
# Whether a search of a place, or of all, has to ask for rates.
_SOME = aliased(Room)
HAS_RATED_IN = exists(select(_SOME.id).where(_SOME.rated, _SOME.location == bindparam("location")))
HAS_RATED = exists(select(_SOME.id).where(_SOME.rated))


class _Asked(NamedTuple):
    """A stay in the words of a statement: days are those of their months, which begin with 1."""

    check_in: ColumnElement[Any]
    check_out: ColumnElement[Any]
    nights: ColumnElement[int]
    guests: ColumnElement[int]
    first_month: ColumnElement[dt.date]
    first_day: ColumnElement[int]
    last_month: ColumnElement[dt.date]
    last_day: ColumnElement[int]

    @property
    def arguments(self) -> tuple[ColumnElement[Any], ...]:
        """Of the functions that take a stay (migration 0073)."""
        return self.check_in, self.check_out, self.guests, sql_now()


_KINDS: tuple[type[TypeEngine[Any]], ...] = (Date, Date, Integer, Integer, Date, Integer, Date, Integer)
_ASKED = _Asked(*(bindparam(name, type_=kind) for name, kind in zip(_Asked._fields, _KINDS, strict=True)))


_AGES = bindparam("ages", type_=ARRAY(SmallInteger))


def asked(stay: Stay, guests: int, children: Sequence[int] = ()) -> dict[str, Any]:
    """The values of a statement's parameters; with the ages of children among the guests, of one that is `by_age`."""
    if children:
        return {**asked(stay, guests), "ages": list(children)}
    begins, ends = stay.check_in, stay.check_out
    months = begins.replace(day=1), begins.day, ends.replace(day=1), ends.day
    return dict(zip(_Asked._fields, (begins, ends, stay.nights, guests, *months), strict=True))


def sets(*, in_one_place: bool, for_totals: bool, free: bool = False, by_age: bool = False) -> CTE:
    """What each set of terms of the place that is searched, or of all, says of the stay: worked out once.

    Unless it is `for_totals` only whether it fits. Its `plan` is the cheapest; where only what is `free` to cancel is
    asked for, the cheapest of those. `by_age`: some of the guests are children, whose ages are given.
    """
    found = _sets(_ASKED)
    found = found.add_columns(*_changes(_ASKED, by_age=by_age)) if for_totals else found
    if for_totals or free:
        found = found.add_columns((_free_plan(_ASKED) if free else _cheaper_plan()).label("plan"))
    if in_one_place:
        found = found.where(Property.location == bindparam("location"))
    return found.cte("sets").prefix_with("MATERIALIZED", dialect="postgresql")


_ENDS = aliased(TermsMonth)
_TODAY = cast(func.timezone(Property.time_zone, sql_now()), Date)


_CHARGES: tuple[ColumnElement[Any], ...] = (
    StayTerms.charge_values.expression,
    StayTerms.charge_nights.expression,
    StayTerms.charge_guests.expression,
    StayTerms.charge_bases.expression,
    StayTerms.charge_ages.expression,
    StayTerms.charge_caps.expression,
)


def _lead(stay: _Asked) -> ColumnElement[int]:
    return func.greatest(0, stay.check_in - _TODAY, type_=Integer)


def _sets(stay: _Asked) -> Select[Any]:
    """Its id, and whether it `fits`."""
    fits = and_(
        between(stay.nights, StayTerms.min_nights, StayTerms.max_nights),
        ~StayTerms.closed_to_arrival,
        between(_lead(stay), StayTerms.notice_days, StayTerms.horizon_days),
        func.coalesce(_ENDS.departures[stay.last_day], False),
    )
    day = TermsMonth.terms[stay.first_day]
    columns: tuple[Any, ...] = TermsMonth.terms_id.label("id"), fits.label("fits")
    return (
        select(*columns)
        .select_from(TermsMonth)
        .join(Property, Property.id == TermsMonth.property_id)
        .join(StayTerms, and_(StayTerms.terms_id == TermsMonth.terms_id, StayTerms.number == day))
        .outerjoin(_ENDS, and_(_ENDS.terms_id == TermsMonth.terms_id, _ENDS.month == stay.last_month))
        .where(TermsMonth.month == stay.first_month)
    )


def _changes(stay: _Asked, *, by_age: bool) -> tuple[ColumnElement[Any], ...]:
    """What a set changes of a night, percents off in hundredths, and what a minor unit is."""
    beyond, lead = stay.guests - StayTerms.included, _lead(stay)
    change: ColumnElement[int] = cast(case((beyond < 0, StayTerms.fewer), else_=StayTerms.extra) * beyond, BigInteger)
    if by_age:
        said = StayTerms.included, StayTerms.extra, StayTerms.fewer, StayTerms.child_ages, StayTerms.child_amounts
        change = func.party_change(stay.guests, _AGES, *said, type_=BigInteger)
    step = func.width_bucket(stay.nights, StayTerms.length_nights, type_=Integer)
    return (
        change.label("change"),
        cast(func.coalesce(StayTerms.length_percents[step], 0), BigInteger).label("length_percent"),
        cast(case((lead >= StayTerms.early_days, StayTerms.early_percent), else_=0), BigInteger).label("early_percent"),
        cast(case((lead <= StayTerms.late_days, StayTerms.late_percent), else_=0), BigInteger).label("late_percent"),
        func.power(cast(10, Numeric), -func.minor_units(Property.currency), type_=Numeric).label("unit"),
        *_CHARGES,
    )


def _cheaper_plan() -> ColumnElement[Any]:
    """They are in order of their prices."""
    first: ColumnElement[Any] = StayTerms.plans.op("->", return_type=JSONB())(literal_column("0"))
    return case((_percent(first) < 0, first))


def _free_plan(stay: _Asked) -> ColumnElement[Any]:
    arrival = stay.check_in, Property.check_in_time, Property.time_zone, sql_now()
    return func.free_plan(StayTerms.plans, *arrival, type_=JSONB)


def _percent(plan: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(plan.op("->>")(literal_column("'percent'")), Integer)


def is_free_by_own_policy(room: Any) -> ColumnElement[bool]:
    """Whether the stay can be cancelled free of charge without a rate plan."""
    arrival = _ASKED.check_in, Property.check_in_time, Property.time_zone, sql_now()
    own = select(func.policy_is_free(room.cancellation_policy, *arrival, type_=Boolean))
    return own.where(Property.id == room.property_id).correlate(room.cancellation_policy.table).scalar_subquery()


def is_free(known: CTE | None) -> ColumnElement[bool]:
    """Whether it can, by the room's own policy or on a plan."""
    own = is_free_by_own_policy(Room)
    return own if known is None else or_(own, Room.terms_id.in_(select(known.c.id).where(known.c.plan.is_not(None))))


def fits(known: CTE) -> ColumnElement[bool]:
    """Whether limits and rules let the stay be, by the `sets` of the statement."""
    return _fits(select(known.c.id).where(known.c.fits), OWN_LIMITS, _ASKED)


def _fits(fitting: Select[Any], own_limits: ColumnElement[bool], stay: _Asked) -> ColumnElement[bool]:
    return case(
        (Room.terms_id == 0, own_limits),
        (Room.terms_id > 0, Room.terms_id.in_(fitting)),
        else_=func.stay_fits(Room.id, *stay.arguments, type_=Boolean),  # of a room that is not rebuilt yet
    )


class Total(NamedTuple):
    """What the stay costs in a room, in its currency, with zeros that rounding takes off; None where it has no rules.

    `source` has the room, and beside it what says so.
    """

    source: FromClause
    amount: ColumnElement[Any]
    plan: ColumnElement[Any]  # that costs so much, as plans.found_terms() says it; None: the room's own policy


def total(
    source: FromClause,
    room: Any,
    known: CTE,
    is_free: ColumnElement[bool] | None = None,
    *,
    by_age: bool = False,
) -> Total:
    """Of each room in a FROM, where `room` are its columns, by the `sets` of the statement.

    `is_free`: whether the room's own policy counts, where only what is free to cancel is asked for.
    """
    plan, chosen = _chosen(room, known, is_free)
    begins, ends = aliased(RoomCalendar), aliased(RoomCalendar)
    later = _ASKED.first_month != _ASKED.last_month  # most stays are of one month, and one row says it all
    source = source.outerjoin(known, known.c.id == room.terms_id)
    source = source if chosen is None else source.join(chosen, true())
    source = source.outerjoin(
        begins, and_(room.terms_id > 0, begins.room_id == room.id, begins.month == _ASKED.first_month)
    )
    # No month, no look-up: as a condition of its own this would be asked after it.
    month = case((later, _ASKED.last_month))
    source = source.outerjoin(ends, and_(ends.room_id == begins.room_id, ends.month == month))
    last = case((later, ends.sums[_ASKED.last_day]), else_=begins.sums[_ASKED.last_day])
    plain = last - begins.sums[_ASKED.first_day] + known.c.change * _ASKED.nights
    # No night costs less than nothing, however few come: then they are added up one by one.
    one_by_one = func.night_sum(room.id, _ASKED.check_in, _ASKED.check_out, known.c.change, type_=BigInteger)
    nights = case((begins.lowest + known.c.change < 0, one_by_one), else_=plain).label("minor")
    # OFFSET 0 has Postgres work it out once, and not again wherever it is named below.
    spent = (
        select(nights)
        .correlate(known, begins, ends, typing_cast(FromClause, room.id.table))
        .offset(literal_column("0"))
        .lateral("nights")
    )
    source = source.join(spent, true())
    off = [_part(spent.c.minor, known.c[name]) for name in ("length_percent", "early_percent", "late_percent")]
    net = spent.c.minor - off[0] - off[1] - off[2] + _signed_part(spent.c.minor, func.coalesce(_percent(plan), 0))
    minor = _with_charges(cast(case((net < 0, 0), else_=net), Numeric), known, by_age=by_age)
    unit = func.power(cast(10, Numeric), -func.minor_units(room.currency), type_=Numeric)
    # Of a room that is not rebuilt yet, or that the version before has rebuilt.
    as_before = case((room.terms_id != 0, func.stay_total(room.id, *_ASKED.arguments, type_=Numeric) * unit))
    return Total(source, func.coalesce(minor * known.c.unit, as_before, type_=Numeric), plan)


def _chosen(room: Any, known: CTE, is_free: ColumnElement[bool] | None) -> tuple[ColumnElement[Any], FromClause | None]:
    """The plan that a room's price is for; where the room's own policy may count instead, from a source that is asked
    once for each room.
    """
    plan: ColumnElement[Any] = known.c.plan
    if is_free is None:
        return plan, None
    own_first = case((or_(~is_free, _percent(plan) < 0), plan)).label("plan")
    once = select(own_first).correlate(known, typing_cast(FromClause, room.id.table))
    chosen = once.offset(literal_column("0")).lateral("chosen")
    return chosen.c.plan, chosen


def _with_charges(net: ColumnElement[Any], known: CTE, *, by_age: bool) -> ColumnElement[Any]:
    """With fees and taxes where there are any, for adults unless it is `by_age`."""
    arrays = [known.c[name] for name in ("charge_values", "charge_nights", "charge_guests", "charge_bases")]
    if by_age:
        children = (_AGES, *arrays, known.c.charge_ages)
        charged = func.with_charges(net, _ASKED.nights, _ASKED.guests, *children, type_=Numeric)
    else:
        charged = func.with_charges(net, _ASKED.nights, _ASKED.guests, *arrays, type_=Numeric)
    ages = _AGES if by_age else literal_column("'{}'::smallint[]")
    capped = func.with_charges(
        net, _ASKED.nights, _ASKED.guests, ages, *arrays, known.c.charge_ages, known.c.charge_caps, type_=Numeric
    )
    has_caps = func.cardinality(known.c.charge_caps) > 0
    return case((has_caps, capped), (func.cardinality(arrays[0]) > 0, charged), else_=net)


def _part(amount: ColumnElement[int], percent: ColumnElement[int]) -> ColumnElement[int]:
    """Of an amount in minor units, as round() rounds it; whole numbers are quicker, and this way none is too great."""
    rest = (amount % WHOLE * percent + WHOLE // 2) // WHOLE
    return amount // WHOLE * percent + rest


def _signed_part(amount: ColumnElement[int], percent: ColumnElement[int]) -> ColumnElement[int]:
    return case((percent < 0, -_part(amount, -percent)), else_=_part(amount, percent))


def of_stay(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same of all rooms: of one without rules its own price."""
    return func.coalesce(amount, Room.price_per_night * _ASKED.nights, type_=Numeric)


def can_be_had(stay: Stay, guests: int) -> ColumnElement[bool]:
    """Whether limits and rules let a stay be, as a condition of a statement about rooms."""
    said = _Asked(*(literal(value, kind) for value, kind in zip(asked(stay, guests).values(), _KINDS, strict=True)))
    known = _sets(said).subquery()
    own = and_(Room.min_nights <= stay.nights, Room.max_nights >= stay.nights)
    return _fits(select(known.c.id).where(known.c.fits), own, said)
