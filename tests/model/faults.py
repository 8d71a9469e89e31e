"""Faults that somebody might make in the story of an order, one edit or a few each, and who has to find them.

Most are found by the state machine of all verbs, which says in which step; a few by a test that is named. Where a
constraint of the database stands beneath the code, a fault takes that away too, or is found by it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.copy_of_its_own import remove
from booking.infra.embedded import Servers
from tests.model.runs import PYTEST, Ended, Processes, Runs, ending

IGNORED = shutil.ignore_patterns(".git", ".venv*", "var", "__pycache__", ".*_cache", ".hypothesis")
STORIES, STEPS = 20, 50  # of one run, of which there are as many as it takes

RESERVATIONS, PAYMENTS = "booking/domain/reservations", "booking/domain/payments"
DESK, PRICING = f"{RESERVATIONS}/front_desk", "booking/domain/pricing"
OUTCOMES, TERMS = f"{RESERVATIONS}/change_outcomes.py", f"{RESERVATIONS}/change_terms.py"
LEDGER, ROWS, REFUNDS = f"{PAYMENTS}/ledger.py", f"{PAYMENTS}/repository.py", f"{PAYMENTS}/refunds.py"
NIGHTS = "booking/domain/inventory/night_statements.py"


@dataclass(frozen=True)
class Edit:
    """What stands in a file exactly once, and what stands there then."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class Fault:
    """`guard` is the test that finds it; without one, the state machine does."""

    name: str
    edits: tuple[Edit, ...]
    guard: str = ""


def _index(migration: str, before: str, after: str) -> Edit:
    return Edit(f"migrations/versions/{migration}.py", before, after)


PART = "_PARTS.c.part_id"
NO_LIMIT_OF_REFUNDS = Edit(
    ROWS,
    """        _ORDERS.c.refunded + _ORDERS.c.refunding + _AMOUNT <= _ORDERS.c.paid,
        debts.given_back_of(bindparam("new_charge_id")) + _AMOUNT <= bindparam("charged", type_=_AMOUNT.type),
""",
    """        _AMOUNT > 0,
        bindparam("charged", type_=_AMOUNT.type) > 0,
""",
)
NO_LIMIT_OF_CHARGES = Edit(
    ROWS,
    "        require(_ADDED_CHARGE, values, otherwise",
    '        require(_ADDED_MORE, values | {"beyond": 2 * new.amount}, otherwise',
)
POLICY_ALONE = Edit(
    f"{RESERVATIONS}/cancellation.py",
    "Terms(price - waived, max(Decimal(0), min(waived, beyond)))",
    "Terms(price - waived, waived)",
)
BACK_IN_FULL = Edit(TERMS, "kept = max(Decimal(0), returnable - worth) - back", "kept = Decimal(0)")

