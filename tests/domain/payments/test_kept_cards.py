"""The card that paid a deposit is kept at Stripe, and charged for the rest without its owner; or its owner is asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from booking.domain.maintenance import verification
from booking.domain.reservations import booking_summary, deposits, hosted, recovery, rest_payments
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.payment_pages import Links
from booking.domain.tables import Booking, Event, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import new_id
from booking.infra.provider import Charge, Result
from booking.jobs.mails import BALANCE_DECLINED, compose
from tests.cases import each
from tests.cast import AN_HOUR, SYSTEM, a_room, acting, later, payments_of, reload
from tests.domain.payments.test_schedule import A_DAY, DUE, hold, moved, pay, steps, sums
from tests.jobs.stories import SETTINGS, letter
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import AFTER, BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]

VISA, DECLINED = "pm_card_visa", "pm_card_chargeDeclined"
ASKS_ALWAYS, ASKS_ONCE = "pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup"
LINKS = Links("https://rooms.example/paid", "https://rooms.example/back")
REST = ("charge", "balance", 252, "succeeded")


def paid_at_the_page(guest: User, room: Room, desk: BookingContext, stand_in: StandIn, card: str = VISA) -> Booking:
    held = hold(guest, room, desk)
    hosted.page_of(acting(guest), held.id, held.total_price, desk, LINKS)
    stand_in.account.guest_pays(list(stand_in.account.sessions)[-1], card)
    hosted.came_back(acting(guest), held.id, desk)
    return reload(held)


def agrees() -> bool:
    return verification.verify().findings == []


@transaction
def told() -> list[dict[str, Any]]:
    return list(db.session.scalars(select(Event.payload).where(Event.type == "balance.declined")))


def rest_intent(stand_in: StandIn, booking: Booking) -> dict[str, Any]:
    name = payments_of(booking)[-1].provider_reference
    return stand_in.account.intents[str(name)]


@each("card", [VISA, ASKS_ONCE])
def test_the_card_of_a_deposit_paid_at_the_page_is_charged_for_the_rest(
    alice: User, stripe_desk: BookingContext, stand_in: StandIn, card: str
) -> None:
    booked = paid_at_the_page(alice, a_room(), stripe_desk, stand_in, card)
    [*_, session] = stand_in.account.sessions.values()
    assert (session["amount_total"], session["customer_creation"]) == (10800, "always")
    assert session["intent_data"]["setup_future_usage"] == "off_session"
    later(DUE)
    deposits.charge_due(SYSTEM, stripe_desk)
    assert (moved(booked)[1:], sums(booked), payments_of(booked)[-1].method) == ([REST], (360, 0, 0), "kept")
    intent = rest_intent(stand_in, booked)
    deposit = stand_in.account.intents[session["payment_intent"]]
    same = ("customer", "payment_method")
    assert [intent[name] for name in same] == [deposit[name] for name in same]
    assert (intent["setup_future_usage"], agrees()) == (None, True)
    [*_, confirmed] = [form for _, path, form in stand_in.requests if path.endswith("/confirm")]
    assert confirmed == {"payment_method": deposit["payment_method"], "off_session": "true"}


def test_the_card_that_a_program_sent_is_kept_by_a_customer_without_a_name(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = pay(hold(alice, room, stripe_desk), stripe_desk, VISA)
    [customer] = stand_in.account.customers.values()
    assert customer["metadata"] == {"payment": str(payments_of(booked)[0].id)}
    [made] = [form for _, path, form in stand_in.requests if path == "/v1/customers"]
    assert set(made) == {"metadata"}
    later(DUE)
    deposits.charge_due(SYSTEM, stripe_desk)
    assert (moved(booked)[1:], len(stand_in.account.customers), agrees()) == ([REST], 1, True)


def test_where_all_is_paid_at_once_no_card_is_kept(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    held = hold(alice, room, stripe_desk, None)
    hosted.page_of(acting(alice), held.id, held.total_price, stripe_desk, LINKS)
    [session] = stand_in.account.sessions.values()
    assert (session["customer_creation"], session["intent_data"].get("setup_future_usage")) == ("if_required", None)
    pay(hold(alice, a_room(), stripe_desk, None), stripe_desk, VISA)
    assert stand_in.account.customers == {}


def test_a_bank_that_wants_its_owner_has_the_guest_asked_and_is_not_asked_again(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = paid_at_the_page(alice, room, stripe_desk, stand_in, ASKS_ALWAYS)
    later(DUE)
    deposits.charge_due(SYSTEM, stripe_desk)
    failed = payments_of(booked)[-1]
    assert (failed.state, failed.failure, failed.error) == ("failed", "declined", "authentication_required")
    assert ([one["asksOwner"] for one in told()], steps(booked)[1].next_at) == ([True], None)
    later(A_DAY)
    assert deposits.charge_due(SYSTEM, stripe_desk) == 0
    url = rest_payments.page_of(acting(alice), booked.id, Decimal(252), stripe_desk, LINKS)
    [*_, session] = stand_in.account.sessions.values()
    assert url == session["url"]
    stand_in.account.guest_pays(session["id"], ASKS_ALWAYS)  # with its owner there
    hosted.came_back(acting(alice), booked.id, stripe_desk)
    assert (moved(booked)[-1], sums(booked), agrees()) == (REST, (360, 0, 0), True)


def test_the_email_says_that_the_bank_wants_the_guest_and_where_to_pay(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = paid_at_the_page(alice, room, stripe_desk, stand_in, ASKS_ALWAYS)
    later(DUE)
    summary = booking_summary.notice(booked.id)
    assert summary
    for asks, says in ((True, "Your bank wants you to confirm this payment"), (False, "we’ll try it in the next days")):
        message = compose(replace(summary, bank_asks_guest=asks), letter(BALANCE_DECLINED), SETTINGS)
        for body in (message.text, message.html):
            text = " ".join(body.split())
            assert says in text
            assert "/pay" in text


def test_a_card_that_is_declined_later_is_tried_again(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = pay(hold(alice, room, stripe_desk), stripe_desk, VISA)
    stand_in.account.cards.discard(VISA)
    stand_in.account.declines[VISA] = ("card_declined", "insufficient_funds")
    later(DUE)
    deposits.charge_due(SYSTEM, stripe_desk)
    assert (payments_of(booked)[-1].error, [one["asksOwner"] for one in told()]) == ("insufficient_funds", [False])
    del stand_in.account.declines[VISA]
    stand_in.account.cards.add(VISA)
    later(A_DAY)
    deposits.charge_due(SYSTEM, stripe_desk)
    assert (moved(booked)[-1], agrees()) == (REST, True)


def test_what_was_paid_before_cards_were_kept_is_declined_and_the_guest_told(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = pay(hold(alice, room, stripe_desk), stripe_desk, VISA)
    [intent] = stand_in.account.intents.values()
    intent["customer"] = None
    later(DUE)
    deposits.charge_due(SYSTEM, stripe_desk)
    assert (payments_of(booked)[-1].error, len(told()), agrees()) == ("card_not_kept", 1, True)


@each("path", [".*/payment_intents", ".*/confirm", ".*/payment_intents/pi_.*"])
@each("what", [BEFORE, AFTER, (500, "api_error")])
def test_whatever_is_lost_the_rest_is_charged_once(
    alice: User, stripe_desk: BookingContext, stand_in: StandIn, path: str, what: str | tuple[int, str]
) -> None:
    stand_in.calm()
    booked = pay(hold(alice, a_room(), stripe_desk), stripe_desk, VISA)
    began = len(stand_in.account.intents)
    later(DUE)
    stand_in.order(what, path, times=3)
    deposits.charge_due(SYSTEM, stripe_desk)
    stand_in.calm()
    for _ in range(3):
        recovery.recover_payments(SYSTEM, stripe_desk, ahead=AN_HOUR)
        later(dt.timedelta(minutes=20))
        deposits.charge_due(SYSTEM, stripe_desk)
    paid = [one for one in list(stand_in.account.intents.values())[began:] if one["amount_received"]]
    assert ([one["amount_received"] for one in paid], sums(booked), agrees()) == ([25200], (360, 0, 0), True)


# --- the stand-in, as Stripe


def test_a_card_that_is_attached_to_nobody_pays_once(stripe_desk: BookingContext, stand_in: StandIn) -> None:
    stripe: Any = stripe_desk.provider
    stripe.references = Notes()
    first = stripe.charge(new_id(), Decimal(10), "EUR", VISA)
    used = stand_in.account.intents[first.reference]["payment_method"]
    again = stripe.charge(new_id(), Decimal(10), "EUR", used)
    assert (first.result, again.result) == (Result.CHARGED, Result.DECLINED)
    assert stripe.charge_kept(new_id(), Decimal(10), "EUR", Charge(new_id(), first.reference)).reason == "card_not_kept"


def test_a_card_that_is_attached_pays_for_its_customer_alone(stripe_desk: BookingContext, stand_in: StandIn) -> None:
    stripe: Any = stripe_desk.provider
    stripe.references = Notes()
    first = stripe.charge(new_id(), Decimal(10), "EUR", VISA, True)
    kept = stand_in.account.intents[first.reference]["payment_method"]
    assert stripe.charge(new_id(), Decimal(10), "EUR", kept).result is Result.DECLINED
    for _ in range(2):
        assert (
            stripe.charge_kept(new_id(), Decimal(10), "EUR", Charge(new_id(), first.reference)).result is Result.CHARGED
        )


class Notes:
    """References, each noted once."""

    def note(self, *_: Any) -> bool:
        return True

    def find(self, *_: Any) -> None:
        return None
