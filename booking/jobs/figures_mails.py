"""The figures of the week by email."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import islice

from flask_babel import gettext

from booking.config import Settings
from booking.domain import figures, people
from booking.domain.messages import Task
from booking.http import date_format, money_format, number_format
from booking.http.services import current_services
from booking.infra import ids
from booking.infra.mail_message import Email
from booking.jobs.account_mails import Writer, site, written
from booking.jobs.email_builder import Letter

MONTHS_AHEAD, NONE = 3, "–"


def _weekly(task: Task, message_id: str, settings: Settings) -> Email | None:
    """None for somebody who may see no figures any more."""
    user_id = ids.decode("user", task.payload["userId"])
    to = people.addressee_of_id(user_id) if user_id else None
    if user_id is None or to is None:
        return None
    monday = dt.date.fromisoformat(task.payload["monday"])
    week = figures.week_of_reader(user_id, monday, current_services().booking_context.rules)
    if week is None:
        return None
    page = f"{site(settings)}/admin/figures"
    ahead = [(one, list(islice(one.months, MONTHS_AHEAD))) for one in week.ahead]
    facts: dict[str, object] = {"week": week, "ahead": ahead, "page": page, "percent": _percent, "amount": _amount}
    subject = gettext("Figures of the week to %(day)s", day=date_format.day_short(week.last))
    return written(to, subject, Letter("figures_weekly", message_id, task.occurred_at), settings, facts)


def _percent(value: Decimal | None) -> str:
    return NONE if value is None else number_format.exact_percent(value)


def _amount(value: Decimal | None, currency: str) -> str:
    return NONE if value is None else money_format.money(value, currency, with_decimals=True)


WRITERS: dict[str, Writer] = {figures.WEEKLY_TOLD: _weekly}
