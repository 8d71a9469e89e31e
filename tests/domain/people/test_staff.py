"""Who is what in which house: given, taken, seen by the version before, and found in every sign-in."""

from __future__ import annotations

import uuid
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain.actors import Actor, ActorKind, Membership, Role
from booking.domain.errors import AccountNotFound, Forbidden, LastOwner, Unauthorized
from booking.domain.people import (
    account_closing,
    audit_log,
    email_changes,
    mailed_links,
    memberships,
    password_resets,
    sessions,
    staff,
    users,
)
from booking.domain.people.mailed_links import LinkKind
from booking.domain.people.users import CurrentUser
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import EmailChange, Event, PasswordReset, StaffMembership, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import PASSWORD, SYSTEM, acting, all_at_once, count, person

SECRET = ("a-key-for-tests-0123456789abcdef0",)
HERE, THERE = uuid.UUID(int=1), uuid.UUID(int=2)


def held(user: User) -> set[Membership]:
    return set(transaction(memberships.all_of)(user.id))


@transaction
def role_of(user: User) -> str:
    return db.session.get_one(User, user.id).role


@transaction
def as_the_version_before(user: User, role: str) -> None:
    """It knows the column alone."""
    db.session.execute(update(User).where(User.id == user.id).values(role=role))


def owner_at(user: User, property_id: uuid.UUID | None) -> Actor:
    return Actor.signed_in(user.id, (Membership(Role.OWNER, property_id),), None)


def signed_in(user: User) -> CurrentUser:
    started = sessions.start_web(user.id)
    return sessions.current(started.session_id, user.id)


# --- given and taken


def test_a_role_is_given_changed_and_taken_at_each_property_by_itself(app: Flask, alice: User) -> None:
    assert staff.give_role(SYSTEM, alice.id, Role.DESK, HERE)
    assert staff.give_role(SYSTEM, alice.id, Role.MANAGER, THERE)
    assert staff.give_role(SYSTEM, alice.id, Role.HOUSEKEEPING, HERE)
    assert held(alice) == {Membership(Role.HOUSEKEEPING, HERE), Membership(Role.MANAGER, THERE)}
    assert staff.take_role(SYSTEM, alice.id, THERE)
    assert held(alice) == {Membership(Role.HOUSEKEEPING, HERE)}


def test_giving_or_taking_twice_is_once(app: Flask, alice: User) -> None:
    assert [staff.give_role(SYSTEM, alice.id, Role.DESK, HERE) for _ in range(2)] == [True, False]
    assert [staff.take_role(SYSTEM, alice.id, HERE) for _ in range(2)] == [True, False]
    assert len(audit_log.entries(SYSTEM)) == 2


def test_both_are_written_down_with_what_was_before(app: Flask, alice: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.DESK, HERE)
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    staff.take_role(SYSTEM, alice.id, HERE)
    shown = encode("property", HERE)
    found = [(entry.subject, dict(entry.before), dict(entry.after)) for entry in audit_log.entries(SYSTEM)]
    assert found[::-1] == [
        (encode("user", alice.id), {"property": shown, "role": None}, {"property": shown, "role": "desk"}),
        (encode("user", alice.id), {"property": "all", "role": None}, {"property": "all", "role": "owner"}),
        (encode("user", alice.id), {"property": shown, "role": "desk"}, {"property": shown, "role": None}),
    ]


def test_sign_ins_of_the_old_role_end_and_the_next_one_knows_the_new_one(app: Flask, alice: User) -> None:
    before = signed_in(alice)
    assert before.actor == Actor.guest(alice.id, before.session_id)
    staff.give_role(SYSTEM, alice.id, Role.DESK, HERE)
    with pytest.raises(Unauthorized):
        sessions.current(before.session_id, alice.id)
    now = signed_in(alice)
    assert now.actor == Actor(ActorKind.STAFF, alice.id, (Membership(Role.DESK, HERE),), now.session_id)
    assert sessions.start_api(alice.id).user.memberships == now.memberships


def test_a_kept_sign_in_knows_the_roles_too(app: Flask, alice: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.DESK, HERE)
    staff.give_role(SYSTEM, alice.id, Role.MANAGER)
    started = sessions.start_web(alice.id)
    known = {sessions.current(started.session_id, alice.id, kept_for=5).memberships for _ in range(2)}
    assert {frozenset(of) for of in known} == {frozenset(held(alice))}


