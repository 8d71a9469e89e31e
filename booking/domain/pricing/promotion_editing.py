"""Promotions are made, changed and ended by whoever runs their properties; their uses are counted, never kept.

A use is a booking that stands (held, being paid, confirmed) and names the promotion. So it comes back by itself when
the hold ends, the payment fails or the booking is cancelled. Whoever adds one locks the promotion first.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, String, Uuid, any_, bindparam, cast, column, func, or_, select, table

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Conflict, Invalid, NotFound
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.pricing.promotion_inputs import PromotionInput
from booking.domain.pricing.promotion_models import Promotion
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

STANDING = ("PENDING", "CONFIRMED")
RUNNING, PLANNED, USED_UP, ENDED = STATES = ("running", "planned", "used_up", "ended")
# Reservations stand above us.
_NAMES = ("id", "order_id", "user_id", "promotion_id", "status")
_BOOKINGS = table("bookings", *(column(name) for name in _NAMES))
_ORDERS = table("orders", *(column(name) for name in ("id", "contact_email", "contact_phone")))
_USES = (
    select(_BOOKINGS.c.promotion_id, func.count().label("uses"))
    .where(
        _BOOKINGS.c.promotion_id == any_(bindparam("promotions", type_=ARRAY(Uuid))), _BOOKINGS.c.status.in_(STANDING)
    )
    .group_by(_BOOKINGS.c.promotion_id)
)
# Whose use it is: the account's, or whoever's email address it is, else phone number.
_GUEST = func.coalesce(cast(_BOOKINGS.c.user_id, String), func.lower(_ORDERS.c.contact_email), _ORDERS.c.contact_phone)
_BY_ONE = (
    select(func.count().label("uses"))
    .join(_ORDERS, _ORDERS.c.id == _BOOKINGS.c.order_id)
    .where(_BOOKINGS.c.promotion_id == bindparam("promotion", type_=Uuid), _BOOKINGS.c.status.in_(STANDING))
    .where(_GUEST.is_not(None))
    .group_by(_GUEST)
    .subquery()
)
_MOST_BY_ONE = select(func.max(_BY_ONE.c.uses))


class PromotionNotFound(NotFound):
    """There is no such promotion, or it is not theirs to see."""

    reason = "PROMOTION_NOT_FOUND"


class PromotionModified(Conflict):
    """Somebody else has changed it since it was looked at."""

    code = "PROMOTION_MODIFIED"


@dataclass(frozen=True, slots=True)
class PromotionView:
    """A promotion with how many bookings that stand use it."""

    promotion: Promotion
    uses: int

    @property
    def is_used_up(self) -> bool:
        return self.promotion.most_uses is not None and self.uses >= self.promotion.most_uses

    def state(self, today: dt.date) -> str:
        """One of STATES, on a day of the properties."""
        of = self.promotion
        if of.ended_at is not None or any(last and last < today for last in (of.valid_to, of.stays_to)):
            return ENDED
        if of.valid_from and today < of.valid_from:
            return PLANNED
        return USED_UP if self.is_used_up else RUNNING


@dataclass(frozen=True, slots=True)
class Guest:
    """Who uses a promotion: an account, or whoever has this email address or phone number."""

    user_id: uuid.UUID | None
    email: str | None = None
    phone: str | None = None


@transaction(isolation=READ_COMMITTED)
def add(actor: Actor, said: PromotionInput) -> uuid.UUID:
    """A new promotion, in force from now on; its id. Raises PromotionNotFound (not theirs to make), Invalid."""
    values = said.as_columns()
    _require(actor, values["property_ids"])
    if find(said.code):
        raise Invalid(details={"code": Notice("promotion_code_taken")})
    made = Promotion(id=new_id(), **values)
    db.session.add(made)
    people.audit(actor, "promotion.added", encode("promotion", made.id), after=_plain(values))
    return made.id


@transaction(isolation=READ_COMMITTED)
def change(actor: Actor, promotion_id: uuid.UUID, said: PromotionInput, *, seen_version: int | None = None) -> int:
    """The promotion as it is said, for whoever uses it from now on; its version. What was sold stays. Twice is once.

    Raises PromotionNotFound, PromotionModified, Invalid (also a limit below what has been used).
    """
    promotion = _locked(actor, promotion_id)
    values = said.as_columns()
    _require(actor, values["property_ids"])
    was = {name: getattr(promotion, name) for name in values}
    changed = {name for name in values if values[name] != was[name]}
    if not changed:
        return promotion.version
    _refuse_modified(promotion, seen_version)
    _refuse_impossible(promotion, said)
    for name in changed:
        setattr(promotion, name, values[name])
    promotion.version += 1
    before, after = ({name: of[name] for name in changed} for of in (was, values))
    shown = encode("promotion", promotion_id)
    people.audit(actor, "promotion.changed", shown, before=_plain(before), after=_plain(after))
    return promotion.version


@transaction(isolation=READ_COMMITTED)
def end(actor: Actor, promotion_id: uuid.UUID, *, seen_version: int | None = None) -> None:
    """Nobody can use it any more; what was sold stays. Twice is once. Raises PromotionNotFound, PromotionModified."""
    promotion = _locked(actor, promotion_id)
    if promotion.ended_at is not None:
        return
    _refuse_modified(promotion, seen_version)
    promotion.ended_at, promotion.version = sql_now(), promotion.version + 1
    people.audit(actor, "promotion.ended", encode("promotion", promotion_id), before={"code": promotion.code})


@transaction(isolation=READ_COMMITTED)
def resume(actor: Actor, promotion_id: uuid.UUID, *, seen_version: int | None = None) -> None:
    """It was not to be ended. Twice is once.

    Raises PromotionNotFound, PromotionModified, Invalid (its code belongs to another by now).
    """
    promotion = _locked(actor, promotion_id)
    if promotion.ended_at is None:
        return
    if seen_version not in (None, promotion.version):
        raise PromotionModified
    if find(promotion.code, ended=False):
        raise Invalid(details={"code": Notice("promotion_code_taken")})
    promotion.ended_at, promotion.version = None, promotion.version + 1
    people.audit(actor, "promotion.resumed", encode("promotion", promotion_id), after={"code": promotion.code})


@reading
def of_staff(actor: Actor, property_id: uuid.UUID | None = None, *, ended: bool = True) -> list[PromotionView]:
    """Those that the actor may see, in force first, newest first: for this property, where one is said.

    Raises PromotionNotFound for who may see none anywhere.
    """
    reach = people.reach(actor, Action.SEE_PROMOTIONS)
    if not reach:
        raise PromotionNotFound
    where = [] if reach.properties is None else [_touches(reach.properties)]
    if property_id:
        where.append(_touches([property_id]))
    if not ended:
        where.append(Promotion.ended_at.is_(None))
    order = Promotion.ended_at.desc().nulls_first(), Promotion.id.desc()
    found = list(db.session.scalars(select(Promotion).where(*where).order_by(*order)))
    counted = uses([one.id for one in found])
    return [PromotionView(one, counted.get(one.id, 0)) for one in found]


@reading
def get(actor: Actor, promotion_id: uuid.UUID) -> PromotionView:
    """For looking. Raises PromotionNotFound."""
    promotion = db.session.get(Promotion, promotion_id)
    if promotion is None or not _may(actor, Action.SEE_PROMOTIONS, promotion.property_ids, every=False):
        raise PromotionNotFound
    return PromotionView(promotion, uses([promotion_id]).get(promotion_id, 0))


def houses(actor: Actor) -> frozenset[uuid.UUID] | None:
    """The properties for which the actor makes promotions; None: all, also for all at once.

    Raises PromotionNotFound where there is none.
    """
    reach = people.reach(actor, Action.EDIT_PROMOTIONS)
    if not reach:
        raise PromotionNotFound
    return reach.properties


def may_edit(actor: Actor, promotion: Promotion) -> bool:
    """Whether the actor runs every property that it is for."""
    return _may(actor, Action.EDIT_PROMOTIONS, promotion.property_ids)


# --- inside the transaction that uses one


def find(code: str, *, ended: bool = False, lock: bool = False) -> Promotion | None:
    """The promotion of a code, one in force before those that have `ended`; locked, nobody else uses it meanwhile."""
    known = select(Promotion).where(Promotion.code == code)
    if not ended:
        known = known.where(Promotion.ended_at.is_(None))
    newest = known.order_by(Promotion.ended_at.desc().nulls_first()).limit(1)
    if lock:
        newest = newest.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(newest).one_or_none()


def find_by_id(promotion_id: uuid.UUID) -> Promotion | None:
    """As it is now, inside the caller's transaction."""
    return db.session.get(Promotion, promotion_id)


