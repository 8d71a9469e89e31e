"""`flask data-requests`: what guests ask about their own data, given out, erased, and settled."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting
from booking.cli.references import booking_of
from booking.cli.values import DATE, Id
from booking.domain import system
from booking.domain.inputs import accept
from booking.domain.system import DataRequestOrder, ShownRequest
from booking.http.services import current_services
from booking.infra.ids import encode

REQUEST = Id("request", "see `flask data-requests list`")
KINDS = {"export": "export", "erase": "erasure"}

group = Group("data-requests", help="What guests ask about their own data: list, write down, export, erase, settle.")


@group.command("list")
@click.option("--settled", is_flag=True, help="Also those that are settled.")
@as_json
@with_appcontext
def list_requests(settled: bool, as_json: bool) -> None:
    """List the requests that are open, the most urgent first.

    \b
    Example:
        flask data-requests list
        flask data-requests list --settled --json
    """
    found = system.list_data_requests(acting(), closed=settled)
    if as_json:
        show(map(_facts, found))
    else:
        click.echo("\n".join(map(_line, found)) or "Nobody waits for an answer.")


@group.command("record")
@click.argument("reference")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--on", type=DATE, help="The day on which they asked; today, if nothing is said.")
@click.option("--note", help="At most 255 characters.")
@as_json
@with_appcontext
def record(reference: str, kind: str, on: dt.datetime | None, note: str | None, as_json: bool) -> None:
    """Write down that a guest has asked to see or to erase what is kept of them; it is due within 30 days.

    REFERENCE is that of a booking of theirs.

    \b
    Example:
        flask data-requests record H7K2M9QX export --on 2026-11-28
    """
    booking = booking_of(reference)
    said = {"kind": KINDS[kind], "askedOn": on and on.date().isoformat(), "note": note}
    asked = accept(DataRequestOrder, {name: value for name, value in said.items() if value}, strict=False)
    made = system.record_data_request(acting(), booking.id, asked)
    open_ones = system.list_data_requests(acting(), booking_id=booking.id)
    _tell([one for one in open_ones if one.id == made], as_json)


@group.command("export")
@click.argument("reference")
@click.option("--to", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Into this new file.")
@as_json
@with_appcontext
def export(reference: str, to: Path | None, as_json: bool) -> None:
    """Print everything that is kept of a guest, to be given to them; an open request for it is answered by that.

    REFERENCE is that of a booking of theirs. What is printed is JSON in any case; with --json an array of it.

    \b
    Example:
        flask data-requests export H7K2M9QX --to guest.json
    """
    booking = booking_of(reference)
    if to and to.exists():
        raise click.ClickException(f"{to} is there already.")
    found = system.export_guest(acting(), booking.id, current_services().settings.secret_keys)
    written = json.dumps([found] if as_json else found, ensure_ascii=False, indent=1, default=_plain)
    if to is None:
        click.echo(written)
        return
    to.touch(mode=0o600, exist_ok=False)  # nobody else reads who it is about
    to.write_text(written + "\n")
    click.echo(f"Written to {to}.")


@group.command("erase")
@click.argument("reference")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@with_appcontext
def erase(reference: str, yes: bool, as_json: bool) -> None:
    """Forget a guest for good: account and contacts, at once or not at all. Bookings and payments stay for the books.

    REFERENCE is that of a booking of theirs. An open request for it is answered by that.

    \b
    Example:
        flask data-requests erase H7K2M9QX
    """
    booking = booking_of(reference)
    if not (yes or as_json):
        click.confirm("This cannot be undone. Forget this guest?", abort=True)
    system.erase_guest(acting(), booking.id)
    if as_json:
        show([{"bookingId": encode("booking", booking.id), "reference": booking.reference, "state": "erased"}])
    else:
        click.echo(f"The guest of {booking.reference} is forgotten.")


@group.command("settle")
@click.argument("request_id", type=REQUEST)
@click.argument("outcome", type=click.Choice(["done", "refused"]))
@as_json
@with_appcontext
def settle(request_id: uuid.UUID, outcome: str, as_json: bool) -> None:
    """Close a request otherwise: done by other means, or refused.

    \b
    Example:
        flask data-requests settle request_01k5xq4g8me1tb0r6y3fvd9n2c refused
    """
    system.settle_data_request(acting(), request_id, outcome)
    closed = system.list_data_requests(acting(), closed=True)
    _tell([one for one in closed if one.id == request_id], as_json)


def _tell(requests: list[ShownRequest], as_json: bool) -> None:
    if as_json:
        show(map(_facts, requests))
    else:
        click.echo("\n".join(map(_line, requests)))


def _line(one: ShownRequest) -> str:
    state = "late" if one.is_late else one.state
    parts = (encode("request", one.id), one.reference, one.kind, f"due {one.due_on}", state, one.note or "")
    return "  ".join(parts).rstrip()


def _facts(one: ShownRequest) -> Mapping[str, Any]:
    return {
        "id": encode("request", one.id),
        "bookingId": encode("booking", one.booking_id),
        "reference": one.reference,
        "kind": one.kind,
        "askedOn": one.asked_on.isoformat(),
        "dueOn": one.due_on.isoformat(),
        "state": one.state,
        "isLate": one.is_late,
        "note": one.note,
        "settledAt": instant(one.settled_at),
    }


def _plain(value: object) -> object:
    """Amounts as numbers, ids as text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(type(value).__name__)
