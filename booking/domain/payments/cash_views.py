"""What is in the drawers now, and what was counted: one's own, and everybody's for owners and managers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import aliased

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import NotFound
from booking.domain.payments import cash
from booking.domain.payments.cash import DrawerKey
from booking.domain.payments.cash_models import CashClosing, CashMovement
from booking.domain.payments.models import Order, Payment
from booking.domain.people import Action, Reach, User
from booking.infra.db import db, reading
from booking.infra.ids import decode

MOST_MOVEMENTS = 200  # of one drawer or closing, that a page shows
MOST_CLOSINGS = 20


@dataclass(frozen=True, slots=True)
class DrawerSum:
    """A drawer as it is now. `person` is None where it is nobody's, or their account was deleted.

    `opening` is what the last closing, `after`, left in it at `since`; `moved` the sum of `number` movements.
    """

    key: DrawerKey
    person: str | None
    opening: Decimal = Decimal(0)
    moved: Decimal = Decimal(0)
    number: int = 0
    after: uuid.UUID | None = None
    since: dt.datetime | None = None

    @property
    def expected(self) -> Decimal:
        return self.opening + self.moved

    @property
    def is_empty(self) -> bool:
        return not (self.opening or self.number)


@dataclass(frozen=True, slots=True)
class Movement:
    """Cash in or out: for which booking and guest, and the `entry` as staff referred to it.

    `guest` is None where they were erased; `is_correction` where it takes a mistaken entry back.
    """

    payment_id: uuid.UUID
    booking_id: uuid.UUID
    at: dt.datetime
    amount: Decimal
    entry: str
    reference: str
    guest: str | None
    is_correction: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """A closing, with the name of whose drawer it was, and of who has counted as logs write them."""

    closing: CashClosing
    person: str | None
    names: dict[str, str]

    @property
    def difference(self) -> Decimal:
        """Above 0: more was there than expected."""
        return self.closing.counted - self.closing.expected

    @property
    def handed_over(self) -> Decimal:
        """What was taken out of the drawer."""
        return self.closing.counted - self.closing.kept


@dataclass(frozen=True, slots=True)
class Moved:
    """The movements of a drawer or a closing, the newest first, at most as many as were asked for; sums of all.

    An entry that was taken back in the same shift is part of neither `taken` nor `given_back`. `corrected` is what
    takes entries of earlier shifts back, below 0 where less had come in: no cash has moved now. The count of that shift
    was short for it, or the money is there and belongs to somebody else.
    """

    shown: list[Movement]
    number: int
    taken: Decimal
    given_back: Decimal
    corrected: Decimal

    @property
    def sum(self) -> Decimal:
        """What all of it adds to the drawer."""
        return self.taken - self.given_back + self.corrected

    @property
    def more(self) -> int:
        """How many are not among those that are shown."""
        return self.number - len(self.shown)


@reading
def drawers(actor: Actor, at: Collection[uuid.UUID] | None = None) -> list[DrawerSum]:
    """Those with something in them, at these properties or at all: one's own first. By three statements.

    Raises NotFound for whoever has none and sees none.
    """
    seen = _Sight.of(actor)
    closings = db.session.scalars(select(CashClosing).where(cash.IS_LATEST, *seen.of_closings(at))).all()
    key = CashMovement.property_id, CashMovement.currency, CashMovement.user_id
    moved = select(*key, func.sum(CashMovement.amount), func.count()).where(cash.IS_OPEN, *seen.of_movements(at))
    sums = {DrawerKey(*row[:3]): row[3:] for row in db.session.execute(moved.group_by(*key))}
    latest = {DrawerKey(one.property_id, one.currency, one.user_id): one for one in closings}
    filled = [one for one in {**sums, **latest} if one in sums or latest[one].kept]
    names = people.names_of_accounts({one.user_id for one in filled if one.user_id})
    found = [_sum(one, names, latest.get(one), sums.get(one)) for one in filled]
    return sorted(
        found, key=lambda one: (one.key.user_id != actor.user_id, one.person is None, one.person, str(one.key))
    )


def drawer(actor: Actor, key: DrawerKey, most: int | None = MOST_MOVEMENTS) -> tuple[DrawerSum, Moved]:
    """One drawer, also an empty one, and what has moved in it. Raises NotFound for whoever may not see it."""
    cash.permit(actor, key)
    return _drawer(key, most)


@reading
def _drawer(key: DrawerKey, most: int | None) -> tuple[DrawerSum, Moved]:
    names = people.names_of_accounts({key.user_id} if key.user_id else set())
    latest, moved = cash.latest(key), _moved(and_(*cash.open_in(key)), most)
    return _sum(key, names, latest, (moved.sum, moved.number)), moved


@reading
def closings(
    actor: Actor, at: Collection[uuid.UUID] | None = None, before: str = "", limit: int = MOST_CLOSINGS
) -> tuple[list[Counted], bool]:
    """The newest, of these properties or of all, `before` this one (a TypeID), and whether there are older ones.

    Raises NotFound for whoever sees none, and where `before` is no closing's id.
    """
    older = decode("closing", before) if before else None
    if before and older is None:
        raise NotFound
    wanted = select(CashClosing).where(*_Sight.of(actor).of_closings(at)).order_by(CashClosing.id.desc())
    rows = db.session.scalars((wanted.where(CashClosing.id < older) if older else wanted).limit(limit + 1)).all()
    return _named(rows[:limit]), len(rows) > limit


@reading
def closing(actor: Actor, closing_id: uuid.UUID, most: int | None = MOST_MOVEMENTS) -> tuple[Counted, Moved]:
    """One, and what it has counted. Raises NotFound, also for whoever may not see it."""
    wanted = select(CashClosing).where(CashClosing.id == closing_id, *_Sight.of(actor).of_closings(None))
    found = _named(db.session.scalars(wanted).all())
    if not found:
        raise NotFound
    return found[0], _moved(CashMovement.closing_id == closing_id, most)


@dataclass(frozen=True, slots=True)
class _Sight:
    """Which drawers somebody sees: their `own` at some properties, everybody's at others."""

    user_id: uuid.UUID | None
    own: Reach
    everybodys: Reach

    @classmethod
    def of(cls, actor: Actor) -> _Sight:
        own, everybodys = (people.reach(actor, action) for action in (Action.KEEP_DRAWER, Action.SEE_DRAWERS))
        if not (own or everybodys):
            raise NotFound
        return cls(actor.user_id, own, everybodys)

    def of_closings(self, at: Collection[uuid.UUID] | None) -> tuple[ColumnElement[bool], ...]:
        return self._rows(CashClosing, at)

    def of_movements(self, at: Collection[uuid.UUID] | None) -> tuple[ColumnElement[bool], ...]:
        return self._rows(CashMovement, at)

    def _rows(self, table: Any, at: Collection[uuid.UUID] | None) -> tuple[ColumnElement[bool], ...]:
        mine = and_(table.user_id == self.user_id, _within(table, self.own)) if self.user_id else false()
        seen = or_(_within(table, self.everybodys), mine)
        return (seen,) if at is None else (seen, table.property_id.in_(at))


