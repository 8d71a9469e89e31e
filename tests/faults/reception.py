"""The reception in a storm: guests whom staff vouches for, and what they pay and get back by hand.

A guest holds rooms over HTTP; staff guarantees them, enters money, takes mistaken entries back and gives money back,
all by `flask` commands, while everything is killed. Whatever a command has said is kept in a drawer, which the oracle
compares with the ledger.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from tests.faults import beside, decisions, order_holders
from tests.faults.guests import Guest, Plan, lot, together
from tests.faults.load import Client, Crowd
from tests.faults.order_holders import Held
from tests.faults.product import Product
from tests.faults.terminal import Said, Terminal
from tests.oracle import Told
from tests.oracle_money import Drawer, Entry

WAYS = ("desk", "transfer")  # of vouching for an order
TAKEN = ("desk", "terminal", "transfer")
KEPT = 8  # orders that something may still happen to
ROUNDS = 20  # of looking for what is still to be refunded
PAUSE = 0.3  # seconds between two guests
PAYMENT = re.compile(r"payment_\w+")
TO_REFUND = re.compile(r"(payment_\w+) to be refunded: ([\d.]+) \w+ of booking ([^,]+),")


@dataclass
class Guaranteed:
    """An order that staff vouches for."""

    held: Held
    drawer: Drawer

    @property
    def reference(self) -> str:
        return self.held.reference


@dataclass
class Reception:
    """One desk with a guest in front of it. `colleague` sits at another terminal."""

    client: Client
    terminal: Terminal
    colleague: Terminal
    plan: Callable[[random.Random], Plan]
    drawers: dict[str, Drawer] = field(default_factory=dict)  # by the order's reference
    kept: deque[Guaranteed] = field(default_factory=deque)
    receipts: int = 0

    @property
    def guest(self) -> Guest:
        return self.client.guest

    def live(self, over: threading.Event) -> None:
        while not over.wait(PAUSE):
            if self.kept and (len(self.kept) >= KEPT or lot(self.guest.chance, 60)):
                self._go_on(self.kept.popleft())
            else:
                self._arrive()

    def close_the_day(self) -> None:
        """Everything that awaits staff is given back."""
        for _ in range(ROUNDS):
            if not self._give_back(100):
                break

    # --- steps

    def _arrive(self) -> None:
        """A guest holds, and is vouched for; sometimes by two at once."""
        held = self._held(self.plan(self.guest.chance))
        if not isinstance(held, Held):
            return
        if lot(self.guest.chance, 10):
            self.did("holds that nobody vouched for")
            held.end(409, order_holders.NEVER_PAID)
            return
        said = self._guarantee(held.reference)
        if said and not said.done:
            held.end(409, "NOT GUARANTEED")
            self.did("holds that were over before")
            return
        held.end(201 if said else 0)
        drawer = self.drawers[held.reference] = Drawer(held.reference, held.lines, unsure=said is None)
        if said:
            self.did("orders guaranteed")
            self.kept.append(Guaranteed(held, drawer))

    def _held(self, plan: Plan) -> Held | Told | None:
        if lot(self.guest.chance, 25):
            return order_holders.held_on_a_page(self.guest, self.client.holder.browser, plan)
        return order_holders.held(self.guest, plan)

    def _guarantee(self, reference: str) -> Said | None:
        chance, answers = self.guest.chance, list[Said | None]()
        words = ["bookings", "guarantee", reference, "--how", chance.choice((*WAYS, "later"))]
        if lot(chance, 90):
            return self.terminal.insist(*words)
        together(*(partial(_ask, terminal, words, answers) for terminal in (self.terminal, self.colleague)))
        self.did("guaranteed by two at once")
        return next((said for said in answers if said is None or said.done), answers[0])

    def _go_on(self, order: Guaranteed) -> None:
        often: list[Callable[[Guaranteed], None]] = [self._receive, self._receive, self._correct, self._cancel]
        seldom = [partial(one, self) for one in (decisions.let_off, decisions.change, decisions.cancel_otherwise)]
        self.guest.chance.choice([*often, *often, self._change, self._again, self._count, *seldom])(order)
        if any(not told.cancelled for told in order.held.lines) and lot(self.guest.chance, 75):
            self.kept.append(order)

    def _receive(self, order: Guaranteed) -> None:
        """All that is due, or a part of it; sometimes entered twice, and sometimes too much."""
        chance, due = self.guest.chance, self.due(order)
        if not due:
            return
        amount = due if lot(chance, 50) else min(due, Decimal(chance.randint(1, int(due) + 1)))
        if lot(chance, 10):
            amount = due + 1
        self.receipts += 1
        entry = f"receipt {self.guest.user_id[-6:]}-{self.receipts}"
        way = chance.choice(TAKEN)
        words = ["payments", "received", order.reference, str(amount), "--by", way, "--reference", entry]
        said = self.terminal.insist(*words)
        if lot(chance, 20):
            said = self.colleague.insist(*words) or said
        self._note(order.drawer, said, Entry("charge", amount, entry))
        if said and said.done and amount > due:
            self.terminal.odd.append(f"{amount} were taken of {order.reference} where {due} was due")
        self.did("money received" if said and said.done else "money refused")

    def _correct(self, order: Guaranteed) -> None:
        """Take a mistaken entry back, sometimes twice."""
        entered = [one for one in order.drawer.entries if one.kind == "charge" and not one.corrected]
        if not entered:
            return
        entry = self.guest.chance.choice(entered)
        reason = f"mistake {entry.reference}"
        for _ in range(2 if lot(self.guest.chance, 20) else 1):
            said = self.terminal.insist("payments", "correct", entry.payment, "--reason", reason)
        if said and said.done:
            entry.corrected = True
        self._note(order.drawer, said, Entry("refund", entry.amount, reason))
        self.did("entries taken back" if said and said.done else "entries that had gone back in part")

    def _cancel(self, order: Guaranteed) -> None:
        told = self.guest.chance.choice(order.held.lines)
        if told.cancelled is False:
            self.guest.cancel(told, twice=lot(self.guest.chance, 10))
            self.did("rooms cancelled")
        if lot(self.guest.chance, 30):
            self._give_back(70)

    def _change(self, order: Guaranteed) -> None:
        told = self.guest.chance.choice(order.held.lines)
        if told.cancelled is False:
            order.drawer.changed = True
            self.guest.change(told)

    def _again(self, order: Guaranteed) -> None:
        """To be paid in another way: it stays confirmed, unless all of it was cancelled."""
        said = self._guarantee(order.reference)
        if said and not said.done and any(told.cancelled is False for told in order.held.lines):
            self.terminal.odd.append(f"guaranteed again, {order.reference}: {said}")

    def _count(self, _: Guaranteed) -> None:
        """Drawers of what commands have entered are closed with what was in them; others may enter and count, too."""
        said = self.terminal.insist("cash", "list", "--json")
        if said is None or not said.done:
            return
        listed, _end = json.JSONDecoder().raw_decode(said.text, said.text.index("["))
        for one in (one for one in listed if one["state"] == "open"):
            counted = str(max(Decimal(one["expected"]), Decimal(0)))
            words = [
                "cash",
                "close",
                one["propertyId"],
                counted,
                "--currency",
                one["currency"],
                "--note",
                "counted",
                "--yes",
            ]
            done = self.terminal.insist(*words)
            self.did("drawers closed" if done and done.done else "drawers that somebody else had counted")

    def _give_back(self, percent: int) -> int:
        """So many of the refunds that await this reception. Returns how many there were."""
        found = [
            (payment, Decimal(amount), drawer)
            for payment, amount, booking in TO_REFUND.findall(self._listed())
            if (drawer := self.drawers.get(booking.partition("-")[0]))
        ]
        for payment, amount, drawer in found:
            if lot(self.guest.chance, percent):
                self._return(payment, amount, drawer)
        return len(found)

    def _return(self, payment: str, amount: Decimal, drawer: Drawer) -> None:
        entry = f"cash {payment[-8:]}"
        for _ in range(2 if lot(self.guest.chance, 20) else 1):
            said = self.terminal.insist("payments", "returned", payment, "--reference", entry)
        self._note(drawer, said, Entry("refund", amount, entry))
        self.did("money given back" if said and said.done else "money that was not to be given back")

    # --- around them

    def due(self, order: Guaranteed) -> Decimal:
        """What the order says that is due, to whoever asks over HTTP."""
        seen = self.guest.until_final("GET", f"/orders/{order.held.order_id}")
        return Decimal(str(seen.body["due"])) if seen and seen.status == 200 else Decimal(0)

    def new_reason(self, why: str) -> str:
        """One that nobody has given before."""
        self.receipts += 1
        return f"{why} {self.guest.user_id[-6:]}-{self.receipts}"

    def _listed(self) -> str:
        said = self.terminal.insist("payments", "list")
        return said.text if said else ""

    def _note(self, drawer: Drawer, said: Said | None, entry: Entry) -> None:
        """What is in the drawer: once, however often it was said."""
        if said is None:
            drawer.unsure = True
        elif said.done and not drawer.has(entry):
            found = PAYMENT.search(said.text)
            entry.payment = found[0] if found else ""
            drawer.entries.append(entry)

    def did(self, what: str) -> None:
        self.guest.log.did[f"at the reception: {what}"] += 1


def _ask(terminal: Terminal, words: list[str], answers: list[Said | None]) -> None:
    answers.append(terminal.insist(*words))


@contextmanager
def receptions(product: Product, crowd: Crowd) -> Iterator[list[Reception]]:
    """One for each guest that comes to them; closed when the block ends."""
    terminals = [Terminal(product, client.guest.chance) for client in crowd.at_reception]
    try:
        yield [
            Reception(client, terminals[number], terminals[number - 1], crowd.plan_at_reception)
            for number, client in enumerate(crowd.at_reception)
        ]
    finally:
        for terminal in terminals:
            terminal.close()


@contextmanager
def at_work(staff: list[Reception]) -> Iterator[None]:
    """All of them, until the block ends."""
    with ExitStack() as stack:
        for reception in staff:
            stack.enter_context(beside.working(reception.live))
        yield


def drawers_of(staff: list[Reception]) -> dict[str, Drawer]:
    """All of them, by their order's reference."""
    return {reference: drawer for reception in staff for reference, drawer in reception.drawers.items()}
