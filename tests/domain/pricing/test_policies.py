"""Cancellation to the second: before a deadline counts, at the deadline does not; and the moves of a booking."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from booking.domain.catalogue.cancellation_policies import MODERATE
from booking.domain.errors import BookingNotCancellable, IllegalMove
from booking.domain.pricing import policies
from booking.domain.reservations import bookings, cancellation
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import CANCELLED, CONFIRMED, EXPIRED, PENDING
from booking.domain.tables import Booking, User
from booking.infra import clock
from tests.cases import each
from tests.cast import VISA, a_room, acting, in_days, order, order_of
from tests.refusals import refused

POLICY = policies.frozen(MODERATE, "Europe/Brussels", dt.time(15))
CHECK_IN = dt.date(2031, 5, 20)
MOMENT = dt.timedelta(microseconds=1)
FIVE_DAYS, ONE_DAY = (tier.until for tier in policies.tiers(POLICY, CHECK_IN))


@each(
    ("moment", "comes_back"),
    [
        (FIVE_DAYS - MOMENT, 300),
        (FIVE_DAYS, 150),
        (ONE_DAY - MOMENT, 150),
        (ONE_DAY, 0),
    ],
)
def test_a_refund_at_the_exact_deadline_is_the_next_one(moment: dt.datetime, comes_back: int) -> None:
    assert policies.refund(POLICY, CHECK_IN, Decimal(300), "EUR", moment) == comes_back


@each(("moment", "shown"), [(FIVE_DAYS - MOMENT, [100, 50]), (FIVE_DAYS, [50]), (ONE_DAY, [])])
def test_no_more_is_promised_than_would_come_back(moment: dt.datetime, shown: list[int]) -> None:
    tiers = policies.tiers(POLICY, CHECK_IN)
    assert [promise.percent for promise in policies.promises(tiers, Decimal(300), "EUR", moment)] == shown


@each(("currency", "paid", "half"), [("EUR", "99.99", "50.00"), ("JPY", "101", "51"), ("KWD", "0.333", "0.167")])
def test_a_promise_says_until_when_how_much_of_the_price_and_the_amount(currency: str, paid: str, half: str) -> None:
    tiers = policies.tiers(POLICY, CHECK_IN)
    assert policies.promises(tiers, Decimal(paid), currency, FIVE_DAYS - MOMENT) == [
        policies.RefundPromise(FIVE_DAYS, 100, Decimal(paid)),
        policies.RefundPromise(ONE_DAY, 50, Decimal(half)),
    ]


@each(("currency", "paid", "half"), [("EUR", "99.99", "50.00"), ("JPY", "101", "51")])
def test_the_outlook_of_a_stay_names_every_deadline_also_those_that_are_over(
    currency: str, paid: str, half: str
) -> None:
    assert policies.outlook(POLICY, CHECK_IN, Decimal(paid), currency) == [
        policies.RefundPromise(FIVE_DAYS, 100, Decimal(paid)),
        policies.RefundPromise(ONE_DAY, 50, Decimal(half)),
    ]


@each(("currency", "paid", "half"), [("EUR", "1", "0.50"), ("JPY", "101", "51"), ("KWD", "0.333", "0.167")])
def test_of_a_stay_as_sold_only_what_is_ahead_is_promised_however_little(currency: str, paid: str, half: str) -> None:
    ahead = policies.promises_of(POLICY, CHECK_IN, Decimal(paid), currency, FIVE_DAYS)
    assert ahead == [policies.RefundPromise(ONE_DAY, 50, Decimal(half))]


def test_parts_are_rounded_each_in_the_currencys_own_way() -> None:
    divided = policies.in_parts(POLICY, [policies.Part(Decimal(101), CHECK_IN), policies.Part(Decimal(99), LATER)])
    halves = [one.amount for one in policies.outlook(divided, LATER, Decimal(200), "JPY")]
    assert halves == [Decimal(200), Decimal(150), Decimal(99), Decimal(50)]


LATER = dt.date(2031, 5, 30)  # the stay begins ten days later now; what was paid before keeps its deadlines
CHANGED = policies.in_parts(POLICY, [policies.Part(Decimal(300), CHECK_IN), policies.Part(Decimal(99), LATER)])
FIVE_DAYS_BEFORE_LATER, ONE_DAY_BEFORE_LATER = (tier.until for tier in policies.tiers(POLICY, LATER))


def test_the_outlook_of_a_changed_stay_adds_up_what_each_part_brings_back() -> None:
    assert policies.outlook(CHANGED, LATER, Decimal(399), "EUR") == [
        policies.RefundPromise(FIVE_DAYS, 100, Decimal(399)),
        policies.RefundPromise(ONE_DAY, 62, Decimal(249)),
        policies.RefundPromise(FIVE_DAYS_BEFORE_LATER, 24, Decimal(99)),
        policies.RefundPromise(ONE_DAY_BEFORE_LATER, 12, Decimal("49.50")),
    ]
    for moment in (FIVE_DAYS, ONE_DAY, FIVE_DAYS_BEFORE_LATER, ONE_DAY_BEFORE_LATER):
        ahead = policies.promises_of(CHANGED, LATER, Decimal(399), "EUR", moment - MOMENT)
        assert ahead[0].amount == policies.refund(CHANGED, LATER, Decimal(399), "EUR", moment - MOMENT)
        assert ahead[0].until == moment


def test_deadlines_that_bring_back_the_same_are_one_and_a_stay_that_cost_nothing_promises_nothing() -> None:
    twice = policies.in_parts(POLICY, [policies.Part(Decimal(0), CHECK_IN), policies.Part(Decimal(99), LATER)])
    deadlines = [one.until for one in policies.outlook(twice, LATER, Decimal(99), "EUR")]
    assert deadlines == [FIVE_DAYS_BEFORE_LATER, ONE_DAY_BEFORE_LATER]
    nothing = policies.in_parts(POLICY, [policies.Part(Decimal(0), CHECK_IN)])
    assert [one.percent for one in policies.outlook(nothing, CHECK_IN, Decimal(0), "EUR")] == [0]
    assert policies.promises_of(nothing, CHECK_IN, Decimal(0), "EUR", FIVE_DAYS - MOMENT) == []


@pytest.mark.parametrize(("currency", "paid", "half"), [("JPY", "101", "51"), ("KWD", "0.333", "0.167")])
def test_a_refund_is_rounded_to_the_currencys_own_decimals(currency: str, paid: str, half: str) -> None:
    assert policies.refund(POLICY, CHECK_IN, Decimal(paid), currency, FIVE_DAYS) == Decimal(half)


def test_one_per_cent_is_promised_and_nothing_at_all_is_not() -> None:
    tiers = [policies.RefundTier(FIVE_DAYS, 1), policies.RefundTier(ONE_DAY, 0)]
    assert [one.percent for one in policies.promises(tiers, Decimal(300), "EUR", FIVE_DAYS - MOMENT)] == [1]


ALL_OF_IT_TWICE = POLICY | {"tiers": [{"daysBefore": 5, "percent": 100}, {"daysBefore": 1, "percent": 100}]}
NEVER_ALL_OF_IT = POLICY | {"tiers": [{"daysBefore": 5, "percent": 99}]}


@each(
    ("policy", "moment", "until"),
    [
        (POLICY, FIVE_DAYS - MOMENT, FIVE_DAYS),
        (POLICY, FIVE_DAYS, None),
        (ALL_OF_IT_TWICE, FIVE_DAYS - MOMENT, ONE_DAY),
        (ALL_OF_IT_TWICE, ONE_DAY, None),
        (NEVER_ALL_OF_IT, FIVE_DAYS - MOMENT, None),
    ],
)
def test_free_cancellation_ends_with_the_last_tier_that_gives_everything_back(
    policy: dict[str, Any], moment: dt.datetime, until: dt.datetime | None
) -> None:
    assert policies.free_until(policy, CHECK_IN, moment) == until


@pytest.fixture
def booked(alice: User, desk: BookingContext) -> Booking:
    room = a_room(cancellation_policy=MODERATE, check_in_time=dt.time(15))
    return bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)


def test_what_is_shown_changes_at_the_deadline(booked: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
    five_days, one_day = (tier.until for tier in policies.tiers(booked.policy, booked.check_in))
    seen = []
    for moment in (five_days - MOMENT, five_days, one_day):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        seen.append((cancellation.terms_now(booked, order_of(booked)).refund, cancellation.refund_until(booked)))
    assert seen == [(Decimal(360), five_days), (Decimal(180), one_day), (Decimal(0), None)]


def test_a_stay_that_begins_now_cannot_be_cancelled(booked: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
    begins = policies.check_in_instant(booked.policy, booked.check_in)
    monkeypatch.setattr(clock, "now", lambda: begins - MOMENT)
    cancellation.refuse_unless_possible(booked)
    monkeypatch.setattr(clock, "now", lambda: begins)
    with pytest.raises(BookingNotCancellable):
        cancellation.refuse_unless_possible(booked)


def test_a_booking_in_yen_comes_back_in_whole_yen(alice: User, desk: BookingContext) -> None:
    room = a_room(cancellation_policy=MODERATE, currency="JPY", price_per_night=Decimal(101))
    booking = bookings.book(acting(alice), order(alice, room, in_days(3, nights=1)), VISA, desk)
    assert str(cancellation.terms_now(booking, order_of(booking)).refund) == "51"


def test_a_booking_that_is_being_paid_says_so_and_when_to_try_again() -> None:
    paying = Booking(status=PENDING, held_until=None)
    with refused(
        BookingNotCancellable, "^A payment for this booking is already in progress. Please try again in a moment.$"
    ):
        cancellation.refuse_unless_possible(paying)


# --- moves

MOVES = {
    CONFIRMED: lambda booking: booking.confirm(clock.now()),
    CANCELLED: lambda booking: booking.cancel(clock.now(), None, None),
    EXPIRED: lambda booking: booking.expire(),
}
LEGAL = {(PENDING, CONFIRMED), (PENDING, CANCELLED), (PENDING, EXPIRED), (CONFIRMED, CANCELLED)}


@each("before", [PENDING, CONFIRMED, CANCELLED, EXPIRED])
@each("after", list(MOVES))
def test_an_illegal_move_says_what_the_booking_is_and_what_it_cannot_become(before: str, after: str) -> None:
    booking = Booking(status=before)
    if (before, after) in LEGAL:
        MOVES[after](booking)
        assert booking.status == after
        return
    with refused(IllegalMove, f"This booking is {before}: it cannot become {after.lower()}"):
        MOVES[after](booking)
    assert booking.status == before
