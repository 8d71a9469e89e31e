"""Who has agreed to text messages: at which number, for what, when and where; and that they want none any more.

An account has one consent at a time. Every change of it is a new row, so that it can be shown what somebody had agreed
to on any day.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, NotFound
from booking.domain.inputs import Input, one_of, plain, refuse
from booking.domain.notices import Notice
from booking.domain.people import Action, Personal
from booking.domain.texting.models import (
    ALERTS,
    BY_NEW_NUMBER,
    BY_PAGE,
    BY_STOP,
    DESK,
    OFF,
    REPLY,
    TEXT_ALERTS,
    TextConsent,
)
from booking.infra import phone_numbers
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id


def textable(written: str) -> str:
    """As E.164. Refuses what may take no text messages, as the model of a field does."""
    try:
        return phone_numbers.textable(written)
    except phone_numbers.NotANumber:
        raise refuse(Notice("no_international_phone")) from None
    except phone_numbers.NotTextable:
        raise refuse(Notice("no_mobile_phone")) from None


class TextNumber(Input):
    """A number that may take text messages; afterwards as E.164."""

    mobile: Annotated[str, Field(max_length=32), AfterValidator(plain), AfterValidator(textable)]


class TextAlertsChoice(Input):
    """Whether somebody who works here is told by text message, too."""

    text_alerts: Annotated[str, AfterValidator(one_of(TEXT_ALERTS))]


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody has agreed to: `number` is E.164, `alerts` one of TEXT_ALERTS."""

    number: str
    arrivals: bool
    alerts: str
    given_at: dt.datetime


@reading
def mine(actor: Actor) -> Consent | None:
    """What the actor has agreed to; None for nothing."""
    return _shown(_standing(actor.account))


@reading
def find(user_id: uuid.UUID) -> Consent | None:
    """What somebody has agreed to, for whoever is about to write to them."""
    return _shown(_standing(user_id))


@reading
def find_of_order(order_id: uuid.UUID) -> Consent | None:
    """What whoever stays with an order has agreed to, as they have told the desk."""
    return _shown(_standing_of_order(order_id))


def agree_of_order(actor: Actor, order_id: uuid.UUID, number: str) -> None:
    """Whoever stays with this order wants to be texted before their stay, at this number of E.164: so they have told
    the desk. Inside the caller's transaction, which has locked the order. Twice is once.
    """
    standing = _standing_of_order(order_id)
    if standing is not None and standing.number == number:
        return
    if standing is not None:
        _end(actor, standing, BY_NEW_NUMBER)
        db.session.flush()  # one stands at a time
    _add(actor, None, number, DESK, order_id=order_id, arrivals=True, alerts=OFF)


def end_of_order(actor: Actor, order_id: uuid.UUID, how: str) -> None:
    """They want none any more, or have another number. As agree_of_order()."""
    if (standing := _standing_of_order(order_id)) is not None:
        _end(actor, standing, how)


@transaction(isolation=READ_COMMITTED)
def agree(actor: Actor, number: str, where: str) -> None:
    """The actor wants to be texted before their own stays, at this number of E.164; alerts that they get go there, too.

    Twice is once.
    """
    standing = _locked(actor)
    _put(actor, standing, number, where, arrivals=True, alerts=standing.alerts if standing else OFF)


@transaction(isolation=READ_COMMITTED)
def choose_alerts(actor: Actor, alerts: str, number: str | None) -> None:
    """Whoever works here wants to be texted what they are told at once, or not any more; `number` is where.

    Raises NotFound for who may be told of nothing.
    """
    if not any(people.reach(actor, action) for action in people.ALERT_NEEDS.values()):
        raise NotFound
    standing = _locked(actor)
    if alerts == OFF or number is None:
        if standing is not None and standing.alerts != OFF:
            _put(actor, standing, standing.number, ALERTS, arrivals=standing.arrivals, alerts=OFF)
        return
    _put(actor, standing, number, ALERTS, arrivals=standing is not None and standing.arrivals, alerts=alerts)


@transaction(isolation=READ_COMMITTED)
def withdraw(actor: Actor) -> None:
    """The actor wants no text messages any more, of any kind. Twice is once."""
    standing = _locked(actor)
    if standing is not None:
        _end(actor, standing, BY_PAGE)


@transaction(isolation=READ_COMMITTED)
def stop(actor: Actor, number: str, how: str = BY_STOP) -> int:
    """Whoever has this number (E.164) wants none any more. Returns how many accounts had it. Raises Forbidden."""
    people.require(actor, Action.STOP_TEXTS, otherwise=Forbidden)
    return stop_within(actor, number, how)


