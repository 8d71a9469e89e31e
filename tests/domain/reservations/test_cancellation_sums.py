"""What an order costs and owes if one of its bookings is cancelled, and whether that was the policy's doing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from booking.domain.catalogue.cancellation_policies import MODERATE
from booking.domain.errors import StayHasBegun, StayIsOver
from booking.domain.pricing import policies
from booking.domain.reservations import cancellation
from booking.domain.reservations.cancellation import Terms
from booking.domain.tables import Booking, Order
from booking.infra import clock
from tests.cases import each

POLICY = policies.frozen(MODERATE, "Europe/Brussels", dt.time(15))  # all until five days before, half until one
CHECK_IN = dt.date(2031, 5, 20)
FIVE_DAYS, ONE_DAY = (tier.until for tier in policies.tiers(POLICY, CHECK_IN))
MOMENT = dt.timedelta(microseconds=1)


def order_with(**sums: int) -> Order:
    nothing = dict.fromkeys(("owed", "paid", "refunded", "refunding", "waived"), 0)
    return Order(**{name: Decimal(amount) for name, amount in (nothing | sums).items()})


# Two rooms of 300 and 200; of the first 150 is kept.
@each(
    ("sums", "refund", "owed", "due"),
    [
        ({"owed": 500}, 0, 350, 350),  # nothing was paid yet
        ({"owed": 500, "paid": 500}, 150, 350, 0),
        ({"owed": 500, "paid": 400}, 50, 350, 0),
        ({"owed": 500, "paid": 400}, 100, 350, 50),  # more came back than the policy says
        ({"owed": 500, "paid": 100}, 0, 350, 250),
        ({"owed": 500, "paid": 100, "waived": 40}, 0, 350, 210),
        ({"owed": 500, "paid": 100, "waived": 400}, 0, 350, 0),  # let off more than is left: never below 0
        ({"owed": 500, "paid": 500, "refunded": 100}, 50, 350, 0),
        ({"owed": 500, "paid": 500, "refunding": 300}, 0, 350, 150),
    ],
)
def test_what_an_order_costs_and_owes_after_a_cancellation(
    sums: dict[str, int], refund: int, owed: int, due: int
) -> None:
    booking = Booking(total_price=Decimal(300))
    terms = Terms(kept=Decimal(150), refund=Decimal(refund))
    assert cancellation.owed_after(booking, order_with(**sums), terms) == owed
    assert cancellation.due_after(booking, order_with(**sums), terms) == due


@each(
    ("kept", "cancelled_at", "is_by_policy"),
    [
        (0, FIVE_DAYS - MOMENT, True),
        (150, FIVE_DAYS, True),
        (300, ONE_DAY, True),
        (150, FIVE_DAYS - MOMENT, False),  # the house kept more than it had to
        (0, FIVE_DAYS, False),  # or less
        (None, FIVE_DAYS, True),  # of an older version
        (None, None, True),
        (100, None, True),
    ],
)
def test_what_the_house_keeps_is_its_policys_or_its_own_decision(
    kept: int | None, cancelled_at: dt.datetime | None, is_by_policy: bool
) -> None:
    booking = Booking(
        policy=POLICY,
        check_in=CHECK_IN,
        total_price=Decimal(300),
        currency="EUR",
        kept=None if kept is None else Decimal(kept),
        cancelled_at=cancelled_at,
    )
    assert cancellation.is_by_policy(booking) is is_by_policy


@each(
    ("paid", "refund"),
    [(0, 0), (100, 0), (150, 0), (200, 50), (300, 150)],
)
def test_only_what_was_paid_beyond_what_the_house_keeps_comes_back(paid: int, refund: int) -> None:
    half_comes_back = clock.today("Etc/UTC") + dt.timedelta(days=3)
    booking = Booking(policy=POLICY, check_in=half_comes_back, total_price=Decimal(300), currency="EUR")
    terms = cancellation.terms_now(booking, order_with(owed=300, paid=paid))
    assert terms == Terms(kept=Decimal(150), refund=Decimal(refund))


@each(
    ("stay_begins", "stay_ends", "why"),
    [(-1, 1, StayHasBegun), (-3, -1, StayIsOver)],
)
def test_what_has_begun_or_is_over_says_which(stay_begins: int, stay_ends: int, why: type[Exception]) -> None:
    today = clock.today("Etc/UTC")
    booking = Booking(
        status="CONFIRMED",
        policy=POLICY,
        check_in=today + dt.timedelta(days=stay_begins),
        check_out=today + dt.timedelta(days=stay_ends),
        check_out_time=dt.time(11),
        time_zone="Etc/UTC",
    )
    with pytest.raises(why):
        cancellation.refuse_unless_possible(booking)
