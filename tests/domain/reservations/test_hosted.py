"""Paying at the provider's own page: however it ends, the guest has the room and paid for it, or neither."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import inventory, payments
from booking.domain.errors import (
    BookingNotFound,
    CancelledDuringPayment,
    HoldOver,
    PaymentPageUnavailable,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.maintenance.verification import verify
from booking.domain.reservations import booking_details, bookings, holds, hosted, payment_pages, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.payment_pages import Links
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Event, Payment, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.infra.provider import NoAnswer
from tests.cast import SYSTEM, a_room, acting, all_at_once, count, in_days, later, nights_of, order, payments_of, reload
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.refusals import Refusal
from tests.stripe_stand_in.stand_in import BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]

LINKS = Links("https://rooms.example/checkout/b/paid", "https://rooms.example/checkout/b")
AFTER_THE_HOLD = dt.timedelta(minutes=16)


class Guest:
    """Alice with a held room, and the provider's page."""

    def __init__(self, user: User, room: Room, desk: BookingContext, stand_in: StandIn) -> None:
        self.actor, self.room, self.desk, self.stand_in = acting(user), room, desk, stand_in
        self.held = holds.reserve(self.actor, order(user, room), desk)

    def opens(self, total: Decimal | None = None) -> str | None:
        shown = self.held.total_price if total is None else total
        return hosted.page_of(self.actor, self.held.id, shown, self.desk, LINKS)

    def pays(self, method: str = "pm_card_visa") -> None:
        self.stand_in.account.guest_pays(self.session["id"], method)

    def comes_back(self) -> None:
        hosted.came_back(self.actor, self.held.id, self.desk)

    def hears_from_stripe(self) -> None:
        payment_pages.look(SYSTEM, payments_of(self.held)[-1].id, self.desk)

    def releases(self) -> None:
        hosted.withdraw(self.actor, self.held.id, self.desk)

    @property
    def session(self) -> dict[str, Any]:
        return list(self.stand_in.account.sessions.values())[-1]

    @property
    def stage(self) -> str:
        return booking_details.trip(self.actor, self.held.id).stage

    @property
    def ends(self) -> tuple[str, list[str], set[str], int]:
        """Status, payments, the nights' states, and what was charged in all."""
        intents = self.stand_in.account.intents.values()
        paid = sum(one["amount_received"] - self.stand_in.account.returned(one["id"]) for one in intents)
        return (
            reload(self.held).status,
            [payment.state for payment in payments_of(self.held)],
            set(nights_of(self.room).values()),
            paid,
        )


BOOKED = ("CONFIRMED", ["succeeded"], {"booked"}, 36000)


@pytest.fixture
def guest(alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn) -> Guest:
    return Guest(alice, room, stripe_desk, stand_in)


def recovered(desk: BookingContext) -> int:
    """What the worker does: settle what is due, then let holds go that are over."""
    settled = recovery.recover_payments(SYSTEM, desk)
    bookings.expire_holds(SYSTEM)
    return settled


def test_the_nights_are_pinned_while_the_guest_pays_and_booked_when_they_come_back(guest: Guest) -> None:
    url = guest.opens()
    [payment] = payments_of(guest.held)
    assert url == guest.session["url"]
    assert (payment.state, payment.method, payment.provider_reference) == (
        "awaiting_guest",
        "hosted",
        guest.session["id"],
    )
    assert abs(payment.next_at - guest.held.held_until) < dt.timedelta(seconds=2)
    assert (guest.stage, set(nights_of(guest.room).values())) == (booking_details.AWAITED, {"pinned"})
    wanted = (36000, "eur", str(payment.id), LINKS.paid, LINKS.back)
    sent = [guest.session[name] for name in ("amount_total", "currency", "client_reference_id")]
    assert (*sent, guest.session["success_url"], guest.session["cancel_url"]) == wanted
    assert verify().findings == []
    guest.pays()
    guest.comes_back()
    assert guest.ends == BOOKED
    assert payments_of(guest.held)[0].provider_reference == guest.session["payment_intent"]
    assert verify().findings == []


