"""flask bookings: what an operator may want to check or hurry up."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from booking.cli.operator import acting
from booking.domain import maintenance, reservations
from booking.infra.words import count

group = AppGroup("bookings", help="Check bookings, and free what nobody paid for.")


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
        click.echo(f"{finding.rule}: {finding.subject}", err=True)
    if report.findings:
        click.echo(f"{count(len(report.findings), 'finding')} in {report.scope()}.", err=True)
        sys.exit(1)
    click.echo(f"All agree: {report.scope()}.")


@group.command("expire")
def expire() -> None:
    """Free every room whose guest did not pay in time. The worker does this every 15 seconds.

    \b
    Example:
        flask bookings expire
    """
    total = 0
    while expired := reservations.expire_holds(acting()):
        total += expired
    click.echo(f"{count(total, 'hold')} expired.")
