"""`flask rooms import`: every row goes in or is named; doing it again changes nothing."""

from __future__ import annotations

import gzip
import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain import catalogue
from booking.domain.catalogue.importing import Defaults, recognise, store
from booking.domain.people import audit_log
from booking.domain.tables import Event, Property, Room
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import SYSTEM, a_room, all_at_once, count
from tests.room_files import ANTWERP, BOSTON, LISTING, LISTINGS, Files, listings, needs_listings, ours

pytestmark = pytest.mark.usefixtures("app")


@transaction
def rooms() -> list[Room]:
    return list(db.session.scalars(select(Room).order_by(Room.source_id)))


@transaction
def house() -> Property:
    return db.session.scalars(select(Property)).one()


@transaction
def changed(room: Room, **values: Any) -> None:
    db.session.execute(update(Room).where(Room.id == room.id).values(**values))


@transaction
def room_events() -> list[dict[str, Any]]:
    return list(db.session.scalars(select(Event.payload).where(Event.type == "room.updated").order_by(Event.id)))


def figures(output: str) -> tuple[int, int, int, int, int]:
    """(rows, created, updated, unchanged, bad) of a report, which always add up."""
    found = re.search(
        r"([\d,]+) rows? in .*: ([\d,]+) created, ([\d,]+) updated, ([\d,]+) unchanged, ([\d,]+) bad", output
    )
    assert found, output
    numbers = tuple(int(number.replace(",", "")) for number in found.groups())
    assert numbers[0] == sum(numbers[1:])
    return numbers  # type: ignore[return-value]  # the pattern has five groups


def test_rooms_go_in_and_can_be_booked(files: Files) -> None:
    result = files.import_(listings({}, {"price": ""}, {"minimum_nights": "400", "maximum_nights": "400"}), *ANTWERP)
    assert (result.exit_code, figures(result.output)) == (0, (3, 3, 0, 0, 0))
    assert "1 of them unpublished: no price." in result.output
    assert "1 of them unpublished: shortest stay over 365 nights." in result.output
    assert [room.published for room in rooms()] == [True, False, False]
    assert {(room.location, room.currency, room.cancellation_policy["name"]) for room in rooms()} == {
        ("antwerp", "EUR", "moderate")
    }
    assert count(Property, slug="antwerp", name="Antwerp", time_zone="Europe/Brussels") == 1


@pytest.mark.parametrize("country", ["Belgium", "be"])
def test_a_country_is_asked_for_and_told(files: Files, country: str) -> None:
    assert files.import_(listings({}), *ANTWERP, "--country", country).exit_code == 0
    assert house().address == {"city": "Antwerp", "country": "Belgium"}


def test_a_property_learns_its_country_later_but_never_changes_it(files: Files) -> None:
    files.import_(listings({}), *ANTWERP)
    files.import_(listings({}), *ANTWERP, "--country", "BE", "--dry-run")
    assert "country" not in house().address
    files.import_(listings({}), *ANTWERP, "--country", "BE")
    files.import_(listings({}), *ANTWERP, "--country", "NL")
    assert house().address["country"] == "Belgium"
    learned = [entry for entry in audit_log.entries(SYSTEM) if entry.action == "property.changed"]
    assert [dict(entry.after) for entry in learned] == [{"country": "Belgium"}]


@pytest.mark.slow
def test_an_unknown_country_is_refused_with_the_one_that_was_meant(files: Files) -> None:
    result = files.import_(listings({}), *ANTWERP, "--country", "Belgiun")
    assert result.exit_code == 2
    assert "Did you mean Belgium?" in result.output
    assert rooms() == []


def test_importing_again_changes_nothing(files: Files) -> None:
    files.import_(listings({}, {}), *ANTWERP)
    before = [(room.id, room.version, room.updated_at) for room in rooms()]
    events = count(Event)
    result = files.import_(listings({}, {}), *ANTWERP)
    assert figures(result.output) == (2, 0, 0, 2, 0)
    assert [(room.id, room.version, room.updated_at) for room in rooms()] == before
    assert count(Event) == events


def test_only_what_changed_moves(files: Files) -> None:
    files.import_(listings({}, {}), *ANTWERP)
    first, second = rooms()
    result = files.import_(listings({}, {"price": "$50.00"}), *ANTWERP)
    assert figures(result.output) == (2, 0, 1, 1, 0)
    again_first, again_second = rooms()
    assert (again_first.version, again_first.updated_at) == (1, first.updated_at)
    assert (again_second.version, again_second.price_per_night) == (2, Decimal(50))
    assert again_second.updated_at > second.updated_at


