"""The projection says of every night and stay what the function says: totals in SQL are quotes, limits are refusals."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import Table, select, text

from booking.domain import messages, pricing
from booking.domain.errors import Invalid
from booking.domain.pricing import rate_editing
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.search import find_rooms
from booking.domain.search.inputs import RoomSearch
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import RateDecision, Room, RoomCalendar, StayTerms, TermsMonth
from booking.infra.clock import sql_now
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from booking.jobs import rates
from tests.cases import each
from tests.cast import SYSTEM, a_room, beside, blocked, count, in_days, later, today

pytestmark = pytest.mark.slow
RULES = StayRules()


def add(room: Room, kind: str, /, **said: Any) -> None:
    where = {
        name: said.pop(name) for name in ("roomKind", "roomId", "from", "to", "weekdays", "priority") if name in said
    }
    name = said.pop("name", f"A {kind}")
    rule = RateInput.model_validate({"kind": kind, "name": name, "terms": said, **where})
    rate_editing.add(SYSTEM, room.property_id, rule)


def a_years_rates(room: Room) -> None:
    """One of each kind, as a small hotel has them."""
    day = today() + dt.timedelta(days=20)
    add(room, "price", percent="133.33", **{"from": day, "to": day + dt.timedelta(days=40)})
    add(room, "price", amount=333, **{"from": day + dt.timedelta(days=5), "to": day + dt.timedelta(days=5)})
    add(room, "adjust", percent="17.5", weekdays=[5, 6])
    add(room, "guests", included=2, extra="19.99", fewer=10)
    add(room, "length", steps=[{"nights": 3, "percent": "7.5"}, {"nights": 7, "percent": 15}])
    add(room, "early_bird", days=60, percent=10)
    add(room, "last_minute", days=3, percent="12.5")
    add(room, "min_nights", nights=2, weekdays=[5])
    add(room, "max_nights", nights=9)
    add(room, "closed_to_arrival", weekdays=[7])
    add(room, "closed_to_departure", weekdays=[6])
    add(room, "notice", days=1)
    add(room, "horizon", days=200)


def fees_and_taxes(room: Room) -> None:
    """Of each kind that adds to a total, and one that does not."""
    add(room, "fee", name="Cleaning", amount="45.50", per="stay")
    add(room, "fee", name="Linen", amount="6.25", per="guest")
    add(room, "tax", name="City", amount="3.75", per="guest_night", nights=5)
    add(room, "tax", name="City from autumn", amount="1.25", per="night", **{"from": today() + dt.timedelta(days=90)})
    add(room, "tax", name="Sales", percent="8.875", of="all")
    add(room, "tax", name="Levy", percent="5.0001", nights=7)
    add(room, "tax", name="VAT", percent=20, of="all", included=True)


@reading
def asked(room: Room, stay: Stay, guests: int, children: Sequence[int] = ()) -> tuple[bool, Decimal] | None:
    """What a search's statement says of a rated room; None of one without rules."""
    by_age = bool(children)
    rates = pricing.sets_of_terms(in_one_place=False, for_totals=True, by_age=by_age)
    rooms = cast(Table, Room.__table__)
    found = pricing.rated_total(rooms, Room, rates, by_age=by_age)
    query = select(pricing.fits_rates(rates), found.amount).select_from(found.source).where(rooms.c.id == room.id)
    fits, total = db.session.execute(query, pricing.stay_values(stay, guests, children)).one()
    return None if total is None else (fits, total)


@reading
def asked_before(room: Room, stay: Stay, guests: int) -> tuple[bool, Decimal] | None:
    """What the version before reads of the same room."""
    values = {"room": room.id, "first": stay.check_in, "end": stay.check_out, "guests": guests}
    at = db.session.scalar(select(sql_now()))
    query = text("SELECT fits, total FROM stay_rates(:room, :first, :end, :guests, :at)")
    row = db.session.execute(query, values | {"at": at}).one_or_none()
    return (row.fits, row.total / 100) if row else None


