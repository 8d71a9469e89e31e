"""A request that carries an Idempotency-Key: done once, whatever becomes of the call and its process.

Nearly every key is new. So it is written with the hold; only where that does not come to pass is it looked up alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from booking.domain.errors import (
    BookingError,
    IdempotencyConflict,
    PaymentFailed,
    RoomLocked,
    RoomLockedByKey,
    RoomNotAvailable,
)
from booking.domain.reservations import idempotency
from booking.domain.reservations.idempotency import Answer, Claim, KeyKnown
from booking.infra.db import Unavailable

FINAL = (PaymentFailed, RoomNotAvailable)  # refusals that a repeated request gets again

Result = TypeVar("Result")


def once(
    first: Claim, work: Callable[[Claim], Result], render_refusal: Callable[[BookingError], Answer]
) -> Result | Answer:
    """Do the `work`, such as book(), under a key; the answer that was kept under it, where there is one.

    Raises like the work, KeyReused (another request), IdempotencyConflict (being worked on). FINAL refusals are kept as
    answers; after any other the next call may begin at once.
    """
    try:
        return _under(first, work, render_refusal)
    except RoomLocked as locked:
        # Whoever has the room may have this very key: it is looked up, and not taken away from that call.
        known = idempotency.find(first)
        if known is None:
            _refuse(locked)
    except KeyKnown:
        known = idempotency.claim_again(first)
    try:
        return known if isinstance(known, Answer) else _under(known, work, render_refusal)
    except RoomLocked as locked:
        _refuse(locked)


def once_claimed(
    first: Claim, work: Callable[[Claim], Result], render_refusal: Callable[[BookingError], Answer]
) -> Result | Answer:
    """The same for work that may be over without a hold: the key is written by itself, before it begins."""
    known = idempotency.claim_again(first)
    return known if isinstance(known, Answer) else _under(known, work, render_refusal)


def _refuse(locked: RoomLocked) -> NoReturn:
    """Another call with this key writes it with its hold, any moment now: that is not somebody else's booking."""
    if isinstance(locked, RoomLockedByKey):
        raise IdempotencyConflict from locked
    raise locked


def _under(claim: Claim, work: Callable[[Claim], Result], render_refusal: Callable[[BookingError], Answer]) -> Result:
    try:
        return work(claim)
    except FINAL as refusal:
        if not idempotency.keep_refusal(claim, render_refusal(refusal)):
            raise IdempotencyConflict from refusal
        raise
    except (BookingError, Unavailable):
        idempotency.let_go(claim)
        raise