def uses(promotion_ids: Collection[uuid.UUID], *, without_order: uuid.UUID | None = None) -> dict[uuid.UUID, int]:
    """How many bookings use each, without those of an order."""
    counted = _USES if without_order is None else _USES.where(_BOOKINGS.c.order_id != without_order)
    rows = db.session.execute(counted, {"promotions": list(promotion_ids)}).all()
    return {row.promotion_id: row.uses for row in rows}


def most_uses_by_one(promotion_id: uuid.UUID) -> int:
    """How many of these the guest has who uses it most."""
    found: int = db.session.scalar(_MOST_BY_ONE, {"promotion": promotion_id}) or 0
    return found


def uses_by(promotion_id: uuid.UUID, guest: Guest, *, without_order: uuid.UUID | None = None) -> int:
    """How many of these are the guest's."""
    counted = _USES if without_order is None else _USES.where(_BOOKINGS.c.order_id != without_order)
    if guest.user_id:
        counted = counted.where(_BOOKINGS.c.user_id == guest.user_id)
    else:
        known = _ORDERS.c.contact_phone == guest.phone
        if guest.email:
            known = func.lower(_ORDERS.c.contact_email) == guest.email.lower()
        of_guest = select(_ORDERS.c.id).where(known)
        counted = counted.where(_BOOKINGS.c.user_id.is_(None), _BOOKINGS.c.order_id.in_(of_guest))
    row = db.session.execute(counted, {"promotions": [promotion_id]}).one_or_none()
    return row.uses if row else 0