def quoted(room: Room, stay: Stay, guests: int, children: Sequence[int] = ()) -> tuple[bool, Decimal]:
    """What a checkout says."""
    sold = reading(pricing.for_sale)(room.id)
    total = pricing.quote(sold, stay, guests, sold.read_at, children=children).total
    return not sold.rule_problems(stay), total


def test_sql_counts_children_by_age_as_the_function_does(app: Flask, room: Room) -> None:
    """Bands of ages, of which two are of one; fees and taxes from an age on, and up to a cap; fewer guests than nights
    are for.
    """
    bands = [{"age": 2, "amount": 0}, {"age": 11, "amount": "7.77"}, {"age": 11, "amount": 9}, {"age": 5, "amount": 3}]
    add(room, "guests", included=2, extra="19.99", fewer=10, children=bands)
    add(room, "fee", name="Linen", amount="6.25", per="guest", fromAge=3)
    add(room, "fee", name="Pet", amount=15, optional=True)
    add(room, "tax", name="City", amount="3.75", per="guest_night", nights=5, fromAge=12, cap="12.50")
    add(room, "fee", name="Heating", amount=4, per="night", cap=21)
    add(room, "tax", name="Sales", percent="8.875", of="all", cap=70)
    pricing.rebuild_rates(room.property_id, RULES)
    chance, first, seen = random.Random(7), today() + dt.timedelta(days=3), set[Decimal]()
    for _ in range(150):
        day = first + dt.timedelta(days=chance.randrange(60))
        stay = Stay(day, day + dt.timedelta(days=chance.randint(1, 9)))
        guests = chance.randint(1, 6)
        children = sorted(chance.randrange(18) for _ in range(chance.randint(0, guests)))
        assert asked(room, stay, guests, children) == quoted(room, stay, guests, children), (stay, guests, children)
        seen.add(quoted(room, stay, guests, children)[1])
    assert len(seen) > 100


def test_sql_adds_up_what_the_function_quotes_and_lets_be_what_it_lets_be(app: Flask, room: Room) -> None:
    """Over the ends of months and years, and for fewer guests than some nights are worth."""
    a_years_rates(room)
    cheap = beside(room, "Cheap", 9)
    pricing.rebuild_rates(room.property_id, RULES)
    chance, fitting, for_nothing = random.Random(14), 0, 0
    for number in range(60):
        stay, guests = in_days(chance.randint(0, 400), chance.choice([1, 2, 3, 5, 8, 40])), chance.randint(1, 4)
        for one in (room, cheap):
            found = asked(one, stay, guests)
            assert found == quoted(one, stay, guests), (one.name, stay)
            if number % 5 == 0:
                assert found == asked_before(one, stay, guests), (one.name, stay)
            fitting += found is not None and found[0]
            for_nothing += found is not None and not found[1]
    assert 5 < fitting < 115
    assert for_nothing > 0


def test_a_stay_over_the_end_of_a_year_is_added_up(app: Flask, room: Room) -> None:
    a_years_rates(room)
    pricing.rebuild_rates(room.property_id, RULES)
    end = dt.date(today().year + 1, 12, 28)
    for nights in (3, 4, 5, 40):
        stay = Stay(end, end + dt.timedelta(days=nights))
        assert asked(room, stay, 2) == quoted(room, stay, 2)


