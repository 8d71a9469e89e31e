"""flask users: accounts of people who run the house."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from booking.cli.json_output import as_json, show
from booking.cli.operator import Group, acting, refusals_said
from booking.domain import catalogue, people, reservations
from booking.domain.actors import Actor, Role
from booking.domain.errors import EmailTaken, Invalid
from booking.domain.inputs import accept
from booking.domain.people import SHORTEST_PASSWORD, Registration, User
from booking.domain.reservations import personal_data
from booking.domain.reservations.personal_data import MoneyMove, Obstacle
from booking.http import money_format, words
from booking.http.services import current_services
from booking.infra.ids import encode

group = Group("users", help="Accounts.")
force = click.option("--force", is_flag=True, help="Even where nobody is an owner any more then.")


@group.command("create-owner")
@click.argument("email")
@click.option("--name", required=True, help="Full name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, for scripts.")
@as_json
def create_owner(email: str, name: str, password_stdin: bool, as_json: bool) -> None:
    """Make the account that may do everything.

    \b
    Example:
        flask users create-owner anna@hotel.example --name "Anna Berg"
    """
    password = _password(password_stdin)
    settings = current_services().settings
    try:
        form = accept(Registration, {"email": email, "password": password, "fullName": name}, strict=True)
        made = people.register(acting(), form, settings.region, site=settings.site_name, role="owner")
    except Invalid as refusal:
        raise _said(refusal) from None
    except EmailTaken:
        raise click.ClickException(
            f"There is an account for {email} already: `flask users make-owner {email}`."
        ) from None
    _tell(made, f"{form.email} may sign in now, as owner.", as_json)


@group.command("make-owner")
@click.argument("email")
@as_json
def make_owner(email: str, as_json: bool) -> None:
    """Let an account that is there do everything. Its sign-ins end: it has to sign in again.

    \b
    Example:
        flask users make-owner anna@hotel.example
    """
    user = _get(email)
    changed = people.give_role(acting(), user.id, Role.OWNER)
    _tell(_get(email), f"{user.email} is an owner{'.' if changed else ' already.'}", as_json)


@group.command("revoke-owner")
@click.argument("email")
@force
@as_json
def revoke_owner(email: str, force: bool, as_json: bool) -> None:
    """Make an owner a guest like any other. Its sign-ins end; its bookings stay.

    \b
    Example:
        flask users revoke-owner anna@hotel.example
    """
    user = _get(email)
    if user.role != "owner":
        raise click.ClickException(f"{user.email} is no owner.")
    people.take_role(acting(), user.id, even_last=force)
    now = _get(email)
    _tell(now, f"{now.email} is {'a guest' if now.role == 'guest' else 'no owner any more'}.", as_json)
    warn_without_owner()


@group.command("give-role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--property", "slug", help="Only at this property, by its slug. [default: at all of them]")
@force
@as_json
def give_role(email: str, role: str, slug: str | None, force: bool, as_json: bool) -> None:
    """Make an account owner, manager, desk or housekeeping. Its sign-ins end: it has to sign in again.

    \b
    Example:
        flask users give-role dana@hotel.example desk --property seaside
    """
    user, where = _get(email), _property(slug)
    changed = people.give_role(acting(), user.id, Role(role), where, even_last=force)
    _tell(_get(email), f"{user.email} is {role} {_at(slug)}{'.' if changed else ' already.'}", as_json)
    if changed and user.role == "owner":
        warn_without_owner()


@group.command("take-role")
@click.argument("email")
@click.option("--property", "slug", help="Only at this property, by its slug. [default: what counts at all of them]")
@force
@as_json
def take_role(email: str, slug: str | None, force: bool, as_json: bool) -> None:
    """End what an account is at a property, or at all. Its sign-ins end; its bookings stay.

    \b
    Example:
        flask users take-role dana@hotel.example --property seaside
    """
    user, where = _get(email), _property(slug)
    if not people.take_role(acting(), user.id, where, even_last=force):
        raise click.ClickException(f"{user.email} has no role {_at(slug)}.")
    _tell(_get(email), f"{user.email} has no role {_at(slug)} any more.", as_json)
    warn_without_owner()


def _property(slug: str | None) -> UUID | None:
    if slug is None:
        return None
    with refusals_said():
        return catalogue.get_property(slug)


def _at(slug: str | None) -> str:
    return f"at {slug}" if slug else "at all properties"


def warn_without_owner() -> None:
    """Where nobody may do everything any more."""
    if not people.find_owners():
        click.echo("Nobody is an owner now: `flask users make-owner` names one.", err=True)


@group.command("set-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, for scripts.")
@as_json
def set_password(email: str, password_stdin: bool, as_json: bool) -> None:
    """Set an account's password. Its sign-ins end, and an email tells its owner.

    \b
    Example:
        flask users set-password anna@hotel.example
    """
    user = _get(email)
    try:
        people.set_password_of(acting(), user, _password(password_stdin), site=current_services().settings.site_name)
    except Invalid as refusal:
        raise _said(refusal) from None
    _tell(user, f"{user.email} has a new password.", as_json)


def _get(email: str) -> User:
    user = _account(email)
    if user.disabled_at is not None:
        raise click.ClickException(f"The account of {email} is disabled.")
    return user


def _said(refusal: Invalid) -> click.ClickException:
    return click.ClickException(
        "; ".join(f"{field} {words.problem(field, notice)}" for field, notice in refusal.details.items())
    )


def _password(from_stdin: bool) -> str:
    if not from_stdin:
        return _ask_for_password()
    # As Windows sends it, too: a carriage return at the end, a byte order mark in front.
    password = sys.stdin.readline().rstrip("\r\n").removeprefix("\ufeff")
    if not password:
        raise click.ClickException("Standard input holds no password.")
    return password


@group.command("reset-second-factor")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def reset_second_factor(email: str, yes: bool, as_json: bool) -> None:
    """Turn two-step sign-in off for somebody who lost phone and recovery codes. Check first that it is them.

    \b
    Example:
        flask users reset-second-factor anna@hotel.example
    """
    user = _get(email)
    if not (yes or as_json):
        click.confirm(f"Let {user.email} sign in by password alone, and end their sign-ins?", abort=True)
    with refusals_said():
        was_on = people.reset_second_factor(acting(), user.id)
    said = "Two-step sign-in is off, and an email says so." if was_on else "Two-step sign-in was off already."
    _tell(_get(email), said, as_json)


@group.command("seal-second-factors")
def seal_second_factors() -> None:
    """After you have changed SECRET_KEY, before you remove the old one from SECRET_KEY_FALLBACKS: encrypt anew.

    \b
    Example:
        flask users seal-second-factors
    """
    try:
        number = people.seal_second_factors_anew(acting(), current_services().settings.secret_keys)
    except ValueError:
        raise click.ClickException(
            "An authenticator was encrypted with a key that is neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS."
            " Nothing was changed."
        ) from None
    click.echo(f"Encrypted anew: {number}. None of them needs SECRET_KEY_FALLBACKS any more.")


@group.command("disable")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def disable(email: str, yes: bool, as_json: bool) -> None:
    """End every sign-in of an account, and refuse new ones.

    \b
    Example:
        flask users disable dana@example.com
    """
    user = _account(email)
    if user.disabled_at is not None:
        _tell(user, "This account is disabled already.", as_json)
        return
    if not (yes or as_json):
        click.confirm(f"Sign {user.email} out everywhere and disable the account?", abort=True)
    _doing(people.disable_account, email)
    _tell(_account(email), "Nobody can sign in with this account now. Its bookings stand.", as_json)


@group.command("enable")
@click.argument("email")
@as_json
def enable(email: str, as_json: bool) -> None:
    """Let the owner of a disabled account sign in again, with the same password.

    \b
    Example:
        flask users enable dana@example.com
    """
    _doing(people.enable_account, email)
    _tell(_account(email), "This account can be signed in to again.", as_json)


@group.command("delete")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def delete(email: str, yes: bool, as_json: bool) -> None:
    """Delete everything personal of an account; past bookings and payments stay for the books.

    \b
    Example:
        flask users delete dana@example.com
    """
    user = _account(email)
    obstacles = personal_data.deletion_obstacles(acting(), user.id)
    if in_the_way := [*_in_the_way(obstacles), *_unsettled(personal_data.money_moves(acting(), user.id))]:
        raise click.ClickException(" ".join(in_the_way))
    if not (yes or as_json):
        click.confirm("This cannot be undone. Delete the account?", abort=True)
    _doing(personal_data.delete_account, email)
    if as_json:
        show([_facts(user) | {"state": "deleted"}])
    else:
        click.echo("The account is deleted. Its address can be registered anew.")


def _tell(user: User, sentence: str, as_json: bool) -> None:
    """What was done; for programs, one array of the account as it is now."""
    if as_json:
        show([_facts(user)])
    else:
        click.echo(sentence)


def _facts(user: User) -> dict[str, Any]:
    return {
        "userId": encode("user", user.id),
        "email": user.email,
        "fullName": user.full_name,
        "role": user.role,
        "state": "disabled" if user.disabled_at else "active",
    }


def _in_the_way(obstacles: list[Obstacle]) -> list[str]:
    """What is to be done first: bookings are cancelled, holds are released. A payment under way is said by its sum."""
    said = {
        reservations.STAGE_BOOKED: "These bookings are not over, cancel them first",
        reservations.STAGE_HELD: "These holds are not paid, release them first or wait until they have run out",
    }
    references = {stage: [one.reference for one in obstacles if one.stage == stage] for stage in said}
    return [f"{said[stage]}: {', '.join(names)}." for stage, names in references.items() if names]


def _unsettled(moves: list[MoneyMove]) -> list[str]:
    """What somebody has to do something about first, and what settles by itself."""
    said = {
        personal_data.MONEY_OWED: "These refunds were declined and are owed, see `flask payments list` and send them"
        " again first",
        personal_data.MONEY_AWAITED: "These amounts are to be refunded by staff, see `flask payments list` and enter"
        " them with `flask payments returned` first",
        personal_data.MONEY_DUE: "These amounts are still due, see `flask payments due` and enter what was paid with"
        " `flask payments received` first",
        personal_data.MONEY_SETTLES: "These payments or refunds are in progress, wait until they have an outcome",
    }
    sums = {what: [_sum(move) for move in moves if move.what == what] for what in said}
    return [f"{said[what]}: {', '.join(each)}." for what, each in sums.items() if each]


def _sum(move: MoneyMove) -> str:
    return f"{money_format.plain(move.amount, move.currency)} of booking {move.reference}"


def _doing(verb: Callable[[Actor, UUID], None], email: str) -> None:
    user = _account(email)
    with refusals_said():
        verb(acting(), user.id)


def _account(email: str) -> User:
    with refusals_said():
        return people.get_user(acting(), email.strip())


def _ask_for_password() -> str:
    asked = f"Password ({SHORTEST_PASSWORD} characters or more)"
    return str(click.prompt(asked, hide_input=True, confirmation_prompt=True, err=True))