FAULTS = (
    Fault(
        "undo-releases-old-stay",
        (
            Edit(
                OUTCOMES,
                "    inventory.release_unsold_nights(actor, change.id)\n    change.end(state)",
                "    inventory.release_nights(actor, booking.id)\n    change.end(state)",
            ),
        ),
    ),
    Fault("refund-over-paid", (POLICY_ALONE,)),
    Fault(
        "refund-over-paid-unchecked",
        (
            POLICY_ALONE,
            NO_LIMIT_OF_REFUNDS,
            Edit(LEDGER, "start_refund(charge, min(left, missing), p", "start_refund(charge, missing, p"),
            Edit(LEDGER, "    if missing > 0:\n        raise RefundNotOwed\n", ""),
        ),
    ),
    Fault(
        "two-open-charges",
        (
            _index(
                "0016_hosted_payments",
                '("uq_payments_open_charge", True, ["order_id"],',
                '("uq_payments_open_charge", False, ["order_id"],',
            ),
            _index(
                "0013_orders",
                '("uq_payments_open_charge", "payments", True',
                '("uq_payments_open_charge", "payments", False',
            ),
        ),
    ),
    Fault(
        "sweeper-releases-booked-nights",
        (
            Edit(NIGHTS, "RELEASE_HELD = _FREE.where(TABLE.c.state == HELD)", "RELEASE_HELD = _FREE"),
            Edit(
                NIGHTS,
                """        TABLE.c.state == HELD,
        has_end(TABLE.c.held_until),
        TABLE.c.held_until.between(""",
                """        TABLE.c.state != BLOCKED,
        func.coalesce(TABLE.c.held_until, sql_now() - dt.timedelta(days=1)).between(""",
            ),
        ),
    ),
    Fault(
        "sweeper-releases-pinned-nights",
        (
            Edit(NIGHTS, "RELEASE_HELD = _FREE.where(TABLE.c.state == HELD)", "RELEASE_HELD = _FREE"),
            Edit(NIGHTS, "        TABLE.c.state == HELD,\n        has_end", "        has_end"),
        ),
    ),
    Fault(
        "whole-takes-no-parts",
        (
            Edit(
                NIGHTS, "_CONTAINED = select(_PARTS.c.part_id).where(", f"_CONTAINED = select({PART}).where(false(), "
            ),
            Edit(NIGHTS, "    exists,\n", "    exists,\n    false,\n"),
            Edit(NIGHTS, "func.count()).where(_PARTS.c.whole_id == room)", "func.count()).where(false())"),
        ),
    ),
    Fault("change-returns-more-than-cancel", (Edit(TERMS, "- back\n    lines = [", "- 2 * back\n    lines = ["),)),
    Fault("change-gives-back-all", (BACK_IN_FULL,)),
    Fault(
        "kept-is-no-line",
        (Edit(TERMS, "is_kept(line))]\n    if kept:\n", "is_kept(line))]\n    if kept < 0:\n"),),
    ),
    Fault(
        "old-money-takes-new-deadline",
        (Edit(TERMS, "PricePart(part.amount, min(part.check_in, check_in))", "PricePart(part.amount, check_in)"),),
    ),
    Fault(
        "newest-money-stays",
        (Edit(TERMS, "for part in reversed(parts):", "for part in parts:"),),
        guard="tests/domain/reservations/test_change_terms.py",
    ),
    Fault(
        "two-refunds-of-one-debt",
        (
            Edit(REFUNDS, "    if _lives_beside(declined):\n        raise RefundNotOwed\n    again", "    again"),
            NO_LIMIT_OF_REFUNDS,
            _index(
                "0018_refund_debts",
                '_index("uq_payments_live_refund", [sa.text("coalesce(debt_id, booking_id)")]',
                '_index("uq_payments_live_refund", [sa.text("id")]',
            ),
        ),
    ),
    Fault(
        "balance-charged-twice",
        (
            Edit(
                f"{PAYMENTS}/schedule.py",
                "due = ledger.Due(order.id, kept.booking_id, ",
                "due = ledger.Due(order.id, kept.booking_id, 2 * ",
            ),
            Edit(f"{PAYMENTS}/schedule.py", "    if too_much <= 0:\n", "    if too_much <= charge.amount:\n"),
            NO_LIMIT_OF_CHARGES,
        ),
    ),
    Fault(
        "paid-and-cancelled",
        (
            Edit(
                f"{RESERVATIONS}/unpaid_stays.py",
                "    if (is_paid_since and latest and latest.purpose != FOR_CHANGE) or order.guarantee:\n"
                "        raise _IsNotUnpaid\n",
                "",
            ),
            Edit(
                f"{RESERVATIONS}/unpaid_stays.py",
                "    if order.due <= deposits.due_later(order.id) or not deposits.rest(booking):\n"
                "        raise _IsNotUnpaid\n",
                "",
            ),
        ),
        guard="tests/domain/reservations/test_unpaid_stays.py",
    ),
    Fault(
        "guarantee-during-payment",
        (
            Edit(
                f"{RESERVATIONS}/guarantees.py",
                "    if any(hold.held_until is None for hold in holds):\n        raise PaymentInProgress\n",
                "",
            ),
            Edit(
                f"{RESERVATIONS}/guarantees.py",
                "if not (inventory.pin_nights(hold.id, hold.nights) and inventory.book_nights(hold.id, hold.nights)):",
                "if not inventory.book_nights(hold.id, hold.nights) and not hold.nights:",
            ),
        ),
    ),
    Fault(
        "order-released-in-part",
        (
            Edit(
                f"{RESERVATIONS}/orders.py",
                "    cancellation.give_back(actor, held)\n",
                "    cancellation.give_back(actor, held[:1])\n",
            ),
        ),
    ),
    Fault(
        "order-confirmed-in-part",
        (
            Edit(
                f"{RESERVATIONS}/charging.py",
                "return _kept(_book(actor, paid), keep), None",
                "return _kept(_book(actor, paid[:1]), keep), None",
            ),
        ),
    ),
    Fault(
        "credit-forgotten",
        (
            Edit(
                "booking/domain/invoicing/issuing.py",
                "drafts = _drafts(case, found.credited, found.added)",
                "drafts = _drafts(case, {}, found.added)",
            ),
        ),
        guard="tests/domain/invoicing/test_issuing.py",
    ),
    Fault(
        "departure-frees-nothing",
        (Edit(f"{DESK}/presence.py", "    if departure.quote is None:\n", "    if departure.freed < 99:\n"),),
    ),
    Fault(
        "undo-forgets-nights",
        (
            Edit(
                f"{DESK}/undoing.py",
                "    if not _take_nights_back(actor, booking, at, context):\n",
                "    if at:\n",
            ),
        ),
        guard="tests/domain/reservations/test_undoing.py",
    ),
    Fault(
        "two-in-one-room",
        (
            Edit(
                f"{RESERVATIONS}/occupied_rooms.py",
                "others[0] if others else None",
                "others[0] if len(others) > 9 else None",
            ),
        ),
        guard="tests/domain/reservations/test_front_desk.py",
    ),
    Fault(
        "late-charge-kept",
        (
            Edit(
                f"{RESERVATIONS}/recovery.py",
                "        outcome = provider.cancel(payment.id, payment.currency)\n",
                "        outcome = provider.find(payment.id) or Outcome(Result.CANCELLED, 'unknown')\n",
            ),
            Edit(f"{RESERVATIONS}/recovery.py", "import NoAnswer, Result", "import NoAnswer, Outcome, Result"),
        ),
    ),
    Fault(
        "code-used-beyond-its-limit",
        (Edit(f"{RESERVATIONS}/promotion_codes.py", "_found(code, lock=True)", "_found(code)"),),
        guard="tests/domain/reservations/test_promotions.py",
    ),
    Fault(
        "use-not-given-back",
        (
            Edit(
                f"{PRICING}/promotion_editing.py",
                'STANDING = ("PENDING", "CONFIRMED")',
                'STANDING = ("PENDING", "CONFIRMED", "CANCELLED", "EXPIRED")',
            ),
        ),
    ),
    Fault(
        "code-lost-on-change",
        (Edit(f"{PRICING}/quotes.py", "in filter(is_promotion, sold):", "in filter(is_charge, sold):"),),
    ),
    Fault(
        "code-lost-on-change-of-room",
        (
            Edit(
                f"{RESERVATIONS}/change_quotes.py",
                "pricing.promoted(quoted, pricing.promotion_of(sold.lines), booking.currency)",
                "pricing.promoted(quoted, pricing.promotion_of(()), booking.currency)",
            ),
        ),
    ),
    Fault(
        "plan-loses-its-tiers",
        (Edit(TERMS, "pricing.policy_of_nights(sold.policy, nights)", 'sold.policy | {"tiers": []}'),),
    ),
)
NAMES = tuple(fault.name for fault in FAULTS)


