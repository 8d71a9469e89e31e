"""Mails about an account's password: the link for setting a new one, and the news that there is a new one.

Only here and in the reader's mailbox the link stands in full.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask_babel import gettext

from booking.config import Settings
from booking.domain import people
from booking.domain.messages import Task
from booking.domain.people import Addressee, ResetNotice
from booking.infra import ids
from booking.infra.mail_message import Email
from booking.jobs.account_mails import site, written
from booking.jobs.email_builder import Letter

LINK, CHANGED = "password", "password_changed"


def link_for_task(task: Task, message_id: str, settings: Settings) -> Email | None:
    """The mail, or None: nobody has this address, the link was used or replaced, or it is too old by now."""
    reset_id = ids.decode("reset", task.payload["resetId"] or "")
    notice = people.reset_notice(reset_id) if reset_id else None
    letter, onward = Letter(LINK, message_id, task.occurred_at), task.payload.get("onward", "")
    return link(notice, letter, settings, onward) if notice else None


def news_for_task(task: Task, message_id: str, settings: Settings) -> Email | None:
    """The mail, or None where the account is gone."""
    user_id = ids.decode("user", task.payload["userId"])
    owner = people.addressee_of_id(user_id) if user_id else None
    return news(owner, Letter(CHANGED, message_id, task.occurred_at), settings) if owner else None


def link(notice: ResetNotice, letter: Letter, settings: Settings, onward: str = "") -> Email:
    """Text and HTML with the link, which leads `onward` in the end. Raises MailError for an address that no header
    can hold.
    """
    page = f"{site(settings)}/reset-password/{people.reset_token(notice.reset_id, settings.secret_keys)}"
    facts: dict[str, object] = {
        "minutes": int(people.RESET_GOOD_FOR.total_seconds()) // 60,
        "link": f"{page}?{urlencode({'next': onward})}" if onward else page,
    }
    return written(
        notice.to, gettext("Reset your password for %(site)s", site=settings.site_name), letter, settings, facts
    )


def news(owner: Addressee, letter: Letter, settings: Settings) -> Email:
    """When it was changed, and what to do if it was somebody else. Raises MailError like `link`."""
    facts: dict[str, object] = {"when": letter.written_at, "link": f"{site(settings)}/forgot-password"}
    return written(
        owner, gettext("Your password for %(site)s was changed", site=settings.site_name), letter, settings, facts
    )


WRITERS = {"password.requested": link_for_task, "password.changed": news_for_task}