def stop_within(actor: Actor, number: str, how: str = BY_STOP) -> int:
    """The same inside the caller's transaction."""
    at = select(TextConsent).where(TextConsent.number == number, TextConsent.withdrawn_at.is_(None))
    standing = db.session.scalars(at.with_for_update()).all()
    for one in standing:
        _end(actor, one, how)
    return len(standing)


def resume_within(actor: Actor, number: str) -> int:
    """Inside the caller's transaction: whoever had said STOP from this number wants them again. Returns how many
    accounts that is.
    """
    known = select(TextConsent).where(TextConsent.number == number).order_by(TextConsent.id)
    latest = {(one.user_id, one.order_id): one for one in db.session.scalars(known)}
    stopped = [one for one in latest.values() if one.withdrawn_how == BY_STOP]
    return sum(
        _add(actor, one.user_id, number, REPLY, order_id=one.order_id, arrivals=one.arrivals, alerts=one.alerts)
        for one in stopped
    )


def alerted(user_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Who of them is told by text message, too; inside the caller's transaction."""
    chosen = select(TextConsent.user_id).where(
        TextConsent.user_id.in_(user_ids), TextConsent.withdrawn_at.is_(None), TextConsent.alerts != OFF
    )
    return set(db.session.scalars(chosen)) if user_ids else set()


def _locked(actor: Actor) -> TextConsent | None:
    """The actor's own; the account is locked, so that of two at once the second finds what the first has left."""
    people.require(actor, Action.CHANGE_ACCOUNT, own=actor.account)
    people.lock_account(actor.account)
    return _standing(actor.account)


def _standing(user_id: uuid.UUID) -> TextConsent | None:
    mine = select(TextConsent).where(TextConsent.user_id == user_id, TextConsent.withdrawn_at.is_(None))
    return db.session.scalars(mine).one_or_none()


def _standing_of_order(order_id: uuid.UUID) -> TextConsent | None:
    theirs = select(TextConsent).where(TextConsent.order_id == order_id, TextConsent.withdrawn_at.is_(None))
    return db.session.scalars(theirs).one_or_none()


def _shown(one: TextConsent | None) -> Consent | None:
    return Consent(one.number, one.arrivals, one.alerts, one.given_at) if one else None


def _put(actor: Actor, standing: TextConsent | None, number: str, where: str, *, arrivals: bool, alerts: str) -> None:
    """From now on this is what the actor has agreed to; nothing where no purpose is left."""
    if standing is not None:
        if (number, arrivals, alerts) == (standing.number, standing.arrivals, standing.alerts):
            return
        _end(actor, standing, BY_PAGE if standing.number == number else BY_NEW_NUMBER)
        db.session.flush()  # one stands at a time
    if arrivals or alerts != OFF:
        _add(actor, actor.account, number, where, arrivals=arrivals, alerts=alerts)


def _add(
    actor: Actor,
    user_id: uuid.UUID | None,
    number: str,
    where: str,
    *,
    arrivals: bool,
    alerts: str,
    order_id: uuid.UUID | None = None,
) -> bool:
    """Whether it was: there may be one already, which was given elsewhere."""
    facts = {"number": number, "arrivals": arrivals, "alerts": alerts, "given_where": where}
    whose = {"user_id": user_id} if user_id else {"order_id": order_id}
    new = insert(TextConsent).values(id=new_id(), given_at=sql_now(), **whose, **facts)
    free = new.on_conflict_do_nothing(index_elements=[*whose], index_where=TextConsent.withdrawn_at.is_(None))
    added = db.session.scalars(free.returning(TextConsent)).one_or_none()
    if added is not None:
        _audit(actor, "texts.agreed", added, {}, facts)
    return added is not None


def _end(actor: Actor, one: TextConsent, how: str) -> None:
    one.withdrawn_at, one.withdrawn_how = sql_now(), how
    _audit(actor, "texts.withdrawn", one, {"number": one.number}, {"withdrawn": how})


def _audit(actor: Actor, action: str, one: TextConsent, before: dict[str, Any], after: dict[str, Any]) -> None:
    """The number goes with the account; of whoever has none it is not written down."""
    if one.user_id is not None:
        people.audit(actor, action, encode("user", one.user_id), personal=Personal(one.user_id, before, after))
    elif one.order_id is not None:
        known = {name: value for name, value in after.items() if name in ("given_where", "withdrawn")}
        people.audit(actor, action, encode("order", one.order_id), after=known)
