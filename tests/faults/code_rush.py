"""Many guests at once want a promotion that fewer can have: exactly so many have it in the end.

    python -m tests.faults.code_rush --guests 500 --uses 100

Each has a room of their own, so only the code is fought for. Who is told to come again does; what nobody knows is left
to recovery; then whoever was too late asks once more. Prints what they were told, and exits with 1 where it is not so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from flask import Flask

from booking.domain import pricing
from booking.domain.errors import Invalid, PaymentUnknown
from booking.domain.maintenance import verification
from booking.domain.pricing import PromotionInput
from booking.domain.reservations import bookings, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra import signals
from booking.infra.db import Unavailable, db, reading
from tests.cast import AN_HOUR, SYSTEM, VISA, a_room, acting, all_at_once, beside, in_days, order, person
from tests.faults.controls import own_application
from tests.programme import positive

CODE, PEOPLE = "RUSH", 50
TRIES = 20  # of one guest
CONFIRMED, USED_UP, UNKNOWN, NEVER = "confirmed", "used up", "not known yet", "no answer"


def rush(app: Flask, desk: BookingContext, guests: int, uses: int) -> Counter[str]:
    """What the guests were told at first."""
    terms = {"code": CODE, "name": "Rush", "percent": 10, "mostUses": uses}
    pricing.add_promotion(SYSTEM, PromotionInput.model_validate(terms))
    told = all_at_once(app, asking := _guests(desk, guests))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR, limit=10_000)
    for ask, was_told in zip(asking, told, strict=True):  # what recovery has given back is to be had
        if was_told == USED_UP and ask() == USED_UP:
            break
    return Counter(map(str, told))


def _guests(desk: BookingContext, guests: int) -> list[Callable[[], str]]:
    people, first = [person(f"guest-{number}") for number in range(min(PEOPLE, guests))], a_room()
    rooms = [first, *(beside(first, f"Room {number}", 120) for number in range(1, guests))]
    return [partial(_ask, people[number % len(people)], room, desk) for number, room in enumerate(rooms)]


def _ask(guest: User, room: Room, desk: BookingContext) -> str:
    """Until there is an answer, as programs do."""
    wanted = replace(order(guest, room, in_days(30)), code=CODE)
    for _ in range(TRIES):
        try:
            bookings.book(acting(wanted), wanted, VISA, desk)
        except Unavailable:
            time.sleep(0.5)
        except PaymentUnknown:
            return UNKNOWN
        except Invalid:
            return USED_UP
        else:
            return CONFIRMED
    return NEVER


def findings(uses: int) -> list[str]:
    """What is not as it has to be, as sentences."""
    has_it = _confirmed()
    wrong = [f"{has_it} have it, and {uses} can"] if has_it != uses else []
    return wrong + [str(finding) for finding in verification.verify().findings]


@reading
def _confirmed() -> int:
    """How many have the code, at the price that it makes."""
    off = Booking.total_price < Decimal(360)
    with_code = db.session.query(Booking).filter(Booking.promotion_id.is_not(None), Booking.status == "CONFIRMED", off)
    return int(with_code.count())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guests", type=positive, default=500)
    parser.add_argument("--uses", type=positive, default=100)
    given = parser.parse_args()
    signals.end_by_exception()
    with own_application() as (app, _):
        began = time.monotonic()
        told = rush(app, app.extensions["services"].booking_context, given.guests, given.uses)
        print(f"{given.guests} at once for {given.uses} uses: {time.monotonic() - began:.1f} s, recovery included")
        print("\n".join(f"  told {what:<16}{number:>6}" for what, number in told.most_common()))
        print(f"confirmed with the code in the end: {_confirmed()}")
        found = findings(given.uses)
    print("\n".join(found) or "As expected.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
