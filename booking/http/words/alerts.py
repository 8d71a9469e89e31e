"""What is wrong in the house, for whoever is told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from booking.http import date_format
from booking.http.number_format import number
from booking.http.words.templates import Templates, _, _n, filled

ALERTS: Templates = {
    "payments_in_doubt": _n(
        "%(count)s payment has had no answer from the payment provider since %(since)s.",
        "%(count)s payments have had no answer from the payment provider, the oldest since %(since)s.",
        "count",
    ),
    "refunds_not_made": _n(
        "%(count)s refund was declined, and the guest still waits for it. It is from %(since)s.",
        "%(count)s refunds were declined, and guests still wait for them. The oldest is from %(since)s.",
        "count",
    ),
    "emails_late": _n(
        "%(count)s email has been waiting to be sent since %(since)s.",
        "%(count)s emails are waiting to be sent, the oldest since %(since)s.",
        "count",
    ),
    "emails_given_up": _n(
        "%(count)s email could not be delivered in the last 24 hours.",
        "%(count)s emails could not be delivered in the last 24 hours.",
        "count",
    ),
    "texts_given_up": _n(
        "%(count)s text message could not be sent in the last 24 hours.",
        "%(count)s text messages could not be sent in the last 24 hours.",
        "count",
    ),
    "work_late": _n(
        "%(count)s piece of work of “%(consumer)s” has been waiting since %(since)s.",
        "%(count)s pieces of work of “%(consumer)s” are waiting, the oldest since %(since)s.",
        "count",
    ),
    "queue_filling": _n(
        "%(count)s job waits in the queue for a worker.", "%(count)s jobs wait in the queue for a worker.", "count"
    ),
    "redis_filling": _("%(percent)s %% of Redis’ memory is in use."),
    "disk_filling": _("The disk of %(folder)s is %(percent)s %% full."),
    "maintenance_overdue": _("Maintenance should have ended on %(since)s, and guests still find the site closed."),
    "backup_missing": _("There is no backup yet."),
    "backup_late": _("The newest backup is from %(since)s."),
    "wal_late": _("What was booked after %(since)s is in no backup."),
}


def alert(code: str, facts: Mapping[str, Any], time_zone: str = "") -> str:
    """A sentence, by the clocks of the zone in which its reader is told other times, or by UTC; a code of another
    version by its own name.
    """
    template = ALERTS.get(code)
    if template is None:
        return code
    return filled(template, facts, {name: _shown(name, value, time_zone) for name, value in facts.items()})


def _shown(name: str, value: Any, time_zone: str) -> Any:
    if name == "since":
        since = dt.datetime.fromisoformat(value)
        return date_format.moment(since, time_zone) if time_zone else date_format.moment_utc(since)
    return number(value) if isinstance(value, int) else value
