"""Who works here: roles, invitations, the end of somebody's access. Each change asks for a fresh sign-in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, session, url_for
from flask_babel import gettext

from booking.admin import entrance, states
from booking.domain import people
from booking.domain.actors import Role
from booking.domain.errors import AccountNotFound, Invalid, InvitationOver, LastOwner
from booking.domain.notices import Notice
from booking.domain.people import InvitationOrder, RoleChoice, Team
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, visitor

blueprint = Blueprint("people", __name__, url_prefix="/people")

DONE = "people_done"  # in the cookie until it was shown
ALL = "all"  # in forms: every property


@blueprint.get("")
def index() -> Response:
    """Everybody, and who was invited."""
    return _page(Form(), "")


@blueprint.post("/invitations")
def invite() -> Response:
    """Ask somebody by email."""

    def ask(form: Form, team: Team) -> str:
        asked = form.accept(InvitationOrder)
        where = _place(team, asked.property)
        limits.count_mail()
        people.invite_staff(actor(), asked.email, Role(asked.role), where)
        return "invited"

    return _act("invite", ask)


@blueprint.post("/invitations/<invitation_id>/withdraw")
def withdraw(invitation_id: str) -> Response:
    """The link in the email opens nothing any more."""

    def end(_: Form, __: Team) -> str:
        known = decode("invitation", invitation_id)
        if known is None:
            raise InvitationOver
        people.withdraw_invitation(actor(), known)
        return "withdrawn"

    return _act(f"withdraw-{invitation_id}", end)


@blueprint.post("/<user_id>/role")
def give(user_id: str) -> Response:
    """Another role at a property, or one more."""

    def change(form: Form, team: Team) -> str:
        asked = form.accept(RoleChoice)
        people.give_role(actor(), _member(team, user_id), Role(asked.role), _place(team, asked.property))
        return "given"

    return _act(f"role-{user_id}", change)


@blueprint.post("/<user_id>/role/end")
def end_one(user_id: str) -> Response:
    """One role of several; with it their sign-ins."""

    def leave(form: Form, team: Team) -> str:
        people.take_role(actor(), _member(team, user_id), _place(team, form.value("property")))
        return "role ended"

    return _act(f"roles-{user_id}", leave)


@blueprint.post("/<user_id>/end")
def end(user_id: str) -> Response:
    """All of somebody's roles that one may give, and with them their sign-ins."""

    def leave(_: Form, team: Team) -> str:
        people.end_staff_access(actor(), _member(team, user_id))
        return "ended"

    return _act(f"end-{user_id}", leave)


# --- around them


def _act(what: str, change: Callable[[Form, Team], str]) -> Response:
    """Do it; what is refused is said at its form, which keeps what was typed."""
    form, team = Form.posted(), people.get_team(actor())
    people.require_recent_sign_in(actor())
    try:
        done = change(form, team)
    except (Invalid, LastOwner) as refusal:
        return _page(form.refuse(refusal), what, status_of(refusal))
    session[DONE] = done
    return go_to(url_for(".index"))


def _place(team: Team, asked: str | None) -> uuid.UUID | None:
    """The property of a form, None for all. Raises Invalid where the actor may give no role there."""
    if asked in (None, ALL) and team.everywhere:
        return None
    known = decode("property", asked or "")
    if known is None or known not in {house.id for house in entrance.desk().houses}:
        raise Invalid(details={"property": Notice("missing")})
    return known


def _member(team: Team, user_id: str) -> uuid.UUID:
    """Somebody of the list; others are not there."""
    known = decode("user", user_id)
    if known is None or known not in {member.id for member in team.members}:
        raise AccountNotFound
    return known


def _page(form: Form, what: str, status: int = 200) -> Response:
    team, houses = people.get_team(actor()), entrance.desk().houses
    chosen = entrance.desk().house if len(houses) > 1 else None  # who is invited to the only one works at all
    names = {house.id: house.name for house in houses}
    places = [(encode("property", house.id), house.name) for house in houses if _is_within(team, house.id)]
    facts: dict[str, Any] = {
        "team": team,
        "invitations": people.pending_invitations(actor()),
        "form": form,
        "what": what,
        "field_ids": {name: f"{what}-{name}" for name in form.problems},
        "done": session.pop(DONE, None) if not what else None,
        "roles": states.roles(),
        "role_of": states.role,
        "places": [(ALL, gettext("All properties")), *places] if team.everywhere else places,
        "place_of": lambda place: names.get(place, "") if place else gettext("All properties"),
        "key_of": lambda place: encode("property", place) if place else ALL,
        "here": encode("property", chosen.id) if chosen and _is_within(team, chosen.id) else None,
        "zone": entrance.desk().zone,
        "me": visitor().id,
    }
    return page("admin/people.html", block="main", status=status, **facts)


def _is_within(team: Team, place: uuid.UUID) -> bool:
    return team.everywhere or place in team.properties
