"""What is sold, written into the booking when it is made: later changes of room, property or prices do not reach it.

Pages, emails, calendar entries, receipts and programs read it there. So a booking needs no room: one that is gone or
called otherwise by now, or that another region keeps.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from booking.domain import catalogue, pricing
from booking.domain.catalogue import Property, Room
from booking.domain.pricing import DepositPlan, ForSale, Line
from booking.domain.reservations.requests import RoomWanted
from booking.domain.stays import Stay


def frozen(
    room: ForSale, wanted: RoomWanted, deposit: DepositPlan | None = None, was: Iterable[Line] = ()
) -> dict[str, Any]:
    """The columns of a booking that say what is sold: the room as it was read, its policy, the price with its lines.

    The policy has the rate plan, and the deposit: its own, or one that was agreed instead; where the rest would be due
    by now, there is none. Extras among the lines that it `was` held with stay, also where they are offered no more.
    Raises Invalid where the plan is not offered.
    """
    stay, chosen = wanted.stay, wanted.extras
    on = room.plan(wanted.plan, stay.check_in)
    party: dict[str, Any] = {"children": wanted.children, "extras": chosen, "sold": was}
    price = pricing.quote(room, stay, wanted.guests, room.read_at, on, **party)
    policy = room.frozen_policy(stay.nights, on)
    steps = pricing.deposit_steps(policy, price, deposit)
    return {
        "guests": wanted.guests,
        "children_ages": list(wanted.children) or None,
        "total_price": price.total,
        "currency": price.currency,
        "price_lines": price.as_json(),
        "policy": pricing.sold_policy(policy, steps),
        **_room(room, room.sold_as),
        "property_id": room.property_id,
        "property_name": room.property_name,
        "address": room.address,
        "time_zone": room.time_zone,
        "check_in_time": room.check_in_time,
        "check_out_time": room.check_out_time,
    }


def sold_elsewhere(room: Room, house: Property, stay: Stay, guests: int, total: Decimal) -> dict[str, Any]:
    """The same of a reservation that was made elsewhere, at the price that was agreed there; the room's policy without
    its deposit: how it is paid was agreed there, too. Inside the caller's transaction.
    """
    policy = pricing.frozen_policy(room.cancellation_policy, house.time_zone, house.check_in_time, stay.nights)
    return {
        "guests": guests,
        "children_ages": None,
        "total_price": total,
        "currency": house.currency,
        "price_lines": [line.as_json() for line in pricing.lines_as_sold(total, stay, house.currency)],
        "policy": pricing.sold_policy(policy, None),
        **_room(room, catalogue.title_of(room)),
        "property_id": house.id,
        "property_name": house.name,
        "address": house.address,
        "time_zone": house.time_zone,
        "check_in_time": house.check_in_time,
        "check_out_time": house.check_out_time,
    }


def _room(room: Room | ForSale, title: str | None) -> dict[str, Any]:
    return {
        "location": room.location,
        "room_name": room.name,
        "sold_as": title,
        "room_kind": room.kind,
    }