# --- around them


def _locked(actor: Actor, promotion_id: uuid.UUID) -> Promotion:
    known = select(Promotion).where(Promotion.id == promotion_id).with_for_update()
    promotion = db.session.scalars(known.execution_options(populate_existing=True)).one_or_none()
    if promotion is None or not _may(actor, Action.EDIT_PROMOTIONS, promotion.property_ids):
        raise PromotionNotFound
    return promotion


def _require(actor: Actor, properties: Iterable[uuid.UUID]) -> None:
    both = (Action.SEE_PROMOTIONS, Action.EDIT_PROMOTIONS)  # who may not see one makes none
    wanted = list(properties)
    if not all(_may(actor, action, wanted) for action in both):
        raise PromotionNotFound


def _may(actor: Actor, action: Action, properties: Iterable[uuid.UUID], *, every: bool = True) -> bool:
    """At every one of the properties, or at one; one for all properties belongs to those who run all."""
    reach, wanted = people.reach(actor, action), set(properties)
    if reach.properties is None:
        return True
    if not every:
        return bool(reach.properties) and (not wanted or bool(wanted & reach.properties))
    return bool(wanted) and wanted <= reach.properties


def _touches(properties: Iterable[uuid.UUID]) -> Any:
    return or_(Promotion.property_ids.overlap(list(properties)), func.cardinality(Promotion.property_ids) == 0)


def _refuse_modified(promotion: Promotion, seen_version: int | None) -> None:
    if promotion.ended_at is not None or seen_version not in (None, promotion.version):
        raise PromotionModified


def _refuse_impossible(promotion: Promotion, said: PromotionInput) -> None:
    if said.code != promotion.code and find(said.code):
        raise Invalid(details={"code": Notice("promotion_code_taken")})
    problems: dict[str, Notice] = {}
    if said.most_uses is not None and said.most_uses < (used := uses([promotion.id]).get(promotion.id, 0)):
        problems["mostUses"] = Notice("promotion_used_more", uses=used)
    if said.most_per_guest is not None and said.most_per_guest < (used := most_uses_by_one(promotion.id)):
        problems["mostPerGuest"] = Notice("promotion_used_more_by_one", uses=used)
    if problems:
        raise Invalid(details=problems)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the audit log writes it."""
    told = {name: str(value) for name, value in values.items() if value not in (None, [])}
    if values.get("property_ids"):
        told["property_ids"] = ", ".join(encode("property", one) for one in values["property_ids"])
    return told
