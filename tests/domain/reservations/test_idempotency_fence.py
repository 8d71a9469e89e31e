"""A caller that lost its lease keeps nothing: what belongs to whoever took the key over is not overwritten."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import select, text

from booking.domain.errors import IdempotencyConflict, KeyReused, PaymentFailed, PaymentUnknown, RoomLockedByKey
from booking.domain.payments import ledger
from booking.domain.reservations import bookings, holding, idempotency, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.idempotency import Answer, Claim
from booking.domain.tables import Booking, IdempotencyKey, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from booking.infra.provider import Outcome, Provider, Result
from tests.cast import AN_HOUR, SYSTEM, VISA, acting, count, interrupted, later, order, payments_of, silent

MINE, THEIRS = Answer(201, '{"of": "the first"}'), Answer(201, '{"of": "the second"}')


def claimed(user: User) -> Claim:
    claim = idempotency.claim(acting(user), "POST /test", "key-1", b"same request")
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
    assert idempotency.claim(acting(alice), "POST /test", "key-1", b"same request") == THEIRS


def test_whoever_lost_the_lease_does_not_let_go_of_the_key(lost_and_present: tuple[Claim, Claim]) -> None:
    lost, present = lost_and_present
    idempotency.let_go(lost)
    assert row().lease_until == present.lease_until


def test_what_recovery_has_settled_is_not_unknown_again(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    [paid] = payments_of(booked)
    ledger.mark_unknown(paid.id, desk.patience)
    assert payments_of(booked)[0].state == "succeeded"


def test_keys_are_forgotten_after_two_days_the_oldest_first(alice: User) -> None:
    for key in ("first", "second", "third"):
        idempotency.claim(acting(alice), "POST /test", key, b"same request")
    later(idempotency.KEPT_FOR - dt.timedelta(minutes=1))
    assert idempotency.prune() == 0
    idempotency.claim(acting(alice), "POST /test", "new", b"same request")
    # Postgres' own clock, which nobody shifts, says when a key came.
    anew = text("UPDATE idempotency_keys SET created_at = now() + interval '1 hour' WHERE key = 'new'")
    transaction(lambda: db.session.execute(anew))()
    later(dt.timedelta(minutes=2))
    assert idempotency.prune(limit=1) == 1
    assert sorted(keys()) == ["new", "second", "third"]
    assert (idempotency.prune(), idempotency.prune()) == (2, 0)
    assert keys() == ["new"]


@transaction
def keys() -> list[str]:
    return list(db.session.scalars(select(IdempotencyKey.key)))


def test_a_key_belongs_to_its_user_and_its_endpoint(alice: User, bob: User) -> None:
    mine = claimed(alice)
    transaction(idempotency.keep)(mine, MINE)
    assert idempotency.claim(acting(alice), "POST /test", "key-1", b"same request") == MINE
    others = [(bob.id, "POST /test", "key-1"), (alice.id, "POST /other", "key-1"), (alice.id, "POST /test", "key-2")]
    for user_id, endpoint, key in others:
        claim = idempotency.claim(acting(user_id), endpoint, key, b"same request")
        assert isinstance(claim, Claim)
        assert (claim.user_id, claim.endpoint, claim.key, claim.booking_id) == (user_id, endpoint, key, None)
        assert idempotency.mark(claim) != idempotency.mark(mine)  # one guest's call does not hold up another's


def test_another_request_with_the_key_is_refused_whether_it_was_answered_or_not(alice: User) -> None:
    mine = claimed(alice)
    for answered in (False, True):
        if answered:
            transaction(idempotency.keep)(mine, MINE)
        with pytest.raises(KeyReused):
            idempotency.claim(acting(alice), "POST /test", "key-1", b"another request")


def test_the_lease_lasts_half_a_minute_and_whoever_comes_then_finds_what_was_begun(alice: User) -> None:
    mine, begun = claimed(alice), uuid.uuid4()
    assert mine.lease_until - clock.now() == pytest.approx(idempotency.LEASE, abs=dt.timedelta(seconds=2))
    transaction(idempotency.attach)(mine, begun)
    later(idempotency.LEASE - dt.timedelta(seconds=3))
    with pytest.raises(IdempotencyConflict):
        claimed(alice)
    later(dt.timedelta(seconds=4))
    taken_over = claimed(alice)
    assert (taken_over.booking_id, taken_over.user_id) == (begun, alice.id)
    assert taken_over.lease_until - clock.now() == pytest.approx(idempotency.LEASE, abs=dt.timedelta(seconds=2))


def test_a_key_that_was_let_go_may_come_with_another_request_only_where_nothing_was_begun(alice: User) -> None:
    idempotency.let_go(claimed(alice))
    fresh = idempotency.claim(acting(alice), "POST /test", "key-1", b"another request")
    assert isinstance(fresh, Claim)
    transaction(idempotency.attach)(fresh, uuid.uuid4())
    idempotency.let_go(fresh)
    with pytest.raises(KeyReused):
        claimed(alice)
    again = idempotency.claim(acting(alice), "POST /test", "key-1", b"another request")
    assert isinstance(again, Claim)
    assert again.booking_id is not None


def test_a_final_refusal_is_replayed(alice: User) -> None:
    idempotency.keep_refusal(claimed(alice), Answer(409, '{"code": "ROOM_NOT_AVAILABLE"}'))
    assert idempotency.claim(acting(alice), "POST /test", "key-1", b"same request") == Answer(
        409, '{"code": "ROOM_NOT_AVAILABLE"}'
    )


def test_a_request_is_the_same_however_it_was_spelled() -> None:
    day = dt.date(2030, 1, 2)
    one, other = {"from": day, "guests": 2}, {"guests": 2, "from": "2030-01-02"}
    assert idempotency.fingerprint(one) == idempotency.fingerprint(other)
    assert len(idempotency.fingerprint(one)) == 32
    assert idempotency.fingerprint(one) != idempotency.fingerprint(one | {"guests": 3})


def test_a_call_that_comes_again_with_its_key_gets_the_booking_that_the_first_one_began(
    alice: User, room: Room, desk: BookingContext
) -> None:
    first = claimed(alice)
    with pytest.raises(PaymentUnknown):
        bookings.book(
            acting(alice), order(alice, room), VISA, interrupted(desk, silent), claim=first, render=lambda _: MINE
        )
    idempotency.let_go(first)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    again = claimed(alice)
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk, claim=again, render=lambda _: MINE)
    assert (booked.id, booked.status, count(Booking)) == (again.booking_id, "CONFIRMED", 1)
    assert idempotency.claim(acting(alice), "POST /test", "key-1", b"same request") == MINE


def test_a_call_that_comes_again_after_a_declined_card_names_the_booking(
    alice: User, room: Room, desk: BookingContext
) -> None:
    class Declining:
        name = "simulated"

        def cancel(self, *_: object) -> Outcome:
            return Outcome(Result.DECLINED, "")

    first = claimed(alice)
    with pytest.raises(PaymentUnknown):
        bookings.book(
            acting(alice), order(alice, room), VISA, interrupted(desk, silent), claim=first, render=lambda _: MINE
        )
    idempotency.let_go(first)
    again = claimed(alice)
    assert again.booking_id is not None
    with pytest.raises(PaymentFailed) as refusal:
        bookings.book(
            acting(alice), order(alice, room), VISA, replace(desk, provider=cast(Provider, Declining())), claim=again
        )
    assert refusal.value.named == {"bookingId": encode("booking", again.booking_id)}


def test_a_key_that_is_pruned_in_the_very_moment_is_asked_for_again(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed(alice)
    monkeypatch.setattr(idempotency, "find", lambda _: None)
    with pytest.raises(IdempotencyConflict):
        claimed(alice)


def test_another_call_under_the_same_key_is_told_that_it_is_the_same(
    alice: User, room: Room, desk: BookingContext
) -> None:
    mine, wanted = claimed(alice), order(alice, room)
    with holding.lock_rooms(wanted, desk, wait=0, claim=mine), pytest.raises(RoomLockedByKey):
        bookings.book(acting(alice), wanted, VISA, desk, claim=mine)
    with holding.lock_rooms(wanted, desk, wait=0, claim=mine), pytest.raises(RoomLockedByKey):
        bookings.hold_all(acting(alice), wanted, desk, mine)
