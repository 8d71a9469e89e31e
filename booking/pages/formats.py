"""What is peculiar to a page: amounts that stand together look alike; who tried too often is told when again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from flask import g
from flask_babel import gettext
from markupsafe import Markup

from booking.domain.money import decimals
from booking.http import date_format, money_format
from booking.infra import clock


def money(amount: Decimal, currency: str) -> str:
    """€240, or €240.00 where another amount of this page has cents (see `alike`)."""
    return money_format.money(amount, currency, with_decimals=currency in g.get("decimals", ()))


def alike(currency: str, shown: Iterable[Decimal | None]) -> None:
    """Amounts that stand on this page together: where one of them has decimals, all in its currency get them."""
    if money_format.has_fraction((amount for amount in shown if amount is not None), currency):
        g.decimals = {*g.get("decimals", ()), currency}


def exact(currency: str) -> None:
    """Amounts of cash, which somebody counts: cents on every page, also where there are none."""
    if decimals(currency):
        g.decimals = {*g.get("decimals", ()), currency}


def stay_dates(check_in: dt.date, check_out: dt.date) -> Markup:
    """Fri 12 Dec – Mon 15 Dec: a line may end between the two dates, not inside one."""
    return _between(*date_format.first_and_last(check_in, check_out))


@lru_cache(maxsize=4096)
def _between(first: str, last: str) -> Markup:
    return Markup('<span class="nowrap">{} –</span> <span class="nowrap">{}</span>').format(first, last)


def later_day(date: dt.date, days: int) -> dt.date:
    """So many days after `date`."""
    return date + dt.timedelta(days=days)


# --- until something may be tried again

STEPS = (36_000, 3_600, 600, 60, 10, 1)  # seconds: each has its classes in the stylesheet
LONGEST_WAIT = 24 * 3_600 - 1


def try_again(seconds: int) -> Markup:
    """For whoever has tried too often"""
    return Markup("{} {}").format(gettext("Too many attempts."), wait(seconds))


def wait(seconds: int) -> Markup:
    """The same, below a heading that says of what there was too much; a script counts the seconds down."""
    return Markup(
        '<span role="timer" data-again="{}" data-counts="{}" data-over="{}">{}</span>'
        '<span class="unseen" role="status"></span>'
    ).format(
        end_of_wait(seconds),
        gettext("Try again in %(wait)s.", wait="{time}"),
        gettext("You can try again now."),
        gettext("Try again in %(wait)s.", wait=date_format.at_most(seconds)),
    )


def end_of_wait(seconds: int) -> str:
    """The instant at which so many seconds are over, for a script."""
    return (clock.now() + dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def wait_steps(seconds: int) -> str:
    """Classes of the stylesheet whose delays add up to so many seconds. (A page has no styles of its own.)"""
    left, steps = min(seconds, LONGEST_WAIT), []
    for step in STEPS:
        whole, left = left // step * step, left % step
        steps += [f"wait-{whole}"] if whole else []
    return " ".join(steps)
