"""`flask payments reconcile`: the provider's report beside our ledger."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import acting, refusals_said
from booking.domain import payments
from booking.domain.payments import Reconciliation, ReportDifference
from booking.http import money_format
from booking.http.words import reconciliation as words
from booking.infra.ids import encode
from booking.infra.words import count


@click.command("reconcile")
@click.argument("file", type=click.File(encoding="utf-8-sig", errors="replace"))
@click.option("--strict", is_flag=True, help="Exit with 1 where anything differs.")
@as_json
@with_appcontext
def reconcile(file: Any, strict: bool, as_json: bool) -> None:
    """Hold the provider's report FILE (Stripe: "Payout reconciliation", itemized, as CSV) against our payments.

    Each difference has a name: no_payment, no_refund, no_dispute (there, and not here), not_reported (here, and not
    there), other_amount, other_state, twice, other_net. Nothing is changed.

    \b
    Example:
        flask payments reconcile payouts-2027-01.csv
        flask payments reconcile payouts-2027-01.csv --json --strict
    """
    with refusals_said():
        found = payments.reconcile(acting(), file.read())
    if as_json:
        show(map(_facts, found.differences))
    else:
        _say(found)
    sys.exit(1 if strict and not found.agrees else 0)


def _say(found: Reconciliation) -> None:
    for one in found.differences:
        where = f"line {one.line}" if one.line else "not in the file"
        about = f" of {one.order}" if one.order else ""
        amounts = f"here {_money(one.here, one.currency)}, there {_money(one.there, one.currency)}"
        click.echo(f"{one.kind} {one.reference} ({where}){about}: {words.DIFFERENCES[one.kind]}; {amounts}.")
    for total in found.sums:
        said = (money_format.plain(part, total.currency) for part in (total.gross, total.fee, total.net))
        gross, fee, net = said
        click.echo(f"{words.category(total.category)}: {count(total.rows, 'row')}, {gross}, fees {fee}, net {net}.")
    for payout in found.payouts:
        paid = "" if payout.agrees else f", where {_money(payout.paid, payout.currency)} were paid out"
        click.echo(f"{payout.reference}: {money_format.plain(payout.net, payout.currency)}{paid}.")
    click.echo(
        f"{count(found.rows, 'row')} from {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}: {found.matched} as here,"
        f" {count(len(found.differences), 'difference')}."
    )


def _money(amount: Decimal | None, currency: str) -> str:
    return "nothing" if amount is None else money_format.plain(amount, currency)


def _facts(one: ReportDifference) -> dict[str, Any]:
    def said(amount: Decimal | None) -> str | None:
        return None if amount is None else money_format.decimal(amount, one.currency)

    return {
        "kind": one.kind,
        "reference": one.reference,
        "line": one.line,
        "at": instant(one.at),
        "paymentId": one.payment_id and encode("payment", one.payment_id),
        "order": one.order or None,
        "state": one.state or None,
        "here": said(one.here),
        "there": said(one.there),
        "currency": one.currency,
    }
