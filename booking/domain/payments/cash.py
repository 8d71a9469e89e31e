"""Cash per shift: each person has a drawer at each property, and closes it with a count.

What goes in and out is written by Postgres with the payment that says so (CashMovement). A closing takes everything
that is open in the drawer at that moment, so that nothing falls between two shifts, and says what was expected and what
was counted; it is never changed.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import aliased

from booking.domain import catalogue, money, people
from booking.domain.actors import Actor
from booking.domain.errors import Conflict, Invalid, NotFound
from booking.domain.notices import FieldName, Notice
from booking.domain.payments.cash_models import ONE_AFTER_ANOTHER, CashClosing, CashMovement
from booking.domain.people import Action
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode, new_id

LONGEST_ACTOR = 255


class CashMoved(Conflict):
    """More or less is expected in the drawer than was shown: now `expected`, in `currency`."""

    code = "CASH_MOVED"


class DrawerClosed(Conflict):
    """Somebody has counted it since it was shown."""

    code = "DRAWER_CLOSED"


@dataclass(frozen=True, slots=True)
class DrawerKey:
    """What one person has of a property's cash in one currency; nobody's (None) is what commands have entered."""

    property_id: uuid.UUID
    currency: str
    user_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Count:
    """What somebody counts: `kept` of it stays in the drawer for the next shift.

    `seen` is what was shown as expected, `after` the closing since which that is; None where there was none yet.
    """

    counted: Decimal
    kept: Decimal
    note: str | None
    seen: Decimal
    after: uuid.UUID | None


def close(actor: Actor, drawer: DrawerKey, count: Count) -> CashClosing:
    """Close the drawer with this count. The same count once more is the first one.

    Raises NotFound for whoever may not; Invalid, also where the count differs from what is expected and no note says
    why; CashMoved, DrawerClosed.
    """
    permit(actor, drawer)
    return _close(actor, drawer, count)


@transaction(retry_on=(ONE_AFTER_ANOTHER,))
def _close(actor: Actor, drawer: DrawerKey, count: Count) -> CashClosing:
    last = latest(drawer)
    if (last.id if last else None) != count.after:
        return _same(actor, drawer, count)
    opening = last.kept if last else Decimal(0)
    expected = opening + (db.session.scalar(select(func.sum(CashMovement.amount)).where(*open_in(drawer))) or 0)
    if expected != count.seen:
        raise CashMoved(expected=money.Amount(expected, drawer.currency))
    _refuse_senseless(drawer, count, expected)
    new = CashClosing(id=new_id(), property_id=drawer.property_id, currency=drawer.currency, user_id=drawer.user_id)
    new.previous_id, new.opening, new.expected = count.after, opening, expected
    new.counted, new.kept, new.note, new.closed_by = count.counted, count.kept, count.note, _said(actor)
    db.session.add(new)
    db.session.flush()
    counted = update(CashMovement).where(*open_in(drawer)).values(closing_id=new.id)
    db.session.execute(counted.execution_options(synchronize_session=False))
    people.audit(actor, "cash.closed", encode("closing", new.id), after=_facts(new))
    return new


def permit(actor: Actor, drawer: DrawerKey) -> None:
    """Raise NotFound unless the actor may see and close the drawer. Properties are global: before any transaction."""
    is_own = actor.user_id is not None and actor.user_id == drawer.user_id
    people.require(actor, Action.KEEP_DRAWER if is_own else Action.SEE_DRAWERS, at=drawer.property_id)
    if catalogue.get_property_currency(drawer.property_id) != drawer.currency and not _was_used(drawer):
        raise NotFound


def latest(drawer: DrawerKey) -> CashClosing | None:
    """The closing after which the drawer is open now, inside the caller's transaction."""
    wanted = select(CashClosing).where(is_drawer(CashClosing, drawer), IS_LATEST)
    return db.session.scalars(wanted.order_by(CashClosing.id.desc()).limit(1)).one_or_none()  # found from that end


_later = aliased(CashClosing)
IS_LATEST = ~exists().where(_later.previous_id == CashClosing.id)
IS_OPEN = and_(CashMovement.closing_id.is_(None), ~CashMovement.before_drawers)


def is_drawer(table: type[CashClosing] | type[CashMovement], drawer: DrawerKey) -> ColumnElement[bool]:
    """Of closings or movements: those of this drawer."""
    whose = table.user_id.is_(None) if drawer.user_id is None else table.user_id == drawer.user_id
    return and_(table.property_id == drawer.property_id, table.currency == drawer.currency, whose)


def open_in(drawer: DrawerKey) -> tuple[ColumnElement[bool], ...]:
    """Of movements: those that nobody has counted yet."""
    return is_drawer(CashMovement, drawer), IS_OPEN


@reading
def _was_used(drawer: DrawerKey) -> bool:
    """Also in a currency that the property had before."""
    return bool(db.session.scalar(select(exists().where(is_drawer(CashMovement, drawer)))))


def _same(actor: Actor, drawer: DrawerKey, count: Count) -> CashClosing:
    """The closing that this count has made before. Raises DrawerClosed where it was another one."""
    after = CashClosing.previous_id.is_(None) if count.after is None else CashClosing.previous_id == count.after
    done = db.session.scalars(select(CashClosing).where(is_drawer(CashClosing, drawer), after)).one_or_none()
    said = count.counted, count.kept, count.note, _said(actor)
    if done is None or (done.counted, done.kept, done.note, done.closed_by) != said:
        raise DrawerClosed
    return done


def _refuse_senseless(drawer: DrawerKey, count: Count, expected: Decimal) -> None:
    """Raise Invalid, with every field that is wrong."""
    problems = {
        name: Notice("below", least=0) if amount < 0 else Notice("too_many_decimals")
        for name, amount in (("counted", count.counted), ("kept", count.kept))
        if amount < 0 or amount != money.rounded(amount, drawer.currency)
    }
    if count.kept > count.counted:
        problems.setdefault("kept", Notice("more_than", other=FieldName("counted")))
    if count.counted != expected and count.note is None:
        problems["note"] = Notice("difference_unexplained")
    if problems:
        raise Invalid(details=problems)


def _said(actor: Actor) -> str:
    return str(actor)[:LONGEST_ACTOR]


def _facts(closing: CashClosing) -> dict[str, str]:
    """For the audit log. A note may speak of a person: it stands in the closing alone."""
    sums = {name: getattr(closing, name) for name in ("expected", "counted", "kept")}
    if difference := closing.counted - closing.expected:
        sums["difference"] = difference
    shown = {name: money.as_text(amount, closing.currency) for name, amount in sums.items()}
    return {"propertyId": encode("property", closing.property_id), "currency": closing.currency} | shown
