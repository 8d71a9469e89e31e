"""Demo rooms: enough of them, each believable, the same ones every time."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select, update

from booking import demo
from booking.cli.demo import DEMO_GUEST, DEMO_OWNER
from booking.demo.compose import rooms
from booking.domain import money
from booking.domain.catalogue.importing import RoomDraft, places
from booking.domain.catalogue.importing.amenities import normalised
from booking.domain.maintenance import verification
from booking.domain.people import passwords, users
from booking.domain.tables import Booking, Property, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import SYSTEM, count, today

CITIES = defaultdict[str, list[RoomDraft]](list)
for draft in rooms():
    CITIES[draft.house.location].append(draft)

# Words that promise something, and the amenity that keeps the promise.
PROMISES = {
    r"(?<!hot )\btub\b": "bathtub",
    r"\bhot tub\b": "hot_tub",
    r"\bshower\b": "shower",
    r"^[^.]*\b(?:terrace|deck) (?:has|comes)": "balcony",
    r"\boven\b(?!’)": "oven",
    r"\bkettle\b": "kettle",
    r"\bwashing machine\b": "washer",
    r"\bbarbecue\b": "barbecue",
}


def test_three_hundred_rooms_in_twelve_cities_all_over_the_world() -> None:
    assert len(rooms()) >= 300
    assert len(CITIES) == 12
    assert "tel-aviv" in CITIES
    assert all(24 <= len(found) <= 30 for found in CITIES.values())
    assert len({draft.house.currency for draft in rooms()}) >= 10
    assert len({draft.house.time_zone.partition("/")[0] for draft in rooms()}) >= 5
    assert {0, 2} == {money.decimals(draft.house.currency) for draft in rooms()}


@each("city", CITIES)
def test_every_city_has_rooms_for_every_party_in_several_houses(city: str) -> None:
    found = CITIES[city]
    assert {draft.capacity for draft in found} == set(range(1, 9))
    assert 3 <= len({draft.house.slug for draft in found}) <= 5
    assert len({draft.name for draft in found}) == len(found)
    assert len({draft.description for draft in found}) == len(found)
    assert len({str(draft.cancellation_policy) for draft in found}) == 3
    assert places.location(city) == city


@each("city", CITIES)
def test_a_demo_room_can_be_booked_and_reads_well(city: str) -> None:
    for draft in CITIES[city]:
        can_be_booked(draft)
        reads_well(draft)


def can_be_booked(draft: RoomDraft) -> None:
    assert (draft.min_nights, draft.published, draft.held_back) == (1, True, None)
    assert 30 <= draft.max_nights <= 365
    assert draft.price_per_night is not None
    assert draft.price_per_night == money.rounded(draft.price_per_night, draft.house.currency)
    assert normalised(draft.amenities) == draft.amenities


def reads_well(draft: RoomDraft) -> None:
    assert len(draft.name) <= 60
    assert 200 <= len(draft.description) <= 900
    sentences = re.split(r"(?<=[.!?])\s+", draft.description)
    assert all(sentence[0].isupper() and sentence[-1] in ".!?" for sentence in sentences)
    assert len(set(sentences)) == len(sentences)
    assert "  " not in draft.description


@each("city", CITIES)
def test_a_description_promises_only_what_the_amenities_keep(city: str) -> None:
    broken = [
        (draft.source_id, amenity)
        for draft in CITIES[city]
        for words, amenity in PROMISES.items()
        if re.search(words, draft.description.partition("\n\n")[0]) and amenity not in draft.amenities
    ]
    assert not broken


def test_prices_grow_with_the_party(app: Flask) -> None:
    for found in CITIES.values():
        single = min(draft.price_per_night or 0 for draft in found if draft.capacity == 1)
        large = max(draft.price_per_night or 0 for draft in found if draft.capacity == 8)
        assert single * 2 < large


@transaction
def rename(source_id: str) -> None:
    db.session.execute(update(Room).where(Room.source_id == source_id).values(name="Renamed", published=False))


@transaction
def find(source_id: str) -> Any:
    return db.session.scalars(select(Room).where(Room.source_id == source_id)).one()


def test_loading_twice_adds_nothing_and_keeps_what_was_edited(app: Flask) -> None:
    assert demo.load(SYSTEM) == len(rooms())
    assert (count(Room), count(Property)) == (324, 36)
    rename("tel-aviv-01")
    assert demo.load(SYSTEM) == 0
    assert (find("tel-aviv-01").name, find("tel-aviv-01").published) == ("Renamed", False)


@transaction
def remove(source_id: str) -> None:
    db.session.delete(db.session.scalars(select(Room).where(Room.source_id == source_id)).one())


def test_a_room_that_is_missing_comes_back(app: Flask) -> None:
    demo.load(SYSTEM)
    remove("kyoto-05")
    assert demo.load(SYSTEM) == 1
    assert count(Room) == 324


@pytest.mark.slow
def test_the_command_makes_rooms_and_people_and_can_be_repeated(app: Flask, runner: FlaskCliRunner) -> None:
    first, second = runner.invoke(args=["demo", "load"]), runner.invoke(args=["demo", "load"])
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert re.search(r"324 demo rooms and [1-9][\d,]+ stays added", first.output)
    assert "was there already" in second.output
    assert {
        user.role
        for user in (
            users.with_password(DEMO_GUEST.email, DEMO_GUEST.password),
            users.with_password(DEMO_OWNER.email, DEMO_OWNER.password),
        )
    } == {"guest", "owner"}
    assert count(User) == 3  # and one for everybody else who has stayed in the demo rooms


def test_demo_accounts_never_get_into_production(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = app.extensions["services"]
    monkeypatch.setitem(
        app.extensions, "services", replace(services, settings=replace(services.settings, app_env="production"))
    )
    result = runner.invoke(args=["demo", "load"])
    assert result.exit_code == 1
    assert "does not go into production" in result.output
    assert (count(Room), count(User)) == (0, 0)


def test_demo_passwords_are_fit_for_an_account() -> None:
    for account in (DEMO_GUEST, DEMO_OWNER):
        assert len(account.password) >= 10
        assert not passwords.is_common(account.password)


def test_help_shows_an_example(runner: FlaskCliRunner) -> None:
    assert "flask demo load" in runner.invoke(args=["demo", "load", "--help"]).output


@pytest.mark.slow
def test_the_stays_of_the_demo_agree_with_everything_and_lie_around_today(app: Flask, runner: FlaskCliRunner) -> None:
    runner.invoke(args=["demo", "load"])
    assert verification.verify().findings == []
    first, last = earliest_and_latest()
    day = today()
    latest = day + dt.timedelta(days=62 + 1)  # midnight may pass meanwhile
    assert day - dt.timedelta(days=92) <= first < day < last <= latest


@transaction
def earliest_and_latest() -> tuple[dt.date, dt.date]:
    earliest, latest = db.session.execute(select(func.min(Booking.check_in), func.max(Booking.check_out))).one()
    return earliest, latest
