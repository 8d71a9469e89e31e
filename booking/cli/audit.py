"""flask audit: what staff, programs and the system changed, and who it was."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import click

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.values import Id
from booking.domain import people, pricing
from booking.domain.inputs import accept
from booking.domain.people import AuditEntry, AuditSearch
from booking.domain.reservations import front_desk
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.infra.words import count

EXAMPLES = "booking_01k5…, user_01k5… or room_01k5…"
ENTRY = Id("entry", "see `flask audit list --json`")
group = Group("audit", help="Look into the audit log, and take back what it tells of.")


@group.command("list")
@click.option("--subject", help=f"Only what was done to this: {EXAMPLES}, or a booking's reference.")
@click.option("--by", "email", help="Only what the account with this email did.")
@click.option(
    "--person", help='Only by or about whoever has this in name or email; "system" for commands and the worker.'
)
@click.option("--since", metavar="DAY", help="From this day on (UTC), such as 2027-05-01.")
@click.option("--until", metavar="DAY", help="Up to this day (UTC).")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many entries at most.")
@as_json
def list_them(subject: str | None, email: str | None, limit: int, as_json: bool, **narrowed: str | None) -> None:
    """List changes by staff, programs and the system, the newest first: when, who, what, to what, before and after.

    What it says about a person who was erased cannot be read any more.

    \b
    Example:
        flask audit list --subject booking_01k5...
        flask audit list --by anna@hotel.example --limit 10
        flask audit list --person dana --since 2027-05-01 --json
    """
    asked = {"who": narrowed["person"] or "", "thing": (subject or "").strip()}
    asked |= {name: day for name in ("since", "until") if (day := narrowed[name])}
    with refusals_said(who="--person", thing="--subject"):
        by = people.get_user(acting(), email.strip()).id if email is not None else None
        wanted = accept(AuditSearch, asked, strict=False)
        things = front_desk.things_meant(acting(), wanted.thing)
        entries = people.search_audit_log(acting(), wanted, things, limit, by=by).entries
    if as_json:
        show(map(_facts, entries))
        return
    for entry in entries:
        click.echo(_line(entry))
    click.echo(f"{count(len(entries), 'entry', 'entries')}.", err=True)
    if subject and not entries:
        click.echo(f"Nothing is written about {subject!r}. Give an id as it is shown, such as {EXAMPLES}.", err=True)


@group.command("undo")
@click.argument("entry", type=ENTRY)
@as_json
def undo(entry: uuid.UUID, as_json: bool) -> None:
    """Take back what an entry tells of: nights that staff took off sale or put back, or the state of a room.

    The log gets a new entry. What was changed since is refused. `flask audit list --json` shows the ids of entries.

    \b
    Example:
        flask audit undo entry_01k5...
    """
    with refusals_said():
        undone = pricing.undo_entry(acting(), entry, current_services().booking_context.rules)
    if as_json:
        show([_facts(undone)])
    else:
        click.echo(f"Taken back: {undone.action} {undone.subject}.")


def _facts(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entryId": encode("entry", entry.id),
        "at": instant(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "before": entry.was,
        "after": entry.now,
        "door": entry.door or None,
        "requestId": entry.request_id or None,
        "unreadable": entry.unreadable or entry.is_erased,
    }


def _line(entry: AuditEntry) -> str:
    told = (json.dumps(values, ensure_ascii=False) for values in (entry.was, entry.now))
    change = " -> ".join(told) if entry.was or entry.now else ""
    missing = ""
    if entry.unreadable:
        missing = "(unreadable: damaged, or put here by hand)"
    elif entry.is_erased:
        missing = "(about somebody who was erased)"
    facts = (
        f"{entry.at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}Z",
        entry.actor,
        entry.action,
        entry.subject,
        change,
        missing,
    )
    return "  ".join(fact for fact in facts if fact)
