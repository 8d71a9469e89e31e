"""The page about the system: work that was given up, servers, settings without secrets, and the doctor's findings."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from booking.config import Settings
from booking.domain import messages, system
from booking.domain.actors import Role
from booking.domain.tables import Delivery, Event, NotedFacts, User
from booking.http import settings_shown
from booking.http.services import current_services
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from booking.infra.doctor import report
from booking.infra.ids import encode
from tests.admin.staff import at_work, statements
from tests.cast import SYSTEM, count
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
PAGE = "/admin/system"


@pytest.fixture
def owner(app: Flask, bob: User) -> Visitor:
    return at_work(app, bob, Role.OWNER)


def given_up(number: int) -> list[uuid.UUID]:
    transaction(lambda: [messages.record(SYSTEM, "test.happened", {}) for _ in range(number)])()
    _give_up()
    return _ids()


@transaction
def _give_up() -> None:
    for event in db.session.scalars(select(Event).where(Event.type == "test.happened", Event.sent_at.is_(None))):
        event.sent_at = clock.now()
        db.session.add(
            Delivery(
                event_id=event.id, consumer="mail", state="failed", error="the mailbox is full", next_at=clock.now()
            )
        )


@reading
def _ids() -> list[uuid.UUID]:
    return list(db.session.scalars(select(Event.id).where(Event.type == "test.happened").order_by(Event.id)))


@reading
def states() -> list[tuple[str, str | None]]:
    rows = db.session.execute(select(Delivery.state, Delivery.error).order_by(Delivery.event_id))
    return [(row.state, row.error) for row in rows]


def test_what_was_given_up_is_tried_again_or_dropped_once(owner: Visitor) -> None:
    first, second, _ = given_up(3)
    owner.go(PAGE)
    assert owner.text.count("the mailbox is full") == 3
    owner.send(f"{PAGE}/deliveries/{encode('event', first)}/again")
    assert "It will be tried again." in owner.text
    owner.send(f"{PAGE}/deliveries/{encode('event', second)}/drop")
    assert states() == [("waiting", "the mailbox is full"), ("done", "dropped"), ("failed", "the mailbox is full")]
    again = owner.go(PAGE).copy()
    owner.send(f"{PAGE}/deliveries/again")
    assert [state for state, _ in states()] == ["waiting", "done", "waiting"]
    assert again.post(f"{PAGE}/deliveries/{encode('event', second)}/drop").status_code == 400  # without its token
    assert owner.go(PAGE).page.select("form[action*='deliveries']") == []


def test_the_doctor_is_asked_and_what_it_found_stays(owner: Visitor) -> None:
    assert "Nobody has asked yet." in owner.go(PAGE).text
    owner.send(f"{PAGE}/doctor")
    assert owner.status == 200
    assert "database" in owner.text
    assert count(NotedFacts) == 1
    owner.send(f"{PAGE}/doctor")
    assert count(NotedFacts) == 1


def test_settings_are_shown_with_where_they_come_from_and_no_secret(owner: Visitor, app: Flask) -> None:
    settings = current_services().settings
    shown = owner.go(PAGE).text
    assert "LIMIT_BOOKINGS" in shown
    for secret in report.secrets_of(settings):
        assert len(secret) <= 3 or secret not in shown
    given = {
        "APP_ENV": "development",
        "DATABASE_URL": "postgresql://app:s3cret-of-base@db:5432/booking?sslpassword=x&password=an0ther",
        "REDIS_URL": "redis://:s3cret-of@s3cret-redis@redis:6379/0",
        "SMTP_URL": "smtp://me:s3cret-of-mail@mail:587",
        "SECRET_KEY": "a-secret-for-tests-only-0123456789abcdef",
        "JWT_KEYS": "now:a-key-for-tests-only-0123456789abcdef",
        "STRIPE_SECRET_KEY": "sk_test_s3cret",
        "METRICS_TOKEN": "s3cret-of-metrics",
        "HOLD_MINUTES": "20",
    }
    listed = {one.name: one for one in settings_shown.shown(Settings.from_env(given), given)}
    assert "s3cret" not in str(listed)
    assert "an0ther" not in str(listed)
    assert "for-tests-only" not in str(listed)
    assert listed["REDIS_URL"].value == "redis://:***@redis:6379/0"
    assert listed["SMTP_URL"].value == "smtp://me:***@mail:587"
    assert listed["SECRET_KEY"].value == listed["METRICS_TOKEN"].value == "***"
    assert (listed["HOLD_MINUTES"].value, listed["HOLD_MINUTES"].is_default) == ("20", False)
    assert (listed["SESSION_DAYS"].value, listed["SESSION_DAYS"].is_default) == ("90", True)
    assert listed["LIMIT_PUBLIC"].is_limit


def test_it_costs_no_more_for_more_work(owner: Visitor) -> None:
    owner.go(PAGE)
    few = statements(lambda: owner.go(PAGE))
    given_up(15)
    assert statements(lambda: owner.go(PAGE)) == few <= 20


def test_backups_and_the_drill_are_told(owner: Visitor, runner: FlaskCliRunner) -> None:
    assert "Never: try" in owner.go(PAGE).text
    facts = {"agrees": True, "label": "20261130T010000Z", "seconds": 12.3, "bookings": 9, "lost": 0, "upTo": None}
    system.note_facts(SYSTEM, system.NOTED_DRILL, facts)
    backups = {"count": 3, "newest": "2026-11-30T01:00:09Z", "bytes": 5_000_000, "walUpTo": "2026-11-30T11:00:00Z"}
    system.note_facts(SYSTEM, system.NOTED_BACKUPS, backups)
    owner.go(PAGE)
    assert "all bookings came back" in owner.text
    assert "3 kept" in owner.text
    told = json.loads(runner.invoke(args=["system", "status", "--json"]).stdout)
    assert told["drill"]["agrees"] is True
    assert told["backups"]["count"] == 3
    assert told["worker"] is False
    assert "Newest backup: 2026-11-30T01:00:09Z." in runner.invoke(args=["system", "status"]).stdout
    system.note_facts(SYSTEM, system.NOTED_BACKUPS, {"count": 0, "newest": None, "bytes": None, "walUpTo": None})
    assert "Newest backup: none is known." in runner.invoke(args=["system", "status"]).stdout


def test_without_redis_the_queue_is_unknown(app: Flask) -> None:
    settings = current_services().settings
    assert system.get_status(SYSTEM, replace(settings, redis_url="redis://127.0.0.1:1/0")).queue is None
