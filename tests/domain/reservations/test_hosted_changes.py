"""A change that is paid at the provider's own page: however it ends, the guest has the new stay and paid for it, or the
old one as it was.
"""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.errors import (
    BookingModified,
    CancelledDuringChange,
    ChangeUnderWay,
    PaymentPageUnavailable,
    PriceChanged,
)
from booking.domain.maintenance.verification import verify
from booking.domain.reservations import bookings, change_pages
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Event, Room, User
from booking.infra.provider import NoAnswer
from tests.cast import (
    all_at_once,
    count,
    in_days,
    later,
    nights_of,
    payments_of,
    reload,
)
from tests.domain.reservations.changing import changes_of, longer, shorter
from tests.domain.reservations.paying_for_change import (
    AFTER_THE_HOLD,
    ASKED_FOR,
    COME_AGAIN,
    LINKS,
    Guest,
    recovered,
)
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.refusals import Refusal
from tests.stripe_stand_in.stand_in import AFTER, BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]


@pytest.fixture
def guest(alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn) -> Guest:
    return Guest(alice, room, stripe_desk, stand_in)


def test_the_new_nights_are_pinned_while_the_guest_pays_and_the_booking_is_changed_when_they_come_back(
    guest: Guest,
) -> None:
    url = guest.asks()
    payment = payments_of(guest.booked)[-1]
    assert url == guest.session["url"]
    assert (payment.purpose, payment.state, payment.method) == ("change", "awaiting_guest", "hosted")
    sent = [guest.session[name] for name in ("amount_total", "currency", "client_reference_id")]
    assert sent == [24000, "eur", str(payment.id)]
    assert (guest.session["success_url"], guest.session["cancel_url"]) == (LINKS.paid, LINKS.back)
    assert sorted(nights_of(guest.room).values()) == ["booked"] * 3 + ASKED_FOR
    assert reload(guest.booked).version == guest.booked.version
    shown = guest.shown.change
    assert (shown.stay.check_out, shown.difference, shown.until) == (longer()["check_out"], 240, payment.next_at)
    assert verify().findings == []
    guest.pays()
    guest.comes_back()
    guest.has_the_longer_stay()
    assert count(Event, type="booking.changed") == 1
    assert guest.asks() is None


def test_the_same_page_however_often_it_is_asked_for(guest: Guest, app: Flask) -> None:
    urls = [guest.asks(), guest.asks(), guest.page_again(), *all_at_once(app, [guest.page_again] * 3)]
    assert set(urls) == {guest.session["url"]}
    assert (len(payments_of(guest.booked)), len(guest.stand_in.account.sessions)) == (2, 1)


def test_of_two_who_ask_at_once_for_the_first_time_both_come_to_one_page_or_ask_again(guest: Guest, app: Flask) -> None:
    said = all_at_once(app, [guest.asks] * 3)
    open_pages = [one["url"] for one in guest.stand_in.account.sessions.values() if one["status"] == "open"]
    refused = [one for one in said if not isinstance(one, str)]
    assert all(isinstance(one, COME_AGAIN) for one in refused), refused
    assert {one for one in said if isinstance(one, str)} == set(open_pages)
    assert len(open_pages) == 1
    assert guest.asks() == open_pages[0]


def test_stripe_tells_before_the_guest_comes_back_and_twice(guest: Guest) -> None:
    guest.asks()
    guest.pays()
    for _ in range(2):
        guest.hears_from_stripe()
    guest.comes_back()
    guest.has_the_longer_stay()
    assert count(Event, type="booking.changed") == 1


def test_nobody_tells_and_the_guest_never_comes_back(guest: Guest) -> None:
    guest.asks()
    guest.pays()
    assert recovered(guest.desk) == 0  # not before the hold ends
    later(AFTER_THE_HOLD)
    assert recovered(guest.desk) == 1
    guest.has_the_longer_stay()


def test_stripe_tells_late_of_what_recovery_has_found_out(guest: Guest) -> None:
    guest.asks()
    later(AFTER_THE_HOLD)
    guest.pays()
    recovered(guest.desk)
    guest.hears_from_stripe()
    guest.has_the_longer_stay()


def test_a_page_that_nobody_pays_at_is_closed_in_time_and_the_old_stay_is_kept(guest: Guest) -> None:
    guest.asks()
    later(AFTER_THE_HOLD)
    assert guest.shown.change.until is None  # being found out
    recovered(guest.desk)
    assert guest.session["status"] == "expired"
    with pytest.raises(Refusal):
        guest.pays()
    guest.hears_from_stripe()
    guest.has_the_old_stay()
    assert [one.state for one in changes_of(guest.booked)] == ["failed"]
    assert guest.shown.change_not_paid
    guest.asks()
    guest.pays()
    guest.comes_back()
    guest.has_the_longer_stay()


