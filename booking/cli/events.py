"""`flask events`: what became of confirmations and everything else that follows from an event."""

from __future__ import annotations

import click

from booking.cli.operator import Group, acting
from booking.domain import maintenance, messages, people
from booking.infra import ids, queue
from booking.infra.words import count

group = Group("events", help="Look after emails and other work that follows from bookings.")


@group.command("status")
@click.option("--limit", default=20, show_default=True, help="How many given-up deliveries to list.")
def status(limit: int) -> None:
    """Say what waits, what runs, and what was given up and why.

    \b
    Example:
      flask events status
    """
    figures = messages.outbox_figures()
    click.echo(f"{count(figures['unsent'], 'event')} not yet looked at")
    for consumer in messages.registered_consumers():
        counts = (figures[f"{consumer.name}_{state}"] for state in ("waiting", "running", "failed"))
        click.echo("{}: {} waiting, {} running, {} given up".format(consumer.name, *counts))
    waiting = queue.depth()
    click.echo("queue: Redis is away, work waits in Postgres" if waiting < 0 else f"queue: {waiting} jobs")
    if refused := people.count_undeliverable():
        click.echo(f"addresses: mail servers refuse those of {count(refused, 'account')} for good")
    for event_id, name, error in messages.given_up_deliveries(limit):
        click.echo(f"given up: {name} for {ids.encode('event', event_id)}: {' '.join(error.split())}")


@group.command("retry")
def retry() -> None:
    """Offer everything that was given up once more, for instance after the mail server was mended.

    \b
    Example:
      flask events retry
    """
    click.echo(f"{count(maintenance.retry_deliveries(acting()), 'delivery', 'deliveries')} will be tried again")
