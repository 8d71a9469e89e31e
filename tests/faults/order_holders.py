"""Programs that hold the rooms of an order first: they pay for all, give all back, or never come again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tests.faults.guests import VISA, Guest, Plan, stay_of
from tests.faults.line import Browser, Reply
from tests.oracle import Told

PAY, RELEASE, LEAVE = "paid", "given back", "left"
NEVER_PAID = "NEVER PAID"


@dataclass(frozen=True)
class Held:
    """An order as its guest was told of it, with what is to be told of each of its bookings."""

    order_id: str
    reference: str
    total: float
    lines: list[Told]

    def end(self, status: int, error: str = "") -> None:
        for told in self.lines:
            told.status, told.error = status, error

    def was_paid(self, plan: Plan) -> None:
        """By card; only then was there a deposit: whom staff vouches for pays nothing at once."""
        self.end(201)
        for told in self.lines:
            told.deposit_of = told.price if plan.deposit and plan.beside else None


def held(guest: Guest, plan: Plan) -> Held | Told:
    """All rooms of a plan, held under a key; or how that was refused. What is told goes into the guest's log."""
    key = str(uuid.uuid4())
    asked = plan.order() | plan.with_code()
    reply = guest.until_final("POST", "/holds", asked, allowed=plan.allowed, Idempotency_Key=key)
    if reply:
        guest.note_code(plan, reply)
    if reply is None or reply.status != 201:
        told = Told(guest.user_id, key, reply.status if reply else 0, reply.error if reply else "")
        guest.log.told.append(told)
        return told
    order = reply.body
    lines = [
        Told(guest.user_id, "", 0, NEVER_PAID, one["id"], price=one["totalPrice"], stay=stay_of(one))
        for one in order["bookings"]
    ]
    guest.log.told += lines
    return Held(order["id"], order["reference"], order["total"], lines)


def held_on_a_page(guest: Guest, browser: Browser, plan: Plan) -> Held | None:
    """One room, reserved in a browser; None where it is not to be had, or its guest has it already."""
    wish = {"checkIn": plan.check_in, "checkOut": plan.check_out, "guests": 1}
    path, known = f"/rooms/{plan.room}/reserve", {told.booking_id for told in guest.log.told}
    reply = guest.insist(f"POST {path}", lambda: browser.post(path, **wish), (303, 409))
    place = reply.headers.get("location", "") if reply else ""
    booking_id = place.rpartition("/")[2]
    if "/checkout/" not in place or booking_id in known:
        return None
    seen = guest.until_final("GET", f"/bookings/{booking_id}")
    if seen is None or seen.status != 200:
        return None
    one = seen.body
    told = Told(guest.user_id, "", 0, NEVER_PAID, booking_id, price=one["totalPrice"], stay=stay_of(one))
    guest.log.told.append(told)
    return Held(one["orderId"], one["reference"], one["totalPrice"], [told])


def attempt(guest: Guest, plan: Plan) -> Told:
    """Hold, then whatever the guest is in the mood for. Returns what was told of the first room."""
    order = held(guest, plan)
    if isinstance(order, Told):
        return order
    mood = guest.chance.choices([PAY, RELEASE, LEAVE], [5, 2, 3])[0]
    if mood == PAY:
        mood = pay(guest, plan, order)
    elif mood == RELEASE:
        mood = _release(guest, order)
    else:
        order.end(409, NEVER_PAID)
    guest.log.did[f"orders held first, {mood}"] += 1
    return order.lines[0]


def pay(guest: Guest, plan: Plan, order: Held) -> str:
    """With one card, and where it is declined with another."""
    for card in dict.fromkeys((plan.card, VISA)):
        reply = _paid(guest, order, card)
        if reply is None:
            return "with no answer"
        if reply.status == 201:
            order.was_paid(plan)
            return PAY
        order.end(reply.status, reply.error)
        if reply.status != 402:
            return "too late"
    return "declined"


def _paid(guest: Guest, order: Held, card: str) -> Reply | None:
    asked = {"shownTotal": order.total, "paymentMethodId": card}
    path, key = f"/holds/{order.order_id}/pay", str(uuid.uuid4())
    return guest.until_final("POST", path, asked, Idempotency_Key=key)


def _release(guest: Guest, order: Held) -> str:
    """The second time there is no such hold any more."""
    reply = guest.until_final("DELETE", f"/holds/{order.order_id}", allowed=(204, 404))
    if reply:
        order.end(409, "GIVEN BACK")
    return RELEASE
