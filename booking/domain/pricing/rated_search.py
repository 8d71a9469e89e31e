"""What a search's statement asks of rated rooms: whether rules and limits let the stay be, and what it costs.

Other rooms go by their own price and limits. A statement that asks joins STAY beside Room; one about a place without
rated rooms does not ask at all.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from booking.domain.catalogue import Room
from booking.domain.stays import Stay
from booking.infra.clock import sql_now

_NIGHTS = bindparam("nights", type_=Integer)
_DATES = bindparam("check_in", type_=Date), bindparam("check_out", type_=Date)
_COLUMNS = column("fits", Boolean), column("total", Numeric)

STAY = (
    func.stay_rates(Room.id, *_DATES, bindparam("guests", type_=Integer), sql_now())
    .table_valued(*_COLUMNS)
    .render_derived()
    .lateral("stay")
)
# None of a room without rules. In the currency's own unit, with zeros that rounding takes off.
TOTAL: ColumnElement[Any] = STAY.c.total / func.power(cast(10, Numeric), func.minor_units(Room.currency))
_PER_NIGHT: ColumnElement[Any] = case((Room.rated, TOTAL / _NIGHTS), else_=Room.price_per_night)
OWN_LIMITS: ColumnElement[bool] = and_(Room.min_nights <= _NIGHTS, Room.max_nights >= _NIGHTS)
FITS: ColumnElement[bool] = or_(and_(~Room.rated, OWN_LIMITS), STAY.c.fits)
# Whether a search of a place, or of all, has to ask for rates.
_SOME = aliased(Room)
HAS_RATED_IN = exists(select(_SOME.id).where(_SOME.rated, _SOME.location == bindparam("location")))
HAS_RATED = exists(select(_SOME.id).where(_SOME.rated))


def joined(statement: Any) -> Any:
    """A statement about rooms, with what rules say of each rated one beside it."""
    return statement.select_from(Room).join(STAY, and_(Room.rated, true()), isouter=True)


def price(*, is_rated: bool) -> ColumnElement[Any]:
    """What limits and order by price go by: a night of the stay on average, where there are rated rooms."""
    return _PER_NIGHT if is_rated else Room.price_per_night.expression


def can_be_had(stay: Stay, guests: int) -> ColumnElement[bool]:
    """Whether limits and rules let a stay be, as a condition of a statement about rooms."""
    own = and_(~Room.rated, Room.min_nights <= stay.nights, Room.max_nights >= stay.nights)
    dates = cast(stay.check_in, Date), cast(stay.check_out, Date)
    asked = func.stay_rates(Room.id, *dates, guests, sql_now()).table_valued(*_COLUMNS).render_derived()
    return or_(own, and_(Room.rated, exists(select(asked.c.fits).where(asked.c.fits))))
