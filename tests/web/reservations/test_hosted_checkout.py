"""Paying at the provider's page, as a visitor without a script does it; and what the provider tells meanwhile."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain.maintenance.verification import verify
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Dispute, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.cases import each
from tests.cast import SYSTEM, acting, beside, in_days, later, order, payments_of, reload
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.events import Delivery
from tests.stripe_stand_in.stand_in import BEFORE
from tests.web.visitor import Visitor

pytest_plugins = ["tests.stripe_stand_in.fixtures"]

HOOK = "/webhooks/stripe"


@pytest.fixture
def selling(app: Flask, stripe_desk: BookingContext) -> Iterator[BookingContext]:
    services = app.extensions["services"]
    app.extensions["services"] = replace(services, booking_context=stripe_desk)
    yield stripe_desk
    app.extensions["services"] = services


@pytest.fixture
def guest(app: Flask, alice: User, selling: BookingContext) -> Visitor:
    return Visitor(app).signed_in(alice)


@pytest.fixture
def held(alice: User, room: Room, selling: BookingContext) -> Any:
    return holds.reserve(acting(alice), order(alice, room), selling)


def checkout(held: Any) -> str:
    return f"/checkout/{encode('booking', held.id)}"


def session(stand_in: StandIn) -> dict[str, Any]:
    [only] = stand_in.account.sessions.values()
    return only


def deliver(app: Flask, *deliveries: Delivery) -> list[int]:
    """What each of them is answered."""
    client = app.test_client()
    return [
        client.post(HOOK, data=one.body, headers={"Stripe-Signature": one.signature}).status_code for one in deliveries
    ]


def test_the_form_leads_to_the_providers_page_and_back_to_the_booking(
    guest: Visitor, held: Any, stand_in: StandIn
) -> None:
    guest.go(checkout(held))
    policy = guest.headers["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com;" in policy
    assert "Continue to payment: €360" in guest.text
    assert "Test card" not in guest.text
    guest.send(checkout(held))
    assert (guest.status, guest.url) == (303, session(stand_in)["url"])
    stand_in.account.guest_pays(session(stand_in)["id"])
    back = session(stand_in)["success_url"]
    assert back == f"http://localhost:8000{checkout(held)}/paid"
    guest.go(back.removeprefix("http://localhost:8000"))
    assert reload(held).status == "CONFIRMED"
    assert guest.url.startswith("/bookings/")
    assert "checkout.stripe.com" not in guest.headers["Content-Security-Policy"]


def test_whoever_comes_back_unpaid_can_go_on_or_release_the_room(guest: Visitor, held: Any, stand_in: StandIn) -> None:
    guest.go(checkout(held)).send(checkout(held))
    guest.go(checkout(held))
    assert "Your payment page is open" in guest.text
    guest.send(checkout(held))
    assert guest.url == session(stand_in)["url"]
    guest.go(checkout(held)).send(f"{checkout(held)}/release")
    assert (reload(held).status, session(stand_in)["status"]) == ("CANCELLED", "expired")
    guest.go(checkout(held))
    assert "You released the room before paying" in guest.text


def test_a_room_whose_payment_page_is_open_is_held_and_not_being_checked_on_every_page(
    guest: Visitor, room: Room, held: Any, stand_in: StandIn
) -> None:
    guest.go(checkout(held)).send(checkout(held))
    same, overlapping = (
        f"/rooms/{encode('room', room.id)}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2"
        for stay in (in_days(30), in_days(31, 4))
    )
    for page in (same, overlapping, "/bookings", "/account/close"):
        guest.go(page)
        assert "hecking" not in guest.text, page
        assert checkout(held) in guest.links(), page
        if page != "/account/close":
            assert "Held for you until" in guest.text, page
            assert "Review and pay" in guest.text, page
    guest.go(overlapping).send(f"{checkout(held)}/release")
    assert (guest.url, reload(held).status, session(stand_in)["status"]) == (overlapping, "CANCELLED", "expired")


def test_all_rooms_of_an_order_whose_payment_page_is_open_are_held_and_not_being_checked(
    guest: Visitor, alice: User, room: Room, selling: BookingContext, stand_in: StandIn
) -> None:
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "Suite", 80)))
    first, suite = bookings.hold_all(acting(alice), OrderRequest(alice.id, items), selling)
    guest.go(checkout(suite)).send(checkout(suite))
    assert session(stand_in)["amount_total"] == 60000
    dates = f"checkIn={suite.check_in}&checkOut={suite.check_out}&guests=2"
    for page in ("/bookings", "/account/close", f"/rooms/{encode('room', suite.room_id)}?{dates}"):
        guest.go(page)
        assert "hecking" not in guest.text, page
        assert checkout(suite) in guest.links(), page
    guest.go("/bookings")
    assert guest.text.count("Held for you until") == 2
    assert "Your payment page is open" in guest.go(checkout(first)).text


def test_a_payment_page_that_nobody_waits_at_any_more_is_being_checked(
    guest: Visitor, room: Room, held: Any, stand_in: StandIn
) -> None:
    guest.go(checkout(held)).send(checkout(held))
    later(dt.timedelta(hours=1))
    guest.go("/bookings")
    assert ("Checking payment" in guest.text, "Held for you until" in guest.text) == (True, False)
    stay = in_days(30)
    guest.go(f"/rooms/{encode('room', room.id)}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2")
    assert "We’re checking your payment" in guest.text


def test_releasing_what_was_just_paid_shows_the_booking(guest: Visitor, held: Any, stand_in: StandIn) -> None:
    guest.go(checkout(held)).send(checkout(held))
    guest.go(checkout(held))
    stand_in.account.guest_pays(session(stand_in)["id"])
    guest.send(f"{checkout(held)}/release")
    assert (reload(held).status, guest.url.startswith("/bookings/")) == ("CONFIRMED", True)


def test_a_page_that_cannot_be_opened_is_said_and_the_room_stays_held(
    guest: Visitor, held: Any, stand_in: StandIn
) -> None:
    stand_in.order(BEFORE, times=9)
    guest.go(checkout(held)).send(checkout(held))
    assert "The payment page can’t be opened right now" in guest.text
    stand_in.calm()
    guest.send(checkout(held))
    assert guest.url == session(stand_in)["url"]


def test_a_changed_price_is_shown_before_anything_is_charged(guest: Visitor, held: Any, stand_in: StandIn) -> None:
    guest.go(checkout(held)).send(checkout(held), shownTotal="1.00")
    assert "The price has changed" in guest.text
    assert stand_in.account.sessions == {}


# --- what Stripe tells


@pytest.fixture
def paid(guest: Visitor, held: Any, stand_in: StandIn) -> dict[str, Any]:
    """The session of a guest who has paid and not come back."""
    guest.go(checkout(held)).send(checkout(held))
    return stand_in.account.guest_pays(session(stand_in)["id"])


def test_the_first_message_books_and_others_change_nothing(
    app: Flask, held: Any, paid: dict[str, Any], stand_in: StandIn
) -> None:
    told = stand_in.post.deliveries()
    assert {one.kind for one in told} >= {"payment_intent.succeeded", "checkout.session.completed"}
    assert set(deliver(app, *reversed(told), *told)) == {204}
    assert reload(held).status == "CONFIRMED"
    assert len(payments_of(held)) == 1
    assert verify().findings == []


@each(
    "wrong",
    [
        lambda one, _: replace(one, signature=""),
        lambda one, _: replace(one, signature="t=1,v1=00"),
        lambda one, _: replace(one, body=one.body.replace(b"36000", b"36001")),
        lambda one, _: replace(one, body=b"{}"),
        lambda one, post: post.delivery(json.loads(one.body), at=time.time() - 400),
        lambda one, post: post.delivery(json.loads(one.body), at=time.time() + 400),
        lambda one, post: replace(post, secret="whsec_other").delivery(json.loads(one.body)),
    ],
)
def test_what_stripe_did_not_sign_just_now_is_not_heard(
    app: Flask, held: Any, paid: dict[str, Any], stand_in: StandIn, wrong: Any
) -> None:
    [told] = stand_in.post.deliveries("checkout.session.completed")
    assert deliver(app, wrong(told, stand_in.post)) == [400]
    assert reload(held).status == "PENDING"


def test_a_message_is_never_believed_only_a_reason_to_ask(
    app: Flask, guest: Visitor, held: Any, stand_in: StandIn
) -> None:
    guest.go(checkout(held)).send(checkout(held))
    lie = session(stand_in) | {"status": "complete", "payment_status": "paid", "amount_total": 1}
    stand_in.post.happened("checkout.session.completed", lie)
    assert deliver(app, *stand_in.post.deliveries("checkout.session.completed")) == [204]
    assert (reload(held).status, payments_of(held)[0].state) == ("PENDING", "awaiting_guest")


def test_what_is_none_of_ours_is_left_alone(app: Flask, selling: BookingContext, stand_in: StandIn) -> None:
    for metadata in ({}, {"payment": "7"}, {"payment": str(new_id())}, None):
        stand_in.post.happened("payment_intent.succeeded", {"id": "pi_x", "metadata": metadata})
    stand_in.post.happened("account.updated", {"id": "acct_1"})
    assert set(deliver(app, *stand_in.post.deliveries())) == {204}


def test_without_stripe_nobody_listens(app: Flask) -> None:
    assert app.test_client().post(HOOK).status_code == 404


def test_while_stripe_is_silent_it_is_asked_to_tell_again(
    app: Flask, held: Any, paid: dict[str, Any], stand_in: StandIn
) -> None:
    [told] = stand_in.post.deliveries("checkout.session.completed")
    stand_in.order(BEFORE, times=9)
    assert deliver(app, told) == [503]
    stand_in.calm()
    assert deliver(app, told) == [204]
    assert reload(held).status == "CONFIRMED"


def test_a_refund_that_fails_later_is_owed_again(
    app: Flask, held: Any, paid: dict[str, Any], stand_in: StandIn, selling: BookingContext
) -> None:
    deliver(app, *stand_in.post.deliveries())
    bookings.cancel(SYSTEM, held.id, selling)
    assert payments_of(held)[1].state == "succeeded"
    [refund] = stand_in.account.refunds.values()
    refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    stand_in.post.happened("refund.failed", refund)
    for _ in range(2):
        assert deliver(app, *stand_in.post.deliveries("refund.failed")) == [204]
    failed = payments_of(held)[1]
    assert (failed.state, failed.error) == ("failed", "lost_or_stolen_card")
    assert [found.rule for found in verify().findings] == ["refund_owed"]
    refund["status"] = "succeeded"
    deliver(app, *stand_in.post.deliveries("refund.failed"))
    assert payments_of(held)[1].state == "succeeded"
    assert verify().findings == []


@transaction
def disputes() -> list[tuple[Any, ...]]:
    rows = db.session.query(Dispute).order_by(Dispute.id).all()
    return [(row.payment_id, row.amount, row.currency, row.state, row.reason) for row in rows]


def test_a_dispute_is_kept_as_stripe_has_it_and_a_decision_stays(
    app: Flask, held: Any, paid: dict[str, Any], stand_in: StandIn, selling: BookingContext
) -> None:
    deliver(app, *stand_in.post.deliveries())
    [charge] = payments_of(held)
    dispute = stand_in.account.dispute(paid["payment_intent"], 10000)
    deliver(app, *stand_in.post.deliveries("charge.dispute.created") * 2)
    assert disputes() == [(charge.id, Decimal(100), "EUR", "open", "fraudulent")]
    stand_in.account.close_dispute(dispute["id"], "lost")
    created, closed = stand_in.post.deliveries("charge.dispute.created", "charge.dispute.closed")
    assert deliver(app, closed, created) == [204, 204]
    assert disputes() == [(charge.id, Decimal(100), "EUR", "lost", "fraudulent")]
    dispute["status"] = "needs_response"  # an answer that comes late
    deliver(app, created)
    assert disputes()[0][3] == "lost"
    assert verify().findings == []
    bookings.cancel(SYSTEM, held.id, selling)  # what a bank has taken back does not go back once more
    assert payments_of(held)[1].error == "charge_disputed"


def test_a_dispute_of_somebody_elses_charge_is_left_alone(app: Flask, paid: dict[str, Any], stand_in: StandIn) -> None:
    stand_in.account.intents[paid["payment_intent"]]["metadata"] = {}
    stand_in.account.dispute(paid["payment_intent"])
    assert deliver(app, *stand_in.post.deliveries("charge.dispute.created")) == [204]
    assert disputes() == []
