"""flask payments: money whose way nobody knows, and refunds that were declined."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from decimal import Decimal

import click

from booking.cli.operator import WAYS_TO_PAY, Group, acting, refusals_said
from booking.cli.values import AMOUNT, DATE, Id
from booking.domain import payments, reservations
from booking.domain.errors import BookingError, PaymentNotFound, RefundAwaitsStaff
from booking.domain.reservations import Balance, BookingContext
from booking.http import money_format, words
from booking.http.services import current_services
from booking.infra import clock, ids
from booking.infra.words import count

PAYMENT = Id("payment", "see `flask payments list`")

group = Group("payments", help="Enter what is paid by hand; look after refunds, and payments without an outcome.")


@group.command("list")
def list_them() -> None:
    """List disputes, refunds that were declined or await staff, and payments that stay without an outcome.

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
    awaited = reservations.refunds_awaiting_staff(acting())
    for debt in awaited:
        click.echo(
            f"{ids.encode('payment', debt.payment_id)} to be given back:"
            f" {money_format.plain(debt.amount, debt.currency)} of booking {debt.reference}, paid"
            f" {WAYS_TO_PAY[debt.provider]}; then `flask payments returned`"
        )
    for payment in waiting:
        click.echo(
            f"{ids.encode('payment', payment.id)} without an outcome: {payment.kind} of"
            f" {money_format.plain(payment.amount, payment.currency)} by {payment.provider},"
            f" asked {count(payment.attempts, 'time')}:"
            f" {_why(payment.error, 'no reason known')}"
        )
    by_hand = f", {len(awaited)} to be given back" if awaited else ""
    click.echo(f"{count(len(owed), 'refund')} owed{by_hand}, {count(len(waiting), 'payment')} without an outcome.")


@group.command("look")
def look() -> None:
    """Look now for refunds and disputes that were made at the provider, and of which none of its messages told.

    The worker does so every hour. Exits with 1 where the provider did not answer, or something could not be entered.

    \b
    Example:
        flask payments look
    """
    looked = reservations.look_at_providers(acting(), current_services().booking_context, at_once=True)
    for one in looked:
        said = f"{one.provider}: {count(one.found, one.kind.removesuffix('s'))} found"
        known = f"known until {one.until.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
        click.echo(f"{said}, {known}" + (f"; then {_why(one.error, '')}" if one.error else "."))
    if not looked:
        click.echo("No payment provider here has refunds and disputes of its own.")
    sys.exit(any(one.error for one in looked))


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


@group.command("received")
@click.argument("reference")
@click.argument("amount", type=AMOUNT)
@click.option("--by", type=click.Choice(payments.BY_HAND), required=True, help="How it was paid.")
@click.option("--reference", "entry", required=True, help="The receipt's number, the line of the bank statement.")
@click.option("--on", "received_on", type=DATE, help="The day; today, where none is given.")
def received(reference: str, amount: Decimal, by: str, entry: str, received_on: dt.datetime | None) -> None:
    """Enter money that was paid at the desk or by transfer for the order REFERENCE: at most what is due.

    Entered once for each --reference, however often the command is run. A mistake: see `flask payments correct`.

    \b
    Example:
        flask payments due
        flask payments received H7K2M9QX 360 --by desk --reference "receipt 17"
    """
    with refusals_said(reference="--reference", receivedOn="--on"):
        found = reservations.look_up_order(acting(), reference)
        on = received_on.date() if received_on else clock.today(found.time_zone)
        paid = payments.record_received(acting(), found.order_id, amount, by=by, reference=entry, received_on=on)
        left = reservations.look_up_order(acting(), reference)
    click.echo(
        f"{ids.encode('payment', paid.id)} received: {money_format.plain(paid.amount, paid.currency)} for"
        f" {left.reference}; {money_format.plain(left.due, left.currency)} due."
    )


