"""`flask bookings check-in | check-out | no-show | undo`: who has come, who has left, who has not."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, show
from booking.cli.operator import acting, refusals_said
from booking.domain import reservations
from booking.domain.reservations import DEPARTED, EXPECTED, IN_HOUSE, NO_SHOW, Booking, front_desk
from booking.domain.reservations.front_desk import Departure
from booking.http import money_format
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.infra.words import count

SAID = {
    EXPECTED: "has not arrived yet",
    IN_HOUSE: "is checked in",
    DEPARTED: "is checked out",
    NO_SHOW: "is marked as a no-show",
}
SAID_AGAIN = {
    IN_HOUSE: "was checked in already",
    DEPARTED: "was checked out already",
    NO_SHOW: "was marked as a no-show already",
}
reference = click.argument("reference")


@click.command("check-in")
@reference
@as_json
@with_appcontext
def check_in(reference: str, as_json: bool) -> None:
    """The guest of a booking has arrived: from the day of arrival on, also before the hour of check-in.

    REFERENCE is the one in the guest's emails, or the booking's id. Again, it changes nothing.

    \b
    Example:
        flask bookings check-in H7K2M9QX
    """
    with refusals_said():
        found = front_desk.find(acting(), reference)
        _show(front_desk.check_in(acting(), found.id, _context()), as_json, seen=found.version)


@click.command("check-out")
@reference
@click.option("--yes", is_flag=True, help="Do not ask, where nights are put back on sale.")
@as_json
@with_appcontext
def check_out(reference: str, yes: bool, as_json: bool) -> None:
    """The guest of a booking has left. Nights not stayed are put back on sale at once, and the room is dirty.

    REFERENCE is the one in the guest's emails, or the booking's id. The refund, on the terms that it was sold under, is
    shown first.

    \b
    Example:
        flask bookings check-out H7K2M9QX
    """
    with refusals_said():
        found = front_desk.find(acting(), reference)
        ask = "Check this guest out?"
        seen = _agreed(found, yes=yes or as_json, ask=ask) if found.presence == IN_HOUSE else {}
        _show(front_desk.check_out(acting(), found.id, _context(), **seen), as_json, seen=found.version)


@click.command("no-show")
@reference
@click.option("--free-nights", is_flag=True, help="Put the nights after the first back on sale.")
@click.option("--yes", is_flag=True, help="Do not ask, where nights are put back on sale.")
@as_json
@with_appcontext
def no_show(reference: str, free_nights: bool, yes: bool, as_json: bool) -> None:
    """The guest of a booking has not come: known from the evening of the day of arrival on.

    The nights stay theirs, for they may come yet, unless they are put back on sale; then the refund is shown first.
    REFERENCE is the one in the guest's emails, or the booking's id.

    \b
    Example:
        flask bookings no-show H7K2M9QX
        flask bookings no-show H7K2M9QX --free-nights
    """
    with refusals_said():
        found = front_desk.find(acting(), reference)
        ask = "Put these nights back on sale?"
        seen = (
            _agreed(found, yes=yes or as_json, ask=ask) if free_nights and found.presence in (EXPECTED, NO_SHOW) else {}
        )
        done = front_desk.mark_no_show(acting(), found.id, _context(), free_nights=free_nights, **seen)
        _show(done, as_json, seen=found.version)


@click.command("undo")
@reference
@as_json
@with_appcontext
def undo(reference: str, as_json: bool) -> None:
    """Take back what was done at the desk with a booking last, within a minute: check-in, check-out or no-show.

    Nights that were put back on sale are taken off again where they are still available; else nothing is undone.

    \b
    Example:
        flask bookings undo H7K2M9QX
    """
    with refusals_said():
        found = front_desk.find(acting(), reference)
        _show(front_desk.undo(acting(), found.id, _context()), as_json)


def _agreed(found: Booking, *, yes: bool, ask: str) -> dict[str, Any]:
    """What was shown, for the verb to hold itself to; asks where nights are put back on sale."""
    seen = front_desk.preview_departure(acting(), found.id, _context().rules)
    if seen.freed and not yes:
        click.echo(_shown(seen))
        click.confirm(ask, abort=True)
    return {"seen_version": seen.booking.version, "seen_refund": seen.refund}


def _shown(seen: Departure) -> str:
    was = seen.booking
    back = money_format.plain(seen.refund, seen.currency) if seen.refund else "nothing"
    return (
        f"{was.reference}: {was.room_name}, {was.check_in} to {was.check_out}; {count(seen.freed, 'night')} from"
        f" {seen.last_day} on will be put back on sale, {back} will be refunded."
    )


def _show(done: Booking, as_json: bool, seen: int | None = None) -> None:
    """A sentence, or one array of one booking; nothing was done to the version that was `seen`."""
    if as_json:
        show([_facts(done)])
        return
    said = (SAID_AGAIN if done.version == seen else SAID)[done.presence]
    click.echo(f"{done.reference} {said}: {done.room_name}, {done.check_in} to {done.check_out}.")


def _facts(done: Booking) -> dict[str, Any]:
    """Instants in the property's zone."""
    zone = ZoneInfo(done.time_zone)
    moments = {"checkedInAt": done.checked_in_at, "checkedOutAt": done.checked_out_at, "noShowAt": done.no_show_at}
    return {
        "bookingId": encode("booking", done.id),
        "reference": done.reference,
        "presence": done.presence,
        "room": done.room_name,
        "checkIn": done.check_in.isoformat(),
        "checkOut": done.check_out.isoformat(),
        **{name: at and at.astimezone(zone).isoformat(timespec="seconds") for name, at in moments.items()},
        "version": done.version,
    }


def _context() -> reservations.BookingContext:
    return current_services().booking_context


COMMANDS = (check_in, check_out, no_show, undo)