def _within(table: Any, reach: Reach) -> ColumnElement[bool]:
    if reach.properties is None:
        return true()
    inside: ColumnElement[bool] = table.property_id.in_(reach.properties)
    return inside


def _sum(
    key: DrawerKey, names: dict[uuid.UUID, str], last: CashClosing | None, moved: Sequence[Any] | None
) -> DrawerSum:
    person = names.get(key.user_id) if key.user_id else None
    total, number = moved or (Decimal(0), 0)
    if last is None:
        return DrawerSum(key, person, moved=total, number=number)
    return DrawerSum(key, person, last.kept, total, number, last.id, last.created_at)


def _moved(which: ColumnElement[bool], most: int | None) -> Moved:
    """By two statements, however many there are."""
    number, into, out, corrected = db.session.execute(_SUMS.where(which)).one()
    rows = db.session.execute(_MOVEMENTS.where(which).limit(most)) if number else ()
    return Moved([Movement(*row) for row in rows], number, into, -out, corrected)


def _total(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((which, CashMovement.amount))), 0)


_mistaken = aliased(CashMovement)
_IS_CORRECTION = _mistaken.payment_id.is_not(None)
_OF_EARLIER = and_(
    _IS_CORRECTION, or_(_mistaken.before_drawers, _mistaken.closing_id.is_distinct_from(CashMovement.closing_id))
)
_CAME_IN = case((_IS_CORRECTION, _mistaken.amount), else_=CashMovement.amount) > 0
_SUMS: Select[*tuple[Any, ...]] = (
    select(
        func.count(),
        _total(and_(_CAME_IN, ~_OF_EARLIER)),
        _total(and_(~_CAME_IN, ~_OF_EARLIER)),
        _total(_OF_EARLIER),
    )
    .select_from(CashMovement)
    .join(Payment, Payment.id == CashMovement.payment_id)
    .outerjoin(_mistaken, _mistaken.payment_id == Payment.corrects_id)
)


_MOVEMENTS: Select[*tuple[Any, ...]] = (
    select(
        CashMovement.payment_id,
        Payment.booking_id,
        CashMovement.created_at,
        CashMovement.amount,
        Payment.provider_reference,
        Order.reference,
        func.coalesce(Order.contact_name, User.full_name),
        Payment.corrects_id.is_not(None),
    )
    .join(Payment, Payment.id == CashMovement.payment_id)
    .join(Order, Order.id == Payment.order_id)
    .outerjoin(User, and_(User.id == Order.user_id, User.deleted_at.is_(None)))
    .order_by(CashMovement.created_at.desc(), CashMovement.payment_id.desc())
)


def _named(rows: Sequence[CashClosing]) -> list[Counted]:
    names = people.names_of_accounts({one.user_id for one in rows if one.user_id})
    actors = people.names_of_actors({one.closed_by for one in rows})
    return [Counted(one, names.get(one.user_id) if one.user_id else None, actors) for one in rows]
