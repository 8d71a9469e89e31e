"""Making a hold: the nights of each room are claimed, and bookings and their order written, in one transaction."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from typing import TypeVar

from booking.domain import catalogue, inventory, payments, people, pricing
from booking.domain.actors import Actor
from booking.domain.errors import AccountNotFound, RoomNotAvailable
from booking.domain.people import Action
from booking.domain.pricing import ForSale
from booking.domain.reservations import (
    changes,
    deposits,
    idempotency,
    lines,
    repository,
    requests,
    sale,
    unit_choice,
)
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import PENDING, Lines
from booking.domain.reservations.requests import Wanted
from booking.infra.db import reading
from booking.infra.ids import new_id, new_reference

Made = TypeVar("Made")

REFERENCES = ("uq_orders_reference", "uq_bookings_reference")  # drawn by lot: one that exists is drawn again


def begin(
    actor: Actor,
    wanted: Wanted,
    context: BookingContext,
    *,
    take: inventory.Take,
    claim: idempotency.Claim | None = None,
    until: dt.datetime | None = None,
    channel: str = payments.WEB,
    in_one_call: bool = False,
) -> Lines:
    """Claim all nights and make the PENDING bookings, inside the caller's transaction (which retries on REFERENCES).

    `take` is what inventory has to claim nights by: whether it waits for the answer or not.
    They are held for as long as the context says, or `until` the end of the hold whose place they take. What
    was asked for `in_one_call` is given up when a payment fails: see recovery. Raises unit_choice.OneOfSeveral.
    """
    ids = [new_id() for _ in wanted.items]
    if claim:
        idempotency.attach(claim, ids[0])
    rooms = [_for_sale(actor, wanted, number, context) for number in range(len(wanted.items))]
    if claim:
        idempotency.begun(claim, rooms[0].read_at)
    requests.refuse_unless_together(rooms)
    unit_choice.refuse_unless_decided(wanted, rooms)
    held_until = until or rooms[0].read_at + context.hold_for
    claims = [
        inventory.Claim(claim_id, room.id, room.location, item.stay)
        for claim_id, room, item in zip(ids, rooms, wanted.items, strict=True)
    ]
    # In the order of the rooms' ids, so that two who want several never wait for each other in a circle.
    for one in sorted(claims, key=lambda one: (one.room_id, one.stay.check_in)):
        refusal = requests.taken(wanted.places[claims.index(one)])
        take(actor, one.id, one.room_id, one.location, one.stay, held_until=held_until, refusal=refusal)
    sold = [sale.frozen(room, item, wanted.deposit) for room, item in zip(rooms, wanted.items, strict=True)]
    owed = sum((one["total_price"] for one in sold), Decimal(0))
    bought = _order(wanted, rooms[0], owed, channel, in_one_call=in_one_call)
    bookings = tuple(
        repository.new(
            id=one.id,
            user_id=wanted.guest_id,
            room_id=one.room_id,
            reference=lines.reference(bought.reference, place),
            check_in=one.stay.check_in,
            check_out=one.stay.check_out,
            status=PENDING,
            held_until=held_until,
            created_at=rooms[0].seen_at,
            **sold[place],
        )
        for place, one in enumerate(claims)
    )
    repository.add(bookings, bought)
    deposits.plan(bookings)
    for booking in bookings:
        changes.record(actor, "booking.created", booking, before=None)
    return bookings


def _order(wanted: Wanted, room: ForSale, owed: Decimal, channel: str, *, in_one_call: bool) -> payments.Order:
    return payments.ORDER_ROWS.new(
        id=new_id(),
        reference=new_reference(),
        user_id=wanted.guest_id,
        channel=channel,
        property_id=room.property_id,
        currency=room.currency,
        owed=owed,
        in_one_call=in_one_call,
        **(wanted.contact.as_columns() if wanted.contact else {}),
    )


def clearing_only_if_needed(attempt: Callable[[inventory.Take], Made], wanted: Wanted) -> Made:
    """A transaction that takes nights, without waiting for the answer: most are free.

    Where only holds that ran out stand in the way it is begun anew, to clear them. Raises RoomNotAvailable.
    """
    try:
        return attempt(inventory.claim_nights_or_refuse)
    except RoomNotAvailable:
        if not all(_is_free(item.room_id, item.stay) for item in wanted.items):
            raise
    return attempt(inventory.claim_nights)


_is_free = reading(inventory.is_free)


def _for_sale(actor: Actor, wanted: Wanted, number: int, context: BookingContext) -> ForSale:
    """The room of an item, which the actor may book for the guest, and which fits."""
    item = wanted.items[number]
    refuse_for_others(actor, wanted.guest_id, item.room_id)
    with requests.naming(wanted.places[number]):
        room = pricing.for_sale(item.room_id)
        room.refuse_unless_fit(item.stay, item.guests, context.rules, children=item.children, extras=item.extras)
        room.plan(item.plan, item.stay.check_in)
    return room


@contextmanager
def lock_rooms(
    wanted: Wanted, context: BookingContext, *, wait: float, claim: idempotency.Claim | None = None
) -> Iterator[None]:
    """Keep others off these nights meanwhile, after `wait` seconds at most.

    Raises RoomLocked, and RoomLockedByKey where another call under the same `claim` has one of the rooms.
    """
    until, mark = time.monotonic() + wait, idempotency.mark(claim) if claim else ""
    with ExitStack() as locks:
        for item in sorted(wanted.items, key=lambda item: item.room_id):
            left = max(0.0, until - time.monotonic())
            one = inventory.lock_room(item.room_id, item.stay, wait=left, lock=context.lock_rooms, mark=mark)
            locks.enter_context(one)
        yield


def refuse_for_others(actor: Actor, guest_id: uuid.UUID | None, room_id: uuid.UUID) -> None:
    """Inside the caller's transaction: raise AccountNotFound where the actor may not book for this guest."""
    house = partial(catalogue.find_property_of, room_id)
    people.require(actor, Action.BOOK, own=guest_id, at=house, otherwise=AccountNotFound)