def test_until_when_one_may_pay_there_is_seen_where_the_room_is(guest: Guest, alice: User, bob: User) -> None:
    other = Guest(bob, a_room(), guest.desk, guest.stand_in)
    for one in (other, guest):
        one.opens()
    [payment] = payments_of(guest.held)
    same, longer = order(alice, guest.room), order(alice, guest.room, in_days(1, 60))
    assert Stay(guest.held.check_in, guest.held.check_out).nights < longer.stay.nights
    assert (holds.mine(guest.actor, same).same.id, holds.mine(guest.actor, same).until) == (
        guest.held.id,
        payment.next_at,
    )
    awaited = transaction(payments.awaited_until)([guest.held.order_id])
    assert (awaited, transaction(payments.awaited_until)([])) == ({guest.held.order_id: payment.next_at}, {})
    seen = holds.mine(guest.actor, longer)
    assert (seen.standing.id, seen.until) == (guest.held.id, payment.next_at)
    guest.pays()
    guest.comes_back()
    assert holds.mine(guest.actor, same).until is None
    assert holds.mine(guest.actor, longer).until is None


def test_the_same_page_however_often_it_is_asked_for(guest: Guest, app: Flask) -> None:
    urls = [guest.opens(), guest.opens(), *all_at_once(app, [guest.opens] * 3)]
    assert set(urls) == {guest.session["url"]}
    assert (len(payments_of(guest.held)), len(guest.stand_in.account.sessions)) == (1, 1)


def test_stripe_tells_before_the_guest_comes_back_and_twice(guest: Guest) -> None:
    guest.opens()
    guest.pays()
    for _ in range(2):
        guest.hears_from_stripe()
    guest.comes_back()
    assert guest.ends == BOOKED
    assert guest.opens() is None
    assert count(Event, type="booking.confirmed") == 1


def test_nobody_tells_and_the_guest_never_comes_back(guest: Guest) -> None:
    guest.opens()
    guest.pays()
    assert recovered(guest.desk) == 0  # not before the hold ends
    later(AFTER_THE_HOLD)
    assert recovered(guest.desk) == 1
    assert guest.ends == BOOKED


def test_paid_after_the_hold_but_before_anybody_looked_is_booked(guest: Guest) -> None:
    guest.opens()
    later(AFTER_THE_HOLD)
    assert bookings.expire_holds(SYSTEM) == 0
    guest.pays()
    recovered(guest.desk)
    assert guest.ends == BOOKED


def test_whoever_leaves_the_page_loses_the_hold_at_its_end_and_cannot_pay_any_more(guest: Guest) -> None:
    guest.opens()
    later(AFTER_THE_HOLD)
    assert guest.stage == booking_details.PAYING  # being found out
    recovered(guest.desk)
    assert guest.ends == ("EXPIRED", ["failed"], set(), 0)
    assert guest.session["status"] == "expired"
    with pytest.raises(Refusal):
        guest.pays()
    trip = booking_details.trip(guest.actor, guest.held.id)
    assert (trip.stage, trip.payment_failed) == (booking_details.OVER, False)
    with pytest.raises(HoldOver):
        guest.opens()
    assert verify().findings == []


def test_a_declined_card_leaves_the_page_open_for_another(guest: Guest) -> None:
    guest.opens()
    with pytest.raises(Refusal):
        guest.pays("pm_card_chargeDeclined")
    guest.hears_from_stripe()
    assert guest.stage == booking_details.AWAITED
    guest.pays()
    guest.comes_back()
    assert guest.ends == BOOKED


def test_coming_back_without_having_paid_changes_nothing(guest: Guest) -> None:
    guest.opens()
    guest.comes_back()
    assert guest.ends == ("PENDING", ["awaiting_guest"], {"pinned"}, 0)
    assert guest.stage == booking_details.AWAITED


def test_a_page_that_is_given_up_is_closed_and_the_hold_runs_on(guest: Guest) -> None:
    guest.opens()
    guest.releases()
    assert guest.ends == ("PENDING", ["failed"], {"held"}, 0)
    assert reload(guest.held).held_until == guest.held.held_until
    assert guest.session["status"] == "expired"
    guest.opens()
    guest.pays()
    guest.comes_back()
    assert guest.ends == ("CONFIRMED", ["failed", "succeeded"], {"booked"}, 36000)


