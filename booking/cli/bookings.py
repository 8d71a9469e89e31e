"""flask bookings: what an operator may want to check or hurry up."""

from __future__ import annotations

import sys
from decimal import Decimal

import click

from booking.cli import booking_changes, booking_contacts, booking_emails, booking_imports, booking_lists, front_desk
from booking.cli.booking_lists import show_one
from booking.cli.json_output import as_json
from booking.cli.operator import WAYS_TO_PAY, Group, acting, refusals_said
from booking.cli.values import AMOUNT
from booking.domain import maintenance, payments, reservations
from booking.domain.notices import Notice
from booking.domain.reservations import Booking, CancellationPreview, guest_register
from booking.domain.reservations.front_desk import look_up_order
from booking.http import money_format, words
from booking.http.services import current_services
from booking.infra.words import count

group = Group(
    "bookings",
    help="Check bookings, guarantee, change or cancel one, check guests in and out, send emails, release"
    " what nobody paid for.",
)
for command in (
    *booking_lists.COMMANDS,
    *booking_changes.COMMANDS,
    *front_desk.COMMANDS,
    *booking_emails.COMMANDS,
    *booking_contacts.COMMANDS,
    *booking_imports.COMMANDS,
):
    group.add_command(command)


@group.command("verify")
def verify() -> None:
    """Prove that no night is sold twice and that nights, bookings, payments and the ledger agree.

    Prints what does not, a line each, and exits with 1 then.

    \b
    Example:
        flask bookings verify
    """
    report = maintenance.verify(acting())
    for finding in report.findings:
        click.echo(f"{words.told(Notice(finding.rule))}: {finding.subject}", err=True)
    if report.findings:
        click.echo(f"{count(len(report.findings), 'finding')} in {report.scope()}.", err=True)
        sys.exit(1)
    click.echo(f"All agree: {report.scope()}.")


@group.command("seal-registers")
def seal_registers() -> None:
    """After you have changed SECRET_KEY, before you remove the old one from SECRET_KEY_FALLBACKS: encrypt anew.

    \b
    Example:
        flask bookings seal-registers
    """
    try:
        number = guest_register.seal_anew(acting(), current_services().settings.secret_keys)
    except ValueError:
        raise click.ClickException(
            "A guest register was encrypted with a key that is neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS."
            " Nothing was changed."
        ) from None
    click.echo(f"Encrypted anew: {number}. No guest register needs SECRET_KEY_FALLBACKS any more.")


@group.command("expire")
def expire() -> None:
    """Release every hold whose guest did not pay in time. The worker does this by itself.

    \b
    Example:
        flask bookings expire
    """
    total = 0
    while expired := reservations.expire_holds(acting()):
        total += expired
    click.echo(f"{count(total, 'hold')} expired.")


@group.command("cancel")
@click.argument("reference")
@click.option("--refund", type=AMOUNT, help="Refund this much instead, for a --reason.")
@click.option("--reason", default="", help="Why the refund is another one than the policy says.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def cancel(reference: str, refund: Decimal | None, reason: str, yes: bool, as_json: bool) -> None:
    """Cancel a booking for its guest on the terms it was sold under, or release a hold.

    REFERENCE is the one in the guest's emails, or the booking's id. The refund is shown first; the guest gets the same
    email as if they had cancelled themselves. With --refund, that much is refunded: from 0 to what was paid.

    \b
    Example:
        flask bookings cancel H7K2M9QX
        flask bookings cancel H7K2M9QX --refund 50 --reason "fell ill"
    """
    decided = None if refund is None else reservations.DecidedRefund(refund, reason)
    with refusals_said():
        seen = reservations.preview_cancellation(acting(), reference, decided)
        click.echo(_shown(seen), err=as_json)
        if refund is not None:
            click.echo(f"Instead, {money_format.plain(refund, seen.currency)} will be refunded.", err=as_json)
        if not (yes or as_json):
            click.confirm("Cancel this booking?" if seen.refund is not None else "Release this hold?", abort=True)
        cancelled = reservations.cancel(
            acting(),
            seen.booking_id,
            current_services().booking_context,
            seen_version=seen.version,
            seen_refund=seen.refund,
            decided=decided,
        )
    if as_json:
        show_one(cancelled.reference)
    else:
        click.echo(_outcome(cancelled))


@group.command("guarantee")
@click.argument("reference")
@click.option("--how", type=click.Choice(payments.GUARANTEES), required=True, help="How it is to be paid.")
@click.option("--note", help="For whoever looks at it later. Without it, the note of before stays; '' takes it away.")
@as_json
def guarantee(reference: str, how: str, note: str | None, as_json: bool) -> None:
    """Confirm a hold without a payment: the house vouches for it, and what it costs stays due.

    All bookings of its order. REFERENCE is the one that its guest was told, or the booking's id. The guest gets the
    confirmation. Where it is guaranteed already, another way to pay and another note take the place of the old ones.
    Where a deposit was paid, the rest is no longer charged to its card.

    \b
    Example:
        flask bookings guarantee H7K2M9QX --how desk --note "regular guest"
    """
    with refusals_said():
        found = look_up_order(acting(), reference)
        reservations.guarantee(acting(), found.order_id, how, note)
        now = look_up_order(acting(), reference)
    if as_json:
        show_one(reference)
        return
    due = f"{money_format.plain(now.due, now.currency)} due"
    click.echo(f"{now.reference} is confirmed and guaranteed: {due}, {WAYS_TO_PAY[how]}.")


def _shown(seen: CancellationPreview) -> str:
    nights = f"{seen.stay.check_in} to {seen.stay.check_out}"
    return f"{seen.reference}: {seen.room}, {seen.property}, {nights}; {_refund(seen)}."


def _refund(seen: CancellationPreview) -> str:
    """What is refunded, and of what was not paid in full what stays due."""
    if seen.refund is None:
        return "a hold; nothing was paid"
    paid, back, due = (money_format.plain(one, seen.currency) for one in (seen.paid, seen.refund, seen.still_due))
    is_partly = 0 < seen.paid < seen.price
    of_it = f"{back if seen.refund else 'nothing'} of {paid}{' paid' if is_partly else ''} will be refunded"
    stays = f"{due if seen.still_due else 'nothing'} stays due"
    if seen.paid >= seen.price:
        return f"{of_it}; {stays}" if seen.still_due else of_it
    return f"{of_it}; {stays}" if seen.paid else f"nothing was paid; {stays}"


def _outcome(cancelled: Booking) -> str:
    state = reservations.refund_state(cancelled)
    said = f"{cancelled.reference} is cancelled."
    if state is None or cancelled.refund_amount is None:
        return said
    amount = money_format.plain(cancelled.refund_amount, cancelled.currency)
    return f"{said} Refund of {amount}: {words.refund_outcome(state)}."
