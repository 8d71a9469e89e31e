"""Text messages on guests' pages: agreed to and ended there, at checkout too; and what Twilio tells, signed."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.domain import correspondence, messages, texting
from booking.domain.correspondence import TextSearch
from booking.domain.messages import Task
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, GuestMessage, Room, User
from booking.domain.texting import ACCOUNT, TextDraft
from booking.http.services import Services
from booking.infra import texting as texters
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from tests.a_text import ANOTHER, NUMBER
from tests.cases import each
from tests.cast import SYSTEM, VISA, acting, in_days, order
from tests.twilio_stand_in import ACCOUNT as ACCOUNT_SID
from tests.twilio_stand_in import SENDER, TOKEN, signature
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
SITE = "https://rooms.example"


@pytest.fixture
def texts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text messages go out by Twilio; nothing here asks it."""
    services: Services = app.extensions["services"]
    account: dict[str, Any] = {"twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": TOKEN}
    account |= {"twilio_api_base": "http://127.0.0.1:9"}
    settings = replace(services.settings, sms="twilio", sms_from=SENDER, site_url=SITE, **account)
    sending = replace(services, settings=settings, texter=texters.configured(settings))
    monkeypatch.setitem(app.extensions, "services", sending)


def consent(who: User) -> tuple[str, str] | None:
    """Number, and where it was given."""
    standing = [one for one in _kept(who) if one["withdrawnAt"] is None]
    return (standing[0]["number"], standing[0]["givenWhere"]) if standing else None


@reading
def _kept(who: User) -> list[dict[str, Any]]:
    return texting.texts_of_account(who.id)["textConsents"]


# --- pages


def test_a_guest_agrees_and_ends_it_on_the_account_page(app: Flask, alice: User, texts: None) -> None:
    visitor = Visitor(app).signed_in(alice).go("/account")
    visitor.send("/account/texts", mobile="0032 471 23 45 67")
    assert "text you before your stays" in visitor.text
    assert consent(alice) == (NUMBER, "account")
    assert "+32 471 23 45 67" in visitor.go("/account").text
    visitor.send("/account/texts/stop")
    assert consent(alice) is None
    assert "get text messages from us any more" in visitor.text
    visitor.go("/account/data")
    assert "Consent to text messages" in visitor.text


@each("typed", ["0471 23 45 67", "+32 2 555 12 12", ""])
def test_a_number_that_takes_none_is_refused_beside_its_field(app: Flask, alice: User, texts: None, typed: str) -> None:
    visitor = Visitor(app).signed_in(alice).go("/account")
    visitor.send("/account/texts", mobile=typed)
    assert visitor.status == 400
    assert visitor.page.select_one("#f-mobile-problem")
    assert consent(alice) is None


