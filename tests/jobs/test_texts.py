"""Text messages on their way: to who has agreed, by day, once, and in as few segments as what they say takes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import replace
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from booking.domain import correspondence, messages, people, system, texting
from booking.domain.actors import Actor, Membership, Role
from booking.domain.correspondence import TextSearch
from booking.domain.inputs import accept
from booking.domain.payments import Contact
from booking.domain.people import staff
from booking.domain.reservations import bookings, front_desk
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest, OrderItem, OrderRequest
from booking.domain.stays import Stay
from booking.domain.system import alert_news, causes
from booking.domain.system.causes import Cause, Look
from booking.domain.tables import Booking, Delivery, Event, Property, Room, User
from booking.domain.texting import ACCOUNT, ALWAYS, BY_DAY, TEXT
from booking.http.services import Services, current_services
from booking.infra import clock
from booking.infra import texting as texters
from booking.infra.db import db, transaction
from booking.infra.doctor import texts as doctor_texts
from booking.infra.texting import measured
from booking.jobs import text_deliveries, ticker
from tests.a_text import NUMBER
from tests.cast import SYSTEM, VISA, acting, beside, person, today
from tests.domain.reservations.test_guest_erasure import called
from tests.twilio_stand_in import ACCOUNT as ACCOUNT_SID
from tests.twilio_stand_in import DROPPED, DROPPED_AFTER, SENDER, STOPPED_NUMBER, TOKEN, UNKNOWN_NUMBER, TwilioStandIn

pytestmark = pytest.mark.slow
ZONE = ZoneInfo("Europe/Brussels")


@pytest.fixture(autouse=True)
def right_time() -> Iterator[None]:
    yield
    clock.shift(dt.timedelta(0))


@pytest.fixture
def twilio(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwilioStandIn]:
    services: Services = app.extensions["services"]
    with TwilioStandIn().open() as running:
        settings = replace(
            services.settings,
            sms="twilio",
            sms_from=SENDER,
            twilio_account_sid=ACCOUNT_SID,
            twilio_auth_token=TOKEN,
            twilio_api_base=running.base,
            site_url="https://rooms.example",
        )
        sending = replace(services, settings=settings, texter=texters.configured(settings))
        monkeypatch.setitem(app.extensions, "services", sending)
        yield running


@pytest.fixture
def arriving(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Alice comes in three days, and has agreed to be texted."""
    texting.agree_to_texts(acting(alice), NUMBER, ACCOUNT)
    return booked(alice, room, desk)


def booked(who: User, room: Room, desk: BookingContext) -> Booking:
    day = today() + dt.timedelta(days=3)
    return bookings.book(
        acting(who), BookingRequest(who.id, room.id, Stay(day, day + dt.timedelta(days=2)), 2), VISA, desk
    )


def it_is(hour: str, day: dt.date, days: int = 0) -> None:
    """There, by the clock of the property; `days` from that day."""
    there = dt.datetime.combine(day + dt.timedelta(days=days), dt.time.fromisoformat(hour), ZONE)
    clock.shift(there - dt.datetime.now(dt.UTC))


def deliver() -> None:
    messages.relay_events()
    text_deliveries.send([event_id for consumer, event_id in messages.due_deliveries() if consumer == TEXT])


@transaction
def offer_again() -> None:
    db.session.execute(update(Delivery).values(next_at=clock.now() - dt.timedelta(seconds=1)))


def told() -> int:
    """How many are; what is recorded now happens now, also by the clock of whoever gives up."""
    number = correspondence.tell_arrivals(SYSTEM)
    _happened_now()
    return number


@transaction
def _happened_now() -> None:
    mine = update(Event).where(Event.type.in_(texting.TEXT_EVENTS), Event.sent_at.is_(None))
    db.session.execute(mine.values(occurred_at=clock.now()))


def listed(**wanted: Any) -> list[tuple[str, str | None]]:
    return [(one.state, one.error) for one in correspondence.find_texts(SYSTEM, TextSearch(**wanted)).entries]


