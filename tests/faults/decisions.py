"""What staff decides about orders that it vouches for, at the terminal of a reception: waivers, other stays and what
becomes of their difference, cancellations with another refund than the policy's.

Each reason is used once, so that what a repeated command did is told apart from what it did before.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.faults.guests import lot, stay_of
from tests.oracle import Told

if TYPE_CHECKING:
    from tests.faults.reception import Guaranteed, Reception

SURCHARGES = ("desk", "transfer", "later")
WAIVER = re.compile(r"waiver_\w+")


def let_off(desk: Reception, order: Guaranteed) -> None:
    """Of a part of what is due, or all of it; sometimes it was a mistake."""
    chance, due = desk.guest.chance, desk.due(order)
    if not due:
        return
    amount = due if lot(chance, 40) else min(due, Decimal(chance.randint(1, int(due) + 1)))
    reason = desk.new_reason("heating was out")
    said = desk.terminal.insist("payments", "waive", order.reference, str(amount), "--reason", reason)
    if said is None:
        order.drawer.unsure = True
        return
    if not said.done:
        desk.did("waivers refused")
        return
    order.drawer.waived[reason] = amount
    desk.did("guests let off")
    if lot(chance, 30) and (found := WAIVER.search(said.text)):
        _take_back(desk, order, found[0], reason)


def _take_back(desk: Reception, order: Guaranteed, waiver: str, reason: str) -> None:
    said = desk.terminal.insist("payments", "correct", waiver, "--reason", f"not {reason}")
    if said is None or not said.done:
        order.drawer.unsure = True
        return
    order.drawer.waived[f"not {reason}"] = order.drawer.waived[reason]
    desk.did("waivers taken back")


def change(desk: Reception, order: Guaranteed) -> None:
    """A night more or less; what it costs more stays due by the house's word, or the guest is let off it."""
    told = desk.guest.chance.choice(order.held.lines)
    if told.cancelled is not False or told.stay is None:
        return
    order.drawer.changed = True
    chance, reason = desk.guest.chance, desk.new_reason("moved")
    how = "waived" if lot(chance, 50) else chance.choice(SURCHARGES)  # staff changes few stays; both are to happen
    night, last = dt.timedelta(days=1), dt.date.fromisoformat(told.stay[2])
    wanted = str(last + night if lot(chance, 70) else last - night)
    if wanted <= told.stay[1]:
        return
    words = ["bookings", "change", told.booking_id, "--check-out", wanted, "--how", how, "--yes"]
    said = desk.terminal.insist(*words, *(["--reason", reason] if how == "waived" else []))
    order.drawer.perhaps.add(reason)
    seen = _now(desk, told)
    if said is None or seen is None:
        told.price = told.stay = None
        return
    if said.done and stay_of(seen)[2] != wanted:
        desk.terminal.odd.append(f"{words}: {said.text}, and it ends on {stay_of(seen)[2]}")
    told.price, told.stay = seen["totalPrice"], stay_of(seen)
    desk.did(f"stays changed by staff{', waived' if how == 'waived' else ''}" if said.done else "changes refused")


def cancel_otherwise(desk: Reception, order: Guaranteed) -> None:
    """Of an order of one room: what was decided is refunded, and the rest of what was paid is kept."""
    [told, *others] = order.held.lines
    # What a guest has paid by card for another stay is in no drawer.
    if others or told.cancelled is not False or order.drawer.changed or order.drawer.unsure:
        return
    money, reason = max(order.drawer.money, Decimal(0)), desk.new_reason("as agreed")
    refund = money if lot(desk.guest.chance, 20) else Decimal(int(money / 2))
    words = ["bookings", "cancel", told.booking_id, "--refund", str(refund), "--reason", reason, "--yes"]
    said = desk.terminal.insist(*words)
    seen = _now(desk, told)
    if said is None or seen is None:
        told.cancelled, order.drawer.unsure = None, True
        return
    if seen["status"] != "CANCELLED":
        if said.done:
            desk.terminal.odd.append(f"{words}: {said.text}, and it is {seen['status']}")
        desk.did("cancellations refused")
        return
    told.cancelled = True
    order.drawer.kept = money - refund
    desk.did("cancelled with another refund")
    if Decimal(str(seen["refundAmount"] or 0)) != refund:
        desk.terminal.odd.append(f"{words}: {seen['refundAmount']} was to be refunded")


def _now(desk: Reception, told: Told) -> dict[str, Any] | None:
    """The booking, as its guest sees it."""
    seen = desk.guest.until_final("GET", f"/bookings/{told.booking_id}")
    return seen.body if seen and seen.status == 200 else None
