"""`flask bookings resend | payment-link`: an email about a booking once more, and one with a link to pay by."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import acting, refusals_said
from booking.domain import reservations
from booking.domain.reservations import SentEmail, front_desk
from booking.domain.reservations.front_desk import OrderFacts
from booking.infra.ids import encode

WHICH = {
    "confirmation": "booking.confirmed",
    "change": "booking.changed",
    "cancellation": "booking.cancelled",
    "refund-declined": "refund.declined",
    "refund-sent": "refund.returned",
    "card-declined": "balance.declined",
    "rest-due": "balance.reminded",
    "payment-link": "payment.requested",
}
NAMES = {kind: name for name, kind in WHICH.items()}


@click.command("resend")
@click.argument("reference")
@click.option("--which", type=click.Choice(list(WHICH)), help="The last one of this kind; else the last that can be.")
@as_json
@with_appcontext
def resend(reference: str, which: str | None, as_json: bool) -> None:
    """Send an email about a booking again, as it was written, to the address that is known now.

    REFERENCE is the one in the guest's emails, or the booking's id. What is no longer so is not sent again: after a
    change or a cancellation, send the email about that. One that is on its way, or was sent again within a minute, is
    not sent twice; five a day are.

    \b
    Example:
        flask bookings resend H7K2M9QX
        flask bookings resend H7K2M9QX --which confirmation --json
    """
    with refusals_said():
        order = front_desk.look_up_order(acting(), reference)
        chosen = _chosen(order, which)
        new = reservations.resend_email(acting(), chosen.booking_id, chosen.id)
        now = reservations.emails_of(acting(), chosen.booking_id)
    about = next(one.reference for one in order.bookings if one.id == chosen.booking_id)
    if as_json:
        show(_facts(one, about, now.to) for one in now.emails if one.id == new)
    else:
        click.echo(f"{about}: the {NAMES[chosen.type]} email is on its way to {now.to}.")


@click.command("payment-link")
@click.argument("reference")
@as_json
@with_appcontext
def payment_link(reference: str, as_json: bool) -> None:
    """Send the guest of a booking an email with a link to pay what is due by card, without an account.

    REFERENCE is the one in the guest's emails, or the booking's id. It is for the whole order. One that is on its way,
    or was sent within a minute, is not sent twice.

    \b
    Example:
        flask bookings payment-link H7K2M9QX
    """
    with refusals_said():
        order = front_desk.look_up_order(acting(), reference)
        new = reservations.request_payment(acting(), order.bookings[0].id)
        now = reservations.emails_of(acting(), order.bookings[0].id)
    if as_json:
        show(_facts(one, order.reference, now.to) for one in now.emails if one.id == new)
    else:
        click.echo(f"{order.reference}: a link to pay by is on its way to {now.to}.")


def _chosen(order: OrderFacts, which: str | None) -> SentEmail:
    """The last of this kind; without one, the last that can be sent again, or is being sent."""
    sent = reservations.emails_of(acting(), order.bookings[0].id).emails
    first = [one for one in sent if not one.was_resent]
    if which:
        first = [one for one in first if one.type == WHICH[which]]
    chosen = next((one for one in first if which or not one.refusal), None)
    if chosen is None:
        kind = f"{which} email" if which else "email that can be sent again"
        raise click.ClickException(f"There is no {kind} about {order.reference} in the last 30 days.")
    return chosen


def _facts(one: SentEmail, reference: str, to: str) -> dict[str, Any]:
    return {
        "emailId": encode("email", one.id),
        "bookingId": encode("booking", one.booking_id),
        "reference": reference,
        "which": NAMES[one.type],
        "to": to,
        "at": instant(one.at),
        "state": one.state,
        "error": one.error,
    }


COMMANDS = (resend, payment_link)
