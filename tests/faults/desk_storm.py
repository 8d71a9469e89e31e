"""Staff and guests want the same rooms at the same time, while processes are killed around them.

    python -m tests.faults.desk_storm --seconds 60 --people 32 --kills 5 --seed 1

Half of the people are clerks at the pages of the front desk; the others are guests who book, change and cancel over
HTTP. Afterwards everything that anybody was told must be true, or have been changed again by an audited act. Prints a
table; exits with 1 where something happened that must not.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from booking.infra import signals
from booking.infra.ids import encode
from tests import oracle
from tests.faults import beside, clerks, disasters, units_and_wholes
from tests.faults.clerks import Act, Clerk, Shared
from tests.faults.guests import REFUND_SLOW, SLOW, VISA, Guest, Plan, lot, registered
from tests.faults.product import Product, alive, eventually, folder
from tests.programme import natural, positive

SETTINGS = {
    "RATELIMIT_ENABLED": "false",
    "ACCESS_TOKEN_SECONDS": "36000",
    "HOLD_MINUTES": "1",
    "PAYMENT_TIMEOUT_SECONDS": "1",
    "SWEEP_SECONDS": "5",
}
ROOMS = 20
CALM = 90.0  # seconds in which what is left is settled
ENOUGH = 30  # seconds, for each of these to have happened
WANTED = (
    "bookings for callers",
    "blocks",
    "blocks given back",
    "cancelled by staff",
    "moved by staff",
    "guests of the house moved",
    "goodwill",
    "nights kept in the room before",
    "emails that staff has sent",
    "payments by a link",
    "booking.arrived",
    "booking.departed",
    "room_status.changed",
    *units_and_wholes.EXPECTED,
)
KEPT = "SELECT count(*) FROM booking_changes WHERE moves_on IS NOT NULL AND state = 'confirmed'"
UNSETTLED = """
    SELECT 'payment ' || id || ' is ' || state FROM payments WHERE state IN ('started', 'unknown')
    UNION ALL SELECT 'hold ' || reference || ' stands' FROM bookings WHERE status = 'PENDING'
    UNION ALL SELECT 'change ' || id || ' stands' FROM booking_changes WHERE state = 'pending'"""
HOUSE = "SELECT property_id::text FROM rooms WHERE published GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
ROOMS_OF = "SELECT id::text FROM rooms WHERE published AND property_id = "
AUDITED = """
    SELECT action, subject, extract(epoch FROM at)::float, before, after FROM audit_log
    WHERE actor_id IS NOT NULL ORDER BY at, id"""
CLOCKS = 0.5  # seconds by which two clocks of one machine may differ


UNBLOCKED, OF_ROOMS = "nights.unblocked", {"room_status.changed", "room_status.undone"}


@dataclass(frozen=True)
class Entry:
    """One line of the audit log. `at`: seconds since 1970."""

    at: float
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Terms:
    seconds: int = 60
    people: int = 32
    kills: int = 5
    seed: int = 1
    serves_within: float = 15.0


@dataclass
class Outcome:
    recovery: list[tuple[str, float]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    acts: list[Act] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def heard(self, seen: Counter[str], did: Counter[str], odd: list[str]) -> None:
        """What one of the people has to tell."""
        self.seen += seen
        self.did += did
        self.findings += odd

    def lines(self) -> Iterator[str]:
        for title, counted in (("answers", self.seen), ("what was done", self.did)):
            yield f"\n{title}"
            yield from (f"  {what:<60} {number:>7}" for what, number in sorted(counted.items()))
        yield "\nserving again after"
        yield from (f"  {disasters.NAMES[kind]:<60} {seconds:>6.1f} s" for kind, seconds in self.recovery)
        yield f"\n{len(self.acts)} acts of staff held against the audit log; findings: {len(self.findings)}"
        yield from self.findings[:30]


def run(terms: Terms) -> Outcome:
    """The whole story, on a copy of the product with its demo."""
    outcome = Outcome()
    with alive(Product(folder(), **SETTINGS)) as product:
        staff, guests = _arrived(product, terms)
        start = dt.datetime.now(dt.UTC)
        with ExitStack() as stack:
            for one in staff:
                stack.enter_context(beside.working(one.live))
            for guest in guests:
                stack.enter_context(beside.working(partial(_live, guest, staff[0].shared)))
            _kill(outcome, product, terms)
        _judge(outcome, product, staff, guests, start, terms)
    return outcome


def _arrived(product: Product, terms: Terms) -> tuple[list[Clerk], list[Guest]]:
    """Everybody, signed in, at some rooms of the property that has most."""
    database = product.database()
    [(house,)] = oracle.rows(database, HOUSE)
    rooms = [encode("room", UUID(row[0])) for row in oracle.rows(database, f"{ROOMS_OF}'{house}' ORDER BY id")]
    database.close()
    shared, half = Shared(encode("property", UUID(house)), rooms[:ROOMS]), terms.people // 2
    shared.rooms += units_and_wholes.arranged(product, shared.rooms, dict.fromkeys(shared.rooms, shared.rooms))
    guests = [registered(product.port, f"guest-{number}", terms.seed) for number in range(terms.people - half)]
    return [clerks.arrived(product.port, shared, terms.seed * 1000 + number) for number in range(half)], guests


def _live(guest: Guest, shared: Shared, over: threading.Event) -> None:
    """Books, changes, cancels; some bookings are left for the clerks to take up."""
    while not over.wait(guest.chance.uniform(0.02, 0.2)):
        away, nights = guest.chance.randint(2, clerks.NIGHTS - 4), guest.chance.randint(1, 4)
        first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=away)
        card = guest.chance.choice((VISA, VISA, VISA, VISA, SLOW, REFUND_SLOW))
        plan = Plan(guest.chance.choice(shared.rooms), str(first), str(first + dt.timedelta(days=nights)), card)
        told = guest.attempt(plan)
        if told.status == 201 and lot(guest.chance, 60):
            shared.keep(told.booking_id)
            if lot(guest.chance, 40):  # perhaps while a clerk does
                guest.cancel(told)
        elif told.status == 201 and lot(guest.chance, 50):
            guest.change(told)
        elif told.status == 201 and lot(guest.chance, 50):
            guest.cancel(told)


def _kill(outcome: Outcome, product: Product, terms: Terms) -> None:
    """So many processes, one after the other, each when all serves again, and then until the time is over."""
    chance, began = random.Random(terms.seed), time.monotonic()
    for number in range(terms.kills):
        moment = began + terms.seconds * (number + chance.uniform(0.2, 0.8)) / (terms.kills + 1)
        time.sleep(max(0.0, moment - time.monotonic()))
        kind = disasters.VICTIMS[number % len(disasters.VICTIMS)]
        outcome.recovery.append((kind, product.kill(kind)))
    time.sleep(max(0.0, began + terms.seconds - time.monotonic()))


# --- afterwards


def _judge(
    outcome: Outcome, product: Product, staff: list[Clerk], guests: list[Guest], start: dt.datetime, terms: Terms
) -> None:
    eventually(product.serves, 60)
    database, found = product.database(), outcome.findings
    for one in staff:
        outcome.heard(one.seen, one.did, one.odd)
    for guest in guests:
        outcome.heard(guest.log.seen, guest.log.did, guest.log.odd)
    outcome.did += units_and_wholes.sold(database)
    outcome.acts = [act for clerk in staff for act in clerk.acts]
    hurry = disasters.hurry(product)
    with suppress(AssertionError):
        eventually(lambda: next(hurry) or not oracle.rows(database, UNSETTLED), CALM)
    found += [row[0] for row in oracle.rows(database, UNSETTLED)]
    outcome.did["nights kept in the room before"] = oracle.rows(database, KEPT)[0][0]
    found += [*oracle.sold_twice(database), *oracle.nights_astray(database, start), *oracle.wrong_sums(database)]
    found += [*_guests_promises(database, staff[0].shared, guests), *_broken_acts(database, outcome.acts)]
    database.close()
    verified = product.flask("bookings", "verify", within=300)
    found += [f"verify: {line}" for line in (verified.stdout + verified.stderr).splitlines() if verified.returncode]
    found += [f"{disasters.NAMES[kind]}: {took:.1f} s" for kind, took in outcome.recovery if took > terms.serves_within]
    found += [f"never happened: {what}" for what in WANTED if terms.seconds >= ENOUGH and not outcome.did[what]]


def _guests_promises(database: Any, shared: Shared, guests: list[Guest]) -> Iterator[str]:
    """Of bookings that no clerk could take up, all that their guests were told; of all, that they are there."""
    facts, handed = oracle.Facts(database), set(shared.handed)
    told = [one for guest in guests for one in guest.log.told]
    own = [one for one in told if one.booking_id not in handed]
    yield from oracle.broken_promises(facts, own)
    yield from oracle.broken_promises(facts, [one for one in told if one.booking_id in handed and one.cancelled])
    yield from oracle.unasked(facts, told)
    yield from oracle.wrong_stays(database, own)
    yield from oracle.wrong_money(facts)


def _broken_acts(database: Any, acts: list[Act]) -> Iterator[str]:
    """Acts of staff that the log does not know, and those that neither stand nor were changed again."""
    log: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for action, subject, at, before, after in oracle.rows(database, AUDITED):
        log[action, subject].append(Entry(at, before or {}, after or {}))
    blocks = {row[0] for row in oracle.rows(database, "SELECT reason FROM blocks")}
    ids = {encode("block", UUID(row[0])) for row in oracle.rows(database, "SELECT id::text FROM blocks")}
    gone = {entry.before.get("block") for (action, _), found in log.items() if action == UNBLOCKED for entry in found}
    for act in acts:
        if act.action == UNBLOCKED:
            if act.subject in ids or act.subject not in gone:
                yield f"{act} was given back, and stands, or nobody wrote it down"
            continue
        since = [entry for entry in log[act.action, act.subject] if entry.at >= act.since - CLOCKS]
        if act.nights != ("", ""):
            # Whoever takes off sale what a colleague has is told so: it stands, for the reason that it had.
            whose = log[act.action, act.subject]
            since = [entry for entry in whose if (entry.after.get("from"), entry.after.get("to")) == act.nights]
            made = {entry.after.get("block") for entry in since}
            if act.reason not in blocks and not made & (gone | ids):
                yield f"{act} was acknowledged, and neither stands nor was given back"
        if not since:
            yield f"{act} was acknowledged, and is not in the log"
    yield from _astray(database, log)


def _astray(database: Any, log: dict[tuple[str, str], list[Entry]]) -> Iterator[str]:
    """Bookings and rooms that are in another state than the last audited act has left them in."""
    cancelled = {subject for action, subject in log if action == "booking.cancelled"}
    for id_, status in oracle.rows(database, "SELECT id::text, status FROM bookings"):
        if encode("booking", UUID(id_)) in cancelled and status != "CANCELLED":
            yield f"booking {id_} was cancelled, and is {status}"
    for id_, status in oracle.rows(database, "SELECT room_id::text, status FROM room_statuses"):
        room = encode("room", UUID(id_))
        told = [one for (action, whose), found in log.items() if whose == room and action in OF_ROOMS for one in found]
        last = max(told, key=lambda entry: entry.at, default=None)
        if last is not None and last.after.get("status") != status:
            yield f"{room} is {status}, and the log's last word is {last}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind in (("seconds", positive), ("people", positive), ("kills", natural), ("seed", natural)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Terms, name))
    terms = Terms(**vars(parser.parse_args()))
    signals.end_by_exception()
    print(f"desk storm: {terms}", flush=True)
    outcome = run(terms)
    print("\n".join(outcome.lines()))
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
