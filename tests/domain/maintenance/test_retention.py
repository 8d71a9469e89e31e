"""What is older than it should be goes, in portions and by an index; what is younger, live or of the books stays."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, event, text

from booking.domain import system
from booking.domain.inventory import NIGHTS_KEPT_DAYS, night_statements
from booking.domain.maintenance import retention, verification
from booking.domain.maintenance.retention import RULES, Rule
from booking.domain.messages import outbox
from booking.domain.people import sessions
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import CONFIRMED
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Room, User
from booking.infra import clock, sent_mails
from booking.infra.db import db, transaction
from booking.infra.ids import new_id
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, in_days
from tests.jobs.stories import happened

A_DAY = dt.timedelta(days=1)


def prune() -> dict[str, int]:
    return retention.prune(SYSTEM, 90 * A_DAY)


@transaction
def run(statement: str, **values: object) -> None:
    db.session.execute(text(statement), values)


@transaction
def count(table: str, where: str = "true") -> int:
    return int(db.session.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())


def an_ended_session(alice: User) -> None:
    sessions.end(sessions.start_api(alice.id).user.session_id)


def an_idle_session(alice: User) -> None:
    sessions.start_api(alice.id)
    run("UPDATE sessions SET last_seen_at = now() - interval '121 days'")


def a_reset(alice: User) -> None:
    run(
        "INSERT INTO password_resets (id, user_id, expires_at) VALUES (:id, :user, now() + interval '1 hour')",
        id=new_id(),
        user=alice.id,
    )


def a_verification(alice: User) -> None:
    run("DELETE FROM email_verifications")
    run(
        "INSERT INTO email_verifications (id, user_id, email_key, created_at, expires_at)"
        " VALUES (:id, :user, 'a@example.com', now() - interval '2 days', now() - interval '1 day')",
        id=new_id(),
        user=alice.id,
    )


def a_declined_charge(_: User) -> None:
    run(
        "INSERT INTO simulated_ledger (key, kind, reference, amount, currency)"
        " VALUES (:key, 'declined', 'sim_1', 1, 'EUR')",
        key=new_id(),
    )


MADE: dict[str, list[Callable[[User], None]]] = {
    "sessions": [an_ended_session, an_idle_session],
    "password_resets": [a_reset],
    "email_verifications": [a_verification],
    "unmoved_charges": [a_declined_charge],
}
CASES = [pytest.param(rule, make, id=make.__name__) for rule in RULES for make in MADE.get(rule.name, [])]


@pytest.mark.parametrize(("rule", "make"), CASES)
def test_what_is_old_goes_and_what_is_younger_stays(alice: User, rule: Rule, make: Callable[[User], None]) -> None:
    run("DELETE FROM events")
    run("DELETE FROM email_verifications")
    make(alice)
    clock.shift(rule.kept - A_DAY)
    assert rule.name not in prune()
    clock.shift(rule.kept + A_DAY)
    assert prune()[rule.name] == 1
    assert rule.name not in prune()


def test_a_session_that_is_still_good_stays_however_old_it_is(alice: User) -> None:
    session = sessions.start_api(alice.id).user.session_id
    clock.shift(dt.timedelta(days=400))
    prune()
    assert count("sessions", f"id = '{session}'") == 1


def expired(alice: User, room: Room, desk: BookingContext) -> Booking:
    held = holds.reserve(acting(alice), BookingRequest(alice.id, room.id, in_days(30), 2), desk)
    clock.shift(dt.timedelta(hours=1))
    assert bookings.expire_holds(SYSTEM) == 1
    return held


def test_an_expired_booking_that_nobody_tried_to_pay_goes_after_a_month(
    alice: User, room: Room, desk: BookingContext
) -> None:
    expired(alice, room, desk)
    clock.shift(retention.EXPIRED_BOOKINGS - A_DAY)
    assert "expired_bookings" not in prune()
    clock.shift(retention.EXPIRED_BOOKINGS + A_DAY)
    assert prune()["expired_bookings"] == 1
    assert count("bookings") == 0


def test_one_by_which_its_guest_asked_for_their_data_stays_and_keeps_no_other(
    alice: User, room: Room, desk: BookingContext
) -> None:
    asked = expired(alice, room, desk)
    clock.shift(dt.timedelta(0))
    expired(alice, room, desk)
    system.record_data_request(SYSTEM, asked.id, system.DataRequestOrder(kind="export"))
    clock.shift(retention.EXPIRED_BOOKINGS + A_DAY)
    assert prune()["expired_bookings"] == 1
    assert count("bookings", f"id = '{asked.id}'") == count("bookings") == 1


def test_the_books_stay(alice: User, room: Room, desk: BookingContext) -> None:
    kept = bookings.book(acting(alice), BookingRequest(alice.id, room.id, in_days(30), 2), VISA, desk)
    gone = bookings.book(acting(alice), BookingRequest(alice.id, room.id, in_days(60), 2), VISA, desk)
    bookings.cancel(acting(alice), gone.id, desk)
    clock.shift(dt.timedelta(days=4000))
    prune()
    assert count("bookings") == 2
    assert count("payments") == 3
    assert count("simulated_ledger") == 3
    assert kept.status == CONFIRMED


def test_nights_that_are_over_go_and_verify_does_not_miss_them(alice: User, room: Room, desk: BookingContext) -> None:
    stay = in_days(30)
    booked = bookings.book(acting(alice), BookingRequest(alice.id, room.id, stay, 2), VISA, desk)
    # The stay was long ago, and its first night is just too old, by UTC.
    back = (stay.check_in - clock.now().date()).days + NIGHTS_KEPT_DAYS + 1
    run("UPDATE availability SET night = night - CAST(:days AS integer)", days=back)
    earlier = ", ".join(f"{name} = {name} - CAST(:days AS integer)" for name in ("check_in", "check_out"))
    run(f"UPDATE bookings SET {earlier}", days=back)
    assert prune()["past_nights"] == 1
    assert count("availability", f"claim_id = '{booked.id}'") == stay.nights - 1
    assert [finding.rule for finding in verification.verify().findings] == []
    run("DELETE FROM availability")
    assert "booking_lacks_nights" in {finding.rule for finding in verification.verify().findings}


def test_a_held_or_pinned_night_is_not_pruned_whatever_its_date(alice: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), BookingRequest(alice.id, room.id, in_days(30), 2), desk)
    run("UPDATE availability SET night = night - 400")
    assert "past_nights" not in prune()


def test_more_than_a_portion_goes_portion_by_portion(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PORTION", 3)
    for number in range(7):
        run(
            "INSERT INTO simulated_ledger (key, kind, reference, amount, currency)"
            " VALUES (:key, 'tombstone', :reference, 0, 'EUR')",
            key=new_id(),
            reference=f"sim_{number}",
        )
    clock.shift(retention.UNMOVED_MONEY + A_DAY)
    assert prune()["unmoved_charges"] == 7


def test_many_nights_go_portion_by_portion_each_where_the_last_one_ended(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "NIGHTS_PORTION", 3)
    for one in (room, a_room()):  # so that a portion ends between two rows of one night
        bookings.book(acting(alice), BookingRequest(alice.id, one.id, in_days(30, 10), 2), VISA, desk)
    run("UPDATE availability SET night = night - 400")
    begun = []
    delete = retention._delete_nights
    monkeypatch.setattr(retention, "_delete_nights", lambda place, since: begun.append(since) or delete(place, since))
    assert prune()["past_nights"] == 20
    assert count("availability") == 0
    assert begun == sorted(begun)
    assert len(set(begun[1:])) == len(begun[1:]) > 5


@pytest.mark.usefixtures("unmeasured")
@each("rule", [*RULES, None], ids=lambda rule: rule.name if rule else "nights")
def test_every_statement_finds_its_rows_by_an_index(app: Flask, rule: Rule | None) -> None:
    statement = rule.statement if rule else night_statements.PRUNE
    values = {"before": new_id(), "portion": 10, "kept": A_DAY, "days": 90, "place": "antwerp", "since": dt.date.min}

    @transaction
    def plan() -> str:
        for kind in ("seqscan", "bitmapscan"):
            db.session.execute(text(f"SET LOCAL enable_{kind} = off"))
        used = {name: value for name, value in values.items() if f":{name}" in statement.text}
        lines = db.session.execute(text(f"EXPLAIN {statement.text}"), used).scalars()
        return "\n".join(lines)

    found = plan()
    small = ("properties",)  # places are read one after another, on purpose
    scans = [line for line in found.splitlines() if "Seq Scan" in line and not any(name in line for name in small)]
    assert scans == [], found
    assert "Index Cond" in found


def test_mail_files_go_after_a_month_and_others_stay(tmp_path: Path) -> None:
    old, young, foreign = tmp_path / "20260101-a.eml", tmp_path / "20260102-b.eml", tmp_path / "notes.txt"
    for file in (old, young, foreign):
        file.write_text("")
    long_ago = (dt.datetime.now() - sent_mails.KEPT - A_DAY).timestamp()  # noqa: DTZ005 a file's own time
    os.utime(old, (long_ago, long_ago))
    os.utime(foreign, (long_ago, long_ago))
    assert sent_mails.prune(str(tmp_path)) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == [young.name, foreign.name]
    assert sent_mails.prune(str(tmp_path / "nowhere")) == 0


# --- portions


@pytest.fixture
def row_by_row(app: Flask) -> Iterator[None]:
    """Postgres looks up what a statement selects anew for each row: a way it may take whenever it thinks rows few."""
    others = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize", "bitmapscan", "indexscan", "tidscan")
    said = "; ".join(f"SET LOCAL enable_{other} = off" for other in others)

    def choose(connection: Connection) -> None:
        connection.exec_driver_sql(said)

    event.listen(db.engine, "begin", choose)
    yield
    event.remove(db.engine, "begin", choose)


def test_a_portion_is_never_larger_than_asked(row_by_row: None, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    for _ in range(3):
        an_ended_session(alice)
        happened("availability.updated", roomId="room_1", location="tel-aviv")
    run("UPDATE events SET sent_at = now()")
    clock.shift(dt.timedelta(days=200))
    assert retention._apply(next(rule for rule in RULES if rule.name == "sessions")) == 1
    assert outbox.prune(limit=1) == 1
