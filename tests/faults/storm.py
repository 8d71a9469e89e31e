"""Guests book while everything is killed around them; afterwards all that they were told must be true.

    python -m tests.faults.storm --attempts 100000 --kills 50 --seed 1

Prints what happens as it goes and a table in the end; exits with 1 where something happened that must not.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from booking.domain.maintenance import verification
from booking.domain.notices import Notice
from booking.http import words
from booking.infra import signals
from booking.infra.words import count
from tests import oracle, oracle_money
from tests.faults import beside, codes, disasters, report, units_and_wholes
from tests.faults.arrivals import arrivals
from tests.faults.blockers import Staff
from tests.faults.detour import house_rules
from tests.faults.fault_proxy import Shears, proxy
from tests.faults.load import LONGEST_STAY, Crowd, Terms, arrived
from tests.faults.product import Product, alive, folder
from tests.faults.reception import Reception, at_work, drawers_of, receptions
from tests.faults.report import Outcome, Progress
from tests.faults.smtp_sink import Letterbox, letterbox
from tests.faults.stripe import Stripe, stripe
from tests.programme import natural, positive

CALM_AFTER = 0.95  # of the storm: no disasters from then on
REPORTED = 100  # findings of one kind that flask bookings verify prints
PATIENCE = 60.0  # seconds after the storm in which nothing of what is left is settled
UNSETTLED = """
    SELECT 'payment ' || id || ' is ' || state FROM payments WHERE state IN ('started', 'unknown', 'awaiting_guest')
    UNION ALL SELECT 'hold ' || reference || ' stands' FROM bookings WHERE status = 'PENDING'
    UNION ALL SELECT 'change ' || id || ' stands' FROM booking_changes WHERE state = 'pending'
    UNION ALL SELECT 'balance of order ' || order_id || ' waits' FROM payment_schedule WHERE next_at IS NOT NULL
    UNION ALL SELECT 'refund ' || id || ' awaits staff' FROM payments WHERE state = 'awaiting_staff'"""
UNSENT = """
    SELECT 'event ' || id || ' is not sent' FROM events WHERE sent_at IS NULL
    UNION ALL SELECT 'order ' || order_id || ' waits for its invoices' FROM invoices_due
    UNION ALL SELECT consumer || ' of ' || event_id || ' is ' || state FROM deliveries WHERE state <> 'done'"""
_OF_BALANCE = """
    SELECT count(*) FROM simulated_ledger l JOIN payments p ON p.id = l.key AND p.kind = 'charge'
    AND p.purpose = 'balance' WHERE l.kind = """
# What makes a storm without any of it worth nothing: see report.EXPECTED.
COUNTED = {
    report.CHARGED_LATER: f"{_OF_BALANCE} 'charge'",
    report.DECLINED_LATER: f"{_OF_BALANCE} 'declined'",
    report.EXPIRED_TOGETHER: """
        SELECT count(*) FROM (SELECT FROM bookings GROUP BY order_id
         HAVING count(*) > 1 AND bool_and(status = 'EXPIRED')) o""",
}
FORESEEN = (".Unavailable", ".OutcomeUnknown")
BROKEN = (("web", "unexpected_error"), ("worker", "balance_broke"), ("worker", "recovery_broke"))
SETTINGS = {
    "RATELIMIT_ENABLED": "false",
    "ACCESS_TOKEN_SECONDS": "36000",
    "HOLD_MINUTES": "1",
    "PAYMENT_TIMEOUT_SECONDS": "1",
    "SWEEP_SECONDS": "5",
    "PYTHONPATH": str(Path(__file__).parent / "detour"),
}
NEEDED = {"attempts", "clients", "rooms", "nights"}
Say = Callable[[str], None]


def run(terms: Terms, say: Say, *, with_stripe: bool = False) -> Outcome:
    """The whole story on a copy of the product; `with_stripe`, a stand-in for Stripe charges."""
    outcome, shears = Outcome(terms), Shears(terms.seed)
    with ExitStack() as stack:
        provider = stack.enter_context(stripe(terms.seed)) if with_stripe else None
        product, box = stack.enter_context(_detoured(shears, provider.settings if provider else {}))
        if provider:
            stack.enter_context(provider.telling(product.port))
            outcome.impossible = frozenset({report.DECLINED_LATER})  # its cards are not fickle
        say("  a copy of the product runs; guests arrive")
        crowd = arrived(product.port, terms, with_pages=with_stripe)
        crowd.joined_by(units_and_wholes.arranged(product, crowd.wanted, crowd.neighbours))
        codes.arranged(product, crowd)
        desks = stack.enter_context(receptions(product, crowd))
        elsewhere = stack.enter_context(arrivals(product, crowd))
        staff, start = Staff(product, crowd.wanted, terms), dt.datetime.now(dt.UTC)
        with staff.working(), at_work(desks), beside.working(elsewhere.live):
            _blow(outcome, crowd, product, shears, say)
        _calm_down(outcome, product, desks, say)
        _collect(outcome, crowd, shears, box)
        outcome.log.did += elsewhere.did
        outcome.broken[report.ODD] += elsewhere.terminal.odd
        outcome.blocked = len(staff.kept) + len(staff.gone)
        if provider:
            _enter_books(outcome, product, provider)
        _judge(outcome, product, box, start, staff, desks)
        database = product.database()
        outcome.broken[report.LOST] += elsewhere.findings(database)
        database.close()
    return outcome


def _enter_books(outcome: Outcome, product: Product, provider: Stripe) -> None:
    database = product.database()
    outcome.broken[report.MONEY] += provider.enter_books(database)
    database.close()


class House(Product):
    """A copy with rules of its own: see detour/house_rules.py."""

    def fill(self) -> None:
        super().fill()
        for program in ("wsgi.py", "worker.py"):
            lines = (self.path / program).read_text().split("\nfrom booking", 1)
            (self.path / program).write_text("\nimport house_rules\n\nhouse_rules.enforce()\nfrom booking".join(lines))


@contextmanager
def _detoured(shears: Shears, settings: dict[str, str]) -> Iterator[tuple[Product, Letterbox]]:
    """A copy of the product behind the proxy, and the box its mails go to."""
    with ExitStack() as stack:
        box, smtp_url = stack.enter_context(letterbox())
        port = stack.enter_context(proxy(lambda: ("127.0.0.1", product.port_of("postgres")), shears.decide))
        product = House(folder(), **SETTINGS, **settings, DETOUR=str(port), SMTP_URL=smtp_url)
        yield stack.enter_context(alive(product)), box


def _blow(outcome: Outcome, crowd: Crowd, product: Product, shears: Shears, say: Say) -> None:
    """All clients at once; disasters beside them, the next one when all serves again."""
    terms, chance = outcome.terms, random.Random(outcome.terms.seed)
    waiting = disasters.drawn(chance, terms.kills, terms.stops or 0, terms.cuts or 0, CALM_AFTER)
    hurry, progress, began = disasters.hurry(product), Progress(crowd, len(waiting), say), time.monotonic()
    with crowd.booking():
        while not crowd.gone():
            next(hurry)
            progress.tell()
            crowd.kept_up = bool(waiting)
            if waiting and crowd.passed() >= waiting[0].moment:
                kind = waiting.pop(0).kind
                outcome.recovery.append((kind, _struck(kind, product, shears, chance)))
                progress.struck(*outcome.recovery[-1])
                crowd.given_up = outcome.recovery[-1][1] == float("inf")
            time.sleep(0.2)
    progress.tell(now=True)
    outcome.took, outcome.attempts = time.monotonic() - began, crowd.begun


def _struck(kind: str, product: Product, shears: Shears, chance: random.Random) -> float:
    """Seconds until all serves again, infinitely many where it never did."""
    try:
        return disasters.strike(kind, product, shears, chance)
    except AssertionError:
        return float("inf")


def _calm_down(outcome: Outcome, product: Product, desks: list[Reception], say: Say) -> None:
    """Recovery settles what nobody knows, holds run out, staff gives back what it owes, and every mail goes out."""
    database, hurry = product.database(), disasters.hurry(product)
    say("  calm: what is under way is settled, mails go out")
    for desk in desks:
        desk.close_the_day()
    outcome.settled_in, unsettled = _until_none(lambda: next(hurry) or oracle.rows(database, UNSETTLED))
    outcome.mailed_in, unsent = _until_none(lambda: oracle.rows(database, UNSENT))
    outcome.broken[report.UNSETTLED] += [row[0] for row in unsettled + unsent]
    database.close()


def _until_none(look: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    """Seconds until there is nothing to see any more; and what was left when it had long not become less."""
    began = changed = time.monotonic()
    fewest = left = look()
    while left and time.monotonic() < changed + PATIENCE:
        time.sleep(0.5)
        left = look()
        if len(left) < len(fewest):
            fewest, changed = left, time.monotonic()
    return time.monotonic() - began, left


def _collect(outcome: Outcome, crowd: Crowd, shears: Shears, box: Letterbox) -> None:
    for log in crowd.logs():
        outcome.log.told += log.told
        outcome.log.seen += log.seen
        outcome.log.seconds += log.seconds
        outcome.log.odd += log.odd
        outcome.log.replays += log.replays
        outcome.log.did += log.did
    outcome.cuts, outcome.mails, outcome.mails_twice = shears.cuts, len(box.mails), box.twice()


def _judge(
    outcome: Outcome, product: Product, box: Letterbox, start: dt.datetime, staff: Staff, desks: list[Reception]
) -> None:
    database = product.database()
    facts, told, broken = oracle.Facts(database), outcome.log.told, outcome.broken
    broken[report.SOLD_TWICE] += oracle.sold_twice(database)
    broken[report.LOST] += [*oracle.broken_promises(facts, told), *staff.findings(database)]
    broken[report.UNTOLD] += oracle.unasked(facts, told)
    broken[report.ELSEWHERE] += [*oracle.wrong_stays(database, told), *oracle.nights_astray(database, start)]
    broken[report.LOST] += oracle.lost_contacts(database, start)
    broken[report.PARTED] += oracle.parted_orders(database)
    broken[report.MONEY] += oracle.wrong_money(facts)
    broken[report.MONEY] += [*oracle.wrong_sums(database), *oracle_money.wrong_invoices(database, start)]
    broken[report.MONEY] += [*oracle.wrong_prices(facts, told), *oracle.wrong_refunds(facts, told)]
    broken[report.CODES] += codes.used_beyond(database)
    broken[report.BALANCES] += oracle_money.wrong_deposits(database, facts, told, house_rules.PERCENT)
    broken[report.DRAWERS] += oracle_money.wrong_drawers(database, drawers_of(desks))
    broken[report.MAILS] += oracle.mail_findings(database, box.mails, start)
    broken[report.MAILS] += oracle_money.wrong_news_of_balances(database, oracle.causes(box.mails))
    broken[report.VERIFY] += _verified(outcome, product, database)
    _count(outcome, database)
    database.close()
    broken[report.ODD] += [*outcome.log.odd, *(odd for desk in desks for odd in desk.terminal.odd)]
    broken[report.FAULTS] += _faults(product)
    broken[report.NOTHING] += list(outcome.missing())
    late = [one for one in outcome.recovery if one[1] > outcome.terms.serves_within]
    broken[report.LATE] += [f"{disasters.NAMES[kind]}: {seconds:.1f} s" for kind, seconds in late]


def _faults(product: Product) -> Iterator[str]:
    """What nobody foresaw. That Postgres goes away in the middle of a payment is foreseen."""
    for name, event in BROKEN:
        for line in product.log(name, event):
            broke = str(line.get("exception", line))
            what = broke.strip().rpartition("\n")[2].partition(":")[0]
            if not what.startswith("booking.infra.") or not what.endswith(FORESEEN):
                yield f"{name}: {what}\n{broke}"


def _count(outcome: Outcome, database: Any) -> None:
    """What the worker has done meanwhile."""
    outcome.log.did += Counter(
        {what: n for what, asked in COUNTED.items() if (n := oracle.rows(database, asked)[0][0])}
    )
    outcome.log.did += units_and_wholes.sold(database)


def _verified(outcome: Outcome, product: Product, database: Any) -> Iterator[str]:
    """What flask bookings verify finds, but for the refunds that were declined: those it has to name as owed."""
    verified = product.flask("bookings", "verify", within=900)
    findings = (verified.stdout + verified.stderr).splitlines() if verified.returncode else []
    mark = f"{words.told(Notice(verification.OWED))}: "
    owed = [line.removeprefix(mark).partition(":")[0] for line in findings if line.startswith(mark)]
    outcome.owed = len(owed)
    yield from oracle.wrongly_reported(database, owed, REPORTED)
    counted = f"{count(len(owed), 'finding')} in "
    yield from (line for line in findings if not line.startswith((mark, counted)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for term in fields(Terms):
        default = random.randrange(10**6) if term.name == "seed" else term.default
        kind = positive if term.name in NEEDED else natural
        parser.add_argument(f"--{term.name}", type=kind, default=default, help=str(default))
    parser.add_argument("--stripe", action="store_true", help="a stand-in for Stripe charges")
    given = vars(parser.parse_args())
    with_stripe = given.pop("stripe")
    terms = Terms(**given)
    if terms.nights < LONGEST_STAY:
        parser.error(f"argument --nights: must be at least {LONGEST_STAY}, the longest stay that is asked for")
    signals.end_by_exception()
    print(f"storm: {terms}", flush=True)
    outcome = run(terms, lambda sentence: print(sentence, flush=True), with_stripe=with_stripe)
    print("\n".join(outcome.lines()))
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
