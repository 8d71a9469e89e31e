"""Maintenance mode: guests and programs that change something find the house closed, staff and health go on."""

from __future__ import annotations

import datetime as dt
import time
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select

from booking.domain import system
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import Invalid, NotFound
from booking.domain.inputs import accept
from booking.domain.system import MaintenanceOrder, UnderMaintenance, maintenance_mode
from booking.domain.tables import AuditRecord, MaintenanceMode, Room, User
from booking.infra import clock, kept
from booking.infra.db import Unavailable, db, reading
from booking.infra.ids import encode, new_id
from booking.infra.storage import Storage
from tests import said_to_postgres
from tests.admin.staff import at_work
from tests.cast import SYSTEM, all_at_once, count, person
from tests.photos import added, of_room
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
PAGE = "/admin/system/maintenance"
AN_HOUR = dt.timedelta(hours=1)


def order(**given: str) -> MaintenanceOrder:
    return accept(MaintenanceOrder, {"notice": "New pipes."} | given, strict=False)


def close(**given: str) -> None:
    system.begin_maintenance(SYSTEM, order(**given))


@reading
def audited() -> list[str]:
    told = db.session.scalars(select(AuditRecord).where(AuditRecord.subject == "maintenance").order_by(AuditRecord.id))
    return [entry.action for entry in told]


def test_it_is_set_and_ended_twice_and_by_whoever_may(app: Flask) -> None:
    begun = system.begin_maintenance(SYSTEM, order())
    assert begun.is_on
    assert begun.seconds_left == 300
    until = (clock.now() + AN_HOUR).isoformat()
    system.begin_maintenance(SYSTEM, order(notice="Still at it.", until=until))
    assert count(MaintenanceMode) == 1
    with pytest.raises(UnderMaintenance) as refusal:
        system.refuse_under_maintenance()
    assert refusal.value.params == {"notice": "Still at it."}
    assert 3590 <= refusal.value.retry_after <= 3600
    manager = Actor.signed_in(new_id(), (Membership(Role.MANAGER),), None)
    owner_of_one = Actor.signed_in(new_id(), (Membership(Role.OWNER, new_id()),), None)
    for stranger in (manager, owner_of_one):
        for act in (
            lambda who=stranger: system.begin_maintenance(who, order()),
            lambda who=stranger: system.end_maintenance(who),
        ):
            with pytest.raises(NotFound):
                act()
    assert [system.end_maintenance(SYSTEM), system.end_maintenance(SYSTEM)] == [True, False]
    system.refuse_under_maintenance()
    assert audited() == ["maintenance.set", "maintenance.set", "maintenance.ended"]


def test_what_cannot_be_meant_is_refused(app: Flask) -> None:
    for given, field, code in (
        ({"notice": " "}, "notice", "empty"),
        ({"until": "soon"}, "until", "no_instant"),
        ({"until": "9999-12-31 23:59", "timeZone": "America/New_York"}, "until", "no_instant"),
        ({"beginsAt": "0001-01-01 00:00", "timeZone": "Asia/Tokyo"}, "beginsAt", "no_instant"),
        ({"until": "2026-01-01 10:00"}, "until", "in_the_past"),
        ({"beginsAt": "2199-01-02 10:00", "until": "2199-01-02 09:00"}, "until", "not_in_order"),
        ({"timeZone": "Mars/Olympus"}, "timeZone", "not_accepted"),
    ):
        with pytest.raises(Invalid) as refusal:
            order(**given)
        assert refusal.value.details[field].code == code
    asked = order(beginsAt="2199-07-01T02:00", timeZone="Europe/Brussels")
    assert asked.begins_at == dt.datetime(2199, 7, 1, 0, 0, tzinfo=dt.UTC)


def test_many_at_once_leave_one(app: Flask) -> None:
    all_at_once(app, [partial(close, notice=f"Notice {number}.") for number in range(8)])
    assert count(MaintenanceMode) == 1
    assert len(audited()) == 8


# --- at the doors


def test_guests_find_the_notice_and_what_protects_them_goes_on(
    app: Flask, room: Room, alice: User, storage: Storage
) -> None:
    photo = added(of_room(room)).shown
    assert photo
    close(until=(clock.now() + AN_HOUR).isoformat(), timeZone="Europe/Brussels")
    guest = Visitor(app).signed_in(alice)
    for url in ("/", "/rooms", f"/rooms/{encode('room', room.id)}", "/bookings", "/account", "/register"):
        guest.go(url)
        assert (guest.status, guest.heading) == (503, "We’re closed for maintenance"), url
        assert "New pipes. We expect to be back by" in guest.text
        assert "Brussels time" in guest.text
        assert "quote this number" not in guest.text
        assert 3590 <= int(guest.headers["Retry-After"]) <= 3600
        assert guest.headers["Cache-Control"] == "no-store"
    posted = guest.post(f"/rooms/{encode('room', room.id)}/reserve")
    assert posted.status == 503
    assert Visitor(app).client.get(f"/photos/{photo.key}/{photo.jpeg}").status_code == 200  # for other sites, and a CDN
    for url in ("/sign-in", "/forgot-password", "/robots.txt", "/theme.css", "/account/two-step"):
        assert Visitor(app).go(url).status == 200, url
    assert Visitor(app).go("/no/such/page").status == 404