def test_it_is_asked_at_checkout_and_a_wrong_number_charges_nobody(
    app: Flask, alice: User, room: Room, desk: BookingContext, texts: None
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    page = f"/checkout/{encode('booking', held.id)}"
    visitor = Visitor(app).signed_in(alice).go(page)
    visitor.send(page, texts="1", mobile="0471", paymentMethodId=VISA)
    assert visitor.status == 400
    assert visitor.page.select_one("#f-mobile-problem")
    visitor.send(page, texts="1", mobile="+32 471 23 45 67", paymentMethodId=VISA)
    assert visitor.url.startswith("/bookings/")
    assert consent(alice) == (NUMBER, "checkout")


def test_who_does_not_tick_it_agrees_to_nothing(
    app: Flask, alice: User, room: Room, desk: BookingContext, texts: None
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    page = f"/checkout/{encode('booking', held.id)}"
    Visitor(app).signed_in(alice).go(page).send(page, mobile="+32 471 23 45 67", paymentMethodId=VISA)
    assert consent(alice) is None


def test_nothing_is_asked_where_nobody_sends_any(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    visitor = Visitor(app).signed_in(alice)
    for page in ("/account", f"/checkout/{encode('booking', held.id)}"):
        assert not visitor.go(page).page.select("[name=mobile]")


# --- what Twilio tells


def post(client: FlaskClient, path: str, fields: dict[str, str], sign: str | None = None) -> TestResponse:
    proof = signature(f"{SITE}{path}", fields) if sign is None else sign
    return client.post(path, data=fields, headers={"X-Twilio-Signature": proof})


@pytest.fixture
def sent(alice: User, room: Room, desk: BookingContext, texts: None) -> Booking:
    """Booked, and its guest was texted."""
    texting.agree_to_texts(acting(alice), NUMBER, ACCOUNT)
    booked = bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)
    event_id = _recorded(booked)
    messages.relay_events()
    [task] = messages.claim_delivery(texting.TEXT, [event_id])
    draft = TextDraft("arrival.near", alice.id, booked.id, booked.property_id, NUMBER, "Check-in.", 1, None)
    assert texting.keep_text(task, draft)
    texting.note_text_sent(task, "twilio", "SM1")
    messages.finish_delivery([task])
    return booked


@transaction
def _recorded(booked: Booking) -> uuid.UUID:
    facts = {
        "bookingId": encode("booking", booked.id),
        "propertyId": encode("property", booked.property_id),
        "userId": encode("user", booked.user_id or uuid.uuid4()),
        "checkIn": booked.check_in.isoformat(),
    }
    return messages.record(SYSTEM, texting.ARRIVAL_NEAR, facts)


def state() -> tuple[str, str | None]:
    [one] = correspondence.find_texts(SYSTEM, TextSearch()).entries
    return one.state, one.error


def status_path() -> str:
    [one] = correspondence.find_texts(SYSTEM, TextSearch()).entries
    return f"/webhooks/twilio/status/{encode('text', one.id)}"


def told(client: FlaskClient, status: str, code: str = "", sid: str = "SM1") -> int:
    fields = {"MessageSid": sid, "MessageStatus": status, "To": NUMBER} | ({"ErrorCode": code} if code else {})
    return post(client, status_path(), fields).status_code


def test_what_becomes_of_a_text_is_heard_in_any_order(client: FlaskClient, sent: Booking) -> None:
    for status, code, expected in (
        ("queued", "", ("sent", None)),
        ("undelivered", "30003", ("undelivered", "30003")),
        ("delivered", "", ("delivered", None)),
        ("sent", "", ("delivered", None)),
        ("undelivered", "30003", ("delivered", None)),
    ):
        assert told(client, status, code) == 204
        assert state() == expected, status
    assert told(client, "undelivered", "30003", sid="SM2") == 204  # of another try
    assert state() == ("delivered", None)


def test_a_report_that_somebody_has_stopped_ends_the_consent(client: FlaskClient, alice: User, sent: Booking) -> None:
    assert told(client, "failed", "21610") == 204
    assert consent(alice) is None


def test_what_twilio_has_not_signed_is_not_heard(client: FlaskClient, alice: User, sent: Booking) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    wrong = signature(f"{SITE}{status_path()}", fields, "2e" * 16)
    for proof in ("", wrong, signature(f"{SITE}/elsewhere", fields), signature(f"{SITE}{status_path()}", {}), "ÿ"):
        assert post(client, status_path(), fields, proof).status_code == 400
    assert state() == ("sent", None)
    stop = {"MessageSid": "SM9", "From": NUMBER, "Body": "STOP"}
    assert post(client, "/webhooks/twilio/inbound", stop, "").status_code == 400
    assert consent(alice)


def test_without_twilio_its_addresses_are_not_there(client: FlaskClient, app: Flask) -> None:
    assert post(client, "/webhooks/twilio/inbound", {"Body": "STOP"}).status_code == 404


def reply(client: FlaskClient, sid: str, body: str, **more: str) -> None:
    answer = post(client, "/webhooks/twilio/inbound", {"MessageSid": sid, "From": NUMBER, "Body": body} | more)
    assert answer.status_code == 200
    assert answer.get_data(as_text=True).endswith("<Response/>")


def test_stop_ends_them_and_start_brings_them_back(client: FlaskClient, alice: User, sent: Booking) -> None:
    reply(client, "SM2", " Stop. ")
    assert consent(alice) is None
    reply(client, "SM3", "START")
    assert consent(alice) == (NUMBER, "reply")
    reply(client, "SM2", " Stop. ")  # told again
    assert consent(alice)
    reply(client, "SM4", "Arrêt", OptOutType="STOP")
    assert consent(alice) is None


def test_anything_else_stands_with_the_messages_of_the_booking(client: FlaskClient, sent: Booking) -> None:
    reply(client, "SM2", "We come at 23:00, is that fine?")
    reply(client, "SM2", "We come at 23:00, is that fine?")
    reply(client, "SM5", "\u202e")  # nothing that can be read
    assert said() == [(sent.id, "guest", "We come at 23:00, is that fine?")]


@reading
def said() -> list[tuple[uuid.UUID, str, str]]:
    return [(one.booking_id, one.author, one.text) for one in db.session.query(GuestMessage)]


def test_a_stranger_s_reply_belongs_to_nothing(client: FlaskClient, texts: None, app: Flask) -> None:
    reply(client, "SM2", "Hello?")
    assert said() == []


def test_a_text_that_was_on_its_way_goes_neither_to_a_former_number_nor_to_who_wants_none(
    alice: User, sent: Booking
) -> None:
    task = Task(uuid.uuid4(), texting.TEXT, texting.ARRIVAL_NEAR, {}, sent.created_at, 1)
    draft = TextDraft("arrival.near", alice.id, sent.id, sent.property_id, NUMBER, "Check-in.", 1, None)
    texting.agree_to_texts(acting(alice), ANOTHER, ACCOUNT)  # the old number may be somebody else's by now
    assert not texting.keep_text(task, draft)
    texting.withdraw_from_texts(acting(alice))
    assert not texting.keep_text(task, replace(draft, number=ANOTHER))
