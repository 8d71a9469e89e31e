"""Mails about an account and its address. Only here and in the reader's mailbox a link stands in full."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from booking.config import Settings
from booking.domain import catalogue, messages, people
from booking.domain.messages import Task
from booking.domain.people import Addressee, EmailChange, LinkKind
from booking.infra import ids
from booking.infra.domains import ascii_url
from booking.infra.mail_message import Email
from booking.jobs import email_builder
from booking.jobs.deliver import NotYet
from booking.jobs.email_builder import Letter, one_line

Writer = Callable[[Task, str, Settings], Email | None]


def _verification(task: Task, message_id: str, settings: Settings) -> Email | None:
    """The mail with the link, or None: the address is confirmed, another one, or the link is too old by now."""
    verification_id = ids.decode("verify", task.payload["verificationId"])
    notice = people.verification_notice(verification_id) if verification_id else None
    if notice is None:
        return None
    link = people.written_link(LinkKind.VERIFY, notice.verification_id, settings.secret_keys)
    facts: dict[str, object] = {
        "days": people.VERIFICATION_GOOD_FOR.days,
        "link": f"{site(settings)}/verify-email/{link}",
    }
    subject = gettext("Confirm your email address for %(site)s", site=settings.site_name)
    letter = Letter("verification", message_id, task.occurred_at)
    return written(Addressee(notice.email, ""), subject, letter, settings, facts)


def _invitation(task: Task, message_id: str, settings: Settings) -> Email | None:
    """The mail with the link to accept it, or None where it is over by now."""
    invitation_id = ids.decode("invitation", task.payload["invitationId"])
    invitation = people.invitation_notice(invitation_id) if invitation_id else None
    if invitation is None:
        return None
    link = people.written_link(LinkKind.INVITE, invitation.id, settings.secret_keys)
    place = invitation.property_id
    facts: dict[str, object] = {
        "days": people.INVITATION_GOOD_FOR.days,
        "inviter": one_line(invitation.inviter),
        "house": one_line(catalogue.get_property_name(place)) if place else settings.site_name,
        "link": f"{site(settings)}/invitation/{link}",
    }
    subject = gettext("You’re invited to work at %(house)s", house=facts["house"])
    letter = Letter("invitation", message_id, task.occurred_at)
    return written(Addressee(invitation.email, ""), subject, letter, settings, facts)


def _about_change(
    kind: str, of: LinkKind, page: str, subject: LazyString, *, old: bool, stands: Callable[[EmailChange], bool]
) -> Writer:
    """A writer of mails about a change of address, for as long as the change stands as the mail tells it."""

    def write(task: Task, message_id: str, settings: Settings) -> Email | None:
        change_id = ids.decode("change", task.payload["changeId"])
        change = people.find_email_change(change_id) if change_id else None
        if change is None or not stands(change):
            return None
        facts: dict[str, object] = {
            "change": change,
            "when": task.occurred_at,
            "hours": int(people.EMAIL_CHANGE_GOOD_FOR.total_seconds()) // 3600,
            "days": people.EMAIL_CHANGE_KEPT_FOR.days,
            "link": f"{site(settings)}/{page}/{people.written_link(of, change.id, settings.secret_keys)}",
        }
        to = Addressee(change.old_email if old else change.new_email, "")
        letter = Letter(kind, message_id, task.occurred_at)
        return written(to, str(subject) % {"site": settings.site_name}, letter, settings, facts)

    return write


def _about_end(kind: str, subject: LazyString, owner: Callable[[Task], Addressee | None]) -> Writer:
    """A writer of mails that say what has become of the account and when, or None where nobody is to be told."""

    def write(task: Task, message_id: str, settings: Settings) -> Email | None:
        to, letter = owner(task), Letter(kind, message_id, task.occurred_at)
        said = str(subject) % {"site": settings.site_name}
        return written(to, said, letter, settings, {"when": task.occurred_at}) if to else None

    return write


def _about_second_factor(what: str, subject: LazyString) -> Writer:
    """A writer of mails that say what has become of the account's second factor, and what to do if it was another.

    An event that says `by` what it was turned on has words of its own for a passkey.
    """

    def write(task: Task, message_id: str, settings: Settings) -> Email | None:
        to, letter = _still_there(task), Letter("second_factor", message_id, task.occurred_at)
        said, page = str(subject) % {"site": settings.site_name}, f"{site(settings)}/account/two-step"
        told = "on_by_passkey" if task.payload.get("by") == "passkey" else what
        facts: dict[str, object] = {"what": told, "when": task.occurred_at, "link": page}
        return written(to, said, letter, settings, facts) if to else None

    return write


def _still_there(task: Task) -> Addressee | None:
    user_id = ids.decode("user", task.payload["userId"])
    return people.addressee_of_id(user_id) if user_id else None


def _gone(task: Task) -> Addressee | None:
    """Whose address is kept for this last mail, None where it was sent. Raises NotYet: it says that it is the last."""
    if messages.is_unfinished(task.consumer, people.FAREWELL, task.payload[people.FAREWELL], besides=task.event_id):
        raise NotYet("after the emails about bookings")
    return kept_address(task.payload[people.FAREWELL])


def kept_address(farewell: str) -> Addressee | None:
    """The address of a deleted account, as long as emails to it are owed."""
    farewell_id = ids.decode("farewell", farewell)
    return people.find_farewell(farewell_id) if farewell_id else None


def forget_address(task: Task) -> None:
    """The last mail is sent."""
    if farewell_id := ids.decode("farewell", task.payload[people.FAREWELL]):
        people.end_farewell(farewell_id)


def written(to: Addressee, subject: str, letter: Letter, settings: Settings, facts: dict[str, object]) -> Email:
    """A mail to an account's owner. Raises MailError for an address that no header can hold."""
    name = one_line(to.name)
    told = {"name": name, "email": to.email, "site_name": settings.site_name, **facts}
    return email_builder.email(letter, settings.mail_from, email_builder.recipient(name, to.email), subject, told)


