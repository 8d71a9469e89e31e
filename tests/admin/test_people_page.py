"""Who works at a house: invited, given roles, and their access ended at once; the last owner stays."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from flask import Flask

from booking.domain import messages, people
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import AccountNotFound, Forbidden, InvitationOver, InvitedAnother, LastOwner, NotFound
from booking.domain.people import account_closing, invitations, memberships, sessions, staff, team, users
from booking.domain.people.mailed_links import LinkKind
from booking.domain.tables import Event, Invitation, Room, User
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from booking.jobs import account_mails
from tests.admin.staff import at_work, statements
from tests.cases import each
from tests.cast import SYSTEM, a_room, acting, all_at_once, later, person
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
PEOPLE = "/admin/people"


@pytest.fixture
def secrets(app: Flask) -> tuple[str, ...]:
    found: tuple[str, ...] = app.extensions["services"].settings.secret_keys
    return found


@pytest.fixture
def olga(app: Flask) -> User:
    return person("olga")


@pytest.fixture
def owner(app: Flask, olga: User) -> Visitor:
    return at_work(app, olga, Role.OWNER)


def as_owner(user: User, at: Room | None = None) -> Actor:
    staff.give_role(SYSTEM, user.id, Role.OWNER, at.property_id if at else None)
    return Actor.signed_in(user.id, (Membership(Role.OWNER, at.property_id if at else None),), None)


@reading
def roles_of(user: User) -> set[tuple[Role, uuid.UUID | None]]:
    return {(one.role, one.property_id) for one in memberships.all_of(user.id)}


@reading
def invited() -> list[Event]:
    return db.session.query(Event).filter_by(type="staff.invited").all()


def link_of(invitation_id: uuid.UUID, secrets: tuple[str, ...]) -> str:
    return people.written_link(LinkKind.INVITE, invitation_id, secrets)


# --- the list


def test_everybody_is_listed_with_what_they_are(owner: Visitor, bob: User, room: Room) -> None:
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    owner.go(PEOPLE)
    assert [one.get_text(" ", strip=True) for one in owner.page.select("h2.desk-name")] == ["Bob", "Olga (you)"]
    assert "Front desk, House" in owner.text
    assert "Owner, All properties" in owner.text
    assert owner.text.count("Password only") == 2


def test_an_owner_of_one_house_sees_that_one_alone(app: Flask, alice: User, bob: User, room: Room) -> None:
    staff.give_role(SYSTEM, bob.id, Role.DESK, a_room().property_id)
    visitor = at_work(app, alice, Role.OWNER, room).go(PEOPLE)
    assert [one.get_text() for one in visitor.page.select("h2.desk-name")] == ["Alice (you)"]
    assert "All properties" not in [one.get_text() for one in visitor.page.select("main option")]


def test_a_longer_list_costs_no_more(owner: Visitor, room: Room) -> None:
    owner.go(PEOPLE)
    few = statements(lambda: owner.go(PEOPLE))
    for number in range(4):
        staff.give_role(SYSTEM, person(f"clerk{number}").id, Role.DESK, room.property_id)
    owner.go(PEOPLE)  # who has signed in is remembered for some seconds
    assert statements(lambda: owner.go(PEOPLE)) == few


@each("role", [Role.MANAGER, Role.DESK, Role.HOUSEKEEPING])
def test_nobody_else_finds_it(app: Flask, bob: User, room: Room, role: Role) -> None:
    visitor = at_work(app, bob, role, room)
    assert PEOPLE not in visitor.go("/admin/").links()
    assert visitor.go(PEOPLE).status == 404
    with pytest.raises(NotFound):
        team.find(acting(bob))


# --- roles


def test_a_role_is_given_in_place_of_the_one_before(owner: Visitor, bob: User, room: Room) -> None:
    staff.give_role(SYSTEM, bob.id, Role.HOUSEKEEPING, room.property_id)
    place = encode("property", room.property_id)
    for _ in range(2):
        owner.go(PEOPLE).send(f"{PEOPLE}/{encode('user', bob.id)}/role", role="manager", property=place)
        assert "The role is given." in owner.text
    assert roles_of(bob) == {(Role.MANAGER, room.property_id)}


def test_the_role_somebody_has_is_chosen_and_one_of_several_ends_alone(owner: Visitor, bob: User, room: Room) -> None:
    elsewhere, place = a_room().property_id, encode("property", room.property_id)
    staff.give_role(SYSTEM, bob.id, Role.MANAGER, room.property_id)
    address = f"{PEOPLE}/{encode('user', bob.id)}/role"
    form = owner.go(PEOPLE).form(address)
    assert [one["value"] for one in form.select("option[selected]")] == ["manager", place]
    assert owner.page.select_one(f'form[action="{address}/end"]') is None
    staff.give_role(SYSTEM, bob.id, Role.DESK, elsewhere)
    owner.go(PEOPLE).send(f"{address}/end", property=place)
    assert "The role has ended" in owner.text
    assert roles_of(bob) == {(Role.DESK, elsewhere)}


@each("sent", [{"role": "king"}, {"property": "property_x"}, {"property": ""}])
def test_a_role_that_is_none_keeps_what_was_chosen(
    app: Flask, alice: User, bob: User, room: Room, sent: dict[str, str]
) -> None:
    visitor = at_work(app, alice, Role.OWNER, room)
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    right = {"role": "manager", "property": encode("property", room.property_id)}
    visitor.go(PEOPLE).send(f"{PEOPLE}/{encode('user', bob.id)}/role", right | sent)
    assert visitor.status == 400
    assert visitor.page.select_one("details[open] .errors") is not None
    assert roles_of(bob) == {(Role.DESK, room.property_id)}


def test_a_house_where_one_is_no_owner_is_out_of_reach(app: Flask, alice: User, bob: User, room: Room) -> None:
    elsewhere = a_room()
    visitor = at_work(app, alice, Role.OWNER, room)
    staff.give_role(SYSTEM, alice.id, Role.DESK, elsewhere.property_id)
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    visitor.signed_in(alice)
    place = encode("property", elsewhere.property_id)
    visitor.go(PEOPLE).send(f"{PEOPLE}/{encode('user', bob.id)}/role", role="owner", property=place)
    assert visitor.status == 403
    assert roles_of(bob) == {(Role.DESK, room.property_id)}


# --- the end


def test_ending_access_ends_the_sign_ins_at_once(app: Flask, owner: Visitor, bob: User, room: Room) -> None:
    clerk = at_work(app, bob, Role.DESK, room)
    assert clerk.go("/admin/").status == 200
    owner.go(PEOPLE).send(f"{PEOPLE}/{encode('user', bob.id)}/end")
    assert "Their access has ended" in owner.text
    assert clerk.go("/admin/").url.startswith("/sign-in")
    assert roles_of(bob) == set()


def test_twice_is_once_and_somebody_who_is_gone_is_not_there(owner: Visitor, bob: User, room: Room) -> None:
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    form = owner.go(PEOPLE).form(f"{PEOPLE}/{encode('user', bob.id)}/end")
    token = str(form.select("input")[0]["value"])
    answers = [owner.post(f"{PEOPLE}/{encode('user', bob.id)}/end", csrf_token=token).status for _ in range(2)]
    assert answers == [200, 404]


def test_the_last_owner_cannot_leave(owner: Visitor, olga: User) -> None:
    owner.go(PEOPLE).send(f"{PEOPLE}/{encode('user', olga.id)}/end")
    assert (owner.status, owner.problems) == (409, ["This is the only owner. Make somebody else an owner first."])
    assert roles_of(olga) == {(Role.OWNER, None)}


def test_of_two_owners_who_end_each_other_at_once_one_stays(app: Flask, alice: User, bob: User) -> None:
    both = [as_owner(alice), as_owner(bob)]
    gone = all_at_once(app, [lambda: team.end_access(both[0], bob.id), lambda: team.end_access(both[1], alice.id)])
    assert [isinstance(one, LastOwner) for one in gone].count(True) == 1
    assert people.find_owners() == 1


def test_a_stranger_ends_nobodys_access(app: Flask, alice: User, bob: User, room: Room) -> None:
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    with pytest.raises(AccountNotFound):
        team.end_access(acting(alice), bob.id)
    assert team.end_access(as_owner(alice, a_room()), bob.id) == 0
    assert roles_of(bob) == {(Role.DESK, room.property_id)}


def test_people_ask_for_a_fresh_sign_in_and_lose_nothing(owner: Visitor) -> None:
    owner.go(PEOPLE)
    later(dt.timedelta(minutes=16))
    owner.send(f"{PEOPLE}/invitations", email="zoe@example.com", role="desk", property="all")
    assert owner.status == 401
    assert owner.page.select_one('input[name="email"][value="zoe@example.com"]') is not None
    assert invited() == []


# --- invitations


def test_somebody_new_is_invited_makes_an_account_and_arrives_at_the_desk(
    app: Flask, owner: Visitor, room: Room, secrets: tuple[str, ...]
) -> None:
    place = encode("property", room.property_id)
    owner.go(PEOPLE).send(f"{PEOPLE}/invitations", email="Zoe@example.com", role="desk", property=place)
    assert "The invitation is on its way." in owner.text
    assert "Zoe@example.com" in owner.text
    assert len(invited()) == 1
    invitation = _invitation()
    zoe = Visitor(app).go(f"/invitation/{link_of(invitation.id, secrets)}")
    assert "Olga invites you to work at House" in zoe.text
    zoe.go(next(link for link in zoe.links() if link.startswith("/register?next=")))
    zoe.send("/register", email="zoe@example.com", password="correct horse battery", fullName="Zoe")
    assert zoe.heading == "You’re invited"
    zoe.send(f"/invitation/{link_of(invitation.id, secrets)}")
    assert zoe.url == "/sign-in?next=/admin/"
    zoe.sign_in("zoe", zoe.url)
    assert (zoe.url, zoe.status) == ("/admin/", 200)
    assert "Invited" not in [one.get_text() for one in owner.go(PEOPLE).page.select("h2")]


@reading
def _invitation() -> Invitation:
    return db.session.query(Invitation).one()


def test_opening_the_link_uses_nothing_up_and_the_button_works_once(
    app: Flask, olga: User, bob: User, secrets: tuple[str, ...]
) -> None:
    made = invitations.invite(as_owner(olga), "bob@example.com", Role.MANAGER, None)
    link = link_of(made, secrets)
    for _ in range(3):
        assert Visitor(app).go(f"/invitation/{link}").status == 200
    assert roles_of(bob) == set()
    invitations.accept(acting(bob), link, secrets)
    assert roles_of(bob) == {(Role.MANAGER, None)}
    with pytest.raises(InvitationOver):
        invitations.accept(acting(bob), link, secrets)
    assert Visitor(app).go(f"/invitation/{link}").status == 404


def test_an_invitation_is_for_one_address(app: Flask, olga: User, alice: User, secrets: tuple[str, ...]) -> None:
    made = invitations.invite(as_owner(olga), "bob@example.com", Role.DESK, None)
    with pytest.raises(InvitedAnother):
        invitations.accept(acting(alice), link_of(made, secrets), secrets)
    visitor = Visitor(app).signed_in(alice).go(f"/invitation/{link_of(made, secrets)}")
    assert "Sign in with bob@example.com to accept." in visitor.text
    assert roles_of(alice) == set()


def test_pressed_twice_it_is_one_email_and_a_later_one_replaces_it(
    app: Flask, olga: User, secrets: tuple[str, ...]
) -> None:
    actor = as_owner(olga)
    first = invitations.invite(actor, "bob@example.com", Role.DESK, None)
    assert invitations.invite(actor, "BOB@example.com", Role.DESK, None) == first
    assert len(invited()) == 1
    second = invitations.invite(actor, "bob@example.com", Role.MANAGER, None)
    assert [one.id for one in invitations.pending(actor)] == [second]
    with pytest.raises(InvitationOver):
        invitations.shown(link_of(first, secrets), secrets)


def test_an_invitation_begins_at_the_chosen_one_of_several_houses(owner: Visitor, room: Room) -> None:
    def preset() -> str | None:
        chosen = owner.go(PEOPLE).form(f"{PEOPLE}/invitations").select_one("option[selected]")
        return str(chosen["value"]) if chosen else None

    assert preset() is None, "who works at the only house works at all"
    other = encode("property", a_room().property_id)
    owner.go(PEOPLE).send("/admin/property", property=other)
    assert preset() == other


def test_nobody_is_invited_for_what_they_are_or_are_invited_for(
    owner: Visitor, olga: User, bob: User, room: Room
) -> None:
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    place = encode("property", room.property_id)
    owner.go(PEOPLE).send(f"{PEOPLE}/invitations", email="BOB@example.com", role="desk", property=place)
    assert (owner.status, owner.problems) == (400, ["This person has this role already."])
    owner.go(PEOPLE).send(f"{PEOPLE}/invitations", email="zoe@example.com", role="desk", property="all")
    later(dt.timedelta(minutes=2))
    owner.go(PEOPLE).send(f"{PEOPLE}/invitations", email="zoe@example.com", role="desk", property="all")
    assert "This person is invited for this role already" in owner.text
    assert len(invited()) == 1
    assert "Withdraw the invitation to zoe@example.com" in owner.text


def test_at_once_it_is_one_email_too(app: Flask, olga: User) -> None:
    actor = as_owner(olga)
    made = all_at_once(app, [lambda: invitations.invite(actor, "bob@example.com", Role.DESK, None)] * 4)
    assert len(set(made)) == len(invited()) == 1


@each("end", ["withdrawn", "too old", "inviter left", "inviter disabled"])
def test_what_is_over_gives_no_role(app: Flask, secrets: tuple[str, ...], end: str) -> None:
    name = end.replace(" ", "")
    olga, bob = person(f"olga{name}"), person(f"bob{name}")
    as_owner(person("another"))
    made = invitations.invite(as_owner(olga), bob.email, Role.DESK, None)
    if end == "withdrawn":
        for _ in range(2):
            invitations.withdraw(as_owner(olga), made)
    elif end == "inviter left":
        staff.take_role(SYSTEM, olga.id, even_last=True)
    elif end == "inviter disabled":
        account_closing.disable(SYSTEM, olga.id)
    else:
        later(invitations.GOOD_FOR)
    with pytest.raises(InvitationOver):
        invitations.accept(acting(bob), link_of(made, secrets), secrets)
    assert roles_of(bob) == set()


def test_nobody_invites_or_withdraws_where_they_give_no_roles(
    app: Flask, olga: User, alice: User, room: Room, secrets: tuple[str, ...]
) -> None:
    elsewhere = as_owner(alice, a_room())
    for place in (None, room.property_id):
        with pytest.raises(Forbidden):
            invitations.invite(elsewhere, "bob@example.com", Role.DESK, place)
    made = invitations.invite(as_owner(olga), "bob@example.com", Role.DESK, room.property_id)
    with pytest.raises(InvitationOver):
        invitations.withdraw(elsewhere, made)
    assert invitations.pending(elsewhere) == []


def test_a_deleted_account_takes_its_invitations_along(app: Flask, olga: User, bob: User) -> None:
    invitations.invite(as_owner(olga), "bob@example.com", Role.DESK, None)
    _erase(bob)
    assert invitations.pending(as_owner(olga)) == []


def _erase(user: User) -> None:
    @transaction
    def erase() -> None:
        account_closing.erase(SYSTEM, users.lock(user.id))

    erase()


def test_the_email_leads_to_the_invitation_while_it_is_open(
    app: Flask, olga: User, room: Room, secrets: tuple[str, ...]
) -> None:
    made = invitations.invite(as_owner(olga), "bob@example.com", Role.DESK, room.property_id)
    [event] = invited()
    task = messages.Task(event.id, "mail", event.type, event.payload, event.occurred_at, 1)
    settings = app.extensions["services"].settings
    message = account_mails.WRITERS["staff.invited"](task, "<x@example.com>", settings)
    assert message is not None
    assert f"/invitation/{link_of(made, secrets)}" in message.text
    invitations.withdraw(as_owner(olga), made)
    assert account_mails.WRITERS["staff.invited"](task, "<x@example.com>", settings) is None


def test_sessions_of_whoever_accepts_end(app: Flask, olga: User, bob: User, secrets: tuple[str, ...]) -> None:
    made = invitations.invite(as_owner(olga), "bob@example.com", Role.DESK, None)
    signed_in = sessions.start_web(bob.id, "here")
    invitations.accept(signed_in.actor, link_of(made, secrets), secrets)
    assert sessions.mine(acting(bob)) == []
