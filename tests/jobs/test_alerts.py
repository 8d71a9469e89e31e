"""Alerts: one for each cause, told when it begins, daily while it lasts and when it is over; and news, gathered."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import update

from booking.domain import messages, people, system
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import AccountNotFound, Invalid, NotFound
from booking.domain.people import account_closing, staff
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.system import alert_news, alerts, causes
from booking.domain.system.causes import Cause, Look
from booking.domain.tables import Alert, AlertChoice, Delivery, Payment, Room, User
from booking.http import date_format
from booking.http.services import current_services
from booking.infra import clock, leader
from booking.infra.backup import BackupError
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.admin.staff import at_work
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, count, later, order, person
from tests.jobs.letters_sent import recipient, sent, text

pytestmark = pytest.mark.slow
A_MINUTE, AN_HOUR, A_DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
DISK = Cause(people.ALERT_SYSTEM, "disk_filling", {"folder": "/srv", "percent": 93})


@pytest.fixture
def olga(app: Flask) -> User:
    """Owns everything."""
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER)
    return olga


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> list[Cause]:
    """What is wrong, as the looks find it."""
    there: list[Cause] = []
    codes = frozenset({"disk_filling", "emails_given_up", "payments_in_doubt"})
    monkeypatch.setattr(causes, "frequent", lambda _: [Look(codes, lambda: list(there))])
    return there


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_news, "SETTLED", dt.timedelta(0))


def look() -> int:
    return system.look_for_alerts(SYSTEM, current_services().settings)


def as_staff(user: User, role: Role, at: uuid.UUID | None = None) -> Actor:
    staff.give_role(SYSTEM, user.id, role, at)
    return Actor.signed_in(user.id, (Membership(role, at),), None)


def subjects(mail_dir: Path) -> list[str]:
    return [str(message["Subject"]) for message in sent(mail_dir)]


def test_one_alert_from_its_beginning_to_its_end(olga: User, wrong: list[Cause], mail_dir: Path) -> None:
    wrong.append(DISK)
    assert [look(), look()] == [1, 1]
    wrong[:] = [replace(DISK, facts={"folder": "/srv", "percent": 97})]
    later(AN_HOUR)
    look()
    [opened] = sent(mail_dir)
    assert str(opened["Subject"]) == "Please look: The disk of /srv is 93 % full"
    assert recipient(opened) == "olga@example.com"
    assert "https://stay.example/admin/system" in text(opened)
    later(A_DAY)
    assert [look(), look()] == [1, 1]
    assert subjects(mail_dir)[1:] == ["Still: The disk of /srv is 97 % full"]
    wrong.clear()
    later(A_MINUTE)
    assert look() == 1, "what comes and goes is one"
    later(alerts.OVER_AFTER)
    assert look() == 0
    later(A_MINUTE)
    assert look() == 0
    assert subjects(mail_dir)[2:] == ["Over: The disk of /srv is 97 % full"]
    assert count(Alert) == 1
    wrong.append(DISK)
    look()
    assert count(Alert) == 2


def test_what_cannot_be_asked_is_not_over_and_what_ends_by_time_is_told_once(
    olga: User, wrong: list[Cause], mail_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong += [DISK, Cause(people.ALERT_EMAILS, "emails_given_up", {"count": 2})]
    look()
    sent(mail_dir)

    def away() -> list[Cause]:
        raise BackupError("the archive is away")

    with monkeypatch.context() as patched:
        patched.setattr(causes, "frequent", lambda _: [Look(frozenset({"disk_filling"}), away)])
        later(AN_HOUR)
        assert look() == 2
    wrong.clear()
    assert look() == 0
    told = sorted(subjects(mail_dir))
    assert [one.partition(":")[0] for one in told] == ["Over", "Please look", "Please look"]


def test_two_who_look_at_once_tell_once(app: Flask, olga: User, wrong: list[Cause], mail_dir: Path) -> None:
    wrong.append(DISK)
    assert all_at_once(app, [look] * 6) == [1] * 6
    assert len(sent(mail_dir)) == 1


def test_each_is_told_of_what_they_may_see_and_want(
    olga: User, alice: User, bob: User, room: Room, wrong: list[Cause], mail_dir: Path
) -> None:
    here = as_staff(alice, Role.MANAGER, room.property_id)
    elsewhere = as_staff(bob, Role.MANAGER, a_room().property_id)
    for somebody in (here, elsewhere):
        people.choose_alerts(somebody, {"money": "at_once"})
        with pytest.raises(NotFound):
            people.choose_alerts(somebody, {"system": "at_once"})
    people.choose_alerts(Actor.signed_in(olga.id, (Membership(Role.OWNER),), None), {"money": "off"})
    facts = {"count": 3, "since": "2026-11-30T10:00:00Z"}
    wrong += [DISK, Cause(people.ALERT_MONEY, "payments_in_doubt", facts, room.property_id, "here")]
    look()
    told = {recipient(message): str(message["Subject"]) for message in sent(mail_dir)}
    assert told.keys() == {"alice@example.com", "olga@example.com"}
    assert "3 payments have had no answer" in told["alice@example.com"]
    assert [one.code for one in system.list_alerts(here)] == ["payments_in_doubt"]
    assert system.list_alerts(elsewhere) == []
    assert len(system.list_alerts(SYSTEM)) == 2
    with pytest.raises(NotFound):
        system.list_alerts(acting(person("carol")))


def test_a_choice_is_refused_where_it_cannot_be_meant_and_goes_with_its_account(
    olga: User, alice: User, room: Room
) -> None:
    clerk = as_staff(alice, Role.DESK, room.property_id)
    for ways in ({"bookings": "hourly"}, {"weather": "daily"}):
        with pytest.raises(Invalid):
            people.choose_alerts(clerk, ways)
    with pytest.raises(AccountNotFound):
        people.choose_alerts(clerk, {"bookings": "daily"}, whose=olga.id)
    assert people.own_alerts(clerk) == {"bookings": "off", "messages": "off"}
    people.choose_alerts(clerk, {"bookings": "daily"})
    people.choose_alerts(clerk, {"bookings": "daily"})
    assert people.own_alerts(clerk)["bookings"] == "daily"
    keeper = as_staff(person("kim"), Role.HOUSEKEEPING, room.property_id)
    with pytest.raises(NotFound):
        people.own_alerts(keeper)
    transaction(lambda: account_closing.erase(SYSTEM, people.lock_account(alice.id)))()
    assert count(AlertChoice) == 0


# --- what is new


def test_new_bookings_come_in_one_email_for_minutes(
    alice: User, bob: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    clerk = as_staff(bob, Role.DESK, room.property_id)
    people.choose_alerts(clerk, {"bookings": "at_once"})
    booked = [bookings.book(acting(alice), order(alice, room), VISA, desk)]
    bookings.book(acting(alice), order(alice, a_room()), VISA, desk)  # of another property
    assert [system.tell_news(SYSTEM), system.tell_news(SYSTEM)] == [1, 0]
    told = [message for message in sent(mail_dir) if recipient(message) == "bob@example.com"]
    assert [str(message["Subject"]) for message in told] == ["1 new booking"]
    assert booked[0].reference in text(told[0])
    assert booked[0].reference in text(told[0], "html")
    assert "alice" not in text(told[0]).lower(), "who stays is told on the page, to who may see it"
    later(alert_news.PAUSE)
    assert system.tell_news(SYSTEM) == 0


def test_more_than_is_read_at_once_is_told_the_next_time(
    alice: User, bob: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = as_staff(bob, Role.DESK, room.property_id)
    people.choose_alerts(clerk, {"messages": "at_once", "bookings": "at_once"})
    transaction(lambda: messages.record(SYSTEM, "booking.confirmed", {"bookingId": encode("booking", new_id())}))()
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    monkeypatch.setattr(alert_news, "MOST_READ", 1)
    later(alert_news.MOVES_ON)
    assert [system.tell_news(SYSTEM) for _ in range(3)] == [0, 1, 0]


def test_the_daily_email_comes_in_the_morning_with_all_of_it(
    olga: User, alice: User, room: Room, desk: BookingContext, wrong: list[Cause], mail_dir: Path
) -> None:
    owner = Actor.signed_in(olga.id, (Membership(Role.OWNER),), None)
    people.choose_alerts(owner, {"bookings": "daily", "system": "daily"})
    wrong.append(DISK)
    look()
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert system.tell_news(SYSTEM) == 0
    now = clock.now().astimezone(dt.timezone(dt.timedelta(hours=1)))
    next_morning = dt.datetime.combine(now.date() + A_DAY, dt.time(8, 30), now.tzinfo)
    later(next_morning - now)
    assert [system.tell_news(SYSTEM), system.tell_news(SYSTEM)] == [1, 0]
    [told] = [message for message in sent(mail_dir) if recipient(message) == "olga@example.com"]
    assert str(told["Subject"]) == "1 new booking, 1 thing to look at"
    assert "The disk of /srv is 93 % full." in text(told)
    later(A_DAY)
    wrong.clear()
    look()
    assert system.tell_news(SYSTEM) == 0, "nothing is new"


# --- what is found


@transaction
def _make(table: Any, *where: Any, **values: Any) -> None:
    db.session.execute(update(table).where(*where).values(**values))


def _found(looks: Callable[..., list[Look]], **changes: Any) -> set[str]:
    settings = replace(current_services().settings, **changes)
    return {cause.code for one in looks(settings) for cause in one.find()}


def test_causes_are_found_and_nothing_else(
    app: Flask, alice: User, room: Room, desk: BookingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(used=50, free=50, total=100))
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert _found(causes.frequent) == set()
    later(dt.timedelta(minutes=20))
    _make(Payment, Payment.booking_id == booked.id, state="unknown")
    assert _found(causes.frequent) == {"payments_in_doubt"}
    _make(Payment, Payment.booking_id == booked.id, state="succeeded")
    messages.relay_events()
    assert _found(causes.frequent) == {"emails_late"}
    _make(Delivery, state="failed", next_at=clock.now())
    assert _found(causes.frequent) == {"emails_given_up"}
    _make(Delivery, state="done")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(used=95, free=5, total=100))
    assert _found(causes.frequent) == {"disk_filling"}
    assert _found(causes.seldom) == set()
    assert _found(causes.seldom, backup_url=f"file://{tmp_path}") == {"backup_missing"}


def test_the_disk_of_the_photos_is_looked_at(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = tmp_path / "all photos"
    photos.mkdir()
    seen: list[Path] = []

    def half_full(folder: Path) -> SimpleNamespace:
        seen.append(folder)
        return SimpleNamespace(used=50, free=50, total=100)

    monkeypatch.setattr("shutil.disk_usage", half_full)
    assert _found(causes.frequent, photos_url=photos.as_uri()) == set()
    assert photos in seen


# --- at the doors


def test_choices_are_made_on_the_page_and_the_list_tells(
    app: Flask, olga: User, room: Room, wrong: list[Cause], bob: User
) -> None:
    wrong.append(DISK)
    look()
    owner = at_work(app, olga, Role.OWNER).go("/admin/alerts")
    assert "The disk of /srv is 93 % full." in owner.text
    owner.send("/admin/alerts", system="daily", bookings="at_once")
    assert people.own_alerts(Actor.signed_in(olga.id, (Membership(Role.OWNER),), None))["system"] == "daily"
    owner.go("/admin/alerts").send("/admin/alerts", system="hourly")
    assert owner.status == 400
    clerk = at_work(app, bob, Role.DESK, room).go("/account")
    assert clerk.page.select_one("main a[href='/admin/alerts']")
    clerk.go("/admin/alerts")
    assert "disk" not in clerk.text.lower()


def test_the_page_does_not_say_that_nothing_is_wrong_where_no_worker_looks(
    app: Flask, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = at_work(app, olga, Role.OWNER).go("/admin/alerts")
    assert ("No worker is running" in owner.text, "Nothing is wrong." in owner.text) == (True, False)
    with monkeypatch.context() as patched:
        patched.setattr(leader, "is_there", lambda _: True)
        owner.go("/admin/alerts")
    assert ("No worker is running" in owner.text, "Nothing is wrong." in owner.text) == (False, True)
    with pytest.raises(NotFound):
        system.is_attended(acting(olga))


def test_a_page_tells_all_times_of_an_alert_by_one_clock(
    app: Flask, olga: User, room: Room, wrong: list[Cause]
) -> None:
    since = clock.now() - dt.timedelta(days=2)
    wrong.append(
        Cause(
            people.ALERT_MONEY, "payments_in_doubt", {"count": 1, "since": people.as_utc_text(since)}, room.property_id
        )
    )
    look()
    there = date_format.moment(since, "Europe/Brussels")
    for page in ("/admin/alerts", "/admin/system"):
        owner = at_work(app, olga, Role.OWNER).go(page)
        assert f"1 payment has had no answer from the payment provider since {there}." in owner.text
        assert "UTC" not in owner.page.select_one(".desk-events").get_text()


def test_commands_list_and_subscribe(runner: FlaskCliRunner, app: Flask, olga: User, wrong: list[Cause]) -> None:
    wrong.append(DISK)
    look()
    assert "The disk of /srv is 93 % full." in runner.invoke(args=["alerts", "list"]).output
    said = runner.invoke(args=["alerts", "subscribe", "olga@example.com", "backups", "daily"])
    assert said.output == "olga@example.com is told of backups: daily.\n"
    assert "backups daily" in runner.invoke(args=["alerts", "readers"]).output
    later(alerts.KEPT + A_DAY)
    wrong.clear()
    look()
    later(alerts.KEPT + A_DAY)
    assert [system.prune_alerts(SYSTEM), system.prune_alerts(SYSTEM)] == [1, 0]
