"""What a guest and the house write to each other: by whom, once, not too often, and gone with the guest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import correspondence
from booking.domain.actors import Actor, Role
from booking.domain.correspondence import ConversationNotFound, MessageText, conversations
from booking.domain.correspondence.errors import GuestUnreachable, MessageOfUnconfirmed
from booking.domain.correspondence.inbox import MessageSearch
from booking.domain.errors import BookingNotFound, Invalid, NotFound, TooManyAttempts
from booking.domain.inputs import accept
from booking.domain.payments import Contact
from booking.domain.reservations import bookings, front_desk, holds, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import contact_changes
from booking.domain.reservations.front_desk.contact_changes import ContactChange
from booking.domain.reservations.personal_data import account_deletion, gathering
from booking.domain.tables import Booking, Event, GuestMessage, Room, User
from booking.infra.db import db, reading
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, count, in_days, later, order, order_of
from tests.domain.reservations.test_desk_bookings import CALLER, staff
from tests.domain.reservations.test_guest_erasure import BY_PHONE, called, manager, paid

pytestmark = pytest.mark.slow

SECRETS = ("a secret", "the one before")
MINUTE, A_DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)


def ask(who: User | Actor, booking: Booking, said: str = "Is there a cot?") -> correspondence.Said:
    actor = who if isinstance(who, Actor) else acting(who)
    return correspondence.write_to_house(actor, booking.id, MessageText(message=said))


def reply(who: Actor, booking: Booking, said: str = "There is.", **seen: object) -> correspondence.Said:
    return correspondence.answer_guest(who, booking.id, MessageText(message=said), **seen)  # type: ignore[arg-type]


def talk(who: Actor, booking: Booking) -> correspondence.Conversation:
    return correspondence.read_conversation(who, booking.id)


@reading
def events(kind: str) -> list[dict[str, object]]:
    return list(db.session.scalars(select(Event.payload).where(Event.type == kind).order_by(Event.id)))


def test_a_question_and_its_answer_are_read_by_both(alice: User, room: Room, booked: Booking) -> None:
    anna = staff(room)
    ask(alice, booked, "Is there\na cot?")
    assert [(one.reference, one.to_answer) for one in correspondence.messages_to_answer(anna, [room.property_id])] == [
        (booked.reference, 1)
    ]
    reply(anna, booked)
    assert correspondence.messages_to_answer(anna, [room.property_id]) == []
    for seen in (correspondence.own_conversation(acting(alice), booked.id), talk(anna, booked)):
        assert [(one.is_guests, one.text, one.is_open) for one in seen.said] == [
            (True, "Is there\na cot?", False),
            (False, "There is.", False),
        ]
    [received], [answered] = events("message.received"), events("message.answered")
    assert (received["actor"], answered["actor"]) == (str(acting(alice)), str(anna))
    for told in (received, answered):
        assert told["reference"] == booked.reference
        assert "cot" not in str(told)
        assert "There" not in str(told)


def test_what_was_done_stands_in_the_audit_log_without_its_words(alice: User, room: Room, booked: Booking) -> None:
    ask(alice, booked)
    reply(staff(room), booked)
    ask(alice, booked, "And a bath?")
    for _ in range(2):
        correspondence.settle_messages(staff(room), booked.id)
    history = front_desk.get_booking(SYSTEM, booked.id).history
    told = [(one.action, one.before, one.after) for one in history if one.action.startswith("message.")]
    assert told == [("message.settled", {}, {}), ("message.answered", {}, {})]


def test_pressed_twice_or_at_once_it_is_one_message(app: Flask, alice: User, room: Room, booked: Booking) -> None:
    anna = staff(room)
    asked = all_at_once(app, [lambda: ask(alice, booked)] * 3)
    answered = all_at_once(app, [lambda: reply(anna, booked)] * 3)
    assert [len({one.id for one in same}) for same in (asked, answered)] == [1, 1]
    assert (count(Event, type="message.received"), count(Event, type="message.answered")) == (1, 1)
    later(2 * MINUTE)
    ask(alice, booked)
    assert count(GuestMessage) == 3


def test_what_came_after_the_page_was_shown_stays_to_be_answered(alice: User, room: Room, booked: Booking) -> None:
    seen = ask(alice, booked).id
    ask(alice, booked, "By the way, we are five.")
    reply(staff(room), booked, seen=seen)
    assert [one.text for one in talk(staff(room), booked).said if one.is_open] == ["By the way, we are five."]
    assert correspondence.settle_messages(staff(room), booked.id) == 1


def test_nobody_else_reads_or_writes(alice: User, bob: User, room: Room, booked: Booking) -> None:
    strangers = (acting(bob), staff(room, Role.HOUSEKEEPING), staff(a_room(), Role.OWNER))
    ask(alice, booked)
    tried: list[Callable[[Actor], object]] = [
        lambda who: ask(who, booked),
        lambda who: reply(who, booked),
        lambda who: talk(who, booked),
        lambda who: correspondence.own_conversation(who, booked.id),
        lambda who: correspondence.settle_messages(who, booked.id),
    ]
    for who in strangers:
        for act in tried:
            with pytest.raises(BookingNotFound):
                act(who)
    with pytest.raises(BookingNotFound):
        reply(acting(alice), booked)  # the guest does not speak for the house
    with pytest.raises(BookingNotFound):
        ask(staff(room), booked)  # nor the house for the guest
    assert correspondence.messages_to_answer(staff(a_room()), [room.property_id]) == []
    assert count(GuestMessage) == 1


@each("said", ["", "  \n ", "x" * 4001, "\x07"])
def test_what_says_nothing_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        accept(MessageText, {"message": said}, strict=False)


def test_a_guest_writes_twenty_times_a_day(alice: User, room: Room, booked: Booking) -> None:
    for number in range(conversations.MOST_A_DAY):
        ask(alice, booked, f"Question {number}")
    with pytest.raises(TooManyAttempts) as refused:
        ask(alice, booked, "One more")
    assert 0 < refused.value.retry_after <= A_DAY.total_seconds()
    reply(staff(room), booked)  # the house may
    later(A_DAY + MINUTE)
    ask(alice, booked, "One more")


def test_nothing_is_written_about_a_hold_or_to_nobody(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(60)), desk)
    with pytest.raises(MessageOfUnconfirmed):
        ask(alice, held)
    caller = called(desk, room, BY_PHONE, start=10)
    with pytest.raises(GuestUnreachable):
        reply(staff(room), caller)
    assert isinstance(talk(staff(room), caller).refusal, GuestUnreachable)


# --- without an account


def link_of(booking: Booking, secrets: tuple[str, ...] = SECRETS) -> str:
    return correspondence.written_conversation_link(booking.id, order_of(booking).contact_email or "", secrets)


def test_a_link_reads_and_writes_until_the_address_changes(room: Room, desk: BookingContext) -> None:
    caller = called(desk, room, CALLER, start=5)
    link = link_of(caller)
    for with_secrets in (SECRETS, ("a new one", *SECRETS)):
        correspondence.write_by_conversation_link(link, MessageText(message="Is there a cot?"), with_secrets)
    [said] = correspondence.look_by_conversation_link(link, SECRETS).said
    assert (said.is_guests, said.text, said.is_open) == (True, "Is there a cot?", True)
    assert [one["actor"] for one in events("message.received")] == ["system:conversation-link"]
    changed = accept(ContactChange, {"fullName": "Carol", "email": "carol.calls@example.com"}, strict=False)
    contact_changes.change(staff(room), caller.id, changed, order_of(caller).version)
    with pytest.raises(ConversationNotFound):
        correspondence.look_by_conversation_link(link, SECRETS)
    assert correspondence.look_by_conversation_link(link_of(caller), SECRETS).said == (said,)


def test_a_link_that_is_not_ours_or_too_old_leads_nowhere(room: Room, desk: BookingContext, booked: Booking) -> None:
    caller = called(desk, room, CALLER, start=10)
    other = called(desk, room, Contact("Dana", "dana@example.com"), start=20)
    proof = link_of(other).partition(".")[2]
    of_account = correspondence.written_conversation_link(booked.id, "alice@example.com", SECRETS)
    for wrong in ("", "x", f"{link_of(caller)}0", f"{link_of(caller).partition('.')[0]}.{proof}", of_account):
        with pytest.raises(ConversationNotFound):
            correspondence.look_by_conversation_link(wrong, SECRETS)
    link = link_of(caller)
    later(75 * A_DAY)
    with pytest.raises(ConversationNotFound):
        correspondence.write_by_conversation_link(link, MessageText(message="Thank you"), SECRETS)


def test_it_goes_with_the_account_and_with_the_contact_and_its_guest_may_read_it(
    alice: User, room: Room, booked: Booking, desk: BookingContext
) -> None:
    caller = paid(called(desk, room, CALLER, start=10))
    ask(alice, booked)
    reply(staff(room), booked)
    correspondence.write_by_conversation_link(link_of(caller), MessageText(message="Late"), SECRETS)
    told = gathering._gathered(acting(alice), ["a secret"])["messages"]
    assert [(one["from"], one["message"]) for one in told] == [("house", "There is."), ("guest", "Is there a cot?")]
    later(15 * A_DAY)
    account_deletion.remove(SYSTEM, alice.id)
    assert count(GuestMessage) == 1
    personal_data.erase_guest(manager(room), caller.id)
    assert count(GuestMessage) == 0


# --- the list


def found(who: Actor, **asked: str) -> list[str]:
    entries = correspondence.find_conversations(who, MessageSearch(**asked)).entries  # type: ignore[arg-type]
    return [one.reference for one in entries]


def test_staff_finds_the_conversations_of_its_houses(
    alice: User, bob: User, room: Room, booked: Booking, desk: BookingContext
) -> None:
    bobs = bookings.book(acting(bob), order(bob, room, in_days(20)), VISA, desk)
    elsewhere = bookings.book(acting(bob), order(bob, a_room(), in_days(20)), VISA, desk)
    for who, booking in ((alice, booked), (bob, bobs), (bob, elsewhere)):
        ask(who, booking)
    reply(staff(room), booked)
    assert found(staff(room)) == [booked.reference, bobs.reference]
    assert found(staff(room), state="open") == [bobs.reference]
    assert found(staff(room), q="alice") == [booked.reference]
    assert found(staff(room), q=elsewhere.reference) == []
    assert set(found(SYSTEM)) == {booked.reference, bobs.reference, elsewhere.reference}
    for nobody in (staff(room, Role.HOUSEKEEPING), acting(alice)):
        with pytest.raises(NotFound):
            found(nobody)
    first = correspondence.find_conversations(staff(room), MessageSearch(), 1)
    assert [one.reference for one in first.entries] == [booked.reference]
    assert found(staff(room), after=str(first.after)) == [bobs.reference]
