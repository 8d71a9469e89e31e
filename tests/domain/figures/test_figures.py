"""What counts as sold, as available and as room revenue; what the worker keeps of it is what the bookings say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from booking.domain import figures, inventory
from booking.domain.actors import Actor, Role
from booking.domain.errors import Invalid, NotFound
from booking.domain.figures import CurrencyFigures, Figures, FiguresView, Sums, blocked_nights, keeping
from booking.domain.figures.report import a_year_ago, shared
from booking.domain.figures.sums import OnBooks
from booking.domain.reservations import bookings, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Block, BlockedMonth, Booking, FiguresProgress, Room, SoldMonth, User
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import SYSTEM, VISA, a_room, acting, beside, blocked, in_days, later, order, today
from tests.domain.reservations.test_front_desk import at, clerk

pytestmark = pytest.mark.slow
RULES = StayRules()


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Three nights at 120 from 30 days ahead on."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def of(room: Room, *, actor: Actor = SYSTEM, period: str = figures.COMING) -> Figures:
    """The twelve months from this one on, as the worker keeps them by now."""
    keeping.begin_anew(SYSTEM)
    figures.keep_all(SYSTEM, RULES)
    return figures.get_figures(actor, FiguresView(property=encode("property", room.property_id), period=period), RULES)


def the(found: Figures) -> CurrencyFigures:
    [only] = found.currencies
    return only


def kept() -> set[tuple[Any, ...]]:
    """All rows that the worker keeps."""
    columns = SoldMonth.__table__.columns
    return {tuple(row) for row in db.session.execute(select(*columns))}


def test_nights_and_revenue_are_of_the_month_in_which_they_are_slept(
    alice: User, room: Room, desk: BookingContext
) -> None:
    first = (today().replace(day=1) + dt.timedelta(days=62)).replace(day=1)
    over = Stay(first - dt.timedelta(days=2), first + dt.timedelta(days=1))
    bookings.book(acting(alice), order(alice, room, over), VISA, desk)
    found = the(of(room))
    by_month = {one.month: one.sums for one in found.months}
    assert [(by_month[month].sold, by_month[month].revenue) for month in (blocked_month(first), first)] == [
        (2, Decimal(240)),
        (1, Decimal(120)),
    ]
    assert found.total.sold == 3
    assert found.total.adr("EUR") == Decimal(120)
    assert (found.total.stays, found.total.average_stay) == (1, Decimal(3))
    assert by_month[first].stays == 0


def blocked_month(after: dt.date) -> dt.date:
    return (after - dt.timedelta(days=1)).replace(day=1)


def test_available_are_the_nights_of_rooms_from_the_day_they_were_added_less_those_off_sale(room: Room) -> None:
    whole = the(of(room)).total.available
    last = the(of(room)).months[-1].month
    assert whole == (blocked_nights.next_month(last) - RULES.today("Europe/Brussels")).days
    blocked(room, in_days(30, 4))
    assert the(of(room)).total.available == whole - 4
    beside(room, "Another", 80)
    assert the(of(room)).total.available == 2 * whole - 4


def test_a_room_counts_from_the_first_night_that_it_was_sold_where_it_was_added_later(
    room: Room, booked: Booking
) -> None:
    before = the(of(room)).total.available
    earlier = (today().replace(day=1) - dt.timedelta(days=40), today().replace(day=1) - dt.timedelta(days=37))
    sold_at(booked, *earlier)
    assert the(of(room)).total.available == before + (RULES.today("Europe/Brussels") - today().replace(day=1)).days


@transaction
def sold_at(booking: Booking, check_in: dt.date, check_out: dt.date) -> None:
    moved = update(Booking).where(Booking.id == booking.id).values(check_in=check_in, check_out=check_out)
    db.session.execute(moved)


def test_a_draft_that_nobody_ever_sold_is_no_room(room: Room) -> None:
    before = the(of(room)).total.available
    publish(beside(room, "Draft", 80), published=False)
    assert the(of(room)).total.available == before


@transaction
def publish(room: Room, **values: object) -> None:
    db.session.execute(update(Room).where(Room.id == room.id).values(**values))


def test_who_cancels_counts_for_the_cancellations_alone(room: Room, booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(SYSTEM, booked.id, desk)
    total = the(of(room)).total
    assert (total.sold, total.revenue, total.stays) == (0, Decimal(0), 0)
    assert (total.cancelled, total.cancelled_nights, total.lost, total.kept) == (1, 3, Decimal(360), Decimal(0))
    assert total.cancellation_rate == Decimal(100)


def test_who_does_not_come_has_the_nights_all_the_same(room: Room, booked: Booking, desk: BookingContext) -> None:
    at(booked, 0, 23)
    presence.mark_no_show(SYSTEM, booked.id, desk)
    total = the(of(room)).total
    assert (total.sold, total.revenue, total.stays, total.missed) == (3, Decimal(360), 1, 1)
    assert total.no_show_rate == Decimal(100)


def test_a_hold_has_sold_nothing(alice: User, room: Room, desk: BookingContext) -> None:
    bookings.hold_all(acting(alice), order(alice, room), desk)
    assert kept() == set()
    assert the(of(room)).total.sold == 0


def test_what_the_house_keeps_of_a_change_is_no_room_revenue(alice: User, desk: BookingContext) -> None:
    """Of a room that gives nothing back: three nights at 120 become two."""
    room = a_room(cancellation_policy={"name": "strict", "tiers": []})
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    shorter = StayChange(check_out=booked.check_out - dt.timedelta(days=1))
    stay_changes.change(SYSTEM, booked.id, Agreed(shorter, Decimal(0)), desk)
    total = the(of(room)).total
    assert (total.sold, total.revenue) == (2, Decimal(240))
    assert db.session.get_one(Booking, booked.id).total_price == Decimal(360)


def test_fees_and_taxes_are_none_of_it_and_discounts_are_spread_over_the_nights(room: Room, booked: Booking) -> None:
    """100, 200 and 0 less 10, of which 9 % tax is in the prices of nights and fees; a fee, a tax on top."""
    nights = [night(booked, 0, "100"), night(booked, 1, "200"), night(booked, 2, "0")]
    others: list[dict[str, object]] = [
        {"kind": "discount", "date": None, "amount": "-10.00", "rule": "x", "version": 1},
        {"kind": "fee", "date": None, "amount": "72.50", "rule": "x", "version": 1, "reasons": [{}]},
        {"kind": "fee", "date": None, "amount": "5", "rule": "kept_on_change", "version": None},
        {"kind": "tax", "date": None, "amount": "3", "rule": "x", "version": 1},
        {"kind": "tax", "date": None, "amount": "29.93", "rule": "x", "version": 1, "included": True}
        | {"reasons": [{"terms": {"of": "all"}}]},
    ]
    priced(booked, [*nights, *others])
    total = the(of(room)).total
    # 290 less its share of the tax: 29.93 * 290 / 362.50
    assert total.revenue == Decimal("266.06")


def night(booking: Booking, place: int, amount: str) -> dict[str, object]:
    day = (booking.check_in + dt.timedelta(days=place)).isoformat()
    return {"kind": "night", "date": day, "night": day, "amount": amount, "rule": "base", "version": 1}


@transaction
def priced(booking: Booking, lines: list[dict[str, object]]) -> None:
    db.session.execute(update(Booking).where(Booking.id == booking.id).values(price_lines=lines))


def test_a_guest_who_moves_has_slept_in_both_rooms(room: Room, booked: Booking) -> None:
    other = beside(room, "Suite", 200)
    publish(other, kind="Suite")
    until = (booked.check_in + dt.timedelta(days=1)).isoformat()
    before = {"roomId": str(other.id), "roomName": "Suite", "checkIn": booked.check_in.isoformat(), "checkOut": until}
    moved(booked, [before])
    kinds = {one.key: (one.sums.sold, one.sums.revenue) for one in the(of(room)).kinds}
    assert kinds == {"Suite": (1, Decimal(120)), "": (2, Decimal(240))}
    assert the(of(room)).total.stays == 1


@transaction
def moved(booking: Booking, rooms: list[dict[str, str]]) -> None:
    db.session.execute(update(Booking).where(Booking.id == booking.id).values(earlier_rooms=rooms))


def test_who_has_a_whole_has_its_parts_and_each_counts_once(alice: User, room: Room, desk: BookingContext) -> None:
    beds = [beside(room, f"Bed {number}", 30) for number in (1, 2, 3)]
    for bed in beds:
        publish(bed, kind="Bed")
    before = the(of(room)).total.available
    inventory.link_rooms(SYSTEM, room.id, [bed.id for bed in beds])
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.book(acting(alice), order(alice, beds[0], in_days(40, 2)), VISA, desk)
    found = the(of(room))
    assert found.total.available == before * 3 // 4
    assert found.total.sold == 3 * 3 + 2
    assert [(one.key, one.sums.sold, one.sums.revenue) for one in found.kinds] == [("Bed", 11, Decimal(420))]
    assert found.kinds[0].sums.stays == found.total.stays == 2


def test_shares_of_a_whole_add_up_to_it() -> None:
    whole = Sums(0, 9, Decimal("100.00"), 1, 3, 1, 30, 0, 0, 0, Decimal("0.01"), Decimal(0))
    parts = [shared(whole, place, 3, "EUR") for place in range(3)]
    assert sum(parts, Sums()) == whole
    assert sorted(part.revenue or 0 for part in parts) == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]


def test_currencies_are_never_added_up(alice: User, room: Room, desk: BookingContext) -> None:
    yens = a_room(currency="JPY", price_per_night=Decimal(9000), name="Tatami")
    for one in (room, yens):
        bookings.book(acting(alice), order(alice, one), VISA, desk)
    of(room)
    found = figures.get_figures(SYSTEM, FiguresView(period=figures.COMING), RULES)
    assert {one.currency: (one.total.revenue, one.total.sold, len(one.properties)) for one in found.currencies} == {
        "EUR": (Decimal(360), 3, 1),
        "JPY": (Decimal(27000), 3, 1),
    }


def test_pace_is_what_was_confirmed_and_not_cancelled_a_year_ago_today(
    alice: User, room: Room, desk: BookingContext
) -> None:
    """Of four stays of the year before: one was on the books then, one was made later, one cancelled before, one
    cancelled since.
    """
    now = clock.now()
    then = a_year_ago(now)
    day = dt.timedelta(days=1)
    for place, (made, ended) in enumerate(
        [(then - day, None), (then + day, None), (then - 9 * day, then - day), (then - day, then + day)]
    ):
        made_at(bookings.book(acting(alice), order(alice, room, in_days(10 + 5 * place)), VISA, desk), made, ended)
    found = the(of(room))
    assert found.then == OnBooks(6, Decimal(720))
    assert found.before.sold == 6
    assert found.on_books == OnBooks(0, Decimal(0))


@transaction
def made_at(booking: Booking, confirmed: dt.datetime, cancelled: dt.datetime | None) -> None:
    """The same stay a year earlier."""
    back = {name: getattr(booking, name) - dt.timedelta(days=364) for name in ("check_in", "check_out")}
    lines = [{**line, "date": shifted(line["date"])} for line in booking.price_lines]
    values = back | {"price_lines": lines, "confirmed_at": confirmed}
    if cancelled:
        values |= {"status": "CANCELLED", "cancelled_at": cancelled, "kept": 0}
    db.session.execute(update(Booking).where(Booking.id == booking.id).values(values))


def shifted(day: str) -> str:
    return (dt.date.fromisoformat(day) - dt.timedelta(days=364)).isoformat()


def test_lead_time_counts_the_propertys_days(room: Room, booked: Booking) -> None:
    total = the(of(room)).total
    assert total.lead_days == (booked.check_in - RULES.today("Europe/Brussels")).days
    assert total.leads == 1


def test_the_worker_follows_what_happens_and_has_what_the_bookings_say(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(room)
    first = bookings.book(acting(alice), order(alice, room), VISA, desk)
    second = bookings.book(acting(alice), order(alice, room, in_days(40)), VISA, desk)
    assert figures.keep_all(SYSTEM, RULES) == 0, "it may not have settled yet"
    monkeypatch.setattr(keeping, "SETTLED", dt.timedelta(0))
    assert figures.keep_all(SYSTEM, RULES) == 2
    bookings.cancel(SYSTEM, second.id, desk)
    shorter = StayChange(check_out=first.check_out - dt.timedelta(days=1))
    stay_changes.change(SYSTEM, first.id, Agreed(shorter, Decimal(-120)), desk)
    assert figures.keep_all(SYSTEM, RULES) == 2
    followed = kept()
    assert sum(row[6] for row in followed) == 2 + 3
    of(room)
    assert kept() == followed


def test_whoever_comes_too_late_for_the_events_counts_all_anew(room: Room, booked: Booking) -> None:
    of(room)
    forget()
    later(keeping.BEHIND + dt.timedelta(days=1))
    assert figures.keep_all(SYSTEM, RULES) == 1
    assert sum(row[6] for row in kept()) == 3


@transaction
def forget() -> None:
    db.session.query(SoldMonth).delete()


def test_nights_off_sale_are_known_when_their_blocks_are_forgotten(room: Room) -> None:
    month = (clock.now().date() - blocked_nights.SETTLED).replace(day=1)
    add_block(room, month - dt.timedelta(days=3), month + dt.timedelta(days=5))
    figures.keep_blocked(SYSTEM)
    figures.keep_blocked(SYSTEM)
    assert [(one.month, one.nights) for one in db.session.scalars(select(BlockedMonth))] == [(month, 5)]
    end = blocked_nights.next_month(month)
    assert blocked_nights.by_month([room.property_id], month, end) == {(room.id, month): 5}
    without_blocks()
    assert blocked_nights.by_month([room.property_id], month, end) == {(room.id, month): 5}


@transaction
def add_block(room: Room, check_in: dt.date, check_out: dt.date) -> None:
    said = {"reason": "Paint", "source": "staff", "created_by": "system:tests"}
    db.session.add(Block(room_id=room.id, check_in=check_in, check_out=check_out, **said))


@transaction
def without_blocks() -> None:
    db.session.query(Block).delete()


def test_the_desk_sees_how_full_the_house_is_and_no_money(room: Room, booked: Booking) -> None:
    found = of(room, actor=clerk(Role.DESK, room))
    assert not found.sees_money
    assert the(found).total.sold == 3
    assert the(found).total.revenue is the(found).total.lost is the(found).then.revenue is None
    assert the(found).total.adr("EUR") is None
    assert of(room, actor=clerk(Role.MANAGER, room)).sees_money


def test_who_may_see_no_figures_finds_none(alice: User, room: Room) -> None:
    elsewhere = a_room()
    for stranger in (acting(alice), clerk(Role.HOUSEKEEPING, room), clerk(Role.MANAGER, elsewhere)):
        with pytest.raises(NotFound):
            of(room, actor=stranger)
    for somebody in (acting(alice), clerk(Role.MANAGER, room)):
        with pytest.raises(NotFound):
            figures.keep(somebody, RULES)


def test_a_period_that_is_none_is_refused(room: Room) -> None:
    for period in ("1999", "2100", "soon", "-2026", "２０２６"):
        with pytest.raises(Invalid) as refused:
            figures.get_figures(SYSTEM, FiguresView(period=period), RULES)
        assert list(refused.value.details) == ["period"]


def test_until_all_are_counted_it_is_said(room: Room) -> None:
    with_nothing_counted()
    view = FiguresView(property=encode("property", room.property_id))
    assert not figures.get_figures(SYSTEM, view, RULES).is_complete
    assert of(room).is_complete


@transaction
def with_nothing_counted() -> None:
    db.session.query(FiguresProgress).delete()


def test_the_first_count_goes_on_where_its_time_was_over(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for start in (10, 20, 30):
        bookings.book(acting(alice), order(alice, room, in_days(start)), VISA, desk)
    figures.begin_anew(SYSTEM)
    monkeypatch.setattr(keeping, "MOST_BOOKINGS", 1)
    assert [figures.keep_all(SYSTEM, RULES, seconds=0) for _ in range(4)] == [1, 1, 1, 0]