@transaction
def written_by_the_version_before(room: Room, terms_id: int) -> None:
    """100 a night and 10 % off from three nights on, in its tables; nobody may leave on the 15th."""
    values = {"room": room.id, "terms": terms_id}
    for table in ("room_calendar", "rate_terms"):
        db.session.execute(text(f"DELETE FROM {table} WHERE room_id = :room"), values)
    db.session.execute(
        text(
            "INSERT INTO room_calendar (room_id, month, version, prices, terms, departures)"
            " SELECT :room, month, 1, array_fill(10000::bigint, ARRAY[31]), array_fill(0::smallint, ARRAY[31]),"
            " (SELECT array_agg(day <> 15) FROM generate_series(1, 31) day)"
            " FROM generate_series(date_trunc('month', now()), now() + interval '3 years', interval '1 month') month"
        ),
        values,
    )
    db.session.execute(
        text(
            "INSERT INTO rate_terms (room_id, number, time_zone, min_nights, max_nights, closed_to_arrival,"
            " notice_days, horizon_days, by_guests, length_nights, length_percents, early_days, early_percent,"
            " late_days, late_percent)"
            " VALUES (:room, 0, 'UTC', 1, 9, false, 0, 300, '{0,500}', '{3}', '{10}', 99999, 0, -1, 0)"
        ),
        values,
    )
    db.session.execute(text("UPDATE rooms SET rated = true, terms_id = :terms WHERE id = :room"), values)


@each("terms_id", [-1, None])
def test_what_the_version_before_has_written_is_searched_until_it_is_rebuilt(
    app: Flask, room: Room, terms_id: int | None
) -> None:
    """After the migration, and where a worker of the version before has come again after this one's."""
    add(room, "price", amount=200)
    pricing.rebuild_rates(room.property_id, RULES)
    written_by_the_version_before(room, terms_id or _terms_of(room))
    first = (in_days(40).check_in.replace(day=1) + dt.timedelta(days=32)).replace(day=3)
    stay = Stay(first, first + dt.timedelta(days=4))
    assert asked(room, stay, 2) == (True, Decimal(378))
    for sort in (None, "price"):
        [found] = find_rooms(_wanted(stay, capacity=2, currency="EUR", sort=sort), RULES, 0).rooms
        assert found.total == 378
    assert find_rooms(_wanted(stay, capacity=2, currency="EUR", maxPrice=94, pageSize=1), RULES, 0).total == 0
    if terms_id:
        closed = Stay(first, first.replace(day=15))
        assert find_rooms(_wanted(Stay(first.replace(day=12), closed.check_out)), RULES, 0).total == 0
    assert pricing.rates_behind(RULES) == [room.property_id]
    rates.keep(SYSTEM)
    assert asked(room, stay, 2) == (True, Decimal(800))
    assert pricing.rates_behind(RULES) == []


@reading
def _terms_of(room: Room) -> int:
    return db.session.scalars(select(Room.terms_id).where(Room.id == room.id)).one()


def test_rooms_with_the_same_rules_share_their_terms_and_none_are_left_over(app: Flask, room: Room) -> None:
    twin, patient = beside(room, "Twin", 60), beside(room, "Patient", 60)
    _hold_longer(patient)
    add(room, "min_nights", nights=3, weekdays=[5])
    pricing.rebuild_rates(room.property_id, RULES)
    assert _terms_of(room) == _terms_of(twin) != _terms_of(patient)
    assert count(StayTerms) == 4
    add(room, "price", amount=99)
    pricing.rebuild_rates(room.property_id, RULES, [twin.id])
    assert _terms_of(room) == _terms_of(twin)  # another price, the same terms
    for rule in rate_editing.of_property(SYSTEM, room.property_id):
        rate_editing.end(SYSTEM, rule.rule_id)
    pricing.rebuild_rates(room.property_id, RULES)
    assert [_terms_of(one) for one in (room, twin, patient)] == [0, 0, 0]
    assert count(StayTerms) == count(TermsMonth) == count(RoomCalendar) == 0


@transaction
def _hold_longer(room: Room) -> None:
    db.session.get_one(Room, room.id).min_nights = 2


