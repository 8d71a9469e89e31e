"""`flask demo`: something to look at in a copy that runs for trying."""

from __future__ import annotations

import secrets
from typing import NamedTuple

import click

from booking import demo
from booking.cli.operator import Group, acting
from booking.demo import living, occupancy, rates
from booking.domain import people
from booking.http.services import current_services
from booking.infra.words import count


class Account(NamedTuple):
    """Who may sign in to the demo. Known to everybody, so made in development only."""

    email: str
    password: str
    full_name: str


DEMO_GUEST = Account(living.GUEST, "a-window-by-the-sea", "Gal Guest")
DEMO_OWNER = Account("owner@example.com", "keys-under-the-mat", "Ona Owner")
# Everybody else who stays in the demo rooms; nobody signs in as them.
OTHER_GUESTS = Account(living.OTHERS, secrets.token_urlsafe(24), "Other Guests")

group = Group("demo", help="Rooms and accounts to try the product with.")


@group.command("load")
def load() -> None:
    """Put in 324 rooms in twelve cities, a demo guest, a demo owner and some stays, where they are missing.

    Whatever is there already stays as it is; the days since are played (unless DEMO_GOES_ON is false): guests have come
    and gone, others will come.
    Refused in production, because everybody knows the passwords.

    \b
    Example:
      flask demo load
    """
    settings = current_services().settings
    if settings.production:
        raise click.ClickException("Demo accounts have known passwords: demo data does not go into production.")

    # --- rooms
    loaded = demo.load(acting())

    # --- rules of prices, at one of the houses
    rated = rates.load(acting())

    # --- people
    guest, _, others = (
        people.ensure_user(acting(), **account._asdict(), role=role, region=settings.region)
        for account, role in ((DEMO_GUEST, "guest"), (DEMO_OWNER, "owner"), (OTHER_GUESTS, "guest"))
    )

    # --- stays
    stays = occupancy.load(guest.id, others.id)

    # --- the days since
    played = living.play(current_services().booking_context) if settings.plays_demo else 0

    click.echo(
        f"{count(loaded, 'demo room')} and {count(stays, 'stay')} added."
        if loaded or stays or rated
        else "The demo was there already."
    )
    if rated:
        click.echo(f"{count(rated, 'rule')} for prices and stays added at one house: see `flask rates`.")
    if played:
        click.echo(f"{count(played, 'thing')} happened there since.")