def site(settings: Settings) -> str:
    """Where links of ours begin."""
    return ascii_url(settings.site_url)


AFTERWARDS: dict[str, Callable[[Task], None]] = {"account.deleted": forget_address}

WRITERS: dict[str, Writer] = {
    "account.disabled": _about_end(
        "account_disabled", lazy_gettext("Your account at %(site)s was disabled"), _still_there
    ),
    "account.deleted": _about_end("account_deleted", lazy_gettext("Your account at %(site)s was deleted"), _gone),
    people.SECOND_FACTOR_ON: _about_second_factor(
        "on", lazy_gettext("Two-step sign-in is on for your account at %(site)s")
    ),
    people.SECOND_FACTOR_OFF: _about_second_factor(
        "off", lazy_gettext("Two-step sign-in is off for your account at %(site)s")
    ),
    people.AUTHENTICATOR_ADDED: _about_second_factor(
        "app_added", lazy_gettext("An authenticator app was added to your account at %(site)s")
    ),
    people.AUTHENTICATOR_REMOVED: _about_second_factor(
        "app_removed", lazy_gettext("Your authenticator app was removed from your account at %(site)s")
    ),
    people.PASSKEY_ADDED: _about_second_factor(
        "passkey_added", lazy_gettext("A passkey was added to your account at %(site)s")
    ),
    people.PASSKEY_REMOVED: _about_second_factor(
        "passkey_removed", lazy_gettext("A passkey was removed from your account at %(site)s")
    ),
    people.RECOVERY_CODE_USED: _about_second_factor(
        "used", lazy_gettext("A recovery code was used for your account at %(site)s")
    ),
    "verification.requested": _verification,
    people.INVITED: _invitation,
    "email.requested": _about_change(
        "email_change",
        LinkKind.CHANGE,
        "change-email",
        lazy_gettext("Confirm your new email address for %(site)s"),
        old=False,
        stands=lambda change: change.waits_for_new,
    ),
    "email.announced": _about_change(
        "email_change_notice",
        LinkKind.KEEP,
        "keep-email",
        lazy_gettext("Your email address is about to change at %(site)s"),
        old=True,
        stands=lambda change: not change.is_confirmed,
    ),
    "email.awaited": _about_change(
        "email_change_awaited",
        LinkKind.KEEP,
        "keep-email",
        lazy_gettext("Confirm the change of your email address at %(site)s"),
        old=True,
        stands=lambda change: change.waits_for_old,
    ),
    "email.changed": _about_change(
        "email_changed",
        LinkKind.KEEP,
        "keep-email",
        lazy_gettext("Your email address was changed at %(site)s"),
        old=True,
        stands=lambda change: change.is_confirmed,
    ),
}