def test_sql_adds_fees_and_taxes_as_the_function_does(app: Flask, room: Room) -> None:
    """Also where a house has nothing else, and to prices with a third decimal of a cent beside them."""
    alone = a_room(name="Alone", price_per_night=Decimal("33.33"))
    for one in (room, alone):
        fees_and_taxes(one)
    a_years_rates(room)
    for one in (room, alone):
        pricing.rebuild_rates(one.property_id, RULES)
    chance = random.Random(14)
    for _ in range(120):
        stay, guests = in_days(chance.randint(0, 150), chance.choice([1, 2, 3, 5, 7, 8, 30])), chance.randint(1, 4)
        for one in (room, alone):
            assert asked(one, stay, guests) == quoted(one, stay, guests), stay


def test_a_search_finds_what_can_be_had_by_its_total(app: Flask, room: Room) -> None:
    a_years_rates(room)
    fees_and_taxes(room)
    cheap = beside(room, "Small", 60)
    other = a_room(name="Elsewhere", price_per_night=Decimal(150))
    for one in (room, other):
        pricing.rebuild_rates(one.property_id, RULES)
    for start in range(1, 60, 7):
        for nights in (1, 3, 7):
            stay = in_days(start, nights)
            expected = {}
            for one in (room, cheap, other):
                fits, total = quoted(one, stay, 3)
                if fits:
                    expected[encode("room", one.id)] = total
            for sort in (None, "price", "-price"):
                asked_for = {"location": "antwerp", "capacity": 3, "sort": sort}
                found = find_rooms(_wanted(stay, **asked_for), RULES, 0)
                assert {item.id: item.total for item in found.rooms} == expected
                assert found.total == len(expected)
                if sort:
                    totals = [item.total for item in found.rooms]
                    assert totals == sorted(totals, reverse=sort == "-price")
            most = sorted(expected.values())[0] / nights if expected else Decimal(1)
            limited = find_rooms(_wanted(stay, location="antwerp", capacity=3, maxPrice=str(round(most, 3))), RULES, 0)
            assert limited.total == sum(total <= round(most, 3) * nights for total in expected.values())


def _wanted(stay: Stay, **said: Any) -> RoomSearch:
    dates = {"checkIn": stay.check_in, "checkOut": stay.check_out}
    return RoomSearch.model_validate({**dates, **{name: value for name, value in said.items() if value is not None}})


def test_the_worker_follows_each_change_and_forgets_where_no_rule_is_left(app: Flask, room: Room) -> None:
    add(room, "price", amount=200)
    [rule] = rate_editing.of_property(SYSTEM, room.property_id)
    _work()
    stay = in_days(3, 2)
    assert asked(room, stay, 2) == (True, Decimal(400))
    assert find_rooms(_wanted(stay), RULES, 0).rooms[0].total == 400
    rate_editing.end(SYSTEM, rule.rule_id)
    _work()
    assert asked(room, stay, 2) is None
    assert count(RoomCalendar) == 0
    assert find_rooms(_wanted(stay), RULES, 0).rooms[0].total == 240


def _work() -> None:
    _, work = messages.relay_events(offered=True)
    rates.refresh([event_id for consumer, event_id in work if consumer == rates.RATES])
    assert messages.outbox_figures()["rates_waiting"] == messages.outbox_figures()["rates_running"] == 0


def test_months_follow_the_calendar(app: Flask, room: Room) -> None:
    add(room, "price", amount=200)
    pricing.rebuild_rates(room.property_id, RULES)
    assert pricing.rates_behind(RULES) == []
    later(dt.timedelta(days=40))
    assert pricing.rates_behind(RULES) == [room.property_id]
    rates.keep(SYSTEM)
    assert pricing.rates_behind(RULES) == []
    assert asked(room, in_days(RULES.horizon_days, 300), 2) == (False, Decimal(60_000))


def test_a_change_that_nobody_told_is_found(app: Flask, room: Room) -> None:
    add(room, "price", amount=200)
    assert pricing.rates_behind(RULES) == [room.property_id]
    pricing.rebuild_rates(room.property_id, RULES)
    assert pricing.rates_behind(RULES) == []
    add(room, "adjust", amount=50)
    assert pricing.rates_behind(RULES) == [room.property_id]


