"""Who may do what: every action, by every role, on what is one's own and at the own property and another one."""

from __future__ import annotations

import uuid

import pytest

from booking.domain.actors import VISITOR, Actor, Membership, Role
from booking.domain.errors import BookingNotFound, Forbidden, NotFound
from booking.domain.people import permissions
from booking.domain.people.permissions import Action, may, reach, require
from tests.cases import each

HERE, ELSEWHERE = uuid.uuid4(), uuid.uuid4()
ME, SOMEBODY = uuid.uuid4(), uuid.uuid4()

# What the table promises, written down a second time and in another way: a change of it is made twice.
GUEST_OF_IT = {"booking.see", "booking.book", "booking.change", "booking.cancel", "messages.write"} | {
    "invoices.see",
    "invoices.issue",
    "billing.change",
    "account.see",
    "account.change",
    "account.disable",
    "account.delete",
}
HOUSEKEEPING = {"house.see", "nights.block", "rooms.set_status"}
DESK = (
    HOUSEKEEPING
    | {"payments.record", "payments.request", "cash.keep", "guests.check_in", "register.keep", "notes.write"}
    | {"invoices.see", "invoices.issue", "billing.change", "figures.see"}
    | {"emails.resend", "contacts.change", "rooms.see", "rates.see", "promotions.see", "messages.answer"}
    | {f"booking.{verb}" for verb in ("see", "book", "change", "cancel", "guarantee")}
)
MANAGER = DESK | {
    "booking.import",
    "refunds.decide",
    "payments.see",
    "payments.correct",
    "debts.waive",
    "cash.see",
    "guests.erase",
    "guests.export",
    "rooms.edit",
    "rates.edit",
    "promotions.edit",
    "rooms.export",
    "rooms.import",
    "property.edit",
    "photos.change",
    "audit.see",
    "invoices.correct",
    "revenue.see",
}
OWNER = MANAGER | {
    "payments.settle",
    "account.see",
    "account.make",
    "account.disable",
    "account.enable",
    "account.reset_second_factor",
    "roles.give",
    "properties.add",
    "books.check",
    "messages.retry",
    "demo.mails",
    "system.see",
    "system.keep",
}
SYSTEM = (OWNER - {"demo.mails", "house.see", "register.keep", "notes.write", "cash.keep"}) | {
    "holds.expire",
    "secrets.seal",
    "account.set_password",
    "account.delete",
    "account.finish_email_changes",
    "house.prune",
    "figures.keep",
    "mail.hear",
    "texts.hear",
    "texts.stop",
    "arrivals.tell",
}
OF_ROLE = {Role.OWNER: OWNER, Role.MANAGER: MANAGER, Role.DESK: DESK, Role.HOUSEKEEPING: HOUSEKEEPING}

actions = each("action", list(Action))
roles = each("role", list(Role))


def staff(role: Role, at: uuid.UUID | None) -> Actor:
    return Actor.signed_in(ME, (Membership(role, at),), uuid.uuid4())


@actions
def test_a_guest_may_do_it_with_what_is_their_own_and_with_nothing_else(action: Action) -> None:
    guest = Actor.guest(ME)
    assert may(guest, action, own=ME, at=HERE) is (action in GUEST_OF_IT)
    assert not may(guest, action, own=SOMEBODY, at=HERE)
    assert not may(guest, action, at=HERE)
    assert not may(guest, action)


@actions
def test_a_visitor_may_do_nothing(action: Action) -> None:
    assert not may(VISITOR, action)
    assert not may(VISITOR, action, own=ME, at=HERE)


@roles
@actions
def test_a_role_counts_at_its_own_property_only(action: Action, role: Role) -> None:
    here = staff(role, HERE)
    assert may(here, action, own=SOMEBODY, at=HERE) is (action in OF_ROLE[role])
    assert not may(here, action, own=SOMEBODY, at=ELSEWHERE)
    assert not may(here, action, own=SOMEBODY)  # what belongs to no property


@roles
@actions
def test_a_role_at_all_properties_counts_everywhere(action: Action, role: Role) -> None:
    everywhere = staff(role, None)
    for place in (HERE, ELSEWHERE, None):
        assert may(everywhere, action, own=SOMEBODY, at=place) is (action in OF_ROLE[role])


@roles
@actions
def test_staff_are_guests_with_what_is_their_own(action: Action, role: Role) -> None:
    assert may(staff(role, HERE), action, own=ME, at=ELSEWHERE) is (action in GUEST_OF_IT)


@roles
@actions
def test_a_program_may_do_what_its_role_may(action: Action, role: Role) -> None:
    program = Actor.program("channel manager", (Membership(role, HERE),))
    assert may(program, action, own=SOMEBODY, at=HERE) is (action in OF_ROLE[role])
    assert not may(program, action, own=SOMEBODY, at=ELSEWHERE)


@actions
def test_the_system_may_do_what_the_table_says(action: Action) -> None:
    assert may(Actor.system("worker"), action, own=SOMEBODY, at=HERE) is (action in SYSTEM)


def test_of_several_roles_each_counts_at_its_place() -> None:
    both = Actor.signed_in(ME, (Membership(Role.OWNER, HERE), Membership(Role.HOUSEKEEPING, ELSEWHERE)), None)
    assert may(both, Action.CANCEL_BOOKING, own=SOMEBODY, at=HERE)
    assert not may(both, Action.CANCEL_BOOKING, own=SOMEBODY, at=ELSEWHERE)
    assert may(both, Action.BLOCK_NIGHTS, at=ELSEWHERE)


@roles
@actions
def test_a_list_reaches_as_far_as_the_table(action: Action, role: Role) -> None:
    allowed = action in OF_ROLE[role]
    assert reach(staff(role, HERE), action).properties == (frozenset({HERE}) if allowed else frozenset())
    assert reach(staff(role, None), action).properties == (None if allowed else frozenset())
    assert bool(reach(staff(role, HERE), action)) is bool(reach(staff(role, None), action)) is allowed


@actions
def test_a_list_of_the_system_and_of_guests(action: Action) -> None:
    assert bool(reach(Actor.system("worker"), action)) is (action in SYSTEM)
    assert not reach(Actor.guest(ME), action)


def test_the_property_is_looked_up_only_where_a_role_may_depend_on_it() -> None:
    asked: list[None] = []

    def look() -> uuid.UUID:
        asked.append(None)
        return HERE

    for actor in (Actor.guest(ME), Actor.system("worker"), VISITOR, staff(Role.HOUSEKEEPING, HERE)):
        may(actor, Action.CANCEL_BOOKING, own=ME, at=look)
        may(actor, Action.CANCEL_BOOKING, own=SOMEBODY, at=look)
    assert asked == []
    assert may(staff(Role.DESK, HERE), Action.CANCEL_BOOKING, own=SOMEBODY, at=look)
    assert asked == [None]


def test_what_somebody_may_not_do_is_not_there() -> None:
    with pytest.raises(NotFound):
        require(Actor.guest(ME), Action.SEE_BOOKING, own=SOMEBODY)
    with pytest.raises(BookingNotFound):
        require(Actor.guest(ME), Action.SEE_BOOKING, own=SOMEBODY, otherwise=BookingNotFound)
    with pytest.raises(Forbidden):
        require(Actor.guest(ME), Action.IMPORT_ROOMS, otherwise=Forbidden)
    require(Actor.guest(ME), Action.SEE_BOOKING, own=ME)


def test_the_table_speaks_of_every_action_and_every_role() -> None:
    assert set(permissions.ALLOWED) == set(Action)
    assert set(permissions.AS_ROLE) == set(Role)
