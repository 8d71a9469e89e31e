"""A change that is paid at the provider's own page: who may, under which key, and what is not charged there."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from booking.domain import inventory
from booking.domain.errors import (
    BookingNotFound,
    ChangeActionRequired,
    Invalid,
    PriceChanged,
)
from booking.domain.maintenance.verification import verify
from booking.domain.reservations import (
    booking_details,
    change_pages,
    guarantees,
    holds,
    idempotency,
    orders,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra.db import db, transaction
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    beside,
    count,
    in_days,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
)
from tests.domain.reservations.changing import DAY, changes_of, longer
from tests.domain.reservations.paying_for_change import (
    AFTER_THE_HOLD,
    CHANGED,
    LINKS,
    Guest,
    recovered,
)
from tests.stripe_stand_in import StandIn

pytest_plugins = ["tests.stripe_stand_in.fixtures"]


@pytest.fixture
def guest(alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn) -> Guest:
    return Guest(alice, room, stripe_desk, stand_in)


def test_charged_for_nights_that_are_gone_goes_back(guest: Guest) -> None:
    guest.asks()
    guest.pays()
    [change] = changes_of(guest.booked)
    transaction(inventory.release_nights)(SYSTEM, change.id)
    guest.comes_back()
    guest.has_the_old_stay()
    assert [(one.kind, one.state) for one in payments_of(guest.booked)][1:] == [
        ("charge", "succeeded"),
        ("refund", "succeeded"),
    ]


def test_more_guests_are_paid_for_at_the_page_too(guest: Guest) -> None:
    transaction(lambda: db.session.execute(text("UPDATE rooms SET price_per_night = price_per_night + 30")))()
    guest.asks(guests=3)
    assert sorted(nights_of(guest.room).values()) == ["booked"] * 3
    assert verify().findings == []
    guest.pays()
    guest.comes_back()
    assert (reload(guest.booked).guests, int(reload(guest.booked).total_price), guest.kept) == (3, 450, 450)


def test_only_what_was_shown_is_charged_and_only_its_guest_pays(guest: Guest, bob: User) -> None:
    with pytest.raises(PriceChanged):
        guest.agrees(Agreed(StayChange(**longer()), Decimal(1), links=LINKS))
    assert guest.stand_in.account.sessions == {}
    guest.asks()
    guest.actor = acting(bob)
    for act in (guest.comes_back, guest.keeps_it_as_it_is, guest.page_again):
        with pytest.raises(BookingNotFound):
            act()
    with pytest.raises(BookingNotFound):
        guest.agrees(Agreed(StayChange(**longer()), Decimal(240), links=LINKS))
    assert guest.session["status"] == "open"


def test_a_card_closes_the_page_and_without_either_the_card_is_missing(guest: Guest) -> None:
    with pytest.raises(Invalid):
        guest.agrees(Agreed(StayChange(**longer()), Decimal(240)))
    guest.asks()
    guest.agrees(Agreed(StayChange(**longer()), Decimal(240), method=VISA))
    assert guest.session["status"] == "expired"
    guest.has_the_longer_stay()


def test_what_staff_has_vouched_for_stays_due_and_needs_no_page(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), stripe_desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    agreed = Agreed(StayChange(**longer()), Decimal(240), links=LINKS)
    now = stay_changes.change(SYSTEM, held.id, agreed, stripe_desk)
    assert (int(now.total_price), int(order_of(now).due), len(stand_in.account.sessions)) == (600, 600, 0)


def test_a_key_leads_to_the_page_until_it_is_paid_and_keeps_the_booking_then(guest: Guest) -> None:
    agreed = Agreed(StayChange(**longer()), Decimal(240), links=LINKS)

    def call() -> Booking | idempotency.Answer:
        claim = idempotency.claim(guest.actor, "change", "key", b"same")
        if isinstance(claim, idempotency.Answer):
            return claim
        render = lambda lines: idempotency.Answer(200, f'"{lines[0].total_price}"')  # noqa: E731
        try:
            return stay_changes.change(guest.actor, guest.booked.id, agreed, guest.desk, claim=claim, render=render)
        finally:
            idempotency.let_go(claim)

    for _ in range(2):
        with pytest.raises(ChangeActionRequired) as refused:
            call()
        assert refused.value.named == {"url": guest.session["url"]}
    guest.pays()
    now = call()
    assert isinstance(now, Booking)
    assert now.total_price == CHANGED
    guest.has_the_longer_stay()
    assert call() == idempotency.Answer(200, '"600.000"')


def test_a_key_whose_page_was_closed_begins_anew(guest: Guest) -> None:
    agreed = Agreed(StayChange(**longer()), Decimal(240), links=LINKS)
    claim = idempotency.claim(guest.actor, "change", "key", b"same")
    assert isinstance(claim, idempotency.Claim)
    with pytest.raises(ChangeActionRequired):
        stay_changes.change(guest.actor, guest.booked.id, agreed, guest.desk, claim=claim)
    idempotency.let_go(claim)
    later(AFTER_THE_HOLD)
    recovered(guest.desk)
    first, again = guest.session, idempotency.claim(guest.actor, "change", "key", b"same")
    assert isinstance(again, idempotency.Claim)
    with pytest.raises(ChangeActionRequired):
        stay_changes.change(guest.actor, guest.booked.id, agreed, guest.desk, claim=again)
    assert (first["status"], guest.session["status"]) == ("expired", "open")


def test_of_an_order_of_several_rooms_only_the_changed_one_shows_the_change(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "Suite", 80)))
    booked = orders.book(acting(alice), OrderRequest(alice.id, items), VISA, stripe_desk)
    first, suite = booked.bookings
    agreed = Agreed(StayChange(check_out=suite.check_out + DAY), Decimal(80), links=LINKS)
    with pytest.raises(ChangeActionRequired):
        stay_changes.change(acting(alice), suite.id, agreed, stripe_desk)
    assert booking_details.trip(acting(alice), suite.id).change is not None
    assert booking_details.trip(acting(alice), first.id).change is None
    assert change_pages.page_of(acting(alice), first.id, stripe_desk, LINKS) is None
    change_pages.withdraw(acting(alice), first.id, stripe_desk)
    assert [one["status"] for one in stand_in.account.sessions.values()] == ["open"]
    assert count(Payment, state="awaiting_guest") == 1
