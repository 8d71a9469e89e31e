"""flask audit: what staff, programs and the system changed, and who it was."""

from __future__ import annotations

import datetime as dt
import json

import click

from booking.cli.operator import Group, acting, refusals_said
from booking.domain import people
from booking.domain.people import AuditEntry
from booking.infra.words import count

EXAMPLES = "booking_01k5…, user_01k5… or room_01k5…"
group = Group("audit", help="Look into the audit log.")


@group.command("list")
@click.option("--subject", help=f"Only what was done to this: {EXAMPLES}.")
@click.option("--by", "email", help="Only what the account with this email did.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many entries at most.")
def list_them(subject: str | None, email: str | None, limit: int) -> None:
    """List changes by staff, programs and the system, the newest first: when, who, what, to what, before and after.

    What it says about a person who was erased cannot be read any more.

    \b
    Example:
        flask audit list --subject booking_01k5...
        flask audit list --by anna@hotel.example --limit 10
    """
    actor, by = acting(), None
    if email is not None:
        with refusals_said():
            by = people.get_user(actor, email.strip()).id
    entries = people.audit_entries(actor, subject=subject, by=by, limit=limit)
    for entry in entries:
        click.echo(_line(entry))
    click.echo(f"{count(len(entries), 'entry', 'entries')}.", err=True)
    if subject and not entries:
        click.echo(f"Nothing is written about {subject!r}. Give an id as it is shown, such as {EXAMPLES}.", err=True)


def _line(entry: AuditEntry) -> str:
    before, after = dict(entry.before), dict(entry.after)
    if entry.personal:
        before |= entry.personal.before
        after |= entry.personal.after
    told = (json.dumps(values, ensure_ascii=False) for values in (before, after))
    change = " -> ".join(told) if before or after else ""
    missing = ""
    if entry.unreadable:
        missing = "(unreadable: damaged, or put here by hand)"
    elif entry.person_id and not entry.personal:
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