def test_a_guest_is_texted_the_afternoon_before_once(arriving: Booking, twilio: TwilioStandIn) -> None:
    for hour, days in (("15:59", -1), ("23:00", -1), ("12:00", -2)):
        it_is(hour, arriving.check_in, days)
        assert told() == 0, hour
    it_is("16:00", arriving.check_in, -1)
    assert (told(), told()) == (1, 0)
    deliver()
    [sent] = twilio.messages
    assert sent["to"] == NUMBER
    assert sent["body"].startswith(f"{arriving.property_name}: check-in is tomorrow, ")
    assert sent["body"].endswith(f"Antwerp. Booking {arriving.reference}. Reply STOP to end these texts.")
    assert measured(sent["body"]).segments == 1
    assert listed(q=arriving.reference) == [("sent", None)]
    it_is("09:00", arriving.check_in)
    assert told() == 0


def test_a_caller_who_has_agreed_at_the_desk_is_texted_until_the_number_is_another_one(
    room: Room, desk: BookingContext, twilio: TwilioStandIn
) -> None:
    caller = called(desk, room, Contact("Dana Dials", "dana@example.com", "+32 471 23 45 67"))
    it_is("16:00", caller.check_in, -1)
    assert told() == 0
    front_desk.agree_to_texts(SYSTEM, caller.id, NUMBER)
    assert (told(), told()) == (1, 0)
    deliver()
    assert [one["to"] for one in twilio.messages] == [NUMBER]
    assert listed(q=caller.reference) == [("sent", None)]
    [of_order] = correspondence.texts_of_order(SYSTEM, [caller.id])
    assert (of_order.reference, of_order.number) == (caller.reference, NUMBER)
    reply = correspondence.hear_text_reply(SYSTEM, "SM9", NUMBER, "We come late", "")
    assert (reply, len(correspondence.read_conversation(SYSTEM, caller.id).said)) == (True, 1)
    assert correspondence.hear_text_reply(SYSTEM, "SM10", NUMBER, "STOP", "stop")
    assert texting.find_text_consent_for_order(caller.order_id) is None


def test_a_text_to_a_caller_goes_nowhere_once_they_have_another_number(
    room: Room, desk: BookingContext, twilio: TwilioStandIn
) -> None:
    caller = called(desk, room, start=3)
    front_desk.agree_to_texts(SYSTEM, caller.id, NUMBER)
    it_is("16:00", caller.check_in, -1)
    assert told() == 1
    version = front_desk.get_booking(SYSTEM, caller.id).order.version
    wanted = accept(front_desk.ContactChange, {"fullName": "Dana Dials", "phone": "+46 70 174 06 05"}, strict=False)
    front_desk.change_contact(SYSTEM, caller.id, wanted, version)
    deliver()
    assert (twilio.messages, messages.due_deliveries()) == ([], [])


def test_who_agrees_on_the_day_itself_is_texted_then(
    alice: User, room: Room, desk: BookingContext, twilio: TwilioStandIn
) -> None:
    made = booked(alice, room, desk)
    it_is("07:59", made.check_in)
    assert told() == 0
    texting.agree_to_texts(acting(alice), NUMBER, ACCOUNT)
    assert told() == 0
    it_is("08:00", made.check_in)
    assert told() == 1
    deliver()
    assert "check-in is today" in twilio.messages[0]["body"]


def test_rooms_of_one_order_are_one_text(alice: User, room: Room, desk: BookingContext, twilio: TwilioStandIn) -> None:
    texting.agree_to_texts(acting(alice), NUMBER, ACCOUNT)
    other = beside(room, "Attic", 90)
    day = today() + dt.timedelta(days=3)
    items = tuple(OrderItem(one.id, Stay(day, day + dt.timedelta(days=1)), 1) for one in (room, other))
    bookings.book_all(acting(alice), OrderRequest(alice.id, items), VISA, desk)
    it_is("17:00", day, -1)
    assert told() == 1


def test_nobody_is_texted_without_consent_or_when_nobody_is_expected(
    alice: User, bob: User, room: Room, desk: BookingContext, twilio: TwilioStandIn
) -> None:
    made = booked(bob, room, desk)
    it_is("17:00", made.check_in, -1)
    assert told() == 0
    texting.agree_to_texts(acting(bob), NUMBER, ACCOUNT)
    bookings.cancel(acting(bob), made.id, desk)
    assert told() == 0


