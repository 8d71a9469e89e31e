"""Between looking and acting a guest waits a moment, so that others come in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from booking.domain import inventory, payments, pricing
from booking.domain.inventory import availability
from booking.domain.payments import by_hand, cash, ledger
from booking.domain.reservations import cancellation
from booking.infra import db

PAUSE = 0.02  # seconds


@contextmanager
def pauses() -> Iterator[None]:
    with ExitStack() as stack:
        for module, name in (
            (inventory, "claim_nights"),
            (inventory, "pin_nights"),
            (availability, "block"),
            (payments, "start_charge"),
            (pricing, "promotion_uses"),
            (payments, "start_refunds"),
            (ledger, "start_again"),
            (cancellation, "refuse_unless_possible"),
            (cash, "latest"),
            (by_hand, "refuse_unless_due"),
        ):
            stack.enter_context(patch.object(module, name, _slow(getattr(module, name))))
        for name in ("claim_nights_or_refuse", "pin_nights_or_refuse", "book_nights_or_refuse"):
            stack.enter_context(patch.object(inventory, name, _slow(_sent_at_once(getattr(inventory, name)))))
        yield


def _sent_at_once(act: Callable[..., None]) -> Callable[..., None]:
    """What waits for the next message would leave nobody the time to come in between."""

    def sent(*args: Any, **kwargs: Any) -> None:
        act(*args, **kwargs)
        db._attempt_now().batch.send()

    return sent


def _slow(act: Callable[..., Any]) -> Callable[..., Any]:
    def slowly(*args: Any, **kwargs: Any) -> Any:
        time.sleep(PAUSE)
        result = act(*args, **kwargs)
        time.sleep(PAUSE)
        return result

    return slowly
