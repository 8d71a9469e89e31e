"""`flask bookings list | show`: bookings as the front desk finds them, and one order whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import acting, refusals_said
from booking.domain import catalogue, payments, reservations
from booking.domain.inputs import accept
from booking.domain.reservations import Booking, EarlierRoom, front_desk
from booking.domain.reservations.front_desk import BookingSearch, FoundBooking, OrderFacts
from booking.http import money_format
from booking.infra.ids import encode
from booking.infra.words import count

AT_ONCE = 500  # that are read together
FIELDS = {"q": "SEARCH", "arrivingFrom": "--arriving-from", "arrivingTo": "--arriving-to", "staying": "--staying"}


@click.command("list")
@click.argument("q", metavar="[SEARCH]", default="")
@click.option("--property", "slug", help="Only at this property, by its slug.")
@click.option("--state", type=click.Choice(front_desk.SEARCH_STATES), help="Only those that are so.")
@click.option("--arriving-from", metavar="DAY", help="Only arrivals from this day on, such as 2027-05-01.")
@click.option("--arriving-to", metavar="DAY", help="Only arrivals up to this day.")
@click.option("--staying", metavar="DAY", help="Only who is there on this day.")
@click.option("--channel", type=click.Choice(payments.CHANNELS), help="Only those that came in so.")
@click.option("--due", is_flag=True, help="Only with a balance due.")
@click.option("--sort", type=click.Choice(front_desk.SEARCH_ORDERS), default="newest", show_default=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many at most.")
@as_json
@with_appcontext
def list_them(q: str, slug: str | None, limit: int, due: bool, as_json: bool, **asked: str | None) -> None:
    """List bookings: those that SEARCH finds (by reference, name, email, phone, room, date, payment), or all.

    \b
    Example:
        flask bookings list --arriving-from 2027-05-01 --arriving-to 2027-05-07
        flask bookings list "carol" --json
    """
    names = {"arriving_from": "arrivingFrom", "arriving_to": "arrivingTo"}
    wanted: dict[str, Any] = {names.get(name, name): value for name, value in asked.items() if value}
    wanted |= {"q": q} | ({"balance": "due"} if due else {})
    with refusals_said(**FIELDS):
        if slug:
            wanted["property"] = encode("property", catalogue.get_property(slug))
        found = list(_found(accept(BookingSearch, wanted, strict=False), limit))
    if as_json:
        show(map(_facts, found))
        return
    for one in found:
        click.echo(_line(one))
    click.echo(
        f"{count(len(found), 'booking')}{' (more than these: --limit)' if len(found) == limit else ''}.", err=True
    )


@click.command("show")
@click.argument("reference")
@as_json
@with_appcontext
def show_order(reference: str, as_json: bool) -> None:
    """Show an order: its bookings, a line each, who stays, and what it costs and what is due.

    REFERENCE is the one in the guest's emails, of the order or of one of its bookings, or a booking's id.

    \b
    Example:
        flask bookings show H7K2M9QX
    """
    with refusals_said():
        order = front_desk.look_up_order(acting(), reference)
    if as_json:
        show(facts_of(booking, order) for booking in order.bookings)
        return
    for booking in order.bookings:
        stay = f"{booking.check_in} to {booking.check_out}"
        price = money_format.plain(booking.total_price, booking.currency)
        status = reservations.shown_status(booking).lower()
        click.echo(f"{booking.reference} {status}: {booking.room_name}, {booking.property_name}, {stay}, {price}")
    click.echo(f"Guest: {contact_line(order)}.")
    owed, due = (money_format.plain(amount, order.currency) for amount in (order.owed, order.due))
    click.echo(f"Order {order.reference}: {count(len(order.bookings), 'room')}, {owed} in all, {due} due.")


def contact_line(order: OrderFacts) -> str:
    """Who stays, and how to reach them."""
    who = order.contact
    if who is None:
        return "contact erased"
    return ", ".join((who.full_name, who.email or "no email", who.phone or "no phone"))


def contact_facts(order: OrderFacts) -> dict[str, str | None]:
    """The same for programs, as lists of bookings name it."""
    who = order.contact
    return {
        "guest": who.full_name if who else "",
        "email": (who.email if who else "") or "",
        "phone": who.phone if who else None,
    }


def show_one(reference: str) -> None:
    """For programs, after it was changed: one array of one booking."""
    order = front_desk.look_up_order(acting(), reference)
    meant = [one for one in order.bookings if reference in (one.reference, encode("booking", one.id))]
    show(facts_of(booking, order) for booking in meant or order.bookings)


def facts_of(booking: Booking, order: OrderFacts) -> dict[str, Any]:
    """A booking and what its order owes; amounts as text, so that no digit is lost."""
    return {
        "bookingId": encode("booking", booking.id),
        "reference": booking.reference,
        "order": order.reference,
        "status": reservations.shown_status(booking),
        "presence": booking.presence if booking.confirmed_at else None,
        **contact_facts(order),
        "roomId": encode("room", booking.room_id),
        "room": booking.room_name,
        "earlierRooms": _earlier(booking.rooms_before),
        "property": booking.property_name,
        "checkIn": booking.check_in.isoformat(),
        "checkOut": booking.check_out.isoformat(),
        "guests": booking.guests,
        "total": money_format.decimal(booking.total_price, booking.currency),
        "refund": None
        if booking.refund_amount is None
        else money_format.decimal(booking.refund_amount, booking.currency),
        "orderTotal": money_format.decimal(order.owed, order.currency),
        "orderDue": money_format.decimal(order.due, order.currency),
        "currency": booking.currency,
        "guarantee": order.guarantee,
        "version": booking.version,
    }


def _found(wanted: BookingSearch, limit: int) -> Iterator[FoundBooking]:
    """Page by page, up to so many."""
    left = limit
    while left > 0:
        page = front_desk.find_bookings(acting(), wanted, min(left, AT_ONCE))
        yield from page.entries
        left -= len(page.entries)
        if page.after is None:
            return
        wanted = wanted.model_copy(update={"after": page.after})


def _line(one: FoundBooking) -> str:
    price = money_format.plain(one.total, one.currency)
    due = f", {money_format.plain(one.due, one.currency)} due" if one.due else ""
    return (
        f"{one.reference} {one.status.lower()}: {one.guest or 'erased'}, {one.room}, {one.property},"
        f" {one.check_in} to {one.check_out}, {price}{due}"
    )


def _facts(one: FoundBooking) -> dict[str, Any]:
    return {
        "bookingId": encode("booking", one.id),
        "reference": one.reference,
        "status": one.status,
        "guest": one.guest,
        "email": one.email,
        "phone": one.phone,
        "room": one.room,
        "earlierRooms": _earlier(one.earlier_rooms),
        "property": one.property,
        "checkIn": one.check_in.isoformat(),
        "checkOut": one.check_out.isoformat(),
        "guests": one.guests,
        "total": money_format.decimal(one.total, one.currency),
        "due": money_format.decimal(one.due, one.currency),
        "currency": one.currency,
        "channel": one.channel,
        "bookedAt": instant(one.created_at),
    }


def _earlier(rooms: Iterable[EarlierRoom]) -> list[dict[str, str]]:
    return [
        {"room": one.name, "checkIn": one.stay.check_in.isoformat(), "checkOut": one.stay.check_out.isoformat()}
        for one in rooms
    ]


COMMANDS = (list_them, show_order)