def test_what_changes_before_it_is_sent_is_heeded(
    arriving: Booking, alice: User, desk: BookingContext, twilio: TwilioStandIn
) -> None:
    it_is("17:00", arriving.check_in, -1)
    assert told() == 1
    texting.withdraw_from_texts(acting(alice))
    deliver()
    assert (twilio.asked, listed(), messages.outbox_figures()["text_waiting"]) == ([], [], 0)


def test_at_night_it_waits_for_the_morning(arriving: Booking, twilio: TwilioStandIn) -> None:
    it_is("20:55", arriving.check_in, -1)
    assert told() == 1
    it_is("21:00", arriving.check_in, -1)
    deliver()
    assert (twilio.asked, listed()) == ([], [("to_send", None)])
    assert "text" not in [cause.facts.get("consumer") for cause in causes._late()]  # emails here are
    it_is("07:59", arriving.check_in)
    deliver()
    assert twilio.asked == []
    it_is("08:01", arriving.check_in)
    deliver()
    assert "check-in is today" in twilio.messages[0]["body"]


@pytest.mark.parametrize("trouble", [DROPPED, DROPPED_AFTER, (429, 20429), (401, 20003), (500, 20500)])
def test_an_answer_that_never_came_is_asked_after_and_nothing_is_sent_twice(
    arriving: Booking, twilio: TwilioStandIn, trouble: Any
) -> None:
    it_is("17:00", arriving.check_in, -1)
    told()
    clock_now = clock.now()
    twilio.troubles.append(trouble)
    deliver()
    for one in twilio.messages:
        one["date_created"] = format_datetime(clock_now)
    assert listed(state="to_send")[0][1]
    offer_again()
    deliver()
    assert (len(twilio.messages), listed()) == (1, [("sent", None)])
    assert twilio.asked[1] == "GET"


@pytest.mark.parametrize(("dialled", "code"), [(UNKNOWN_NUMBER, "21211"), (STOPPED_NUMBER, "21610")])
def test_a_number_that_takes_none_is_given_up_and_a_stopped_one_ends_its_consent(
    arriving: Booking, alice: User, twilio: TwilioStandIn, dialled: str, code: str
) -> None:
    texting.agree_to_texts(acting(alice), dialled, ACCOUNT)
    it_is("17:00", arriving.check_in, -1)
    told()
    deliver()
    assert listed(state="failed") == [("failed", f"refused: {code}")]
    assert (texting.own_text_consent(acting(alice)) is None) == (dialled == STOPPED_NUMBER)
    assert [cause.code for cause in causes._given_up()] == ["texts_given_up"]


def test_what_was_given_up_is_tried_again_by_staff_of_the_house_alone(
    arriving: Booking, bob: User, room: Room, twilio: TwilioStandIn
) -> None:
    it_is("17:00", arriving.check_in, -1)
    told()
    twilio.troubles.append((400, 30003))
    deliver()
    [failed] = correspondence.find_texts(SYSTEM, TextSearch()).entries
    stranger = Actor.signed_in(bob.id, (Membership(Role.DESK, uuid.uuid4()),), None)
    clerk = Actor.signed_in(bob.id, (Membership(Role.DESK, room.property_id),), None)
    with pytest.raises(correspondence.SentTextNotFound):
        correspondence.try_text_again(stranger, failed.id)
    assert correspondence.find_texts(stranger, TextSearch()).entries == ()
    assert len(correspondence.find_texts(clerk, TextSearch()).entries) == 1
    assert correspondence.try_text_again(clerk, failed.id)
    assert not correspondence.try_text_again(clerk, failed.id)
    deliver()
    assert listed() == [("sent", None)]


def test_what_does_not_fit_is_left_out_the_least_important_first(
    arriving: Booking, room: Room, twilio: TwilioStandIn
) -> None:
    _house(room, contact_phone="+32 3 123 45 67")
    _sold(arriving, property_name="Ḥotel " + "x" * 120, address={"street": "y" * 60, "city": "Łódź"})
    it_is("17:00", arriving.check_in, -1)
    told()
    deliver()
    body = twilio.messages[0]["body"]
    assert measured(body).segments <= 2
    assert arriving.reference in body
    assert "STOP" in body
    assert "Łódź" not in body