def test_a_page_that_was_closed_at_stripe_leaves_the_hold_to_pay_anew(guest: Guest) -> None:
    guest.opens()
    guest.stand_in.account.expire_session(guest.session["id"], {})
    guest.hears_from_stripe()
    assert guest.ends == ("PENDING", ["failed"], {"held"}, 0)


def test_giving_up_what_is_paid_already_books_it(guest: Guest) -> None:
    guest.opens()
    guest.pays()
    guest.releases()
    assert guest.ends == BOOKED


def test_while_stripe_is_silent_nothing_is_given_up_and_recovery_is_asked_to_hurry(guest: Guest) -> None:
    guest.opens()
    guest.pays()
    guest.stand_in.order(BEFORE, times=99)
    with pytest.raises(CancelledDuringPayment):
        guest.releases()
    with pytest.raises(NoAnswer):
        guest.hears_from_stripe()
    guest.comes_back()
    assert guest.stage == booking_details.PAYING
    guest.stand_in.calm()
    assert recovered(guest.desk) == 1
    assert guest.ends == BOOKED


def test_a_page_that_cannot_be_opened_leaves_the_hold_and_the_next_attempt_is_a_new_one(guest: Guest) -> None:
    guest.stand_in.order((500, "api_error"), "/v1/checkout/sessions")
    with pytest.raises(PaymentPageUnavailable):
        guest.opens()
    assert guest.ends == ("PENDING", ["failed"], {"held"}, 0)
    assert guest.opens()
    guest.stand_in.order(BEFORE, times=99)
    with pytest.raises(PaymentPageUnavailable):  # there is one, but Stripe does not say where
        guest.opens()
    assert guest.ends == ("PENDING", ["failed", "awaiting_guest"], {"pinned"}, 0)


def test_charged_for_nights_that_are_gone_goes_back(guest: Guest) -> None:
    guest.opens()
    guest.pays()
    transaction(inventory.release_nights)(SYSTEM, guest.held.id)
    guest.comes_back()
    assert guest.ends == ("CANCELLED", ["succeeded", "succeeded"], set(), 0)


def test_only_what_was_shown_is_charged_and_only_its_guest_pays(guest: Guest, bob: User) -> None:
    with pytest.raises(PriceChanged):
        guest.opens(Decimal(1))
    guest.actor = acting(bob)
    for act in (guest.opens, guest.comes_back, guest.releases):
        with pytest.raises(BookingNotFound):
            act()
    assert guest.stand_in.account.sessions == {}


def test_what_costs_nothing_needs_no_page(alice: User, stripe_desk: BookingContext, stand_in: StandIn) -> None:
    guest = Guest(alice, a_room(), stripe_desk, stand_in)
    transaction(lambda: db.session.execute(text("UPDATE bookings SET total_price = 0, price_lines = '[]'")))()
    assert guest.opens(Decimal(0)) is None
    assert (reload(guest.held).status, stand_in.requests) == ("CONFIRMED", [])


def test_an_awaited_hold_counts_as_one_and_nobody_else_gets_its_nights(guest: Guest, bob: User) -> None:
    guest.opens()
    later(AFTER_THE_HOLD)
    with pytest.raises(RoomNotAvailable):
        holds.reserve(acting(bob), order(bob, guest.room), guest.desk)
    assert count(Booking, status="PENDING") == 1
    assert count(Payment, state="awaiting_guest") == 1
    assert clock.now() > guest.held.held_until


def test_a_hold_that_a_program_left_behind_is_paid_for_at_the_page_like_any_other(guest: Guest) -> None:
    transaction(lambda: db.session.execute(text("UPDATE orders SET channel = 'api'")))()  # book() died with it
    guest.opens()
    guest.stand_in.order(BEFORE, times=9)
    guest.comes_back()
    guest.stand_in.calm()
    assert recovered(guest.desk) == 1
    assert guest.ends == ("PENDING", ["failed"], {"held"}, 0)
    guest.opens()
    guest.pays()
    guest.comes_back()
    assert guest.ends == ("CONFIRMED", ["failed", "succeeded"], {"booked"}, 36000)
