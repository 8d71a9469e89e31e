"""Promotion codes and a rate plan in a storm: more guests try the codes than may have them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from booking.infra.ids import decode
from tests.faults.load import Crowd
from tests.faults.product import Product
from tests.faults.terminal import Terminal
from tests.oracle import rows

RATE = re.compile(r"rate_\w+")
SLUG = "SELECT p.slug FROM rooms r JOIN properties p ON p.id = r.property_id WHERE r.id = '{}'"
FEW, ONCE = "FEW", "ONCE"  # each is called as its code

# For each booking with a code, those that stood when it was confirmed: all, and those of the same guest.
_BESIDE = """
    SELECT p.code, b.reference, count(*) FROM promotions p
    JOIN bookings b ON b.promotion_id = p.id AND b.confirmed_at IS NOT NULL
    JOIN bookings o ON o.promotion_id = p.id AND o.confirmed_at <= b.confirmed_at
     AND (o.cancelled_at IS NULL OR o.cancelled_at > b.confirmed_at) AND {}
    GROUP BY p.id, b.id HAVING count(*) > p.{}"""
BEYOND = (_BESIDE.format("true", "most_uses"), _BESIDE.format("o.user_id = b.user_id", "most_per_guest"))


def arranged(product: Product, crowd: Crowd) -> None:
    """One code for a tenth of what is booked, one that each guest has twice; and a rate plan where most want rooms."""
    room = crowd.wanted[0]
    database = product.database()
    [[slug]] = rows(database, SLUG.format(decode("room", room)))
    database.close()
    few = ("--percent", "10", "--most-uses", str(max(5, crowd.terms.attempts // 100)))
    with closing(Terminal(product, random.Random(1))) as terminal:
        for code, terms in ((FEW, few), (ONCE, ("--percent", "25", "--most-per-guest", "2"))):
            said = terminal.insist("promotions", "add", code, code, *terms)
            assert said, "no promotion could be made"  # what a dead process had made already is refused
        said = terminal.insist("rates", "add", slug, "plan", "Changeable", "percent=15", "policy=flexible")
    found = RATE.findall(said.text) if said else []
    assert found, said
    crowd.codes = [FEW, ONCE]
    crowd.rates = dict.fromkeys((room, *crowd.neighbours[room]), found[0])


def used_beyond(database: Any) -> Iterable[str]:
    """Codes that more bookings had at one moment than may have them."""
    for asked in BEYOND:
        for code, reference, uses in rows(database, asked):
            yield f"{code} was used {uses} times when {reference} was confirmed with it"