def test_an_account_that_is_not_there_is_given_nothing(app: Flask, alice: User) -> None:
    account_deletion.remove(SYSTEM, alice.id)
    for user_id in (alice.id, uuid.uuid4()):
        with pytest.raises(AccountNotFound):
            staff.give_role(SYSTEM, user_id, Role.DESK)
        with pytest.raises(AccountNotFound):
            staff.take_role(SYSTEM, user_id)


def test_only_owners_give_roles_and_only_at_their_own_property(app: Flask, alice: User, bob: User) -> None:
    manager = Actor.signed_in(alice.id, (Membership(Role.MANAGER),), None)
    for actor, place in (
        (acting(alice), HERE),
        (manager, HERE),
        (owner_at(alice, HERE), THERE),
        (owner_at(alice, HERE), None),
    ):
        with pytest.raises(Forbidden):
            staff.give_role(actor, bob.id, Role.DESK, place)
        with pytest.raises(Forbidden):
            staff.take_role(actor, bob.id, place)
    assert staff.give_role(owner_at(alice, HERE), bob.id, Role.OWNER, HERE)
    assert staff.give_role(owner_at(alice, None), bob.id, Role.DESK, THERE)


def test_two_who_give_the_same_at_once_give_it_once(app: Flask, alice: User) -> None:
    results = all_at_once(app, [partial(staff.give_role, SYSTEM, alice.id, Role.DESK, HERE)] * 4)
    assert sorted(results) == [False, False, False, True]
    assert held(alice) == {Membership(Role.DESK, HERE)}


# --- somebody stays who may do everything


