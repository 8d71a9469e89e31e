"""What somebody wants to stay in: a room, or several in one order; and what is wrong with that, said by the item."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol, Self

from booking.domain.errors import Invalid, RoomNotAvailable, RoomNotFound
from booking.domain.notices import Notice
from booking.domain.payments import Contact
from booking.domain.pricing import DepositPlan, ForSale
from booking.domain.reservations.lines import MAX_ROOMS
from booking.domain.stays import Stay


class RoomWanted(Protocol):
    """Which nights of which room, for how many guests, of whom some may be `children` of these ages; on which rate
    plan, None for the room's own policy, CHEAPEST where nobody has said (a hold stays on its own then); and what else
    they have chosen: the rules of these `extras`.
    """

    @property
    def room_id(self) -> uuid.UUID: ...
    @property
    def stay(self) -> Stay: ...
    @property
    def guests(self) -> int: ...
    @property
    def plan(self) -> str | None: ...
    @property
    def children(self) -> tuple[int, ...]: ...
    @property
    def extras(self) -> tuple[str, ...]: ...


class Wanted(Protocol):
    """Who wants which rooms: the guest is whoever stays, the actor may be somebody at the desk. A guest without an
    account (None) has a contact.

    `places` are how a refusal names each of the items, None where there is only one to be meant. A `deposit`
    is agreed instead of the policy's. A `contact` is who stays, where that is not the guest's account. Of
    identical units any will do (unit_choice.py), unless exactly these are meant (`exact`). A `code` is a promotion's.
    """

    @property
    def guest_id(self) -> uuid.UUID | None: ...
    @property
    def items(self) -> Sequence[RoomWanted]: ...
    @property
    def places(self) -> Sequence[str | None]: ...
    @property
    def deposit(self) -> DepositPlan | None: ...
    @property
    def contact(self) -> Contact | None: ...
    @property
    def exact(self) -> bool: ...
    @property
    def code(self) -> str | None: ...
    def for_rooms(self, room_ids: Sequence[uuid.UUID], units: frozenset[uuid.UUID], /) -> Self:
        """The same of exactly these rooms, one for each item; `units`: all that there are like those."""


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """One room. `units` are those that it is one of, where the guest may have another of them for these nights.

    `as_held`: nobody has said which children there are and what is chosen; a hold of theirs for as many guests knows.
    """

    guest_id: uuid.UUID
    room_id: uuid.UUID
    stay: Stay
    guests: int
    deposit: DepositPlan | None = None
    contact: Contact | None = None
    exact: bool = False
    units: frozenset[uuid.UUID] = frozenset()
    plan: str | None = None
    children: tuple[int, ...] = ()
    extras: tuple[str, ...] = ()
    code: str | None = None
    as_held: bool = False

    @property
    def items(self) -> Sequence[RoomWanted]:
        return (self,)

    @property
    def places(self) -> Sequence[str | None]:
        return (None,)

    def for_rooms(self, room_ids: Sequence[uuid.UUID], units: frozenset[uuid.UUID], /) -> Self:
        return replace(self, room_id=room_ids[0], exact=True, units=units)


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One room of an order."""

    room_id: uuid.UUID
    stay: Stay
    guests: int
    plan: str | None = None
    children: tuple[int, ...] = ()
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One room or several of one property, to be had all or not at all; without a `guest_id` for the contact alone.

    Raises Invalid where neither is given, where there are no rooms or more than MAX_ROOMS, or two want the same night
    of exactly one.
    """

    guest_id: uuid.UUID | None
    items: tuple[OrderItem, ...]
    contact: Contact | None = None
    deposit: DepositPlan | None = None  # of each room
    exact: bool = False
    code: str | None = None

    def __post_init__(self) -> None:
        if self.guest_id is None and self.contact is None:
            raise Invalid(details={"contact": Notice("missing")})
        if not 1 <= len(self.items) <= MAX_ROOMS:
            raise Invalid(details={"items": Notice("too_many_entries" if self.items else "missing")})
        if self.exact:
            refuse_twice(self.items)

    @property
    def places(self) -> Sequence[str | None]:
        return [f"items[{number}]" for number in range(len(self.items))]

    def for_rooms(self, room_ids: Sequence[uuid.UUID], _units: frozenset[uuid.UUID], /) -> Self:
        items = zip(self.items, room_ids, strict=True)
        return replace(self, items=tuple(replace(item, room_id=room_id) for item, room_id in items), exact=True)


def wants_twice(items: Sequence[RoomWanted]) -> int | None:
    """The first item that wants a night of a room that another one wants: of identical units it means another one."""
    for number, item in enumerate(items):
        if any(item.room_id == one.room_id and item.stay.overlaps(one.stay) for one in items[:number]):
            return number
    return None


def refuse_twice(items: Sequence[RoomWanted]) -> None:
    """Raise Invalid where two items want the same night of one room."""
    if (number := wants_twice(items)) is not None:
        raise Invalid(details={f"items[{number}].roomId": Notice("room_twice")})


def refuse_unless_together(rooms: Sequence[ForSale]) -> None:
    """Raise Invalid where the rooms are not of one property, which an order is paid to, in its currency."""
    if len({room.property_id for room in rooms}) > 1:
        raise Invalid(details={"items": Notice("not_one_property")})


@contextmanager
def naming(place: str | None) -> Iterator[None]:
    """Whatever is refused inside is refused of this item."""
    try:
        yield
    except Invalid as refusal:
        if place is None:
            raise
        raise Invalid(details={f"{place}.{field}": what for field, what in refusal.details.items()}) from None
    except RoomNotFound:
        if place is None:
            raise
        raise RoomNotFound(details={place: Notice("no_such_room")}) from None


def taken(place: str | None) -> RoomNotAvailable:
    """What is said where an item's nights are not to be had."""
    return RoomNotAvailable(details={place: Notice("room_taken")} if place else None)
