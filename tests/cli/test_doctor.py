"""`flask doctor`: whatever is wrong is named with what to do about it, whatever else is down."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import make_url

from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra import leader
from booking.infra.doctor import postgres, report
from booking.infra.embedded import Servers
from tests.cast import a_room, acting, later, order
from tests.cli.conftest import Ask
from tests.jobs.conftest import mail_server  # noqa: F401 a fixture
from tests.jobs.stories import booked, confirmed, events_age

pytestmark = pytest.mark.slow

HOME = Path(__file__).parents[2]
NOWHERE = "127.0.0.1:1"
SERVER_CHECKS = {
    "settings",
    "libraries",
    "folders",
    "photos",
    "database",
    "replica",
    "redis",
    "cache",
    "queue",
    "email",
}
DATABASE_CHECKS = {"durability", "locale", "migrations", "roles", "clock", "wal", "worker"}
TABLE_CHECKS = {"time zones", "outbox", "photo sizes", "holds", "payments"}
CHECKS = SERVER_CHECKS | DATABASE_CHECKS | TABLE_CHECKS | {"archive"}


# --- all is well


def test_a_healthy_copy_has_no_problem(ask: Ask) -> None:
    report = ask()
    assert report.exit_code == 0, report.output
    assert {line["check"] for line in report.lines} == CHECKS
    # The tests' Postgres gives durability up for speed, and no worker runs beside them.
    assert report.checks("ok") == CHECKS - {"durability", "worker"}


def test_photos_that_could_not_be_stored_are_a_problem(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = ask(PHOTOS_URL=(tmp_path / "file" / "photos").as_uri())
    assert report.states("photos") == ["problem"]
    assert "correct PHOTOS_URL" in report.said("photos")


def test_a_worker_is_noticed(ask: Ask, environ: dict[str, str]) -> None:
    name = leader.CONNECT_ARGS["application_name"]
    url = environ["DATABASE_URL"].replace("+psycopg2", "")
    with closing(psycopg2.connect(url, application_name=name)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(4711)")
        assert ask().states("worker") == ["ok"]


def test_people_read_sentences(runner: FlaskCliRunner, healthy: dict[str, str]) -> None:
    said = runner.invoke(args=["doctor"], env={**healthy, "REDIS_URL": f"redis://{NOWHERE}"})
    assert said.exit_code == 1
    assert "redis       problem  the server does not answer" in said.output
    assert "-> start it, or correct REDIS_URL" in said.output
    assert "Not looked at before that is mended: cache, queue." in said.output
    assert "Problems: 1, warnings: 2." in said.output


# --- something is away


def test_redis_away(ask: Ask) -> None:
    report = ask(REDIS_URL=f"redis://{NOWHERE}")
    assert report.exit_code == 1
    assert report.checks("problem") == {"redis"}
    assert report.checks("skipped") == {"cache", "queue"}


def test_the_database_away(ask: Ask) -> None:
    report = ask(DATABASE_URL=f"postgresql://app@{NOWHERE}/booking", MIGRATION_DATABASE_URL="")
    assert report.checks("problem") == {"database"}
    assert report.checks("skipped") == DATABASE_CHECKS | TABLE_CHECKS
    assert "correct host and port in DATABASE_URL" in report.said("database")


def test_a_wrong_password_is_told_from_a_server_that_is_away(ask: Ask, environ: dict[str, str]) -> None:
    wrong = make_url(environ["DATABASE_URL"]).set(password="not-the-password")
    report = ask(DATABASE_URL=wrong.render_as_string(hide_password=False), MIGRATION_DATABASE_URL="")
    assert "correct user and password" in report.said("database")
    assert "not-the-password" not in report.output


def test_smtp_refused(ask: Ask) -> None:
    report = ask(MAIL_DIR="", SMTP_URL=f"smtp://{NOWHERE}")
    assert report.checks("problem") == {"email"}
    assert "Connection refused" in report.said("email")


def test_a_mail_server_that_answers(ask: Ask, mail_server: Any) -> None:  # noqa: F811 the fixture
    report = ask(MAIL_DIR="", SMTP_URL=mail_server.url)
    assert report.states("email") == ["ok"]
    assert mail_server.messages == []


@pytest.mark.slow
def test_servers_that_never_answer_do_not_keep_it_waiting(ask: Ask, silent: str) -> None:
    began = time.monotonic()
    report = ask(
        DATABASE_URL=f"postgresql://app@{silent}/booking",
        MIGRATION_DATABASE_URL="",
        REDIS_URL=f"redis://{silent}",
        SMTP_URL=f"smtp://{silent}",
        MAIL_DIR="",
    )
    assert time.monotonic() - began < 15
    assert report.checks("problem") == {"database", "redis", "email"}


def test_a_check_that_hangs_or_breaks_is_a_problem_of_its_own() -> None:
    def breaks() -> Any:
        raise ZeroDivisionError("by zero, with the password hunter2")

    checks = [
        report.Check("hangs", lambda: time.sleep(2) or [report.ok("too late")]),
        report.Check("breaks", breaks),
        report.Check("works", lambda: [report.ok("fine")]),
        report.Check("needs it", lambda: [report.ok("never")], needs="hangs"),
    ]
    began = time.monotonic()
    lines = {line.check: line for line in report.examine(checks, ["hunter2"], limit=0.3)}
    assert time.monotonic() - began < 1.5
    assert [lines[name].state for name in ("hangs", "breaks", "works", "needs it")] == [
        "problem",
        "problem",
        "ok",
        "skipped",
    ]
    assert "ZeroDivisionError: by zero, with the password ***" in lines["breaks"].finding


# --- the database is not as it must be


def test_a_wrong_locale(ask: Ask, another_database: Callable[..., str]) -> None:
    url = another_database("ENCODING 'UTF8' LOCALE 'C'")
    assert "problem: searching would not find" in ask(DATABASE_URL=url, MIGRATION_DATABASE_URL="").said("locale")


def test_a_wrong_locale_shows_with_trigrams_too(ask: Ask, another_database: Callable[..., str]) -> None:
    url = another_database("ENCODING 'UTF8' LOCALE 'C'", "CREATE EXTENSION pg_trgm")
    assert "LOCALE 'C.UTF-8'" in ask(DATABASE_URL=url, MIGRATION_DATABASE_URL="").said("locale")


def test_a_database_without_tables(ask: Ask, another_database: Callable[..., str]) -> None:
    report = ask(DATABASE_URL=another_database(), MIGRATION_DATABASE_URL="")
    assert "run `flask db upgrade`" in report.said("migrations")
    assert report.checks("skipped") == TABLE_CHECKS


VERSION = "CREATE TABLE alembic_version AS SELECT '{}' AS version_num; GRANT SELECT ON alembic_version TO booking_app"


@pytest.mark.parametrize(
    ("revision", "said"),
    [("0001", "problem: pending: 0002, 0003"), ("9999", "is at 9999, which this code does not know")],
)
def test_migrations_that_are_pending_or_ahead(
    ask: Ask, another_database: Callable[..., str], revision: str, said: str
) -> None:
    url = another_database(statement=VERSION.format(revision))
    assert said in ask(DATABASE_URL=url, MIGRATION_DATABASE_URL="").said("migrations")


def test_the_owner_and_a_superuser_may_do_too_much(ask: Ask, servers: Servers, environ: dict[str, str]) -> None:
    owner = environ["MIGRATION_DATABASE_URL"]
    assert "warning: booking_owner may create or alter tables" in ask(DATABASE_URL=owner).said("roles")
    superuser = servers.database_url("postgres", str(make_url(owner).database))
    assert "problem: postgres is a superuser" in ask(DATABASE_URL=superuser).said("roles")


def test_a_role_without_rights_to_the_tables(ask: Ask, another_database: Callable[..., str]) -> None:
    url = another_database(statement="CREATE TABLE rooms ()")
    assert "booking_app may not write to rooms" in ask(DATABASE_URL=url, MIGRATION_DATABASE_URL="").said("roles")


def test_the_rules_of_a_newer_version_are_not_judged(ask: Ask, another_database: Callable[..., str]) -> None:
    newer = VERSION.format("9999") + "; GRANT SELECT ON alembic_version TO booking_app; CREATE TABLE of_tomorrow ()"
    assert ask(DATABASE_URL=another_database(statement=newer), MIGRATION_DATABASE_URL="").states("roles") == ["ok"]


def test_a_role_that_may_edit_the_audit_log(ask: Ask, another_database: Callable[..., str]) -> None:
    log = "CREATE TABLE audit_log (at date) PARTITION BY RANGE (at); CREATE TABLE other PARTITION OF audit_log DEFAULT;"
    rights = "GRANT SELECT, INSERT ON audit_log TO booking_app;"
    whole = ask(DATABASE_URL=another_database(statement=log + rights), MIGRATION_DATABASE_URL="")
    assert whole.states("roles") == ["ok"]
    edits = log + rights + "GRANT DELETE ON audit_log TO booking_app"
    may_edit = ask(DATABASE_URL=another_database(statement=edits), MIGRATION_DATABASE_URL="")
    assert "problem: booking_app may edit the audit log" in may_edit.said("roles")


def test_a_role_that_cannot_try_to_write(ask: Ask, another_database: Callable[..., str]) -> None:
    revoke = "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$"
    said = ask(DATABASE_URL=another_database(statement=revoke), MIGRATION_DATABASE_URL="").said("roles")
    assert "warning: booking_app may not make temporary tables" in said
    assert "GRANT TEMPORARY ON DATABASE doctor_" in said


@pytest.mark.parametrize(("apart", "state"), [(5, "warning"), (-600, "problem")])
def test_a_wrong_clock(ask: Ask, apart: int, state: str) -> None:
    later(dt.timedelta(seconds=apart))
    assert f"{state}: this machine's clock and Postgres' differ by {abs(apart)} s" in ask().said("clock")


def test_a_property_in_an_unknown_time_zone(app: Flask, ask: Ask) -> None:
    a_room(time_zone="Mars/Olympus")
    assert "Mars/Olympus" in ask().said("time zones")


def test_time_zone_data_that_is_older_than_the_other(app: Flask, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    a_room(time_zone="Asia/Kathmandu")
    assert ask().states("time zones") == ["ok"]
    monkeypatch.setattr(postgres, "_offset", lambda _: dt.timedelta(hours=5))
    assert "warning: Python and Postgres disagree about the time in Asia/Kathmandu (UTC+5 and UTC+5.75)" in (
        ask().said("time zones")
    )


# --- Redis is not as it must be


@pytest.fixture
def evicting(environ: dict[str, str]) -> Iterator[None]:
    client = redis.Redis.from_url(environ["REDIS_URL"])
    client.config_set("maxmemory-policy", "allkeys-lru")
    yield
    client.config_set("maxmemory-policy", "noeviction")
    client.close()


def test_a_redis_that_evicts(ask: Ask, evicting: None) -> None:
    assert "set it to noeviction" in ask().said("redis")


def test_a_redis_that_wants_another_password(ask: Ask, environ: dict[str, str]) -> None:
    url = make_url(environ["REDIS_URL"]).set(password="not-the-password").render_as_string(hide_password=False)
    report = ask(REDIS_URL=url)
    assert "correct user and password in REDIS_URL" in report.said("redis")
    assert "not-the-password" not in report.output


def test_a_cache_of_its_own_that_is_away(ask: Ask) -> None:
    report = ask(CACHE_REDIS_URL=f"redis://{NOWHERE}")
    assert report.checks("problem") == {"cache"}
    assert report.states("queue") == ["ok"]


# --- what should have been done


def test_holds_that_nobody_freed(app: Flask, ask: Ask, alice: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room), desk)
    assert ask().states("holds") == ["ok"]
    later(dt.timedelta(minutes=25))
    assert "problem: 1 hold has ended and not been released, the oldest for 10 min" in ask().said("holds")


def test_events_that_nobody_looked_at(app: Flask, ask: Ask) -> None:
    confirmed(booked())
    assert ask().states("outbox") == ["ok"]
    events_age(dt.timedelta(minutes=7))
    assert "problem: 1 event has not been looked at, the oldest for 7 min" in ask().said("outbox")
