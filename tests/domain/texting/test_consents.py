"""Consent to text messages: who gave it, to which number, for what, where and when; and its end, however it comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from booking.domain import people, texting
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import BookingNotFound, Forbidden, Invalid, NotFound
from booking.domain.inputs import accept
from booking.domain.maintenance import retention
from booking.domain.people import staff
from booking.domain.reservations import front_desk, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, Room, TextConsent, User
from booking.domain.texting import ACCOUNT, ALWAYS, BY_DAY, CHECKOUT, DESK, OFF, TextNumber, quiet_until
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from tests.a_text import ANOTHER, NUMBER
from tests.cases import each
from tests.cast import SYSTEM, a_room, acting, all_at_once, later
from tests.domain.reservations.test_desk_bookings import staff as staff_of
from tests.domain.reservations.test_guest_erasure import called, manager, paid

pytestmark = pytest.mark.slow


@reading
def rows() -> list[tuple[str, bool, str, str, str | None]]:
    kept = db.session.query(TextConsent).order_by(TextConsent.id)
    return [(one.number, one.arrivals, one.alerts, one.given_where, one.withdrawn_how) for one in kept]


def test_consent_is_kept_with_where_it_was_given_and_how_it_ended(alice: User) -> None:
    texting.agree_to_texts(acting(alice), NUMBER, CHECKOUT)
    texting.agree_to_texts(acting(alice), NUMBER, ACCOUNT)  # said already
    assert rows() == [(NUMBER, True, OFF, CHECKOUT, None)]
    texting.agree_to_texts(acting(alice), ANOTHER, ACCOUNT)
    texting.withdraw_from_texts(acting(alice))
    texting.withdraw_from_texts(acting(alice))
    assert rows() == [(NUMBER, True, OFF, CHECKOUT, "number"), (ANOTHER, True, OFF, ACCOUNT, "page")]
    assert texting.own_text_consent(acting(alice)) is None


def test_two_at_once_leave_one_consent(app: Flask, alice: User) -> None:
    numbers = (NUMBER, ANOTHER) * 2
    acts: list[Callable[[], Any]] = [
        partial(texting.agree_to_texts, acting(alice), number, ACCOUNT) for number in numbers
    ]
    assert all_at_once(app, acts) == [None] * 4
    assert [how for *_, how in rows()].count(None) == 1


def test_stop_ends_all_of_a_number_and_start_brings_back_what_it_ended(alice: User, bob: User) -> None:
    for who in (alice, bob):
        texting.agree_to_texts(acting(who), NUMBER, ACCOUNT)
    assert texting.stop_texts(SYSTEM, NUMBER) == 2
    assert texting.stop_texts(SYSTEM, NUMBER) == 0
    texting.agree_to_texts(acting(bob), ANOTHER, ACCOUNT)  # since then
    assert resumed(NUMBER) == 1
    assert resumed(NUMBER) == 0
    mine = texting.own_text_consent(acting(alice))
    assert mine
    assert (mine.number, mine.arrivals) == (NUMBER, True)
    texting.withdraw_from_texts(acting(alice))  # by the page: no START from that number undoes it
    assert resumed(NUMBER) == 0


@transaction
def resumed(number: str) -> int:
    return texting.resume_texts_within(SYSTEM, number)


def test_only_the_system_ends_texts_for_others(alice: User) -> None:
    texting.agree_to_texts(acting(alice), NUMBER, ACCOUNT)
    with pytest.raises(Forbidden):
        texting.stop_texts(acting(alice), NUMBER)
    assert texting.own_text_consent(acting(alice))


def test_staff_chooses_alerts_and_keeps_them_apart_from_their_own_stays(alice: User, bob: User) -> None:
    with pytest.raises(NotFound):  # a guest is told of nothing
        texting.choose_text_alerts(acting(alice), BY_DAY, NUMBER)
    staff.give_role(SYSTEM, bob.id, Role.OWNER)
    bob_at_work = Actor.signed_in(bob.id, (Membership(Role.OWNER),), None)
    texting.choose_text_alerts(bob_at_work, ALWAYS, NUMBER)
    texting.agree_to_texts(bob_at_work, NUMBER, ACCOUNT)
    texting.choose_text_alerts(bob_at_work, OFF, None)
    mine = texting.own_text_consent(bob_at_work)
    assert mine
    assert (mine.arrivals, mine.alerts) == (True, OFF)
    told = people.audit_entries(SYSTEM, subject=encode("user", bob.id))
    assert [one.action for one in told].count("texts.agreed") == 3
    assert told[0].now["number"] == NUMBER  # sealed with bob's key


def test_whoever_stays_agrees_at_the_desk_for_their_order_and_it_goes_with_their_contact(
    room: Room, desk: BookingContext
) -> None:
    caller, clerk = called(desk, room, start=3), manager(room)
    front_desk.agree_to_texts(clerk, caller.id, NUMBER)
    front_desk.agree_to_texts(clerk, caller.id, NUMBER)  # said already
    assert rows() == [(NUMBER, True, OFF, DESK, None)]
    with pytest.raises(BookingNotFound):
        front_desk.agree_to_texts(staff_of(a_room()), caller.id, ANOTHER)
    texting.stop_texts(SYSTEM, NUMBER)
    assert [resumed(NUMBER), resumed(NUMBER)] == [1, 0]
    contact = accept(front_desk.ContactChange, {"fullName": "Dana Dials", "phone": "+32 471 23 45 67"}, strict=False)
    change(caller, contact)  # the same number as before is none of the caller's: it was another way of writing it
    assert rows()[-1] == (NUMBER, True, OFF, "reply", "number")
    change(caller, contact.model_copy(update={"texts": True}))
    [given, *_] = personal_data.export_guest(clerk, caller.id, [])["textConsents"]
    assert (given["number"], given["givenWhere"]) == (NUMBER, DESK)
    change(caller, contact.model_copy(update={"texts": False}))
    assert rows()[-1] == (NUMBER, True, OFF, DESK, "staff")
    written = people.audit_entries(SYSTEM, subject=encode("order", caller.order_id))
    assert "texts.agreed" in {one.action for one in written}
    assert not any(NUMBER in str(one.after) for one in written)
    later(dt.timedelta(days=30))
    paid(caller)
    personal_data.erase_guest(clerk, caller.id)
    assert rows() == []


def test_two_who_note_a_consent_at_once_leave_one(app: Flask, room: Room, desk: BookingContext) -> None:
    caller = called(desk, room, start=3)
    acts: list[Callable[[], Any]] = [
        partial(front_desk.agree_to_texts, SYSTEM, caller.id, number) for number in (NUMBER, ANOTHER) * 2
    ]
    assert all_at_once(app, acts) == [None] * 4
    assert [how for *_, how in rows()].count(None) == 1


@each(("phone", "field"), [("", "phone"), ("03 765 43 21", "phone"), ("+32 2 555 12 12", "phone"), (None, "phone")])
def test_nobody_agrees_without_a_number_that_may_be_texted(phone: str | None, field: str) -> None:
    asked = {"fullName": "Dana", "email": "dana@example.com", "texts": "1", **({"phone": phone} if phone else {})}
    with pytest.raises(Invalid) as refusal:
        accept(front_desk.ContactChange, asked, strict=False)
    assert set(refusal.value.details) == {field}


def change(caller: Booking, contact: front_desk.ContactChange) -> None:
    front_desk.change_contact(SYSTEM, caller.id, contact, front_desk.get_booking(SYSTEM, caller.id).order.version)


@each("written", ["0471 23 45 67", "+32 2 555 12 12", "nonsense"])
def test_what_is_no_mobile_number_of_a_country_is_refused(written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        accept(TextNumber, {"mobile": written}, strict=False)
    assert set(refusal.value.details) == {"mobile"}


def test_it_is_theirs_to_see_and_goes_with_the_account(alice: User) -> None:
    texting.agree_to_texts(acting(alice), NUMBER, CHECKOUT)
    [given] = kept_of(alice)["textConsents"]
    assert (given["number"], given["givenWhere"], given["withdrawnAt"]) == (NUMBER, CHECKOUT, None)
    account_deletion.remove(SYSTEM, alice.id)
    assert rows() == []


@reading
def kept_of(who: User) -> dict[str, list[dict[str, object]]]:
    return texting.texts_of_account(who.id)


def test_what_was_withdrawn_is_kept_for_three_years(alice: User) -> None:
    texting.agree_to_texts(acting(alice), NUMBER, ACCOUNT)
    texting.withdraw_from_texts(acting(alice))
    texting.agree_to_texts(acting(alice), ANOTHER, ACCOUNT)
    rule = next(one for one in retention.RULES if one.name == "text_consents")
    assert retention._apply(rule) == 0
    _long_ago(rule.kept + dt.timedelta(days=1))
    later(rule.kept + dt.timedelta(days=1))
    try:
        retention.prune(SYSTEM, dt.timedelta(days=90))
        assert [number for number, *_ in rows()] == [ANOTHER]
    finally:
        clock.shift(dt.timedelta(0))


@transaction
def _long_ago(age: dt.timedelta) -> None:
    """Pruning asks Postgres, whose clock nobody moves."""
    db.session.execute(
        update(TextConsent).where(TextConsent.withdrawn_at.is_not(None)).values(withdrawn_at=clock.now() - age)
    )


@each(
    ("now", "zone", "until"),
    [
        ("2026-12-01T07:59:59+00:00", "Europe/London", "2026-12-01T08:00:00+00:00"),
        ("2026-12-01T08:00:00+00:00", "Europe/London", None),
        ("2026-12-01T20:59:59+00:00", "Europe/London", None),
        ("2026-12-01T21:00:00+00:00", "Europe/London", "2026-12-02T08:00:00+00:00"),
        ("2026-12-01T21:00:00+00:00", "America/New_York", None),
        ("2026-12-01T12:00:00+00:00", "Asia/Tokyo", "2026-12-01T23:00:00+00:00"),
        ("2026-03-28T21:00:00+00:00", "Europe/Lisbon", "2026-03-29T07:00:00+00:00"),  # an hour is skipped that night
    ],
)
def test_a_night_is_the_property_s(now: str, zone: str, until: str | None) -> None:
    found = quiet_until(dt.datetime.fromisoformat(now), zone)
    assert found == (dt.datetime.fromisoformat(until) if until else None)
