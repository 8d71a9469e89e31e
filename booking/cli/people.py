"""flask people: who works at the houses, as the page under /admin/people shows it."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

import click

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.users import force, warn_without_owner
from booking.cli.values import Id
from booking.domain import catalogue, people
from booking.domain.actors import Role
from booking.domain.inputs import accept
from booking.domain.people import InvitationOrder, ShownInvitation, TeamMember
from booking.infra.ids import encode
from booking.infra.words import count

INVITATION = Id("invitation", "see `flask people list`")

group = Group("people", help="Who works at the houses: list, invite, change roles, end access.")
at_property = click.option("--property", "slug", help="Only at this property, by its slug. [default: at all of them]")
role = click.argument("role", type=click.Choice([role.value for role in Role]))


@group.command("list")
@as_json
def list_them(as_json: bool) -> None:
    """List everybody who works at a house, with their roles, and the invitations that are open.

    \b
    Example:
        flask people list
        flask people list --json
    """
    with refusals_said():
        team, invited = people.get_team(acting()), people.pending_invitations(acting())
    if as_json:
        show([*map(_facts, team.members), *map(_invited_facts, invited)])
        return
    for member in team.members:
        click.echo(_line(member))
    for one in invited:
        click.echo(f"{encode('invitation', one.id)} {one.email}: invited as {one.role} {_at(one.property_id)}")
    open_ones = f", {count(len(invited), 'open invitation')}" if invited else ""
    click.echo(f"{count(len(team.members), 'person', 'people')}{open_ones}.", err=True)


@group.command("show")
@click.argument("email")
@as_json
def show_one(email: str, as_json: bool) -> None:
    """Show what somebody is, and where.

    \b
    Example:
        flask people show dana@hotel.example
    """
    member = _member(email)
    if as_json:
        show([_facts(member)])
    else:
        click.echo(_line(member))


@group.command("invite")
@click.argument("email")
@role
@at_property
@click.option("--by", required=True, help="In whose name: the email of an account that may give this role.")
@as_json
def invite(email: str, role: str, slug: str | None, by: str, as_json: bool) -> None:
    """Ask somebody by email to work at a house. The link in it is good for 7 days.

    \b
    Example:
        flask people invite dana@hotel.example desk --property seaside --by anna@hotel.example
    """
    with refusals_said():
        asked = accept(InvitationOrder, {"email": email, "role": role}, strict=True)
        inviter = people.get_user(acting(), by.strip()).id
        made = people.invite_staff(acting(), asked.email, Role(role), _property(slug), by=inviter)
        invited = [one for one in people.pending_invitations(acting()) if one.id == made]
    if as_json:
        show(map(_invited_facts, invited))
    else:
        click.echo(f"{encode('invitation', made)}: an email to {asked.email} is on its way.")


@group.command("withdraw")
@click.argument("invitation", type=INVITATION)
@as_json
def withdraw(invitation: uuid.UUID, as_json: bool) -> None:
    """Withdraw an invitation: the link in its email opens nothing any more.

    \b
    Example:
        flask people withdraw invitation_01k5...
    """
    with refusals_said():
        people.withdraw_invitation(acting(), invitation)
    if as_json:
        show([{"invitationId": encode("invitation", invitation), "state": "withdrawn"}])
    else:
        click.echo("The invitation is withdrawn.")


@group.command("role")
@click.argument("email")
@role
@at_property
@force
@as_json
def change_role(email: str, role: str, slug: str | None, force: bool, as_json: bool) -> None:
    """Give an account a role, in the place of what it is there. Its sign-ins end: it has to sign in again.

    \b
    Example:
        flask people role dana@hotel.example manager --property seaside
    """
    with refusals_said():
        user, where = people.get_user(acting(), email.strip()), _property(slug)
        changed = people.give_role(acting(), user.id, Role(role), where, even_last=force)
    if as_json:
        show([_facts(_member(email))])
    else:
        click.echo(f"{user.email} is {role} {_at(where)}{'.' if changed else ' already.'}")


@group.command("end")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@force
@as_json
def end(email: str, yes: bool, force: bool, as_json: bool) -> None:
    """End somebody's access: all of their roles, and their sign-ins at once. Account and bookings stay.

    \b
    Example:
        flask people end dana@hotel.example
    """
    member = _member(email)
    if not (yes or as_json):
        click.confirm(f"End the access of {member.email} ({_roles(member)})?", abort=True)
    with refusals_said():
        ended = people.end_staff_access(acting(), member.id, even_last=force)
    if as_json:
        show([_facts(member) | {"roles": []}])
    else:
        click.echo(f"{member.email} has no access any more: {count(ended, 'role')} ended.")
    warn_without_owner()


# --- around them


def _member(email: str) -> TeamMember:
    with refusals_said():
        user = people.get_user(acting(), email.strip())
        found = next((one for one in people.get_team(acting()).members if one.id == user.id), None)
    if found is None:
        raise click.ClickException(f"{user.email} works at no house.")
    return found


def _property(slug: str | None) -> uuid.UUID | None:
    return None if slug is None else catalogue.get_property(slug)


@cache
def _name_of(place: uuid.UUID) -> str:
    return catalogue.get_property_name(place)


def _at(place: uuid.UUID | None) -> str:
    return f"at {_name_of(place)}" if place else "at all properties"


def _roles(member: TeamMember) -> str:
    return ", ".join(f"{held.role} {_at(held.property_id)}" for held in member.held)


def _line(member: TeamMember) -> str:
    """Dana Desk <dana@hotel.example>: desk at Seaside; password only"""
    second = "two-step sign-in" if member.has_second_factor else "password only"
    disabled = "; disabled" if member.is_disabled else ""
    return f"{member.name} <{member.email}>: {_roles(member)}; {second}{disabled}"


def _facts(member: TeamMember) -> dict[str, Any]:
    return {
        "userId": encode("user", member.id),
        "fullName": member.name,
        "email": member.email,
        "state": "disabled" if member.is_disabled else "active",
        "twoStepSignIn": member.has_second_factor,
        "lastSeenAt": instant(member.seen),
        "roles": [{"role": held.role.value, "propertyId": _key(held.property_id)} for held in member.held],
    }


def _invited_facts(one: ShownInvitation) -> dict[str, Any]:
    return {
        "invitationId": encode("invitation", one.id),
        "email": one.email,
        "state": "invited",
        "roles": [{"role": one.role.value, "propertyId": _key(one.property_id)}],
        "invitedBy": one.inviter,
        "expiresAt": instant(one.expires_at),
    }


def _key(place: uuid.UUID | None) -> str | None:
    return encode("property", place) if place else None
