"""flask cash: what is in the drawers of the desk, and the counts that closed them, as under /admin/cash."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import cache
from typing import Any

import click

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.values import AMOUNT, Id
from booking.domain import catalogue, payments, people
from booking.domain.payments import Count, Counted, DrawerKey, DrawerSum, Moved, Movement
from booking.http import money_format
from booking.infra.ids import decode, encode
from booking.infra.words import count

CLOSING = Id("closing", "see `flask cash list`")

group = Group("cash", help="Cash in the drawers of the desk, and the counts that closed them.")
of_person = click.option("--person", "email", help="Whose drawer, by email. [default: what commands have entered]")


@group.command("list")
@click.option("--property", "slug", help="Only at this property, by its slug.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many closings at most.")
@as_json
def list_them(slug: str | None, limit: int, as_json: bool) -> None:
    """List the drawers with something in them, and the latest closings.

    \b
    Example:
        flask cash list
        flask cash list --property seaside --limit 100 --json
    """
    with refusals_said():
        at = None if slug is None else [catalogue.get_property(slug)]
        drawers, (closings, _) = (
            payments.list_drawers(acting(), at),
            payments.list_closings(acting(), at, limit=limit),
        )
    if as_json:
        show([*map(_drawer_facts, drawers), *map(_closing_facts, closings)])
        return
    for drawer in drawers:
        click.echo(_drawer_line(drawer))
    for one in closings:
        click.echo(_closing_line(one))
    click.echo(f"{count(len(drawers), 'drawer')}, {count(len(closings), 'closing')}.", err=True)


@group.command("show")
@click.argument("closing_id", metavar="[CLOSING]", type=CLOSING, required=False)
@click.option("--property", "slug", help="The drawer at this property, by its slug, in place of a closing.")
@of_person
@click.option("--currency", help="Of the drawer. [default: the property's]")
@as_json
def show_one(closing_id: uuid.UUID | None, slug: str | None, as_json: bool, **whose: str | None) -> None:
    """Show a closing, or a drawer as it is now, with everything that went in and out, the newest first.

    \b
    Example:
        flask cash show closing_01k5...
        flask cash show --property seaside --person dana@hotel.example --json
    """
    if (closing_id is None) is (slug is None):
        raise click.UsageError("Name a closing, or say --property.")
    with refusals_said():
        if closing_id:
            closing, moved = payments.get_closing(acting(), closing_id, None)
            line, facts = _closing_line(closing), _closing_facts(closing)
        else:
            drawer, moved = payments.get_drawer(acting(), _key(str(slug), **whose), None)
            line, facts = _drawer_line(drawer), _drawer_facts(drawer)
    if as_json:
        show([facts | _moved_facts(moved, facts["currency"])])
        return
    click.echo(line)
    for one in moved.shown:
        click.echo(_movement_line(one, facts["currency"]))


@group.command("close")
@click.argument("slug", metavar="PROPERTY")
@click.argument("counted", type=AMOUNT)
@of_person
@click.option("--currency", help="Of the drawer. [default: the property's]")
@click.option("--keep", default="0", type=AMOUNT, help="What stays in the drawer for the next shift.")
@click.option("--note", help="Needed where the count is not what is expected.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def close(
    slug: str, counted: Decimal, *, keep: Decimal, note: str | None, yes: bool, as_json: bool, **whose: str | None
) -> None:
    """Close somebody's drawer at PROPERTY (slug or id) with what was COUNTED in it. What is expected is shown first.

    \b
    Example:
        flask cash close seaside 200 --person dana@hotel.example --keep 50
        flask cash close seaside 190 --note "ten rolled away" --yes --json
    """
    with refusals_said(kept="--keep"):
        key = _key(slug, **whose)
        seen, _ = payments.get_drawer(acting(), key, 0)
        if not (yes or as_json):
            click.confirm(f"{_drawer_line(seen)}. Close it with {_sum(counted, key.currency)}?", abort=True)
        said = (note or "").strip() or None
        made = payments.close_drawer(acting(), key, Count(counted, keep, said, seen.expected, seen.after))
        done, _ = payments.get_closing(acting(), made.id, 0)
    if as_json:
        show([_closing_facts(done)])
    else:
        click.echo(_closing_line(done))


# --- around them


def _key(slug: str, *, email: str | None, currency: str | None) -> DrawerKey:
    place = decode("property", slug) or catalogue.get_property(slug)
    person = people.get_user(acting(), email.strip()).id if email else None
    return DrawerKey(place, currency or catalogue.get_property_currency(place), person)


def _drawer_line(one: DrawerSum) -> str:
    entries = count(one.number, "entry", "entries")
    since = f" since {instant(one.since)}" if one.since else ""
    return f"{_whose(one.key, one.person)}: {_sum(one.expected, one.key.currency)} expected, {entries}{since}"


def _closing_line(one: Counted) -> str:
    closing = one.closing
    key = DrawerKey(closing.property_id, closing.currency, closing.user_id)
    over = "short" if one.difference < 0 else "over"
    differs = f", {_sum(abs(one.difference), closing.currency)} {over}" if one.difference else ""
    sums = f"{_sum(closing.expected, closing.currency)} expected, {_sum(closing.counted, closing.currency)} counted"
    return f"{encode('closing', closing.id)} {instant(closing.created_at)} {_whose(key, one.person)}: {sums}{differs}"


def _movement_line(one: Movement, currency: str) -> str:
    kind = " (takes an entry back)" if one.is_correction else ""
    who = one.guest or "contact erased"
    return f"{instant(one.at)} {_sum(one.amount, currency)} {one.reference}, {who}: {one.entry}{kind}"


def _whose(key: DrawerKey, person: str | None) -> str:
    whose = person or ("a deleted account" if key.user_id else "commands")
    return f"{_name(key.property_id)}, {whose}"


@cache
def _name(property_id: uuid.UUID) -> str:
    return catalogue.get_property_name(property_id)


def _sum(amount: Decimal, currency: str) -> str:
    return money_format.plain(amount, currency)


def _key_facts(key: DrawerKey, person: str | None) -> dict[str, Any]:
    return {
        "propertyId": encode("property", key.property_id),
        "property": _name(key.property_id),
        "currency": key.currency,
        "personId": encode("user", key.user_id) if key.user_id else None,
        "person": person,
    }


def _drawer_facts(one: DrawerSum) -> dict[str, Any]:
    """Amounts as text, exactly."""
    sums = {"opening": one.opening, "expected": one.expected}
    told = {name: money_format.decimal(amount, one.key.currency) for name, amount in sums.items()}
    since = {"after": encode("closing", one.after) if one.after else None, "since": instant(one.since)}
    return {"state": "open", **_key_facts(one.key, one.person), **told, "entries": one.number, **since}


def _closing_facts(one: Counted) -> dict[str, Any]:
    closing = one.closing
    key = DrawerKey(closing.property_id, closing.currency, closing.user_id)
    sums = {name: getattr(closing, name) for name in ("opening", "expected", "counted", "kept")}
    sums |= {"difference": one.difference, "handedOver": one.handed_over}
    return {
        "state": "closed",
        "closingId": encode("closing", closing.id),
        **_key_facts(key, one.person),
        **{name: money_format.decimal(amount, closing.currency) for name, amount in sums.items()},
        "note": closing.note,
        "closedBy": closing.closed_by,
        "closedAt": instant(closing.created_at),
    }


def _moved_facts(moved: Moved, currency: str) -> dict[str, Any]:
    return {
        "movements": [
            {
                "paymentId": encode("payment", one.payment_id),
                "bookingId": encode("booking", one.booking_id),
                "at": instant(one.at),
                "amount": money_format.decimal(one.amount, currency),
                "order": one.reference,
                "guest": one.guest,
                "reference": one.entry,
                "isCorrection": one.is_correction,
            }
            for one in moved.shown
        ]
    }
