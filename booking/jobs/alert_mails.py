"""Mails to those who work here: what is wrong in the house, since when and no more, and what is new."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext

from booking.config import Settings
from booking.domain import catalogue, people, system
from booking.domain.messages import Task
from booking.domain.people import Addressee
from booking.http import words
from booking.http.number_format import number
from booking.infra import ids
from booking.infra.mail_message import Email
from booking.jobs.account_mails import Writer, site, written
from booking.jobs.email_builder import Letter, one_line


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is wrong, and at which property (empty: everywhere)."""

    text: str
    place: str


def _about_alert(task: Task, message_id: str, settings: Settings) -> Email | None:
    """None where it was over before anybody could be told, or its reader has left."""
    to, told = _reader(task), task.payload
    alert_id = ids.decode("alert", told["alertId"])
    ended = task.type == system.ALERT_CLOSED
    if to is None or alert_id is None or (not ended and not system.is_alert_open(alert_id)):
        return None
    line = _line(told)
    facts: dict[str, object] = {
        "what": task.type.partition(".")[2],
        "line": line,
        "opened": dt.datetime.fromisoformat(told["openedAt"]),
        "ended": task.occurred_at,
        "link": page_about(told["kind"], settings),
        "choose": f"{site(settings)}/admin/alerts",
    }
    letter = Letter("alert", message_id, task.occurred_at)
    return written(to, headline(task.type, told), letter, settings, facts)


def headline(what: str, told: dict[str, Any]) -> str:
    """An event about an alert, or news, in one line."""
    if what == system.ALERT_NEWS:
        counts = {kind: told[kind]["count"] for kind in ("bookings", "messages")}
        return one_line(_subject(counts, len(told["alerts"])))
    line = _line(told)
    at = f" – {line.place}" if line.place else ""
    subjects = {
        system.ALERT_OPENED: gettext("Please look: %(what)s", what=line.text),
        system.ALERT_REMINDED: gettext("Still: %(what)s", what=line.text),
        system.ALERT_CLOSED: gettext("Over: %(what)s", what=line.text),
    }
    return one_line(subjects[what].rstrip(".") + at)


def _news(task: Task, message_id: str, settings: Settings) -> Email | None:
    """New bookings and messages; once a day, what is wrong besides."""
    to, told = _reader(task), task.payload
    if to is None:
        return None
    named = {kind: system.booking_lines(told[kind]["named"]) for kind in ("bookings", "messages")}
    counts = {kind: told[kind]["count"] for kind in named}
    facts: dict[str, object] = {
        "alerts": [_line(one) for one in told["alerts"]],
        "named": named,
        "counts": counts,
        "is_daily": told["how"] == people.ALERT_DAILY,
        "site": site(settings),
        "choose": f"{site(settings)}/admin/alerts",
    }
    letter = Letter("alert_news", message_id, task.occurred_at)
    return written(to, headline(task.type, told), letter, settings, facts)


def _subject(counts: dict[str, int], wrong: int) -> str:
    """2 new bookings, 1 new message, 1 thing to look at"""
    parts = [
        ngettext(
            "%(count)s new booking", "%(count)s new bookings", counts["bookings"], count=number(counts["bookings"])
        ),
        ngettext(
            "%(count)s new message", "%(count)s new messages", counts["messages"], count=number(counts["messages"])
        ),
        ngettext("%(count)s thing to look at", "%(count)s things to look at", wrong, count=number(wrong)),
    ]
    return ", ".join(part for part, count in zip(parts, (*counts.values(), wrong), strict=True) if count)


def _reader(task: Task) -> Addressee | None:
    user_id = ids.decode("user", task.payload["userId"])
    return people.addressee_of_id(user_id) if user_id else None


def _line(told: dict[str, Any]) -> Line:
    place = ids.decode("property", told["propertyId"] or "")
    name = catalogue.get_property_name(place) if place else ""
    return Line(words.alert(told["code"], told["facts"]), one_line(name))


def page_about(kind: str, settings: Settings) -> str:
    """Where somebody looks what it is."""
    return f"{site(settings)}/admin/{'' if kind == people.ALERT_MONEY else 'system'}"


WRITERS: dict[str, Writer] = {
    system.ALERT_OPENED: _about_alert,
    system.ALERT_REMINDED: _about_alert,
    system.ALERT_CLOSED: _about_alert,
    system.ALERT_NEWS: _news,
}
