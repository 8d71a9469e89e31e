"""A guest's booking whose process dies by kill -9: `python -m tests.faults.dying`

Reads lines of JSON: the day, a guest, a room, and points. One process is forked for each point, so that the application
is made once. Every point has nights of its own and the point's name as its Idempotency-Key. Answers each line with how
each process ended, in JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from flask import Flask

from booking import create_app
from booking.domain import inventory, payments, pricing
from booking.domain.errors import PaymentUnknown
from booking.domain.payments import ledger, refunds
from booking.domain.reservations import (
    bookings,
    change_charging,
    change_outcomes,
    change_rows,
    charging,
    idempotency,
    keyed,
    recovery,
    refund_debts,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking
from booking.infra import provider
from tests.cast import AN_HOUR, SYSTEM, VISA, acting, in_days, it_is

ENDPOINT = "dying"

# Where it dies: an attribute of a module or class, and whether before or after it has done its work.
POINTS: dict[str, tuple[Any, str, bool]] = {
    "before the hold": (pricing, "for_sale", False),
    "in the hold, before its commit": (inventory, "claim_nights_or_refuse", True),
    "after the hold": (bookings, "_begin_payment", False),
    "in the beginning of the payment": (payments, "start_charge", True),
    "before the charge": (provider.SimulatedProvider, "charge", False),
    "after the charge": (provider.SimulatedProvider, "charge", True),
    "in the confirmation, before its commit": (inventory, "book_nights_or_refuse", True),
    "after the confirmation": (charging, "_confirm_as_begun", True),
    "in the cancellation, before its commit": (payments, "start_refunds", True),
    "after the cancellation, before the refund": (bookings, "_cancel", True),
    "after the refund, before it is recorded": (provider.SimulatedProvider, "refund", True),
}
# Where somebody dies who finishes what others left: a charge or a refund without an answer, a declined refund.
OF_RECOVERY: dict[str, tuple[Any, str, bool]] = {
    "recovering a charge, before it is asked about": (provider.SimulatedProvider, "cancel", False),
    "recovering a charge, before the confirmation": (charging, "confirmed", False),
    "recovering a refund, before it is asked for": (provider.SimulatedProvider, "refund", False),
    "recovering a refund, before it is recorded": (provider.SimulatedProvider, "refund", True),
    "sending a refund again, before the commit": (ledger, "start_again", True),
    "sending a refund again, before it is asked for": (provider.SimulatedProvider, "refund", False),
    "sending a refund again, before it is recorded": (provider.SimulatedProvider, "refund", True),
}
# Where somebody dies who makes a booked stay a night longer, or shorter ("giving").
OF_CHANGE: dict[str, tuple[Any, str, bool]] = {
    "changing, before the claim": (change_rows, "add", False),
    "changing, in the claim, before its commit": (change_rows, "add", True),
    "changing, after the claim": (change_charging, "begin", False),
    "changing, in the beginning of the payment": (payments, "start_charge", True),
    "changing, before the charge": (provider.SimulatedProvider, "charge", False),
    "changing, after the charge": (provider.SimulatedProvider, "charge", True),
    "changing, in the confirmation, before its commit": (change_outcomes, "apply", True),
    "changing, after the confirmation": (change_outcomes, "_confirm", True),
    "giving a night back, before the commit": (payments, "start_refunds", True),
    "giving a night back, after the commit": (payments, "send_refunds", False),
    "giving a night back, before the refund is recorded": (provider.SimulatedProvider, "refund", True),
}


class Bad:
    """The simulated provider on a bad day: charged without an answer, refunds as told."""

    name = "simulated"

    def __init__(self, real: provider.Provider, refunding: provider.Outcome | None) -> None:
        self.real, self.refunding = real, refunding

    def charge(self, *call: Any) -> provider.Outcome:
        self.real.charge(*call)
        raise provider.NoAnswer

    def refund(self, *_: Any) -> provider.Outcome:
        if self.refunding is None:
            raise provider.NoAnswer
        return self.refunding

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def order(guest_id: uuid.UUID, room_id: uuid.UUID, point: str) -> BookingRequest:
    return BookingRequest(guest_id, room_id, in_days(20 + 4 * [*POINTS, *OF_RECOVERY, *OF_CHANGE].index(point)), 2)


def book(wanted: BookingRequest, point: str, desk: BookingContext) -> Booking | idempotency.Answer:
    """As the API does it."""
    key = point.replace(" ", "-")
    first = idempotency.first_claim(acting(wanted), ENDPOINT, key, idempotency.fingerprint({"key": key}))
    kept = lambda booking: idempotency.Answer(201, f'"{booking.id}"')  # noqa: E731
    return keyed.once(
        first,
        lambda claim: bookings.book(acting(wanted), wanted, VISA, desk, claim=claim, render=kept),
        lambda _: idempotency.Answer(409, '""'),
    )


def deadly(verb: Callable[..., Any], *, afterwards: bool) -> Callable[..., Any]:
    def act(*args: Any, **kwargs: Any) -> Any:
        if afterwards:
            verb(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return act


def live_and_die(app: Flask, wanted: BookingRequest, point: str) -> None:
    with app.app_context():
        desk: BookingContext = app.extensions["services"].booking_context
        if point in OF_RECOVERY:
            recover_and_die(wanted, point, desk)
            return
        if point in OF_CHANGE:
            change_and_die(wanted, point, desk)
            return
        set_up(POINTS[point])
        booking = book(wanted, point, desk)
        assert isinstance(booking, Booking)
        bookings.cancel(acting(wanted.guest_id), booking.id, desk)


def set_up(where: tuple[Any, str, bool]) -> None:
    owner, name, afterwards = where
    setattr(owner, name, deadly(getattr(owner, name), afterwards=afterwards))


def recover_and_die(wanted: BookingRequest, point: str, desk: BookingContext) -> None:
    declined = provider.Outcome(provider.Result.DECLINED, "no") if "again" in point else None
    bad = replace(desk, provider=cast(provider.Provider, Bad(desk.provider, declined)))
    if "a charge" in point:
        with suppress(PaymentUnknown):
            bookings.book(acting(wanted), wanted, VISA, bad)
        set_up(OF_RECOVERY[point])
        recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
        return
    booking = bookings.book(acting(wanted), wanted, VISA, desk)
    bookings.cancel(acting(wanted.guest_id), booking.id, bad)
    set_up(OF_RECOVERY[point])
    if declined is None:
        recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    else:
        refunds.retry(
            SYSTEM, next(debt.payment_id for debt in refund_debts.owed(SYSTEM) if debt.booking_id == booking.id), desk
        )


def change_and_die(wanted: BookingRequest, point: str, desk: BookingContext) -> None:
    booking = bookings.book(acting(wanted), wanted, VISA, desk)
    set_up(OF_CHANGE[point])
    nights = -1 if "giving" in point else 1
    stay = StayChange(check_out=booking.check_out + dt.timedelta(days=nights))
    asked = stay_changes.Agreed(stay, nights * booking.total_price / 3, method=VISA)
    stay_changes.change(acting(wanted), booking.id, asked, desk)


def ended(app: Flask, wanted: BookingRequest, point: str) -> int:
    """The exit code of the process that has gone this way; the negative number of the signal that killed it."""
    child = os.fork()
    if child == 0:
        live_and_die(app, wanted, point)  # what it raises ends it with 1
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    app = create_app()  # it has no connection and no thread yet that a child could share
    for line in sys.stdin:
        asked = json.loads(line)
        it_is(dt.date.fromisoformat(asked["day"]))  # midnight may have passed since the test began
        guest_id, room_id = uuid.UUID(asked["guest"]), uuid.UUID(asked["room"])
        ends = {point: ended(app, order(guest_id, room_id, point), point) for point in asked["points"]}
        print(json.dumps(ends), flush=True)


if __name__ == "__main__":
    main()