def test_a_declined_card_leaves_the_page_open_for_another(guest: Guest) -> None:
    guest.asks()
    with pytest.raises(Refusal):
        guest.pays("pm_card_chargeDeclined")
    guest.hears_from_stripe()
    assert guest.shown.change.difference == 240
    guest.pays()
    guest.comes_back()
    guest.has_the_longer_stay()


def test_coming_back_without_having_paid_changes_nothing(guest: Guest) -> None:
    guest.asks()
    guest.comes_back()
    assert guest.shown.change.until is not None
    assert sorted(nights_of(guest.room).values()) == ["booked"] * 3 + ASKED_FOR


def test_whoever_keeps_the_booking_as_it_is_cannot_pay_any_more(guest: Guest) -> None:
    guest.asks()
    for _ in range(2):
        guest.keeps_it_as_it_is()
    assert guest.session["status"] == "expired"
    guest.has_the_old_stay()
    assert change_pages.page_of(guest.actor, guest.booked.id, guest.desk, LINKS) is None


def test_a_page_that_was_closed_at_stripe_leaves_the_old_stay(guest: Guest) -> None:
    guest.asks()
    guest.stand_in.account.expire_session(guest.session["id"], {})
    with pytest.raises(PaymentPageUnavailable):
        guest.asks()
    guest.has_the_old_stay()
    assert guest.asks() == guest.session["url"]


def test_keeping_it_as_it_is_after_having_paid_is_too_late(guest: Guest) -> None:
    guest.asks()
    guest.pays()
    guest.keeps_it_as_it_is()
    guest.has_the_longer_stay()


def test_another_wish_closes_the_page_of_the_one_before(guest: Guest) -> None:
    guest.asks()
    first = guest.session
    assert guest.asks(check_out=in_days(30, 4).check_out) != first["url"]
    assert (first["status"], guest.session["amount_total"]) == ("expired", 12000)
    assert [one.state for one in changes_of(guest.booked)] == ["failed", "pending"]
    guest.asks(**shorter())  # costs nothing more: it is done at once
    assert guest.session["status"] == "expired"
    assert sorted(nights_of(guest.room).values()) == ["booked"] * 2
    assert verify().findings == []


def test_another_wish_finds_the_one_before_paid(guest: Guest) -> None:
    guest.asks()
    guest.pays()
    with pytest.raises(PriceChanged):
        guest.asks(check_out=in_days(30, 4).check_out)
    guest.has_the_longer_stay()


def test_a_cancellation_closes_the_page(guest: Guest) -> None:
    guest.asks()
    bookings.cancel(guest.actor, guest.booked.id, guest.desk)
    assert (guest.session["status"], nights_of(guest.room), guest.kept) == ("expired", {}, 0)
    assert verify().findings == []


def test_a_cancellation_of_what_was_seen_finds_the_change_paid(guest: Guest) -> None:
    guest.asks()
    guest.pays()
    seen = guest.booked.version
    with pytest.raises(BookingModified):
        bookings.cancel(guest.actor, guest.booked.id, guest.desk, seen_version=seen)
    guest.has_the_longer_stay()


def test_while_stripe_is_silent_nothing_is_given_up_and_recovery_is_asked_to_hurry(guest: Guest) -> None:
    guest.asks()
    guest.pays()
    guest.stand_in.order(BEFORE, times=99)
    with pytest.raises(ChangeUnderWay):
        guest.keeps_it_as_it_is()
    with pytest.raises(ChangeUnderWay):
        guest.asks(check_out=in_days(30, 4).check_out)
    with pytest.raises(CancelledDuringChange):
        bookings.cancel(guest.actor, guest.booked.id, guest.desk)
    with pytest.raises(NoAnswer):
        guest.hears_from_stripe()
    guest.comes_back()
    assert guest.shown.change.until is None
    guest.stand_in.calm()
    assert recovered(guest.desk) == 1
    guest.has_the_longer_stay()


def test_a_page_that_cannot_be_opened_leaves_the_old_stay_and_the_next_attempt_is_a_new_one(guest: Guest) -> None:
    guest.stand_in.order((500, "api_error"), "/v1/checkout/sessions")
    with pytest.raises(PaymentPageUnavailable):
        guest.asks()
    guest.has_the_old_stay()
    assert guest.asks()
    guest.stand_in.order(BEFORE, times=99)
    with pytest.raises(PaymentPageUnavailable):  # there is one, but Stripe does not say where
        guest.asks()
    assert sorted(nights_of(guest.room).values()) == ["booked"] * 3 + ASKED_FOR


def test_a_page_whose_making_nobody_heard_of_is_found_again(guest: Guest) -> None:
    guest.stand_in.order(AFTER, "/v1/checkout/sessions", times=99)
    with pytest.raises(PaymentPageUnavailable):
        guest.asks()
    guest.stand_in.calm()
    guest.has_the_old_stay()
    guest.asks()
    guest.pays()
    guest.comes_back()
    guest.has_the_longer_stay()
