"""`flask messages`: what guests and the house write to each other, and emails and text messages as they were sent."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli import message_texts, outgoing
from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting
from booking.cli.references import booking_of
from booking.cli.values import Id
from booking.domain import correspondence, maintenance, reservations
from booking.domain.correspondence import EmailSearch, ListedEmail, MessageSearch, MessageText, Said, Talk
from booking.domain.inputs import accept
from booking.domain.messages import BY_GUEST, BY_HOUSE, MAIL
from booking.infra.ids import encode

EMAIL = Id("email", "see `flask messages emails`")

group = Group("messages", help="Guests’ messages, sent emails and text messages: list, read, answer, send again.")
for command in message_texts.COMMANDS:
    group.add_command(command)


@group.command("list")
@click.option("--to-answer", is_flag=True, help="Only those that wait for an answer.")
@click.option("--property", "slug", help="Only at this property, by its slug (`flask properties list`).")
@click.option("--search", default="", help="A reference, name, email or phone number.")
@as_json
@with_appcontext
def list_messages(to_answer: bool, slug: str | None, search: str, as_json: bool) -> None:
    """List what guests have written, by booking, the latest message first.

    \b
    Example:
        flask messages list --to-answer
        flask messages list --property seaside --json
    """
    wanted = outgoing.sought(MessageSearch, search, "open" if to_answer else None, slug)
    found = correspondence.find_conversations(acting(), wanted, outgoing.MOST).entries
    if as_json:
        show(_talk(one) for one in found)
    else:
        click.echo("\n".join(map(_line, found)) or "No messages.")


def _line(one: Talk) -> str:
    waits = f"{one.to_answer} to answer" if one.to_answer else "no answer needed" if one.is_guests else "answered"
    return f"{one.reference}  {instant(one.at)}  {waits}  {one.guest}: {' '.join(one.text.split())[:80]}"


@group.command("show")
@click.argument("reference")
@as_json
@with_appcontext
def show_messages(reference: str, as_json: bool) -> None:
    """Show what was written about a booking, the oldest first.

    REFERENCE is the one in the guest’s emails, or the booking’s id.

    \b
    Example:
        flask messages show H7K2M9QX
    """
    talk = correspondence.read_conversation(acting(), booking_of(reference).id)
    if as_json:
        show(_said(one) for one in talk.said)
    else:
        told = "\n\n".join(_told(one, talk.names) for one in talk.said)
        click.echo(told or f"Nothing was written about {talk.booking.reference}.")


def _told(one: Said, names: Mapping[str, str]) -> str:
    who = "guest" if one.is_guests else names.get(one.author, "house")
    return f"{instant(one.at)}  {who}{'  (to answer)' if one.is_open else ''}\n{one.text}"


@group.command("answer")
@click.argument("reference")
@click.argument("text")
@as_json
@with_appcontext
def answer(reference: str, text: str, as_json: bool) -> None:
    """Write to the guest of a booking, who gets it by email; what they have written is answered thereby.

    REFERENCE is the one in the guest’s emails, or the booking’s id; a TEXT of - is read from standard input.

    \b
    Example:
        flask messages answer H7K2M9QX "Yes, a cot is in your room."
    """
    booking = booking_of(reference)
    said = accept(MessageText, {"message": sys.stdin.read() if text == "-" else text}, strict=False)
    new = correspondence.answer_guest(acting(), booking.id, said)
    if as_json:
        show([_said(new)])
    else:
        click.echo(f"{booking.reference}: the message is on its way to the guest.")


@group.command("settle")
@click.argument("reference")
@as_json
@with_appcontext
def settle(reference: str, as_json: bool) -> None:
    """Say that what a guest has written needs no answer.

    \b
    Example:
        flask messages settle H7K2M9QX
    """
    booking = booking_of(reference)
    settled = correspondence.settle_messages(acting(), booking.id)
    if as_json:
        show([{"bookingId": encode("booking", booking.id), "reference": booking.reference, "settled": settled}])
    else:
        click.echo(f"{booking.reference}: {'settled' if settled else 'nothing waited for an answer'}.")


@group.command("emails")
@outgoing.narrowed(correspondence.EMAIL_STATES, "A whole email address, a reference or a name.")
@as_json
@with_appcontext
def list_emails(state: str | None, slug: str | None, search: str, limit: int, as_json: bool) -> None:
    """List emails, the newest first: to whom, about which booking, in which state, and why not where not.

    \b
    Example:
        flask messages emails --state failed
        flask messages emails --search dana@example.com --json
    """
    wanted = outgoing.sought(EmailSearch, search, state, slug)
    found = correspondence.find_emails(acting(), wanted, limit).entries
    if as_json:
        show(_email(one) for one in found)
    else:
        click.echo("\n".join(map(_email_line, found)) or "No emails.")


@group.command("email")
@click.argument("email_id", type=EMAIL)
@as_json
@with_appcontext
def show_email(email_id: uuid.UUID, as_json: bool) -> None:
    """Show an email as it was sent; links in it that open something are hidden.

    \b
    Example:
        flask messages email email_01k5xq4g8me1tb0r6y3fvd9n2c
    """
    read = correspondence.read_email(acting(), email_id)
    if as_json:
        show([_email(read.email) | {"subject": read.email.subject, "text": read.text}])
    else:
        click.echo(f"{_email_line(read.email)}\n{read.email.subject}\n\n{read.text}")


@group.command("resend")
@click.argument("email_id", type=EMAIL)
@as_json
@with_appcontext
def resend(email_id: uuid.UUID, as_json: bool) -> None:
    """Send an email again: one about a booking to the address that is known now, any other one if it failed.

    \b
    Example:
        flask messages resend email_01k5xq4g8me1tb0r6y3fvd9n2c
    """
    email = correspondence.read_email(acting(), email_id).email
    new = email_id
    if email.booking_id is not None:
        new = reservations.resend_email(acting(), email.booking_id, email_id)
    elif not maintenance.settle_delivery(acting(), email_id, MAIL, again=True):
        raise click.ClickException("It has not failed, so it is not sent again.")
    if as_json:
        show([_email(correspondence.read_email(acting(), new).email)])
    else:
        click.echo(f"{encode('email', new)} is on its way{f' to {email.to}' if email.to else ''}.")


def _talk(one: Talk) -> dict[str, Any]:
    return {
        "bookingId": encode("booking", one.booking_id),
        "reference": one.reference,
        "guest": one.guest,
        "property": one.property,
        "at": instant(one.at),
        "author": BY_GUEST if one.is_guests else BY_HOUSE,
        "message": one.text,
        "toAnswer": one.to_answer,
    }


def _said(one: Said) -> dict[str, Any]:
    return {
        "id": encode("message", one.id),
        "author": BY_GUEST if one.is_guests else BY_HOUSE,
        "message": one.text,
        "at": instant(one.at),
        "toAnswer": one.is_open,
    }


def _email(one: ListedEmail) -> dict[str, Any]:
    return {
        "id": encode("email", one.id),
        "about": one.kind,
        "to": one.to or None,
        "at": instant(one.at),
        "state": outgoing.as_typed(one.state),
        "error": one.error,
        "reference": one.reference or None,
        "property": one.property or None,
    }


def _email_line(one: ListedEmail) -> str:
    state = outgoing.as_typed(one.state) + (f" ({one.error})" if one.error else "")
    return f"{encode('email', one.id)}  {instant(one.at)}  {one.kind}  {one.reference or '-'}  {one.to or '-'}  {state}"
