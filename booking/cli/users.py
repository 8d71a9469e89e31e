"""flask users: accounts of people who run the house."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from booking import doors
from booking.domain import users as accounts
from booking.domain.errors import EmailTaken, Invalid
from booking.domain.inputs import Registration, accept
from booking.domain.passwords import SHORTEST

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
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _ask_for_password()
    settings = doors.services().settings
    try:
        form = accept(Registration, {"email": email, "password": password, "fullName": name}, strict=True)
        accounts.register(form, settings.region, site=settings.site_name, role="owner")
    except Invalid as refusal:
        wrong = "; ".join(f"{field} {problem}" for field, problem in refusal.details.items())
        raise click.ClickException(wrong) from None
    except EmailTaken:
        raise click.ClickException(f"There is an account for {email} already.") from None
    click.echo(f"{form.email} may sign in now, as owner.")


def _ask_for_password() -> str:
    return str(click.prompt(f"Password ({SHORTEST} characters or more)", hide_input=True, confirmation_prompt=True))