def test_the_last_owner_stays_unless_an_operator_says_so(app: Flask, alice: User, bob: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    with pytest.raises(LastOwner):
        staff.take_role(owner_at(alice, None), alice.id)
    with pytest.raises(LastOwner):
        staff.give_role(owner_at(alice, None), alice.id, Role.DESK)
    assert held(alice) == {Membership(Role.OWNER)}
    staff.give_role(SYSTEM, bob.id, Role.OWNER)
    assert staff.take_role(owner_at(alice, None), alice.id)
    with pytest.raises(LastOwner):
        staff.take_role(SYSTEM, bob.id)
    assert staff.take_role(SYSTEM, bob.id, even_last=True)
    assert memberships.owners() == 0


def test_of_two_owners_who_leave_at_once_one_stays(app: Flask, alice: User, bob: User) -> None:
    for user in (alice, bob):
        staff.give_role(SYSTEM, user.id, Role.OWNER)
    results = all_at_once(
        app, [partial(account_closing.disable, SYSTEM, alice.id), partial(account_deletion.remove, SYSTEM, bob.id)]
    )
    assert sorted(type(result).__name__ for result in results) == ["LastOwner", "NoneType"]
    assert memberships.owners() == 1


def test_an_owner_who_is_disabled_or_owns_one_house_is_no_other_owner(app: Flask, alice: User, bob: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    staff.give_role(SYSTEM, bob.id, Role.OWNER, HERE)
    with pytest.raises(LastOwner):
        account_closing.disable(SYSTEM, alice.id)
    staff.give_role(SYSTEM, bob.id, Role.OWNER)
    account_closing.disable(SYSTEM, bob.id)
    with pytest.raises(LastOwner):
        account_closing.disable(SYSTEM, alice.id)


def test_a_deleted_account_is_nothing_anywhere(app: Flask, alice: User, bob: User) -> None:
    for user in (alice, bob):
        staff.give_role(SYSTEM, user.id, Role.OWNER)
    staff.give_role(SYSTEM, alice.id, Role.DESK, HERE)
    account_deletion.remove(SYSTEM, alice.id)
    assert held(alice) == set()
    assert count(StaffMembership) == 1


# --- beside the version before, which knows users.role alone


def test_the_version_before_sees_what_the_roles_come_to(app: Flask, alice: User) -> None:
    seen = [role_of(alice)]
    for change in (
        partial(staff.give_role, SYSTEM, alice.id, Role.DESK, HERE),
        partial(staff.give_role, SYSTEM, alice.id, Role.OWNER),
        partial(staff.take_role, SYSTEM, alice.id, even_last=True),
        partial(staff.take_role, SYSTEM, alice.id, HERE),
    ):
        change()
        seen.append(role_of(alice))
    assert seen == ["guest", "staff", "owner", "staff", "guest"]


def test_an_owner_whom_the_version_before_makes_is_one_here(app: Flask, alice: User) -> None:
    as_the_version_before(alice, "owner")
    assert held(alice) == {Membership(Role.OWNER)}
    as_the_version_before(alice, "owner")
    assert held(alice) == {Membership(Role.OWNER)}
    as_the_version_before(alice, "guest")
    assert held(alice) == set()


def test_an_owner_account_that_the_version_before_makes_is_one_here(app: Flask) -> None:
    @transaction
    def made() -> User:
        values = {"email": "olga@example.com", "email_key": "olga@example.com", "full_name": "Olga", "region": "eu"}
        user = User(**values, role="owner")
        db.session.add(user)
        return user

    assert held(made()) == {Membership(Role.OWNER)}


def test_whoever_it_makes_a_guest_again_is_nothing_any_more(app: Flask, alice: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    staff.give_role(SYSTEM, alice.id, Role.DESK, HERE)
    as_the_version_before(alice, "guest")
    assert held(alice) == set()


# --- accounts


def test_an_owner_is_made_with_an_account_by_an_operator_alone(app: Flask, alice: User) -> None:
    olga = {"email": "olga@example.com", "password": PASSWORD, "full_name": "Olga", "role": "owner", "region": "eu"}
    for actor in (acting(alice), Actor.signed_in(alice.id, (Membership(Role.MANAGER),), None)):
        with pytest.raises(Forbidden):
            users.ensure(actor, **olga)
    made = users.ensure(SYSTEM, **olga)
    assert held(made) == {Membership(Role.OWNER)}
    [entry] = audit_log.entries(SYSTEM)
    assert (entry.action, dict(entry.after)) == ("account.made", {"role": "owner"})
    assert entry.personal is not None
    assert entry.personal.after == {"email": "olga@example.com", "fullName": "Olga"}


def test_a_stranger_neither_sees_nor_touches_an_account(app: Flask, alice: User, bob: User) -> None:
    for written in (alice.email, "alise@example.com"):
        with pytest.raises(users.UnknownAccount) as refused:
            users.get_for(acting(bob), written)
        assert refused.value.params["hint"] == ""  # nor learns of addresses like it
    assert users.get_for(acting(alice), "Alice@example.com").id == alice.id
    for verb in (
        account_closing.disable,
        account_closing.enable,
        account_deletion.remove,
        account_deletion.deletion_obstacles,
    ):
        with pytest.raises(AccountNotFound):
            verb(acting(bob), alice.id)
    with pytest.raises(Forbidden):
        staff.set_password(acting(bob), alice, "another horse battery")


def test_events_name_the_actor_and_the_last_one_of_an_account_does_not(app: Flask) -> None:
    alice = person("alice")
    account_closing.disable(SYSTEM, alice.id)
    account_closing.enable(SYSTEM, alice.id)
    account_deletion.remove(acting(alice), alice.id)
    told = {
        event.type: event.payload["actor"] for event in transaction(lambda: list(db.session.scalars(select(Event))))()
    }
    assert told["user.registered"] == "guest"
    assert told["account.disabled"] == "system:tests"
    assert told["account.deleted"] == "guest"


def last(table: type[PasswordReset | EmailChange]) -> uuid.UUID:
    return transaction(lambda: db.session.scalars(select(table.id).order_by(table.id.desc())).first())() or uuid.uuid4()


def test_what_somebody_of_the_house_does_by_a_link_is_written_down_too(app: Flask, alice: User, bob: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.DESK, HERE)
    for user in (alice, bob):
        new = f"{user.full_name}@new.example"
        email_changes.request(signed_in(user).actor, new)
        change = last(EmailChange)
        email_changes.confirm(mailed_links.written(LinkKind.CHANGE, change, SECRET), SECRET)
        password_resets.request(new)
        link = password_resets.token(last(PasswordReset), SECRET)
        password_resets.reset(link, "another horse battery", SECRET)
        email_changes.undo(mailed_links.written(LinkKind.KEEP, change, SECRET), SECRET)
    entries = audit_log.entries(SYSTEM)[::-1]
    assert {entry.actor for entry in entries[1:]} == {f"staff:{encode('user', alice.id)}"}
    assert [(entry.action, entry.personal and dict(entry.personal.after)) for entry in entries[1:]] == [
        ("email.requested", {"email": "Alice@new.example"}),
        ("email.changed", {"email": "Alice@new.example"}),
        ("password.changed", None),
        ("email.restored", {"email": "alice@example.com"}),
    ]
