"""`flask payments list | due`: money that somebody has to look after, and what guests still owe."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import WAYS_PAID, WAYS_TO_PAY, acting
from booking.domain import payments, reservations
from booking.domain.reservations import Balance
from booking.http import money_format, words
from booking.infra.ids import encode
from booking.infra.words import count

DISPUTED, OWED, TO_BE_REFUNDED, WITHOUT_OUTCOME = "disputed", "owed", "to be refunded", "without an outcome"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A payment to look after: what its state is, and the rest of its line."""

    payment_id: uuid.UUID
    state: str
    amount: Decimal
    currency: str
    provider: str | None
    booking: str | None  # reference
    why: str | None
    line: str


@click.command("list")
@as_json
@with_appcontext
def list_them(as_json: bool) -> None:
    """List disputes, refunds that were declined or await staff, and payments that stay without an outcome.

    \b
    Example:
        flask payments list
        flask payments list --json
    """
    found = [*_disputed(), *_owed(), *_to_be_refunded(), *_without_outcome()]
    if as_json:
        show(map(_facts, found))
        return
    for one in found:
        click.echo(f"{encode('payment', one.payment_id)} {one.state}: {one.line}")
    states = [one.state for one in found]
    by_staff = f", {states.count(TO_BE_REFUNDED)} to be refunded by staff" if TO_BE_REFUNDED in states else ""
    unknown = count(states.count(WITHOUT_OUTCOME), "payment")
    click.echo(f"{count(states.count(OWED), 'refund')} owed{by_staff}, {unknown} without an outcome.")


@click.command("due")
@as_json
@with_appcontext
def due(as_json: bool) -> None:
    """List what guests still owe: guaranteed orders, and those with a deposit; the first to arrive at the top.

    \b
    Example:
        flask payments due
        flask payments due --json
    """
    found = reservations.balances_due(acting())
    if as_json:
        show(map(_balance_facts, found))
        return
    for one in found:
        click.echo(
            f"{one.reference} due: {money_format.plain(one.due, one.currency)}, {_way_to_pay(one)};"
            f" {one.room}, {one.property}, {one.stay.check_in} to {one.stay.check_out}"
            f"{', cancelled' if one.is_cancelled else ''}"
        )
    click.echo(f"{count(len(found), 'order')} not paid in full.")


def why(error: str | None, otherwise: str) -> str:
    """What a provider said, or was not there to say."""
    reason = payments.explained_error(error or otherwise)
    return reason if isinstance(reason, str) else words.told(reason)


def _disputed() -> Iterator[Trouble]:
    for one in payments.undecided_disputes(acting()):
        sum_ = money_format.plain(one.amount, one.currency)
        line = f"{sum_} ({one.reason}), to be answered at the provider as {one.reference}"
        yield Trouble(one.payment_id, DISPUTED, one.amount, one.currency, None, None, one.reason, line)


def _owed() -> Iterator[Trouble]:
    for one in reservations.owed_refunds(acting()):
        said = why(one.error, "no reason given")
        sum_ = money_format.plain(one.amount, one.currency)
        line = f"{sum_} of booking {one.reference}, declined by {one.provider}: {said}"
        yield Trouble(one.payment_id, OWED, one.amount, one.currency, one.provider, one.reference, said, line)


def _to_be_refunded() -> Iterator[Trouble]:
    for one in reservations.refunds_awaiting_staff(acting()):
        paid = f"{money_format.plain(one.amount, one.currency)} of booking {one.reference}, paid"
        line = f"{paid} {WAYS_PAID[one.provider]}; then `flask payments returned`"
        yield Trouble(one.payment_id, TO_BE_REFUNDED, one.amount, one.currency, one.provider, one.reference, None, line)


def _without_outcome() -> Iterator[Trouble]:
    for one in payments.asked_in_vain(acting()):
        said = why(one.error, "no reason known")
        what = f"{one.kind} of {money_format.plain(one.amount, one.currency)} by {one.provider}"
        line = f"{what}, asked {count(one.attempts, 'time')}: {said}"
        yield Trouble(one.id, WITHOUT_OUTCOME, one.amount, one.currency, one.provider, None, said, line)


def _facts(one: Trouble) -> dict[str, Any]:
    return {
        "paymentId": encode("payment", one.payment_id),
        "state": one.state,
        "amount": money_format.decimal(one.amount, one.currency),
        "currency": one.currency,
        "provider": one.provider,
        "booking": one.booking,
        "reason": one.why,
    }


def _balance_facts(one: Balance) -> dict[str, Any]:
    return {
        "order": one.reference,
        "due": money_format.decimal(one.due, one.currency),
        "currency": one.currency,
        "guarantee": one.guarantee,
        "chargedAt": instant(one.charged_at),
        "timesDeclined": one.times_declined,
        "room": one.room,
        "property": one.property,
        "checkIn": one.stay.check_in.isoformat(),
        "checkOut": one.stay.check_out.isoformat(),
        "isCancelled": one.is_cancelled,
    }


def _way_to_pay(balance: Balance) -> str:
    if balance.guarantee:
        return WAYS_TO_PAY[balance.guarantee]
    if not balance.is_planned:
        return "refunded at the payment provider"
    declined = f", declined {count(balance.times_declined, 'time')}" if balance.times_declined else ""
    if balance.charged_at is None:
        return f"by card{declined}; not tried again"
    return f"by card{declined}, charged on {balance.charged_at:%Y-%m-%d}"


COMMANDS = (list_them, due)