@each("fits, refused", [(1, True), (3, False)])
def test_what_rules_refuse_is_refused_by_field_at_a_checkout(app: Flask, room: Room, fits: int, refused: bool) -> None:
    if not rate_editing.of_property(SYSTEM, room.property_id):
        add(room, "min_nights", nights=3)
    if refused:
        with pytest.raises(Invalid) as refusal:
            pricing.quote_stay(room.id, in_days(5, fits), 2, RULES)
        assert refusal.value.details["checkOut"].params == {"least": 3, "rule": "A min_nights"}
    else:
        assert pricing.quote_stay(room.id, in_days(5, fits), 2, RULES).price.total == 360


def test_decisions_follow_occupancy_and_are_kept_with_their_inputs(app: Flask, room: Room) -> None:
    for name in ("Two", "Three", "Four"):
        beside(room, name, 100)
    steps = [{"occupancy": 0, "percent": -10}, {"occupancy": 50, "percent": 30}]
    add(room, "dynamic", steps=steps, floor=-10, ceiling=20, step=15, ahead=5)
    tonight = RULES.today("Europe/Brussels")  # the house's: after midnight it is still the night before's for a while
    stay = Stay(tonight, tonight + dt.timedelta(days=6))
    blocked(room, Stay(tonight + dt.timedelta(days=2), tonight + dt.timedelta(days=3)))
    assert pricing.decide_rates(SYSTEM, RULES) == 6
    assert [line.amount for line in pricing.quote_stay(room.id, stay, 2, RULES).price.lines] == [108] * 6
    assert pricing.decide_rates(SYSTEM, RULES) == 0
    kept = db.session.query(RateDecision).order_by(RateDecision.night).all()
    assert kept[0].inputs == {"occupancy": 0, "daysAhead": 0, "previous": "0", "wanted": "-10"}


def test_a_change_rebuilds_the_rooms_that_it_is_for_and_the_others_are_known_to_be_right(room: Room) -> None:
    """Of a thousand rooms one that costs something else for a night is not worth rebuilding all."""
    rooms = [room, *(beside(room, f"Room {number}", 90 + number) for number in range(3))]
    add(room, "price", amount=200, **{"from": today() + dt.timedelta(days=5), "to": today() + dt.timedelta(days=9)})
    add(room, "min_nights", nights=2)
    pricing.rebuild_rates(room.property_id, RULES)
    before = _written()
    add(room, "price", amount=77, roomId=rooms[2].id, priority=5)
    add(room, "max_nights", nights=4, roomId=rooms[3].id)
    assert room.property_id in pricing.rates_behind(RULES)
    pricing.follow_rates(room.property_id, RULES)
    assert room.property_id not in pricing.rates_behind(RULES)
    after = _written()
    assert [before[one.id] == after[one.id] for one in rooms] == [True, True, False, False]
    _expect_quotes(rooms)
    pricing.follow_rates(room.property_id, RULES, [rooms[0].id])
    again = _written()
    assert [again[one.id] == after[one.id] for one in rooms] == [False, True, True, True]
    rate_editing.end(SYSTEM, rate_editing.of_property(SYSTEM, room.property_id)[0].rule_id)
    pricing.follow_rates(room.property_id, RULES)
    _expect_quotes(rooms)


@reading
def _written() -> dict[Any, str]:
    """When the first month of each room was written, as Postgres counts it."""
    rows = db.session.execute(text("SELECT DISTINCT ON (room_id) room_id, ctid FROM room_calendar ORDER BY 1, month"))
    return {row.room_id: row.ctid for row in rows}


def _expect_quotes(rooms: Sequence[Room]) -> None:
    for one in rooms:
        for first in (4, 8, 30):
            stay = in_days(first, 3)
            assert asked(one, stay, 2) == quoted(one, stay, 2), (one.name, first)