def test_programs_read_and_do_not_write(client: FlaskClient, app: Flask) -> None:
    close()
    refused = client.post("/api/v1/bookings", json={})
    assert (refused.status_code, refused.json["error"]) == (503, "UNDER_MAINTENANCE")
    assert refused.json["message"] == "Closed for maintenance: New pipes."
    assert refused.headers["Retry-After"] == "300"
    assert client.post("/api/v1/auth/register", json={}).status_code == 503
    assert client.get("/api/v1/places").status_code == 200
    assert client.post("/api/v1/auth/login", json={"email": "x@example.com", "password": "nobody’s"}).status_code == 401
    ready = client.get("/api/v1/health/ready")
    assert (ready.status_code, ready.json["status"]) == (200, "ok")
    assert client.post("/webhooks/stripe").status_code != 503


def test_staff_go_on_and_end_it_from_the_page(app: Flask, bob: User, room: Room) -> None:
    owner = at_work(app, bob, Role.OWNER).go(PAGE)
    owner.send(PAGE, notice="", beginsAt="", until="")
    assert owner.status == 400
    assert "Notice is missing" in owner.text
    owner.send(PAGE, notice="New pipes.", beginsAt="", until="")
    assert "Guests find the site closed now" in owner.text
    assert "Maintenance is on" in owner.text
    assert owner.go("/rooms").status == 200
    assert "guests find this site closed" in owner.text
    clerk = at_work(app, person("dave"), Role.DESK, room)
    assert (clerk.go("/admin/").status, clerk.go(PAGE).status) == (200, 404)
    assert Visitor(app).go("/").status == 503
    owner.go(PAGE).send(f"{PAGE}/end")
    assert Visitor(app).go("/").status == 200


def test_what_is_planned_is_announced_and_begins_by_itself(app: Flask) -> None:
    begins = clock.now() + AN_HOUR
    close(beginsAt=begins.isoformat(), timeZone="Europe/Brussels")
    visitor = Visitor(app).go("/")
    assert visitor.status == 200
    assert "Maintenance from" in visitor.text
    assert "New pipes." in visitor.text
    clock.shift(AN_HOUR + dt.timedelta(seconds=1))
    assert visitor.go("/").status == 503


def test_a_request_asks_nobody_and_another_process_is_believed_after_seconds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.refuse_under_maintenance()
    with said_to_postgres.statements() as sent:
        for _ in range(20):
            system.refuse_under_maintenance()
    assert not sent
    elsewhere = dict(app.extensions[kept.PLACE])
    close()
    app.extensions[kept.PLACE].update(elsewhere)
    state: Any = elsewhere["maintenance_mode"]
    state.value, state.until = None, time.monotonic() + kept.SECONDS  # as a process that has just asked
    system.refuse_under_maintenance()
    state.until = time.monotonic() - 0.001
    with pytest.raises(UnderMaintenance):
        system.refuse_under_maintenance()


def test_without_postgres_what_was_true_stays_true(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    close()
    with pytest.raises(UnderMaintenance):
        system.refuse_under_maintenance()
    [state] = app.extensions[kept.PLACE].values()
    state.until = time.monotonic() - 0.001

    def away(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(maintenance_mode, "fetch", away)
    with pytest.raises(UnderMaintenance):
        system.refuse_under_maintenance()


def test_the_command_sets_shows_and_ends_it(runner: FlaskCliRunner) -> None:
    words = ["system", "maintenance"]
    assert "missing" in runner.invoke(args=[*words, "on"]).stderr.lower()
    said = runner.invoke(args=[*words, "on", "--notice", "New pipes.", "--from", "2199-01-01 02:00"])
    assert said.output == "Planned from 2199-01-01T02:00:00+00:00: New pipes.\n"
    assert '"state": "planned"' in runner.invoke(args=[*words, "show", "--json"]).output
    assert runner.invoke(args=[*words, "off"]).output == "Guests are let in again.\n"
    assert runner.invoke(args=[*words, "off"]).output == "The site was open already.\n"