def put(fault: Fault, root: Path) -> None:
    """Make these edits below `root`. Raises ValueError where what is to be edited is not there, or twice."""
    for edit in fault.edits:
        file = root / edit.file
        text = file.read_text()
        if text.count(edit.before) != 1:
            raise ValueError(f"{fault.name}: {edit.file} has this {text.count(edit.before)} times: {edit.before}")
        file.write_text(text.replace(edit.before, edit.after))


@dataclass(frozen=True)
class Found:
    """By whom a fault was found, after how many steps, and what that said; `by` is empty where nobody did."""

    fault: Fault
    steps: int
    by: str
    said: str

    def line(self) -> str:
        return f"{self.fault.name:<34}{self.by or 'NOBODY':<14}{self.steps:>7,}  {self.said}"


def found(names: Sequence[str], steps: int, home: Path, root: Path, beside: int, seed: int) -> int:
    """Put each fault into a copy of its own and look for it, for so many `steps`; 1 where one was not found."""
    if unknown := set(names) - set(NAMES):
        raise SystemExit(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    chosen, processes = [fault for fault in FAULTS if not names or fault.name in names], Processes()
    print(f"{'fault':<34}{'found by':<14}{'steps':>7}  what was said", flush=True)

    def one(fault: Fault) -> Found:
        if processes.over:
            raise RuntimeError("told to end")
        with _copy(fault, root, home / fault.name) as copy:
            look = _by_test if fault.guard else _by_machine
            result = look(fault, copy, home / fault.name, processes, steps, seed)
        print(result.line(), flush=True)
        return result

    with ThreadPoolExecutor(beside) as pool, ending(processes):
        results = [done.result() for done in as_completed([pool.submit(one, fault) for fault in chosen])]
    left = [result.fault.name for result in results if not result.by]
    print(
        f"\n{len(results) - len(left)} of {len(results)} faults were found{': not ' + ', '.join(left) if left else ''}"
    )
    return 1 if left else 0


@contextmanager
def _copy(fault: Fault, root: Path, home: Path) -> Iterator[Path]:
    """The product with this fault, below `home`, of which nothing is left afterwards."""
    remove(home, Servers(home / "servers"))  # what an interrupted run has left
    try:
        shutil.copytree(root, home / "copy", ignore=IGNORED)
        put(fault, home / "copy")
        yield home / "copy"
    finally:
        remove(home, Servers(home / "servers"))


def _by_machine(fault: Fault, copy: Path, home: Path, processes: Processes, steps: int, seed: int) -> Found:
    runs, taken = Runs("verbs", home, processes, root=copy, stories=STORIES, steps=STEPS), 0
    while taken < steps:
        ended = runs.run(seed)
        seed += 1
        if ended.failed:
            return _found(fault, taken, ended)
        taken += ended.tally.steps.total()
    return Found(fault, taken, "", "")


def _found(fault: Fault, before: int, ended: Ended) -> Found:
    violation = ended.tally.violation
    if violation is None:  # it does not run at all: nobody has found anything
        raise RuntimeError(f"{fault.name} could not be tried:\n{ended.said[-3000:]}")
    return Found(fault, before + violation.step, "the model", f"{violation.verb}: {violation.said}"[:300])


def _by_test(fault: Fault, copy: Path, home: Path, processes: Processes, *_: int) -> Found:
    home.mkdir(parents=True, exist_ok=True)
    code, said = processes.run([*PYTEST, "-x", "--tb=line", fault.guard], copy, TEST_VAR_DIR=str(home / "servers"))
    is_found = code == 1  # a test has failed; other codes say that none has run
    return Found(fault, 0, "a test" if is_found else "", fault.guard if is_found else said[-300:])
