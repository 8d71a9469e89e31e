"""What a storm says while it blows, and the table at its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.faults.disasters import NAMES
from tests.faults.guests import Log
from tests.faults.load import Crowd, Terms
from tests.faults.units_and_wholes import EXPECTED as OF_UNITS

EVERY = 10.0  # seconds between two lines of progress
ENOUGH, LONG = 1000, 5000  # attempts, for a declined refund to be among them, and all that staff decides

# What must not happen, in the order of the table.
SOLD_TWICE = "nights sold twice"
LOST = "acknowledged bookings and blocks lost, refused ones there"
UNTOLD = "bookings that nobody was told of"
ELSEWHERE = "guests without the room or nights they had, nights for nobody"
PARTED = "orders of which a part was confirmed, or ended otherwise"
CODES = "promotion codes used beyond their limits"
BALANCES = "deposits, balances charged twice, wrongly or never"
DRAWERS = "guarantees and money by hand lost, twice, or not given back"
MONEY = "charged twice, wrongly, without a booking, or not refunded"
MAILS = "emails missing, two about one thing, or without a booking"
VERIFY = "findings of flask bookings verify"
ODD = "answers that should not have come (5xx but 503, two for one key)"
FAULTS = "faults in the logs of web server and worker"
UNSETTLED = "payments, holds, mails not settled in the end"
LATE = "times not serving again in time"
NOTHING = "things that the storm was to try, and never did"
PROMISES = (
    SOLD_TWICE,
    LOST,
    UNTOLD,
    ELSEWHERE,
    PARTED,
    MONEY,
    CODES,
    BALANCES,
    DRAWERS,
    MAILS,
    VERIFY,
    ODD,
    FAULTS,
    UNSETTLED,
    LATE,
    NOTHING,
)

# What else is done in a storm that is long enough.
CHARGED_LATER, DECLINED_LATER = "balances charged by the worker", "balances declined by the card"
EXPIRED_TOGETHER = "orders of several rooms that expired as one"
EXPECTED = {
    CHARGED_LATER: "no balance was charged",
    DECLINED_LATER: "no balance was declined",
    EXPIRED_TOGETHER: "no order of several rooms expired",
    "at the reception: orders guaranteed": "nobody was vouched for",
    "at the reception: money received": "no money was taken by hand",
    "at the reception: money given back": "no money was given back by hand",
    "at the reception: entries taken back": "no entry was taken back",
    "orders held first, paid": "no order was held first and paid then",
    "stays shortened": "nobody left early",
    "rooms sold with a code": "nobody had a code",
    "codes refused": "no code was refused",
    "rooms sold on a rate plan": "nobody was sold a rate plan",
    **OF_UNITS,
}

# And in one that is long enough for what staff seldom decides.
EXPECTED_LATER = {
    "at the reception: guests let off": "nobody was let off",
    "at the reception: waivers taken back": "no waiver was taken back",
    "at the reception: stays changed by staff": "staff changed no stay",
    "at the reception: stays changed by staff, waived": "nobody was let off what a change costs more",
    "at the reception: cancelled with another refund": "no refund was decided",
    "rests paid early, with an answer": "no rest was paid early",
    "reservations imported": "no reservation came in",
    "reservations conflict": "no reservation was in conflict",
}


@dataclass
class Outcome:
    """What came of a storm. `broken`: what breaks each promise."""

    terms: Terms
    took: float = 0.0
    attempts: int = 0
    recovery: list[tuple[str, float]] = field(default_factory=list)  # what happened; seconds until all served again
    cuts: int = 0
    settled_in: float = 0.0
    mailed_in: float = 0.0
    mails: int = 0
    mails_twice: int = 0
    owed: int = 0  # refunds that were declined, and reported so
    impossible: frozenset[str] = frozenset()  # of what is expected
    blocked: int = 0  # times that staff took nights off sale
    log: Log = field(default_factory=Log)  # of all guests together
    broken: dict[str, list[str]] = field(default_factory=lambda: {promise: [] for promise in PROMISES})

    @property
    def findings(self) -> list[str]:
        return [f"{promise}: {one}" for promise, found in self.broken.items() for one in found]

    @property
    def finals(self) -> Counter[str]:
        """How many attempts ended how."""
        return Counter(
            f"{one.status} {one.error}".strip() + (" cancelled" if one.cancelled else "") for one in self.log.told
        )

    def missing(self) -> Iterator[str]:
        """What makes a storm without findings worth nothing."""
        if not self.log.seen["201"]:
            yield "nobody booked anything"
        if self.terms.cuts and not self.cuts:
            yield "no connection was cut inside COMMIT"
        if self.terms.attempts >= ENOUGH and not self.owed:
            yield "no refund was declined"
        if self.terms.attempts >= ENOUGH and not self.blocked:
            yield "nobody took nights off sale"
        if self.terms.attempts >= ENOUGH:
            all_of_it = EXPECTED | (EXPECTED_LATER if self.terms.attempts >= LONG else {})
            expected = {what: missing for what, missing in all_of_it.items() if what not in self.impossible}
            yield from (missing for what, missing in expected.items() if not self.log.did[what])
        if self.attempts < self.terms.attempts and not self.terms.seconds:
            yield f"only {self.attempts} of {self.terms.attempts} attempts were made"

    def lines(self) -> list[str]:
        return [
            f"\n{self.attempts} attempts by {self.terms.clients} clients for {self.terms.rooms} rooms and"
            f" {self.terms.nights} nights in {self.took:.0f} s ({self.attempts / (self.took or 1):.0f}/s),"
            f" seed {self.terms.seed}",
            *_block("how attempts ended", self.finals),
            *_block("all answers, asking again included", self.log.seen),
            *_block("what else was done", self.log.did),
            f"  {'latency of those that came':<66} {_latency(self.log.seconds)}",
            *_disasters(self.recovery, self.cuts),
            f"\n  payments and holds settled {self.settled_in:.1f} s after the storm, mails sent"
            f" {self.mailed_in:.1f} s later: {self.mails} mails, {self.mails_twice} of them twice",
            f"  {self.owed} refunds were declined, and are reported as owed",
            f"  {self.blocked} times staff took nights off sale",
            f"  {self.log.replays} answers asked for again and compared word for word",
            "\nwhat must not happen",
            *(f"  {promise:<66} {len(found):>7}" for promise, found in self.broken.items()),
            *self._examples(),
        ]

    def _examples(self) -> list[str]:
        return [f"\n{promise}\n  " + "\n  ".join(found[:10]) for promise, found in self.broken.items() if found]


def _block(title: str, counted: Counter[str]) -> list[str]:
    return [f"\n{title}", *(f"  {what:<66} {number:>7}" for what, number in sorted(counted.items()))]


def _latency(seconds: list[float]) -> str:
    slow = sorted(seconds) or [0.0]
    return f"median {slow[len(slow) // 2] * 1000:.0f} ms, p95 {slow[int(len(slow) * 0.95)] * 1000:.0f} ms"


def _disasters(recovery: list[tuple[str, float]], cuts: int) -> list[str]:
    lines = [f"\n{'serving again after':<34} {'times':>6} {'p50':>8} {'p95':>8} {'max':>8}"]
    for kind in [*NAMES, ""]:
        took = sorted(seconds for what, seconds in recovery if not kind or what == kind)
        if took:
            figures = (took[len(took) // 2], took[int(len(took) * 0.95)], took[-1])
            name = NAMES.get(kind, "all of them")
            lines.append(f"  {name:<32} {len(took):>6} " + " ".join(f"{figure:6.1f} s" for figure in figures))
    return [*lines, f"  {cuts} connections were cut"]


class Progress:
    """A line now and then, and one for each disaster."""

    def __init__(self, crowd: Crowd, disasters: int, say: Callable[[str], None]) -> None:
        self._crowd, self._left, self._say = crowd, disasters, say
        self._began = self._told = time.monotonic()

    def tell(self, *, now: bool = False) -> None:
        if now or time.monotonic() > self._told + EVERY:
            self._told = time.monotonic()
            self._say(f"  {self._when()} {self._begun()} attempts, {self._answers()}, {self._left} disasters to come")

    def struck(self, kind: str, seconds: float) -> None:
        self._left -= 1
        self._say(f"  {self._when()} {NAMES[kind]}: all serves again after {seconds:.1f} s")

    def _when(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        return f"{minutes:02}:{seconds:02}"

    def _begun(self) -> str:
        return f"{self._crowd.begun:,} of {self._crowd.terms.attempts:,}"

    def _answers(self) -> str:
        seen = sum((Counter(log.seen) for log in self._crowd.logs()), Counter[str]())
        return f"{seen['201']} booked, {sum(n for what, n in seen.items() if what.startswith('409'))} refused"
