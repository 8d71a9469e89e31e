"""flask users: accounts of people who run the house."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from booking import doors
from booking.domain import users as accounts
from booking.domain.errors import Invalid
from booking.domain.inputs import Registration, accept

group = AppGroup("users", help="Accounts.")


@group.command("create-owner")
@click.argument("email")
@click.option("--name", required=True, help="Full name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, for scripts.")
def create_owner(email: str, name: str, password_stdin: bool) -> None:
    """Make the account that may do everything.

    \b
    Example:
        flask users create-owner anna@hotel.example --name "Anna Berg"
    """
    password = sys.stdin.readline().rstrip("\n") if password_stdin else _ask_for_password()
    try:
        form = accept(Registration, {"email": email, "password": password, "fullName": name}, strict=True)
    except Invalid as refusal:
        wrong = "; ".join(f"{field} {problem}" for field, problem in refusal.details.items())
        raise click.ClickException(wrong) from None
    if accounts.find(form.email):
        raise click.ClickException(f"There is an account for {form.email} already.")
    region = doors.services().settings.region
    accounts.ensure(email=form.email, password=password, full_name=form.full_name, role="owner", region=region)
    click.echo(f"{form.email} may sign in now, as owner.")


def _ask_for_password() -> str:
    return str(click.prompt("Password (10 characters or more)", hide_input=True, confirmation_prompt=True))