def test_caches_hear_of_new_rooms_once_and_of_each_changed_one(files: Files) -> None:
    files.import_(listings({}, {}, {"price": ""}), *ANTWERP)
    assert [(event["roomId"], event["location"]) for event in room_events()] == [(None, "antwerp")]
    files.import_(listings({"name": "New name"}, {"price": ""}, {"price": "", "name": "Unseen"}), *ANTWERP)
    heard = {event["roomId"] for event in room_events()[1:]}
    assert heard == {encode("room", room.id) for room in rooms()[:2]}


def test_bad_rows_are_named_and_the_others_go_in(files: Files) -> None:
    content = listings({}, {"accommodates": "0"}, {"price": "-6.38", "description": "two\nlines"}, {"name": ""}, {})
    result = files.import_(content, *ANTWERP)
    assert (result.exit_code, figures(result.output)) == (0, (5, 2, 0, 0, 3))
    assert result.stderr.splitlines() == [
        "line 3: accommodates: 0 is not between 1 and 100 (id 2)",
        'line 4: price: "-6.38" is not more than zero (id 3)',
        "line 6: name: is empty (id 4)",
    ]
    assert [room.source_id for room in rooms()] == ["1", "5"]


def test_strict_says_so_and_keeps_the_good_ones(files: Files) -> None:
    assert files.import_(listings({}, {"price": "0"}), *ANTWERP, "--strict").exit_code == 1
    assert count(Room) == 1
    assert files.import_(listings({}), *ANTWERP, "--strict").exit_code == 0


def test_the_second_of_two_rows_with_one_id_is_bad(files: Files) -> None:
    result = files.import_(listings({"id": "7"}, {"id": "7", "name": "Other"}), *ANTWERP)
    assert figures(result.output) == (2, 1, 0, 0, 1)
    assert "line 3: id: line 2 has this id already (id 7)" in result.stderr
    assert [room.name for room in rooms()] == ["Studio near the park"]


def test_a_dry_run_says_the_same_and_keeps_nothing(files: Files) -> None:
    result = files.import_(listings({}, {"price": ""}, {"name": ""}), *ANTWERP, "--dry-run")
    assert figures(result.output) == (3, 2, 0, 0, 1)
    assert "nothing was kept" in result.output
    assert (count(Room), count(Property), count(Event)) == (0, 0, 0)


def test_many_batches_share_one_property(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "IMPORT_BATCH", 3)
    content = listings(*({} for _ in range(10)))
    assert figures(files.import_(content, *ANTWERP, "--dry-run").output) == (10, 10, 0, 0, 0)
    assert figures(files.import_(content, *ANTWERP).output) == (10, 10, 0, 0, 0)
    assert (count(Room), count(Property)) == (10, 1)


def test_a_room_is_never_moved_to_another_city(files: Files) -> None:
    files.import_(listings({}), *ANTWERP)
    result = files.import_(listings({}, {}), *BOSTON)
    assert figures(result.output) == (2, 1, 0, 0, 1)
    assert "line 2: source_id: this room belongs to another property, in antwerp" in result.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--currency", "USD", "--location", "antwerp", "--time-zone", "Europe/Brussels"),
            "its currency is EUR, not USD",
        ),
        (
            ("--currency", "EUR", "--location", "antwerp", "--time-zone", "Asia/Tokyo"),
            "its time zone is Europe/Brussels, not Asia/Tokyo",
        ),
    ],
)
def test_a_property_of_another_currency_or_zone_is_refused(
    files: Files, options: tuple[str, ...], sentence: str
) -> None:
    files.import_(listings({}), *ANTWERP)
    result = files.import_(listings({}, {}), *options)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert count(Room) == 1


def test_a_room_that_staff_took_off_stays_off(files: Files) -> None:
    files.import_(listings({}), *ANTWERP)
    changed(rooms()[0], published=False)
    files.import_(listings({"price": "$99.00"}), *ANTWERP)
    assert (rooms()[0].published, rooms()[0].price_per_night) == (False, Decimal(99))


def test_a_room_is_offered_when_its_price_comes_and_taken_off_when_it_goes(files: Files) -> None:
    files.import_(listings({"price": ""}), *ANTWERP)
    files.import_(listings({}), *ANTWERP)
    assert rooms()[0].published
    files.import_(listings({"price": "NA"}), *ANTWERP)
    assert (rooms()[0].published, rooms()[0].price_per_night) == (False, None)


def test_what_the_file_does_not_say_stays(files: Files) -> None:
    files.import_(listings({}), *ANTWERP)
    policy, images = {"name": "own", "tiers": []}, [{"url": "/x.jpg"}]
    changed(rooms()[0], cancellation_policy=policy, images=images)
    assert figures(files.import_(listings({}), *ANTWERP).output) == (1, 0, 0, 1, 0)
    assert (rooms()[0].cancellation_policy, rooms()[0].images) == (policy, images)


