"""A guest asks what is kept of them, or to be forgotten: written down, answered within one's role, audited."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import people, system
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import AccountInUse, AccountNotFound, BookingNotFound, Invalid, NotFound
from booking.domain.people import staff
from booking.domain.reservations import bookings, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import GuestExpected
from booking.domain.system import DataRequestOrder
from booking.domain.tables import AuditRecord, Booking, DataRequest, Order, Room, User
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import encode, new_id
from tests.admin.staff import at_work
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, beside, count, in_days, later, order, person, reload
from tests.domain.reservations.test_desk_bookings import CALLER
from tests.domain.reservations.test_guest_erasure import called

pytestmark = pytest.mark.slow
A_YEAR = dt.timedelta(days=365)
KEYS = ("a secret",)


def asked(kind: str = "export", **given: object) -> DataRequestOrder:
    return DataRequestOrder.model_validate({"kind": kind, **given})


def working(role: Role, at: Room | None = None) -> Actor:
    return Actor.signed_in(person("mia").id, (Membership(role, at.property_id if at else None),), None)


@reading
def audited(booking: Booking) -> list[str]:
    about = select(AuditRecord.action).where(AuditRecord.subject == encode("booking", booking.id))
    return [one for one in db.session.scalars(about.order_by(AuditRecord.id)) if one.startswith(("data", "guest"))]


@reading
def contacts() -> list[str | None]:
    return list(db.session.scalars(select(Order.contact_name).order_by(Order.id)))


def test_a_request_is_written_down_once_and_settled_once(app: Flask, room: Room, desk: BookingContext) -> None:
    stay, today = called(desk, room, CALLER, start=30), clock.now().date()
    manager = working(Role.MANAGER, room)
    made = system.record_data_request(manager, stay.id, asked())
    assert system.record_data_request(manager, stay.id, asked(note="Rang again")) == made
    system.record_data_request(manager, stay.id, asked("erasure", askedOn=today - dt.timedelta(days=31)))
    late, fresh = system.list_data_requests(manager)
    assert (late.kind, late.is_late, late.due_on) == ("erasure", True, today - dt.timedelta(days=1))
    assert (fresh.kind, fresh.is_late, fresh.due_on) == ("export", False, today + dt.timedelta(days=30))
    assert [system.settle_data_request(manager, made, "refused") for _ in range(2)] == [True, False]
    assert [one.id for one in system.list_data_requests(manager)] == [late.id]
    assert [one.state for one in system.list_data_requests(manager, closed=True)] == ["open", "refused"]
    assert audited(stay) == ["data.requested", "data.requested", "data.settled"]
    for on in (today + dt.timedelta(days=2), today - 2 * A_YEAR):
        with pytest.raises(Invalid):
            system.record_data_request(manager, stay.id, asked(askedOn=on))
    with pytest.raises(Invalid):
        system.settle_data_request(manager, late.id, "forgotten")


def test_at_once_it_is_one(app: Flask, room: Room, desk: BookingContext) -> None:
    stay = called(desk, room, CALLER, start=30)
    made = all_at_once(app, [lambda: system.record_data_request(SYSTEM, stay.id, asked())] * 5)
    assert len(set(made)) == count(DataRequest) == 1


def test_a_stranger_finds_none_of_it(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    stay = bookings.book(acting(alice), order(alice, room), VISA, desk)
    made = system.record_data_request(SYSTEM, stay.id, asked())
    elsewhere, clerk = working(Role.MANAGER, a_room()), working(Role.DESK, room)
    for who in (elsewhere, clerk, acting(alice)):
        for act in (
            lambda who=who: system.record_data_request(who, stay.id, asked()),
            lambda who=who: system.export_guest(who, stay.id, KEYS),
            lambda who=who: system.erase_guest(who, stay.id),
        ):
            with pytest.raises(BookingNotFound):
                act()
        with pytest.raises(NotFound):
            system.settle_data_request(who, made, "done")
    assert system.list_data_requests(elsewhere) == []
    with pytest.raises(NotFound):
        system.list_data_requests(clerk)
    with pytest.raises(BookingNotFound):
        system.export_guest(SYSTEM, new_id(), KEYS)


def test_what_is_given_out_reaches_as_far_as_the_role(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    here = bookings.book(acting(alice), order(alice, room), VISA, desk)
    there = bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    system.record_data_request(SYSTEM, here.id, asked())
    found = system.export_guest(working(Role.MANAGER, room), here.id, KEYS)
    assert [one["reference"] for one in found["bookings"]] == [here.reference]
    assert "account" not in found
    everything = system.export_guest(working(Role.OWNER), here.id, KEYS)
    assert {one["reference"] for one in everything["bookings"]} == {here.reference, there.reference}
    assert everything["account"]["email"] == "alice@example.com"
    assert everything.keys() >= personal_data.own_data(acting(people.start_web_session(alice.id)), KEYS).keys()
    assert system.list_data_requests(SYSTEM) == []
    assert audited(here) == ["data.requested", "guest.exported", "guest.exported"]


def test_without_an_account_all_stays_of_the_same_address_are_theirs(
    app: Flask, room: Room, desk: BookingContext
) -> None:
    stays = [called(desk, one, CALLER, start=30) for one in (room, beside(room, "Another", 90))]
    called(desk, beside(room, "A third", 90), replace(CALLER, email="zoe@example.com"), start=30)
    found = system.export_guest(working(Role.MANAGER, room), stays[0].id, KEYS)
    assert {one["reference"] for one in found["bookings"]} == {one.reference for one in stays}
    manager = working(Role.MANAGER, room)
    with pytest.raises(GuestExpected):
        system.erase_guest(manager, stays[0].id)
    assert None not in contacts(), "all or nothing"


def test_who_has_an_account_is_forgotten_by_who_has_all_properties_and_twice_is_once(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    stay = bookings.book(acting(alice), order(alice, room, in_days(3, 1)), VISA, desk)
    system.record_data_request(SYSTEM, stay.id, asked("erasure"))
    with pytest.raises(AccountNotFound):
        system.erase_guest(working(Role.MANAGER, room), stay.id)
    with pytest.raises(AccountInUse):
        system.erase_guest(working(Role.OWNER), stay.id)
    assert len(system.list_data_requests(SYSTEM)) == 1
    later(dt.timedelta(days=10))
    staff.give_role(SYSTEM, alice.id, Role.DESK, room.property_id)
    with pytest.raises(AccountNotFound):
        system.erase_guest(working(Role.OWNER), stay.id)
    staff.take_role(SYSTEM, alice.id, room.property_id)
    for _ in range(2):
        system.erase_guest(working(Role.OWNER), stay.id)
    assert _name_of(alice) == "Deleted account"
    assert reload(stay).status == "CONFIRMED"
    assert system.list_data_requests(SYSTEM) == []
    assert audited(stay).count("guest.forgotten") == 2


@reading
def _name_of(user: User) -> str:
    return db.session.get_one(User, user.id).full_name


def test_it_is_all_done_from_the_pages(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    stay = called(desk, room, CALLER, start=30)
    page = f"/admin/bookings/{encode('booking', stay.id)}/data"
    owner = at_work(app, bob, Role.MANAGER, room).go(f"/admin/bookings/{encode('booking', stay.id)}")
    assert owner.page.select_one(f"a[href='{page}']")
    owner.go(page).send(f"{page}/requests", kind="erasure", askedOn="tomorrow")
    assert owner.status == 400
    owner.go(page).send(f"{page}/requests", kind="erasure", askedOn="", note="By letter")
    assert "The request is written down." in owner.text
    owner.send(f"{page}/erase")
    assert owner.status == 409
    assert None not in contacts()
    owner.go(page)
    given = owner.send(f"{page}/export").response
    assert given is not None
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert json.loads(given.text)["bookings"][0]["reference"] == stay.reference
    owner.go("/admin/data-requests")
    assert "By letter" in owner.text
    [form] = owner.page.select("form[action*='settle']")
    owner.send(str(form["action"]), outcome="done")
    assert "The request is settled." in owner.text