@group.command("returned")
@click.argument("payment_id", metavar="PAYMENT", type=PAYMENT)
@click.option("--reference", required=True, help="The receipt's number, the line of the bank statement.")
@click.option("--on", "returned_on", type=DATE, help="The day; today, where none is given.")
def returned(payment_id: uuid.UUID, reference: str, returned_on: dt.datetime | None) -> None:
    """Enter that staff has given the refund PAYMENT back, of money that was paid at the desk or by transfer.

    \b
    Example:
        flask payments list
        flask payments returned payment_01k5... --reference "cash 3"
    """
    with refusals_said(returnedOn="--on"):
        on = returned_on.date() if returned_on else None
        done = payments.record_returned(acting(), payment_id, reference=reference, returned_on=on)
    click.echo(f"{ids.encode('payment', done.id)} returned: {money_format.plain(done.amount, done.currency)}.")


@group.command("waive")
@click.argument("reference")
@click.argument("amount", type=AMOUNT, required=False)
@click.option("--reason", required=True, help="Why the guest need not pay it; each reason counts once.")
def waive(reference: str, amount: Decimal | None, reason: str) -> None:
    """Let the guest of the order REFERENCE off what is still due, or off AMOUNT of it. No money moves.

    It is written down with who and why. A mistake: `flask payments correct` with its id makes it due again.

    \b
    Example:
        flask payments due
        flask payments waive H7K2M9QX --reason "heating was out"
        flask payments waive H7K2M9QX 50 --reason "late check-in"
    """
    with refusals_said():
        found = reservations.look_up_order(acting(), reference)
        done = payments.waive_debt(acting(), found.order_id, reason, amount)
        left = reservations.look_up_order(acting(), reference)
    click.echo(
        f"{ids.encode('waiver', done.id)} waived: {money_format.plain(done.amount, done.currency)} of"
        f" {left.reference}; {money_format.plain(left.due, left.currency)} due."
    )


@group.command("correct")
@click.argument("payment_id", metavar="PAYMENT")
@click.option("--reason", required=True, help="Why the entry was a mistake.")
def correct(payment_id: str, reason: str) -> None:
    """Take the entry PAYMENT back, made by mistake with `received`, `returned` or `waive`: by its opposite; both stay.

    What was not received is due again, what was not returned is to be given back again. Where the booking is cancelled
    and the money was only to be given back, nobody has to give it back any more.

    \b
    Example:
        flask payments correct payment_01k5... --reason "another guest's receipt"
    """
    with refusals_said():
        if waiver_id := ids.decode("waiver", payment_id):
            by = ids.encode("waiver", payments.take_back_waiver(acting(), waiver_id, reason).id)
        else:
            patience = current_services().booking_context.patience
            by = ids.encode("payment", reservations.correct_entry(acting(), _known(payment_id), reason, patience).id)
    click.echo(f"{payment_id} corrected by {by}.")


@group.command("due")
def due() -> None:
    """List what guests still owe: guaranteed orders, and those with a deposit; the first to arrive at the top.

    \b
    Example:
        flask payments due
    """
    found = reservations.balances_due(acting())
    for one in found:
        click.echo(
            f"{one.reference} due: {money_format.plain(one.due, one.currency)}, {_way_to_pay(one)};"
            f" {one.room}, {one.property}, {one.stay.check_in} to {one.stay.check_out}"
            f"{', cancelled' if one.is_cancelled else ''}"
        )
    click.echo(f"{count(len(found), 'order')} not paid in full.")


def _way_to_pay(balance: Balance) -> str:
    if balance.guarantee:
        return WAYS_TO_PAY[balance.guarantee]
    if not balance.is_planned:
        return "given back at the payment provider"
    declined = f", declined {count(balance.times_declined, 'time')}" if balance.times_declined else ""
    if balance.charged_at is None:
        return f"by card{declined}; not tried again"
    return f"by card{declined}, charged on {balance.charged_at:%Y-%m-%d}"


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
        return not isinstance(refusal, PaymentNotFound | RefundAwaitsStaff)
    click.echo(f"{name}: {words.refund_outcome(state)}")
    return state != payments.OWED
