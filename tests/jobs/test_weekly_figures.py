"""The figures of the week by email: each Monday morning of the house, once, within what their reader may see."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import figures
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import AccountNotFound, NotFound
from booking.domain.figures import weekly, weekly_readers
from booking.domain.people import staff
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Event, FiguresReader, Room, StaffMembership, User
from booking.infra import clock
from booking.infra.db import db, transaction
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, count, in_days, later, order, person
from tests.jobs.letters_sent import recipient, sent, text

pytestmark = pytest.mark.slow
BRUSSELS = ZoneInfo("Europe/Brussels")
RULES = StayRules()


@pytest.fixture
def manager(bob: User, room: Room) -> User:
    """Wants them, since some week ago."""
    staff.give_role(SYSTEM, bob.id, Role.MANAGER, room.property_id)
    figures.choose_weekly(at(bob, Role.MANAGER, room), wanted=True)
    return bob


def at(who: User, role: Role, room: Room | None = None) -> Actor:
    return Actor.signed_in(who.id, (Membership(role, room.property_id if room else None),), None)


def on_monday(hour: int, minute: int = 0) -> dt.date:
    """It is the next Monday but one at the house, at this hour."""
    here = clock.now().astimezone(BRUSSELS)
    monday = weekly_readers.monday_of(here.date()) + dt.timedelta(days=14)
    later(dt.datetime.combine(monday, dt.time(hour, minute), BRUSSELS) - clock.now())
    return monday


def told() -> list[dict[str, object]]:
    return list(db.session.scalars(select(Event.payload).where(Event.type == figures.WEEKLY_TOLD)))


def test_they_go_out_on_monday_at_seven_at_the_house_and_once(manager: User) -> None:
    monday = on_monday(6, 55)
    assert figures.tell_weekly(SYSTEM) in (0, 1), "of the week before, where it had not been told"
    before = len(told())
    later(dt.timedelta(minutes=6))
    figures.tell_weekly(SYSTEM)
    assert [one["monday"] for one in told()[before:]] == [monday.isoformat()]
    assert figures.tell_weekly(SYSTEM) == 0
    later(dt.timedelta(days=3))
    assert figures.tell_weekly(SYSTEM) == 0


def test_of_two_workers_at_once_one_tells(app: Flask, manager: User) -> None:
    on_monday(8)
    done = all_at_once(app, [lambda: figures.tell_weekly(SYSTEM)] * 4)
    assert sum(done) == len(told()) == 1


def test_who_was_away_on_monday_is_told_later_in_the_week(manager: User) -> None:
    monday = on_monday(8)
    later(dt.timedelta(days=2))
    assert figures.tell_weekly(SYSTEM) == 1
    assert told()[-1]["monday"] == monday.isoformat()


def test_who_wants_none_or_works_here_no_more_gets_none(manager: User, room: Room) -> None:
    on_monday(8)
    take_roles(manager)
    assert figures.tell_weekly(SYSTEM) == 0
    staff.give_role(SYSTEM, manager.id, Role.HOUSEKEEPING, room.property_id)
    assert figures.tell_weekly(SYSTEM) == 0
    with pytest.raises(NotFound):
        figures.choose_weekly(at(manager, Role.HOUSEKEEPING, room), wanted=True)


@transaction
def take_roles(user: User) -> None:
    db.session.query(StaffMembership).filter_by(user_id=user.id).delete()


def test_only_who_gives_roles_chooses_for_others(manager: User, alice: User) -> None:
    with pytest.raises(AccountNotFound):
        figures.choose_weekly(at(manager, Role.DESK, a_room()), wanted=True, whose=alice.id)
    with pytest.raises(NotFound):
        figures.choose_weekly(SYSTEM, wanted=True, whose=alice.id)
    figures.choose_weekly(SYSTEM, wanted=False, whose=manager.id)
    assert count(FiguresReader) == 0


def test_what_it_says_is_the_week_of_the_house_straight_from_the_bookings(
    manager: User, alice: User, room: Room, desk: BookingContext
) -> None:
    """A stay of five nights that begins two nights before the week: three of them are in it."""
    monday = weekly_readers.monday_of(in_days(20).check_in) + dt.timedelta(days=7)
    over = Stay(monday - dt.timedelta(days=9), monday - dt.timedelta(days=4))
    bookings.book(acting(alice), order(alice, room, over), VISA, desk)
    week = weekly.of_reader(manager.id, monday, RULES)
    assert week
    [line] = week.lines
    assert (line.sums.sold, line.sums.revenue, line.sums.available) == (3, Decimal(360), 7)
    assert (week.first, week.last) == (monday - dt.timedelta(days=7), monday - dt.timedelta(days=1))
    become(manager, Role.DESK)
    shown = weekly.of_reader(manager.id, monday, RULES)
    assert shown
    assert (shown.lines[0].sums.sold, shown.lines[0].sums.revenue, shown.sees_money) == (3, None, False)


def test_of_more_properties_than_an_email_lists_it_tells_the_sums(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weekly, "MOST_LINES", 1)
    a_room(name="Elsewhere")
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER)
    monday = weekly_readers.monday_of(in_days(20).check_in) + dt.timedelta(days=7)
    stay = Stay(monday - dt.timedelta(days=7), monday - dt.timedelta(days=4))
    bookings.book(acting(alice), order(alice, room, stay), VISA, desk)
    week = weekly.of_reader(olga.id, monday, RULES)
    assert week
    [line] = week.lines
    assert (line.name, line.currency, line.properties) == ("", "EUR", 2)
    assert (line.sums.sold, line.sums.revenue, line.sums.available) == (3, Decimal(360), 14)


@transaction
def become(user: User, role: Role) -> None:
    db.session.query(StaffMembership).filter_by(user_id=user.id).update({"role": role})


def test_the_email_says_so_and_how_to_stop_it(manager: User, room: Room, mail_dir: Path) -> None:
    on_monday(8)
    assert figures.tell_weekly(SYSTEM) == 1
    [letter] = sent(mail_dir)
    assert recipient(letter) == "bob@example.com"
    assert "Figures of the week to" in letter["subject"]
    said = text(letter)
    for part in ("OCCUPANCY", "RevPAR: €0.00", "Nights on the books".upper(), "/admin/figures"):
        assert part.lower() in said.lower()
