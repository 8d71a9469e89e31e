"""flask payments: money whose way nobody knows, and refunds that were declined."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import click

from booking.cli import payment_lists, payment_reports
from booking.cli.json_output import as_json, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.payment_lists import why
from booking.cli.values import AMOUNT, DATE, Id
from booking.domain import payments, reservations
from booking.domain.errors import BookingError, PaymentNotFound, RefundAwaitsStaff
from booking.domain.payments import Payment, Waiver
from booking.domain.reservations import BookingContext, front_desk
from booking.domain.reservations.front_desk import OrderFacts
from booking.http import money_format, words
from booking.http.services import current_services
from booking.infra import clock, ids
from booking.infra.words import count

PAYMENT = Id("payment", "see `flask payments list`")

group = Group("payments", help="Enter what is paid by hand; look after refunds, and payments without an outcome.")
for command in (*payment_lists.COMMANDS, payment_reports.reconcile):
    group.add_command(command)


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
        click.echo(f"{said}, {known}" + (f"; then {why(one.error, '')}" if one.error else "."))
    if not looked:
        click.echo("No payment provider here has refunds and disputes of its own.")
    sys.exit(any(one.error for one in looked))


@group.command("retry")
@click.argument("payment_ids", metavar="[PAYMENT]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every refund that is owed.")
@as_json
def retry(payment_ids: tuple[str, ...], every: bool, as_json: bool) -> None:
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
    tried = [_retried(payment_id, current_services().booking_context) for payment_id in chosen]
    if as_json:
        show(map(_told, tried))
    for one in [] if as_json else tried:
        click.echo(f"{ids.encode('payment', one.payment_id)}: {one.said}", err=one.is_refused)
    if not (tried or as_json):
        click.echo("No refund is owed.")
    sys.exit(1 if any(one.is_owed for one in tried) else 0)


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
@click.option("--by", type=click.Choice(payments.BY_HAND), required=True, help="How it was paid: `desk` is cash.")
@click.option("--reference", "entry", required=True, help="The receipt's number, the line of the bank statement.")
@click.option("--on", "received_on", type=DATE, help="The day; today, where none is given.")
@as_json
def received(reference: str, amount: Decimal, *, received_on: dt.datetime | None, as_json: bool, **how: str) -> None:
    """Enter money that was paid in cash, by card at the desk or by transfer for the order REFERENCE.

    At most what is due. Entered once for each --reference, however often the command is run. A mistake: see
    `flask payments correct`.

    \b
    Example:
        flask payments due
        flask payments received H7K2M9QX 360 --by desk --reference "receipt 17"
    """
    with refusals_said(reference="--reference", receivedOn="--on"):
        found = front_desk.look_up_order(acting(), reference)
        on = received_on.date() if received_on else clock.today(found.time_zone)
        paid = payments.record_received(
            acting(), found.order_id, amount, by=how["by"], reference=how["entry"], received_on=on
        )
        left = front_desk.look_up_order(acting(), reference)
    if as_json:
        show([_facts(paid, left)])
        return
    click.echo(
        f"{ids.encode('payment', paid.id)} {_said('received', paid)}:"
        f" {money_format.plain(paid.amount, paid.currency)} for {left.reference};"
        f" {money_format.plain(left.due, left.currency)} due."
    )


@group.command("returned")
@click.argument("payment_id", metavar="PAYMENT", type=PAYMENT)
@click.option("--reference", required=True, help="The receipt's number, the line of the bank statement.")
@click.option("--on", "returned_on", type=DATE, help="The day; today, where none is given.")
@click.option("--by", type=click.Choice(payments.BY_HAND), help="How; as it was paid, where none is given.")
@as_json
def returned(
    payment_id: uuid.UUID, reference: str, returned_on: dt.datetime | None, by: str | None, as_json: bool
) -> None:
    """Enter that staff has paid the refund PAYMENT out, of money that was entered by hand.

    \b
    Example:
        flask payments list
        flask payments returned payment_01k5... --reference "cash 3"
        flask payments returned payment_01k5... --reference "slip 9" --by terminal
    """
    with refusals_said(returnedOn="--on"):
        on = returned_on.date() if returned_on else None
        done = payments.record_returned(acting(), payment_id, reference=reference, returned_on=on, by=by)
    if as_json:
        show([_facts(done)])
        return
    amount = money_format.plain(done.amount, done.currency)
    click.echo(f"{ids.encode('payment', done.id)} {_said('refunded', done)}: {amount}.")


@group.command("waive")
@click.argument("reference")
@click.argument("amount", type=AMOUNT, required=False)
@click.option("--reason", required=True, help="Why the guest need not pay it; each reason counts once.")
@as_json
def waive(reference: str, amount: Decimal | None, reason: str, as_json: bool) -> None:
    """Let the guest of the order REFERENCE off what is still due, or off AMOUNT of it. No money moves.

    It is written down with who and why. A mistake: `flask payments correct` with its id makes it due again.

    \b
    Example:
        flask payments due
        flask payments waive H7K2M9QX --reason "heating was out"
        flask payments waive H7K2M9QX 50 --reason "late check-in"
    """
    with refusals_said():
        found = front_desk.look_up_order(acting(), reference)
        done = payments.waive_debt(acting(), found.order_id, reason, amount)
        left = front_desk.look_up_order(acting(), reference)
    if as_json:
        show([_facts(done, left)])
        return
    click.echo(
        f"{ids.encode('waiver', done.id)} {_said('waived', done)}: {money_format.plain(done.amount, done.currency)} of"
        f" {left.reference}; {money_format.plain(left.due, left.currency)} due."
    )


@group.command("correct")
@click.argument("payment_id", metavar="PAYMENT")
@click.option("--reason", required=True, help="Why the entry was a mistake.")
@as_json
def correct(payment_id: str, reason: str, as_json: bool) -> None:
    """Take the entry PAYMENT back, made by mistake with `received`, `returned` or `waive`: by its opposite; both stay.

    What was not received is due again, what was not refunded is to be refunded again. Where the booking is cancelled
    and the money was only to be refunded, nobody has to refund it any more.

    \b
    Example:
        flask payments correct payment_01k5... --reason "another guest's receipt"
    """
    with refusals_said():
        if waiver_id := ids.decode("waiver", payment_id):
            opposite: Payment | Waiver = front_desk.correct_waiver(acting(), waiver_id, reason)
        else:
            patience = current_services().booking_context.patience
            opposite = front_desk.correct_entry(acting(), _known(payment_id), reason, patience)
    facts = _facts(opposite)
    if as_json:
        show([facts])
    else:
        click.echo(f"{payment_id} {_said('corrected', opposite)} by {facts['entryId']}.")


def _known(text: str) -> uuid.UUID:
    found = ids.decode("payment", text)
    if found is None:
        raise click.BadParameter(f"{text} is no payment's id; see `flask payments list`")
    return found


@dataclass(frozen=True, slots=True)
class Retry:
    """What came of sending a refund once more; `said` is for people."""

    payment_id: uuid.UUID
    said: str
    is_owed: bool
    is_refused: bool = False


def _retried(payment_id: uuid.UUID, context: BookingContext) -> Retry:
    try:
        state = payments.retry_refund(acting(), payment_id, context)
    except BookingError as refusal:
        is_owed = isinstance(refusal, PaymentNotFound | RefundAwaitsStaff)
        return Retry(payment_id, words.message(refusal), is_owed, is_refused=True)
    return Retry(payment_id, words.refund_outcome(state), state == payments.OWED)


def _told(one: Retry) -> dict[str, Any]:
    return {
        "paymentId": ids.encode("payment", one.payment_id),
        "isOwed": one.is_owed,
        "isRefused": one.is_refused,
        "said": one.said,
    }


def _said(what: str, entry: Payment | Waiver) -> str:
    """What was done; of the same entry once more, that nothing was done now."""
    since = entry.entered_already
    return f"{what} already, on {since.astimezone(dt.UTC):%Y-%m-%d at %H:%M} UTC" if since else what


def _facts(entry: Payment | Waiver, order: OrderFacts | None = None) -> dict[str, Any]:
    """What was entered; amounts as text, so that no digit is lost."""
    is_waiver = isinstance(entry, Waiver)
    kind = "waiver" if is_waiver else "payment"
    facts = {
        "entryId": ids.encode(kind, entry.id),
        "kind": kind if isinstance(entry, Waiver) else entry.kind,
        "amount": money_format.decimal(entry.amount, entry.currency),
        "currency": entry.currency,
        "corrects": entry.corrects_id and ids.encode(kind, entry.corrects_id),
        "recordedBy": entry.recorded_by,
        "wasEnteredBefore": entry.entered_already is not None,
    }
    return facts | ({"order": order.reference, "due": money_format.decimal(order.due, order.currency)} if order else {})
