"""`flask messages texts|try-text|stop-texts`: text messages as they were sent, tried again, and ended for a number."""

from __future__ import annotations

import uuid
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli import outgoing
from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import acting
from booking.cli.values import Id
from booking.domain import correspondence, texting
from booking.domain.correspondence import TEXT_STATES, ListedText, TextSearch
from booking.domain.inputs import accept
from booking.domain.texting import BY_STAFF, TextNumber
from booking.infra import phone_numbers
from booking.infra.ids import encode

TEXT = Id("text", "see `flask messages texts`")


@click.command("texts")
@outgoing.narrowed(TEXT_STATES, "A mobile number with its country, a reference or a name.")
@as_json
@with_appcontext
def list_texts(state: str | None, slug: str | None, search: str, limit: int, as_json: bool) -> None:
    """List text messages, the newest first: to whom, about which booking, in which state, and why not where not.

    \b
    Example:
        flask messages texts --state failed
        flask messages texts --search "+32 471 23 45 67" --json
    """
    wanted = outgoing.sought(TextSearch, search, state, slug)
    found = correspondence.find_texts(acting(), wanted, limit).entries
    if as_json:
        show(_facts(one) for one in found)
    else:
        click.echo("\n".join(map(_line, found)) or "No text messages.")


@click.command("try-text")
@click.argument("text_id", type=TEXT)
@as_json
@with_appcontext
def try_text(text_id: uuid.UUID, as_json: bool) -> None:
    """Try a text message once more that could not be sent.

    \b
    Example:
        flask messages try-text text_01k5xq4g8me1tb0r6y3fvd9n2c
    """
    if not correspondence.try_text_again(acting(), text_id):
        raise click.ClickException("It has not failed, so it is not tried again.")
    if as_json:
        show([{"id": encode("text", text_id), "state": "to-send"}])
    else:
        click.echo(f"{encode('text', text_id)} is tried again.")


@click.command("stop-texts")
@click.argument("number")
@as_json
@with_appcontext
def stop_texts(number: str, as_json: bool) -> None:
    """End text messages to a NUMBER, because whoever has it says so; as if they had answered STOP.

    \b
    Example:
        flask messages stop-texts "+32 471 23 45 67"
    """
    known = accept(TextNumber, {"mobile": number}, strict=False).mobile
    ended = texting.stop_texts(acting(), known, BY_STAFF)
    if as_json:
        show([{"number": known, "ended": ended}])
    else:
        click.echo(f"{phone_numbers.shown(known)} gets no text messages{' any more' if ended else ': it got none'}.")


COMMANDS = (list_texts, try_text, stop_texts)


def _facts(one: ListedText) -> dict[str, Any]:
    return {
        "id": encode("text", one.id),
        "about": one.kind,
        "to": one.number or None,
        "text": one.text or None,
        "segments": one.segments or None,
        "at": instant(one.at),
        "state": outgoing.as_typed(one.state),
        "error": one.error,
        "reference": one.reference or None,
        "property": one.property or None,
    }


def _line(one: ListedText) -> str:
    state = outgoing.as_typed(one.state) + (f" ({one.error})" if one.error else "")
    facts = (encode("text", one.id), instant(one.at), one.kind, one.reference or "-", one.number or "-", state)
    return "  ".join(str(fact) for fact in facts) + (f"\n    {one.text}" if one.text else "")
