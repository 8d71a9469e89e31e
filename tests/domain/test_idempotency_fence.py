"""A caller that lost its lease keeps nothing: what belongs to whoever took the key over is not overwritten."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from booking.domain import bookings, idempotency, payments
from booking.domain.bookings import Desk
from booking.domain.errors import IdempotencyConflict
from booking.domain.idempotency import Answer, Claim
from booking.domain.models import IdempotencyKey, Room, User
from booking.infra.db import db, transaction
from tests.cast import VISA, later, order, payments_of

MINE, THEIRS = Answer(201, '{"of": "the first"}'), Answer(201, '{"of": "the second"}')


def claimed(user: User) -> Claim:
    claim = idempotency.claim(user.id, "POST /test", "key-1", b"same request")
    assert isinstance(claim, Claim)
    return claim


@transaction
def row() -> Any:
    return db.session.scalars(select(IdempotencyKey)).one()


def keeps(claim: Claim) -> None:
    transaction(idempotency.keep)(claim, MINE)


def attaches(claim: Claim) -> None:
    transaction(idempotency.attach)(claim, uuid.uuid4())


@pytest.fixture
def lost_and_present(alice: User) -> tuple[Claim, Claim]:
    """A claim whose lease ran out, and the one that took its key over."""
    lost = claimed(alice)
    later(idempotency.LEASE)
    return lost, claimed(alice)


@pytest.mark.parametrize("act", [keeps, attaches])
def test_whoever_lost_the_lease_cannot_go_on(
    lost_and_present: tuple[Claim, Claim], act: Callable[[Claim], None]
) -> None:
    lost, present = lost_and_present
    with pytest.raises(IdempotencyConflict):
        act(lost)
    assert (row().status, row().booking_id) == (None, None)
    act(present)
    assert (row().status is not None, row().booking_id is not None) == (act is keeps, act is attaches)


def test_an_answer_that_is_kept_is_not_written_over_by_the_one_before(
    lost_and_present: tuple[Claim, Claim], alice: User
) -> None:
    lost, present = lost_and_present
    transaction(idempotency.keep)(present, THEIRS)
    with pytest.raises(IdempotencyConflict):
        keeps(lost)
    idempotency.keep_refusal(lost, Answer(409, "{}"))
    assert idempotency.claim(alice.id, "POST /test", "key-1", b"same request") == THEIRS


def test_whoever_lost_the_lease_does_not_let_go_of_the_key(lost_and_present: tuple[Claim, Claim]) -> None:
    lost, present = lost_and_present
    idempotency.let_go(lost)
    assert row().lease_until == present.lease_until


def test_what_recovery_has_settled_is_not_unknown_again(alice: User, room: Room, desk: Desk) -> None:
    booked = bookings.book(order(alice, room), VISA, desk)
    [paid] = payments_of(booked)
    payments.mark_unknown(paid.id, desk.patience)
    assert payments_of(booked)[0].state == "succeeded"
