"""Idempotency-Key: a repeated request is answered, not repeated; what died is finished by the next one."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from flask import Flask

from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, recovery, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra.provider import NoAnswer, Provider
from tests.api.program import Program, an_order, dates, fields, program_of, refused
from tests.cases import each
from tests.cast import AN_HOUR, DECLINED, SLOW, SYSTEM, a_room, all_at_once, count, in_days, interrupted, later, silent

KEY = "3f0d-the-same-again"
HALF_A_MINUTE = dt.timedelta(seconds=31)


def order(program: Any, room: Room, key: Any = KEY, stay: Any = None, **changes: Any) -> Any:
    return program.post("/bookings", an_order(room, stay, **changes), Idempotency_Key=key)


def replayed(answer: Any) -> Any:
    return answer.headers.get("Idempotency-Replayed") == "true"


@contextmanager
def selling(app: Flask, desk: BookingContext) -> Iterator[None]:
    """The API sells through another desk for a while."""
    services = app.extensions["services"]
    app.extensions["services"] = replace(services, booking_context=desk)
    try:
        yield
    finally:
        app.extensions["services"] = services


def nothing_is_wrong() -> Any:
    return verification.verify().findings == []


# --- the first final answer again


def test_a_booking_is_replayed_word_for_word(api: Program, room: Room) -> None:
    first = order(api, room)
    assert (first.status_code, replayed(first)) == (201, False)
    for _ in range(3):
        again = order(api, room)
        assert (again.status_code, again.data, again.mimetype) == (201, first.data, first.mimetype)
        assert replayed(again)
    assert count(Booking) == count(Payment) == 1


def test_the_same_request_may_be_spelled_differently(api: Program, room: Room) -> None:
    body = an_order(room)
    first = order(api, room)
    turned = api.post("/bookings", dict(reversed(body.items())) | {"comment": "ignored"}, Idempotency_Key=KEY)
    assert (turned.status_code, turned.data) == (201, first.data)


def test_a_declined_card_is_replayed(api: Program, room: Room) -> None:
    first = order(api, room, paymentMethodId=DECLINED)
    again = order(api, room, paymentMethodId=DECLINED)
    refused(again, 402, "PAYMENT_FAILED")
    assert (again.data, replayed(first), replayed(again)) == (first.data, False, True)
    assert count(Payment) == 1


def test_a_room_that_was_taken_is_replayed_even_when_it_is_free_again(api: Program, bobs: Program, room: Room) -> None:
    taken = bobs.post("/bookings", an_order(room)).json["id"]
    first = order(api, room)
    refused(first, 409, "ROOM_NOT_AVAILABLE")
    bobs.post(f"/bookings/{taken}/cancel")
    again = order(api, room)
    assert (again.status_code, again.data, replayed(again)) == (409, first.data, True)
    assert order(api, room, key="another").status_code == 201


def test_another_body_under_the_same_key_is_422(api: Program, room: Room) -> None:
    order(api, room)
    for changes in ({"guests": 1}, dates(in_days(60)), {"paymentMethodId": "pm_card_other"}):
        refused(order(api, room, **changes), 422, "IDEMPOTENCY_KEY_REUSED")
    assert count(Booking) == 1


def test_one_users_key_means_nothing_to_another(api: Program, bobs: Program, room: Room) -> None:
    mine = order(api, room, stay=in_days(30))
    theirs = order(bobs, room, stay=in_days(40))
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json["id"] != theirs.json["id"]
    assert not replayed(theirs)
    refused(order(bobs, room, stay=in_days(30)), 422, "IDEMPOTENCY_KEY_REUSED")


def test_a_replay_comes_before_the_lock_and_the_date_rules(app: Flask, alice: User) -> None:
    room = a_room(time_zone="Asia/Tokyo")  # 47 hours on, check-in is past there at whatever hour this runs
    first = order(program_of(app, alice), room, stay=(stay := in_days(1)))
    later(dt.timedelta(hours=47))
    later_api = program_of(app, alice)
    assert fields(later_api.post("/bookings", an_order(room, stay))) == {"checkIn"}
    again = order(later_api, room, stay=stay)
    assert (again.status_code, again.data, replayed(again)) == (201, first.data, True)


def test_a_replay_works_without_redis(api: Program, room: Room, without_redis: Callable[[], None]) -> None:
    first = order(api, room)
    without_redis()
    assert order(api, room).data == first.data


def test_keys_are_kept_for_a_day_and_then_forgotten(app: Flask, alice: User, room: Room) -> None:
    from booking.domain.reservations import idempotency

    first = order(program_of(app, alice), room, stay=(stay := in_days(30)))
    later(dt.timedelta(hours=25))
    idempotency.prune()
    assert order(program_of(app, alice), room, stay=stay).data == first.data
    later(dt.timedelta(hours=48))
    assert idempotency.prune() == 1


# --- never stored


def test_an_order_with_wrong_fields_leaves_the_key_to_a_right_one(api: Program, room: Room) -> None:
    assert fields(order(api, room, guests=0)) == {"guests"}
    assert order(api, room).status_code == 201


def test_an_order_against_the_rules_leaves_the_key_to_a_right_one(api: Program, room: Room) -> None:
    """400 is never stored: neither as an answer, nor as the body that the key belongs to."""
    assert fields(order(api, room, stay=in_days(600))) == {"checkIn"}
    assert fields(order(api, room, stay=in_days(600))) == {"checkIn"}
    assert fields(order(api, room, guests=5)) == {"guests"}
    assert order(api, room).status_code == 201


def test_a_locked_room_is_not_stored(api: Program, room: Room) -> None:
    from booking.infra import redis
    from booking.infra.ids import encode

    stay = in_days(30)
    note = f"{stay.check_in.isoformat()} {stay.check_out.isoformat()}"
    with redis.lock(f"lock:room:{encode('room', room.id)}", note, ttl_ms=5000, busy=lambda _: True):
        refused(order(api, room), 409, "ROOM_LOCKED")
    booked = order(api, room)
    assert (booked.status_code, replayed(booked)) == (201, False)


def test_a_refused_token_stores_nothing(app: Flask, api: Program, room: Room) -> None:
    refused(order(Program(app, "nonsense"), room), 401, "UNAUTHORIZED")
    assert order(api, room).status_code == 201


@each("key", ["", " ", "two words", "tab\there", "naïve", "ключ", "x" * 256, "a\x7f"])
def test_a_key_is_up_to_255_visible_ascii_characters(standing: tuple[Program, Room], key: str) -> None:
    api, room = standing
    answer = order(api, room, key=key.encode().decode("latin-1"))
    assert fields(answer) == {"Idempotency-Key"}


def test_every_visible_character_and_255_of_them_are_fine(api: Program, room: Room) -> None:
    visible = "".join(map(chr, range(0x21, 0x7F)))
    for key in (visible, "k" * 255, "'; DROP TABLE bookings--"[:9] + "%s"):
        answer = order(api, room, key=key, paymentMethodId=DECLINED)
        assert answer.status_code in {402, 400}
        assert replayed(order(api, room, key=key, paymentMethodId=DECLINED)) == (answer.status_code == 402)


# --- in flight, and at once


class Waiting:
    """A provider that answers when it is told to."""

    name = "simulated"

    def __init__(self, provider: Any) -> None:
        self.provider, self.asked, self.go_on = provider, threading.Event(), threading.Event()

    def charge(self, *order: Any) -> Any:
        self.asked.set()
        assert self.go_on.wait(20)
        return self.provider.charge(*order)

    def __getattr__(self, name: Any) -> Any:
        return getattr(self.provider, name)


def test_while_the_first_is_worked_on_the_second_is_told_to_wait(
    app: Flask, api: Program, room: Room, desk: BookingContext
) -> None:
    waiting = Waiting(desk.provider)
    answers = []
    with selling(app, replace(desk, provider=waiting)):
        first = threading.Thread(target=lambda: answers.append(order(api, room)))
        first.start()
        assert waiting.asked.wait(20)
        second = order(api, room)
        other_body = order(api, room, guests=1)
        waiting.go_on.set()
        first.join()
    refused(second, 409, "IDEMPOTENCY_CONFLICT")
    assert int(second.headers["Retry-After"]) >= 1
    refused(other_body, 422, "IDEMPOTENCY_KEY_REUSED")
    assert answers[0].status_code == 201
    assert order(api, room).data == answers[0].data


def test_a_crowd_with_one_key_books_once(app: Flask, api: Program, room: Room) -> None:
    answers = all_at_once(app, [lambda: order(api, room)] * 12)
    told = Counter((answer.status_code, answer.json.get("error")) for answer in answers)
    assert set(told) <= {(201, None), (409, "IDEMPOTENCY_CONFLICT")}
    assert sum(not replayed(answer) for answer in answers if answer.status_code == 201) == 1
    assert count(Booking) == count(Payment) == 1
    assert order(api, room).status_code == 201


# --- a call that died


class Died(BaseException):
    """The process ends here: nothing after it runs, no handler of ours included."""


def die(*_: Any, **__: Any) -> None:
    raise Died


def crashed(app: Flask, api: Program, room: Room, desk: BookingContext | None = None) -> None:
    """A request that never comes back."""
    with selling(app, desk or app.extensions["services"].booking_context), pytest.raises(Died):
        order(api, room)
    refused(order(api, room), 409, "IDEMPOTENCY_CONFLICT")  # for all we know it still works


def finished_by_the_next_call(api: Program, room: Room, charges: Any = 1) -> None:
    later(HALF_A_MINUTE)
    answer = order(api, room)
    assert (answer.status_code, answer.json.get("status")) == (201, "CONFIRMED"), answer.text
    again = order(api, room)
    assert (again.status_code, again.data, replayed(again)) == (201, answer.data, True)
    assert count(Booking, status="CONFIRMED") == count(Payment, state="succeeded") == 1
    assert count(Payment) == charges
    assert nothing_is_wrong()


def test_died_before_anything_was_held_and_the_next_call_begins_at_once(
    app: Flask, api: Program, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is written with the hold: where that is not there, neither is the key."""
    for module, name in ((bookings, "_hold"), (repository, "add")):
        monkeypatch.setattr(module, name, die)
        with selling(app, replace(desk, lock_rooms=False)), pytest.raises(Died):
            order(api, room)
        monkeypatch.undo()
    answer = order(api, room)
    assert (answer.status_code, replayed(answer)) == (201, False)
    assert nothing_is_wrong()