def test_our_own_csv_updates_rooms_that_came_from_nowhere(files: Files) -> None:
    room = a_room(location="antwerp", currency="EUR")
    row = files.export().replace("Room with a view", "Renamed")
    assert figures(files.import_(row).output) == (1, 0, 1, 0, 0)
    assert [(again.id, again.name, again.source) for again in rooms()] == [(room.id, "Renamed", None)]


def test_rows_of_ours_that_say_more_and_less_go_in_together(files: Files) -> None:
    content = ours(
        {"published": "false"}, {"cancellation_policy": "strict"}, {"location": "antwerp"}, {"location": "boston"}
    )
    result = files.import_(content, *ANTWERP)
    assert figures(result.output) == (4, 3, 0, 0, 1)
    assert [(room.published, room.cancellation_policy["name"]) for room in rooms()] == [
        (False, "moderate"), (True, "strict"), (True, "moderate"),
    ]  # fmt: skip
    assert figures(files.import_(content, *ANTWERP).output) == (4, 0, 0, 3, 1)


@pytest.mark.slow
def test_two_imports_at_once_make_each_room_once(app: Flask) -> None:
    layout = recognise(list(LISTING), Defaults("antwerp", "EUR", "Europe/Brussels"))
    drafts = [layout.read({**LISTING, "id": str(number)}, number) for number in range(200)]
    outcomes = all_at_once(app, [lambda: store.put(SYSTEM, drafts), lambda: store.put(SYSTEM, drafts[::-1])] * 2)
    assert sorted(len(outcome.created) for outcome in outcomes) == [0, 0, 0, 200]
    assert sorted(len(outcome.unchanged) for outcome in outcomes) == [0, 200, 200, 200]
    assert (count(Room), count(Property)) == (200, 1)


def test_two_rows_that_disagree_about_their_property(files: Files) -> None:
    house = {"property_slug": "house", "location": "kyoto", "time_zone": "Asia/Tokyo"}
    result = files.import_(ours({**house, "currency": "JPY"}, {**house, "currency": "EUR"}))
    assert figures(result.output) == (2, 1, 0, 0, 1)
    assert "line 3: currency: the property 'house' exists already and its currency is JPY, not EUR" in result.stderr


def test_standard_input_is_a_file_too(files: Files) -> None:
    result = files.runner.invoke(args=["rooms", "import", "-", *ANTWERP], input=gzip.compress(listings({}).encode()))
    assert figures(result.output) == (1, 1, 0, 0, 0)


@pytest.mark.slow
def test_the_rows_before_a_damage_go_in(files: Files) -> None:
    packed = gzip.compress(listings(*({"name": f"Room {n * 7919 % 9973}"} for n in range(2000))).encode())
    result = files.import_(packed[: len(packed) * 3 // 4], *ANTWERP)
    assert result.exit_code == 1
    assert "The file is damaged after line" in result.stderr
    assert figures(result.output)[1] == count(Room) > 1000


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ((), 2, "Add --location, --currency, --time-zone."),
        ((*ANTWERP[:4], "--time-zone", "Brussels"), 2, "Did you mean Europe/Brussels?"),
        ((*ANTWERP, "--property-name", " "), 2, "The property’s name is empty."),
    ],
)
def test_what_is_wrong_with_the_options_is_said(
    files: Files, options: tuple[str, ...], code: int, sentence: str
) -> None:
    result = files.import_(listings({}), *options)
    assert (result.exit_code, count(Room)) == (code, 0)
    assert sentence in result.stderr


def test_a_file_without_the_columns(files: Files) -> None:
    result = files.import_("id,name\n1,x\n", *ANTWERP)
    assert result.exit_code == 1
    assert "Missing columns: description, property_type" in result.stderr


def test_help_shows_an_example(files: Files) -> None:
    for command in ("import", "export"):
        assert f"flask rooms {command} " in files.runner.invoke(args=["rooms", command, "--help"]).output


@pytest.mark.slow
@needs_listings
@pytest.mark.parametrize(
    ("city", "options", "total", "without_price"),
    [("antwerp", ANTWERP, 2870, 424), ("boston", BOSTON, 4325, 782)],
)
def test_every_row_of_a_real_file_goes_in(
    files: Files, city: str, options: tuple[str, ...], total: int, without_price: int
) -> None:
    path = LISTINGS / f"{city}_listings.csv.gz"
    result = files.import_(path, *options, "--strict")
    assert (result.exit_code, figures(result.output)) == (0, (total, total, 0, 0, 0))
    assert f"{without_price} of them unpublished: no price." in result.output
    assert count(Room, published=True) == total - without_price
    again = files.import_(path, *options)
    assert figures(again.output) == (total, 0, 0, total, 0)
    assert figures(files.import_(files.export().encode()).output) == (total, 0, 0, total, 0)
