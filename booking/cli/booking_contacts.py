"""`flask bookings contact`: who stays, corrected."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from booking.cli.booking_lists import contact_facts, contact_line
from booking.cli.json_output import as_json, show
from booking.cli.operator import acting, refusals_said
from booking.domain import reservations
from booking.domain.inputs import accept
from booking.domain.reservations import front_desk
from booking.domain.reservations.front_desk import ContactChange, OrderFacts
from booking.infra.ids import encode


@click.command("contact")
@click.argument("reference")
@click.option("--name", help="Who stays.")
@click.option("--email", help="Where emails about the order go from now on; '' takes it away.")
@click.option("--phone", help="Their number; '' takes it away.")
@click.option("--texts/--no-texts", default=None, help="Whether they agree to text messages at that number.")
@as_json
@with_appcontext
def contact(
    reference: str, *, name: str | None, email: str | None, phone: str | None, texts: bool | None, as_json: bool
) -> None:
    """Change the contact of a booking's order: what is not said stays as it is.

    REFERENCE is the one in the guest's emails, or the booking's id. It is for the whole order. A phone number or an
    email is needed. The account of a guest who has one stays as it is. Nothing is sent: `flask bookings resend` does.
    Where --texts is not said, a consent stands as long as the number does.

    \b
    Examples:
        flask bookings contact H7K2M9QX --email carol@example.com
        flask bookings contact H7K2M9QX --name "Carol Calls" --phone "+32 470 12 34 56" --texts
    """
    said = {"fullName": name, "email": email, "phone": phone, "texts": texts}
    given = {field: value for field, value in said.items() if value is not None}
    if not given:
        raise click.UsageError("Say what is to change: --name, --email, --phone or --texts.")
    with refusals_said(fullName="--name"):
        order = front_desk.look_up_order(acting(), reference)
        wanted = _wanted(order, given)
        front_desk.change_contact(acting(), order.bookings[0].id, wanted, order.version)
        now = front_desk.look_up_order(acting(), reference)
    if as_json:
        show([{"orderId": encode("order", now.order_id), "reference": now.reference, **contact_facts(now)}])
    else:
        click.echo(f"{now.reference}: {contact_line(now)}.")


def _wanted(order: OrderFacts, given: dict[str, str | bool]) -> ContactChange:
    """The contact with this in it. Raises Invalid, ContactErased."""
    was = order.contact
    if was is None:
        raise reservations.ContactErased
    known = {"fullName": was.full_name, "email": was.email, "phone": was.phone, "requests": was.requests}
    known |= {"arrivalTime": was.arrival_time.isoformat("minutes") if was.arrival_time else None}
    whole = {name: value for name, value in {**known, **given}.items() if value or value is False}
    return accept(ContactChange, whole, strict=False)


COMMANDS = (contact,)
