"""Stripe in a storm: a stand-in that answers late, twice or not at all, and whose messages come in any order.

What it moved is entered into the simulated provider's ledger in the end, so that the same oracle judges it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

from tests.faults import beside
from tests.faults.guests import DECLINED, FICKLE, REFUND_DECLINED, REFUND_SLOW, SLOW
from tests.faults.line import Line
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.account import Form
from tests.stripe_stand_in.stand_in import AFTER, BEFORE, SECRET, SILENT_AFTER, WEBHOOK_SECRET

SILENCE = 1.5  # seconds: longer than the product waits
ODD = 0.03  # of all requests go wrong by themselves
LOST, TWICE = 0.2, 0.3  # of all messages
WAYS: tuple[str | tuple[int, str], ...] = (BEFORE, AFTER, (429, "lock_timeout"), (503, "api_error"))
ENTRY = """
    INSERT INTO simulated_ledger (key, kind, reference, amount, currency) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (key) DO NOTHING"""


class Stripe:
    """The stand-in, and what of it the product is told by its settings."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"stripe {seed}")
        self._kept_waiting: set[str] = set()
        self.stand_in = StandIn(silence=SILENCE, mood=self._mood)
        self.stand_in.shows_pages()
        account = self.stand_in.account
        account.cards |= {FICKLE, SLOW, REFUND_DECLINED, REFUND_SLOW}  # which never is fickle here
        account.declines[DECLINED] = ("card_declined", "generic_decline")
        account.unreturnable = {REFUND_DECLINED}
        self.settings = {
            "PAYMENTS": "stripe",
            "STRIPE_SECRET_KEY": SECRET,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.stand_in.base,
            "STRIPE_PAGE_ORIGIN": self.stand_in.base,
        }

    @contextmanager
    def telling(self, port: int) -> Iterator[None]:
        """Messages go to the product at this port until the block ends."""
        with beside.working(partial(self._tell, Line(port))):
            yield

    def enter_books(self, database: Any) -> list[str]:
        """Everything that was moved, as the simulated provider would have kept it; what moved twice for one payment."""
        account = self.stand_in.account
        paid = [("charge", one) for one in account.intents.values() if one["status"] == "succeeded"]
        kinds = {"succeeded": "refund", "pending": "refund", "failed": "declined"}
        back = [(kinds[one["status"]], one) for one in account.refunds.values()]
        twice = []
        with database.cursor() as cursor:
            for kind, one in [*paid, *back]:
                key, amount = one["metadata"]["payment"], Decimal(one["amount"]) / 100
                cursor.execute(ENTRY, (key, kind, one["id"], amount, one["currency"].upper()))
                if not cursor.rowcount:
                    twice.append(f"Stripe moved a second {kind} for {key}: {one['id']}")
        return twice

    def _mood(self, form: Form) -> str | tuple[int, str] | None:
        intent = self.stand_in.account.intents.get(str(form.get("payment_intent", "")), {})
        if form.get("payment_method") == SLOW:
            return SILENT_AFTER
        card = self.stand_in.account.methods.get(str(intent.get("payment_method")), {}).get("card")
        if card == REFUND_SLOW and intent["id"] not in self._kept_waiting:
            self._kept_waiting.add(intent["id"])
            return SILENT_AFTER
        return self.chance.choice(WAYS) if self.chance.random() < ODD else None

    def _tell(self, line: Line, over: threading.Event) -> None:
        seen, waiting = 0, list[dict[str, Any]]()
        while not over.is_set():
            events = self.stand_in.post.events
            waiting += [event for event in events[seen:] if self.chance.random() > LOST]
            seen = len(events)
            self.chance.shuffle(waiting)
            for _ in range(min(10, len(waiting))):
                told = self.stand_in.post.delivery(waiting[-1])
                reply = line.send("POST", "/webhooks/stripe", told.body, {"Stripe-Signature": told.signature})
                if reply.status == 204 and self.chance.random() > TWICE:
                    waiting.pop()
            time.sleep(0.2)


@contextmanager
def stripe(seed: int) -> Iterator[Stripe]:
    """Stripe at a port of its own."""
    played = Stripe(seed)
    with played.stand_in.open():
        yield played