def test_died_with_the_nights_held_and_no_payment_begun(
    app: Flask, api: Program, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookings, "_begin_payment", die)
    crashed(app, api, room)
    monkeypatch.undo()
    finished_by_the_next_call(api, room)


def test_died_with_the_payment_begun_and_never_charged(
    app: Flask, api: Program, room: Room, desk: BookingContext
) -> None:
    class Dying:
        name = "simulated"

        def charge(self, *_: Any) -> None:
            die()

    crashed(app, api, room, replace(desk, provider=cast(Provider, Dying())))
    finished_by_the_next_call(api, room, charges=2)


def test_died_charged_and_not_confirmed(app: Flask, api: Program, room: Room, desk: BookingContext) -> None:
    crashed(app, api, room, interrupted(desk, die))
    finished_by_the_next_call(api, room)


def test_died_after_the_confirmation_before_the_answer(
    app: Flask, api: Program, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from booking.api import keyed

    monkeypatch.setattr(keyed, "_done", die)
    with pytest.raises(Died):
        order(api, room)
    monkeypatch.undo()
    answer = order(api, room)  # at once: the answer was kept with the confirmation
    assert (answer.status_code, replayed(answer)) == (201, True)
    assert nothing_is_wrong()


def test_died_and_recovery_was_quicker(app: Flask, api: Program, room: Room, desk: BookingContext) -> None:
    crashed(app, api, room, interrupted(desk, die))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    finished_by_the_next_call(api, room)


def test_died_uncharged_and_somebody_else_booked_meanwhile(
    app: Flask, api: Program, bobs: Program, room: Room, desk: BookingContext
) -> None:
    class Dying:
        name = "simulated"

        def charge(self, *_: Any) -> None:
            die()

    crashed(app, api, room, replace(desk, provider=cast(Provider, Dying())))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert bobs.post("/bookings", an_order(room)).status_code == 201
    later(HALF_A_MINUTE)
    refused(order(api, room), 409, "ROOM_NOT_AVAILABLE")
    assert replayed(order(api, room))
    assert nothing_is_wrong()


# --- no answer from the provider


def test_an_unknown_payment_is_503_and_the_same_key_settles_it(
    app: Flask, api: Program, room: Room, desk: BookingContext
) -> None:
    with selling(app, interrupted(desk, silent)):
        unknown = order(api, room)
    refused(unknown, 503, "PAYMENT_UNKNOWN")
    assert int(unknown.headers["Retry-After"]) >= 1
    assert count(Booking, status="PENDING") == 1
    settled = order(api, room)
    assert (settled.status_code, replayed(settled)) == (201, False)
    assert replayed(order(api, room))
    assert nothing_is_wrong()


def test_an_unknown_payment_that_recovery_settled_answers_201(
    app: Flask, api: Program, room: Room, desk: BookingContext
) -> None:
    unknown = order(api, room, paymentMethodId=SLOW)
    refused(unknown, 503, "PAYMENT_UNKNOWN")
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert order(api, room, paymentMethodId=SLOW).status_code == 201
    assert count(Payment) == 1
    assert nothing_is_wrong()


def test_a_provider_that_stays_silent_is_503_each_time_and_charges_once_at_last(
    app: Flask, api: Program, room: Room, desk: BookingContext
) -> None:
    class Mute:
        name = "simulated"

        def charge(self, *_: Any) -> None:
            raise NoAnswer

        cancel = charge

    with selling(app, replace(desk, provider=cast(Provider, Mute()))):
        for _ in range(3):
            refused(order(api, room), 503, "PAYMENT_UNKNOWN")
    assert order(api, room).status_code == 201
    assert count(Payment, state="succeeded") == 1
    assert nothing_is_wrong()
