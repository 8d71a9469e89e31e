"""flask payments: money whose way nobody knows, and refunds that were declined."""

from __future__ import annotations

import sys
import uuid

import click
from flask.cli import AppGroup

from booking.cli.operator import acting
from booking.domain import payments, reservations
from booking.domain.errors import BookingError, PaymentNotFound
from booking.domain.reservations import BookingContext
from booking.http import money_format, words
from booking.http.services import current_services
from booking.infra import ids
from booking.infra.words import count

group = AppGroup("payments", help="Look after payments without an outcome and refunds that were declined.")


@group.command("list")
def list_them() -> None:
    """List disputes, refunds that were declined, and payments that stay without an outcome, with the reasons.

    \b
    Example:
        flask payments list
    """
    for dispute in payments.undecided_disputes(acting()):
        click.echo(
            f"{ids.encode('payment', dispute.payment_id)} disputed:"
            f" {money_format.plain(dispute.amount, dispute.currency)} ({dispute.reason}),"
            f" to be answered at the provider as {dispute.reference}"
        )
    owed, waiting = reservations.owed_refunds(acting()), payments.asked_in_vain(acting())
    for debt in owed:
        click.echo(
            f"{ids.encode('payment', debt.payment_id)} owed: {money_format.plain(debt.amount, debt.currency)}"
            f" of booking {debt.reference}, declined by {debt.provider}: {_why(debt.error, 'no reason given')}"
        )
    for payment in waiting:
        click.echo(
            f"{ids.encode('payment', payment.id)} without an outcome: {payment.kind} of"
            f" {money_format.plain(payment.amount, payment.currency)} by {payment.provider},"
            f" asked {count(payment.attempts, 'time')}:"
            f" {_why(payment.error, 'no reason known')}"
        )
    click.echo(f"{count(len(owed), 'refund')} owed, {count(len(waiting), 'payment')} without an outcome.")


@group.command("retry")
@click.argument("payment_ids", metavar="[PAYMENT]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every refund that is owed.")
def retry(payment_ids: tuple[str, ...], every: bool) -> None:
    """Send declined refunds again, each as a new attempt. Never twice: what has arrived meanwhile is found first.

    Exits with 1 where one is still owed.

    \b
    Example:
        flask payments list
        flask payments retry payment_01k5...
        flask payments retry --all
    """
    if bool(payment_ids) == every:
        raise click.UsageError("Name payments, or say --all.")
    chosen = (
        [debt.payment_id for debt in reservations.owed_refunds(acting())]
        if every
        else [_known(text) for text in payment_ids]
    )
    still_owed = [payment_id for payment_id in chosen if not _retried(payment_id, current_services().booking_context)]
    if not chosen:
        click.echo("No refund is owed.")
    sys.exit(1 if still_owed else 0)


@group.command("recover")
def recover() -> None:
    """Ask about every payment without an outcome now, however long it was put off. The worker does it by itself.

    For instance after the provider was away. What its own process may still be charging is left alone.

    \b
    Example:
        flask payments recover
    """
    payments.make_due(acting())
    tried = reservations.recover_payments(
        acting(), current_services().booking_context, limit=100_000, seconds=float("inf")
    )
    click.echo(f"{count(tried, 'payment')} asked about, {payments.payment_figures()['open']} without an outcome.")


def _why(error: str | None, otherwise: str) -> str:
    reason = payments.explained_error(error or otherwise)
    return reason if isinstance(reason, str) else words.told(reason)


def _known(text: str) -> uuid.UUID:
    found = ids.decode("payment", text)
    if found is None:
        raise click.BadParameter(f"{text} is no payment's id; see `flask payments list`")
    return found


def _retried(payment_id: uuid.UUID, context: BookingContext) -> bool:
    """Whether it needs no further try."""
    name = ids.encode("payment", payment_id)
    try:
        state = payments.retry_refund(acting(), payment_id, context)
    except BookingError as refusal:
        click.echo(f"{name}: {words.message(refusal)}", err=True)
        return not isinstance(refusal, PaymentNotFound)
    click.echo(f"{name}: {words.refund_outcome(state)}")
    return state != payments.OWED