@transaction
def _house(room: Room, **said: Any) -> None:
    db.session.execute(update(Property).where(Property.id == room.property_id).values(said))


@transaction
def _sold(booking: Booking, **said: Any) -> None:
    db.session.execute(update(Booking).where(Booking.id == booking.id).values(said))


def test_nothing_is_looked_for_while_nobody_sends_any(app: Flask, arriving: Booking) -> None:
    settings = app.extensions["services"].settings
    assert "arrivals" not in [chore.name for chore in ticker.chores(settings)]
    assert "arrivals" in [chore.name for chore in ticker.chores(replace(settings, sms="log"))]
    it_is("17:00", arriving.check_in, -1)
    told()
    deliver()
    assert (listed(), messages.outbox_figures()["text_waiting"]) == ([], 0)


def test_the_doctor_says_whether_the_account_lets_us_in(twilio: TwilioStandIn) -> None:
    settings = current_services().settings
    assert [(one.state, one.finding) for one in doctor_texts.office(settings)] == [("ok", "Twilio lets us in")]
    [wrong] = doctor_texts.office(replace(settings, twilio_auth_token="2e" * 16))
    assert (wrong.state, "401 20003" in wrong.finding) == ("problem", True)


# --- alerts

FULL = Cause(people.ALERT_SYSTEM, "disk_filling", {"folder": "/srv", "percent": 93})


def look(monkeypatch: pytest.MonkeyPatch, app: Flask, *wrong: Cause) -> None:
    answer = Look(frozenset({"disk_filling"}), lambda: list(wrong))
    monkeypatch.setattr(causes, "frequent", lambda _: [answer])
    system.look_for_alerts(SYSTEM, app.extensions["services"].settings)


@pytest.mark.parametrize(("when", "hour", "sent"), [(BY_DAY, "12:00", 1), (BY_DAY, "02:00", 0), (ALWAYS, "02:00", 1)])
def test_staff_who_want_it_are_texted_what_is_wrong(
    app: Flask, room: Room, twilio: TwilioStandIn, monkeypatch: pytest.MonkeyPatch, when: str, hour: str, sent: int
) -> None:
    olga, otto = person("olga"), person("otto")
    for one in (olga, otto):
        staff.give_role(SYSTEM, one.id, Role.OWNER)
    texting.choose_text_alerts(Actor.signed_in(olga.id, (Membership(Role.OWNER),), None), when, NUMBER)
    it_is(hour, today(), 1)
    look(monkeypatch, app, FULL)
    look(monkeypatch, app, FULL)
    deliver()
    assert len(twilio.messages) == sent
    for text in twilio.messages:
        assert text["body"] == "Please look: The disk of /srv is 93 % full https://rooms.example/admin/system"
    clock.shift(clock._offset + dt.timedelta(days=1, hours=12))
    offer_again()
    deliver()  # in the morning what is still wrong is told
    assert len(twilio.messages) == 1


def test_news_is_texted_as_it_is_emailed(
    arriving: Booking, room: Room, desk: BookingContext, twilio: TwilioStandIn
) -> None:
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.MANAGER, room.property_id)
    at_work = Actor.signed_in(olga.id, (Membership(Role.MANAGER, room.property_id),), None)
    people.choose_alerts(at_work, {people.ALERT_BOOKINGS: people.ALERT_AT_ONCE})
    texting.choose_text_alerts(at_work, ALWAYS, NUMBER)
    carol, day = person("carol"), today() + dt.timedelta(days=9)
    bookings.book(
        acting(carol), BookingRequest(carol.id, room.id, Stay(day, day + dt.timedelta(days=1)), 1), VISA, desk
    )
    clock.shift(clock._offset + dt.timedelta(minutes=6))
    assert alert_news.tell(SYSTEM) == 1
    deliver()
    assert [one["body"] for one in twilio.messages] == ["1 new booking https://rooms.example/admin"]
