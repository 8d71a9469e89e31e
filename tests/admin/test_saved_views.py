"""A person's own searches of bookings: saved, shown above the list, renamed, deleted; at most 20."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask

from booking.domain import people
from booking.domain.actors import Actor, ActorKind, Membership, Role
from booking.domain.errors import Conflict, NotFound
from booking.domain.people import account_closing
from booking.domain.tables import Room, SavedView, User
from booking.infra.db import transaction
from tests.admin.staff import at_work
from tests.cast import SYSTEM, acting, all_at_once, count
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

DUE = "/admin/bookings?q=carol&balance=due&sort=arrival"


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


def named(visitor: Visitor) -> dict[str, str]:
    return {str(one.get_text()): str(one["href"]) for one in visitor.page.select('nav[aria-label="Saved searches"] a')}


def test_a_search_is_saved_shown_renamed_and_deleted(clerk: Visitor) -> None:
    assert named(clerk.go("/admin/bookings")) == {}
    saved = clerk.go(DUE).press("Save this search", viewName=" Carol’s <b>debts ")
    [(name, address)] = named(saved).items()
    assert (name, saved.page.select_one("nav b")) == ("Carol’s <b>debts", None)
    assert named(clerk.go("/admin/bookings").go(address)) == named(saved)
    assert clerk.page.select_one('nav a[aria-current="true"]') is not None
    [form] = [one for one in clerk.page.select("form") if str(one["action"]).endswith("/rename")]
    renamed = clerk.send(str(form["action"]), viewName="Debts")
    assert list(named(renamed)) == ["Debts"]
    assert named(renamed.send(str(form["action"]).replace("/rename", "/delete"))) == {}


def test_the_same_name_again_is_the_same_view_and_bad_ones_are_refused(clerk: Visitor) -> None:
    clerk.go(DUE).press("Save this search", viewName="Debts")
    again = clerk.go("/admin/bookings?state=held").press("Save this search", viewName="Debts")
    assert named(again) == {"Debts": "/admin/bookings?state=held"}
    for name in (" ", "x" * 61):
        refused = clerk.go(DUE).press("Save this search", viewName=name)
        assert "Name " in refused.text
        assert list(named(refused)) == ["Debts"]


def staff_of(user: User, room: Room) -> Actor:
    return Actor(ActorKind.STAFF, user.id, (Membership(Role.DESK, room.property_id),))


def test_there_are_at_most_twenty_whoever_presses_at_once(app: Flask, bob: User, room: Room) -> None:
    me = staff_of(bob, room)
    for number in range(18):
        people.save_view(me, f"View {number}", {})
    results = all_at_once(app, [partial(people.save_view, me, f"New {number}", {}) for number in range(4)])
    assert count(SavedView) == 20
    assert sum(isinstance(one, Conflict) for one in results) == 2
    view = people.own_views(me)[0]
    with pytest.raises(Conflict):
        people.rename_view(me, view.id, "View 9")


def test_nobody_else_sees_or_changes_them_and_they_go_with_the_account(
    app: Flask, alice: User, bob: User, room: Room
) -> None:
    mine = people.save_view(staff_of(bob, room), "Mine", {"q": "carol"})
    for stranger in (staff_of(alice, room), acting(alice)):
        assert list(people.own_views(stranger)) == []
        for act in (partial(people.rename_view, stranger, mine, "x"), partial(people.forget_view, stranger, mine)):
            with pytest.raises(NotFound):
                act()
    with pytest.raises(NotFound):
        people.save_view(acting(alice), "x", {})
    transaction(lambda: account_closing.erase(SYSTEM, people.lock_account(bob.id)))()
    assert count(SavedView) == 0
