"""Properties and rooms made, changed, copied, published and archived by whoever runs them."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.domain import catalogue, inventory, people
from booking.domain.actors import Actor, Membership, Role
from booking.domain.catalogue import NewRooms, PropertyDetails, PropertyEdit, RoomDetails, RoomEdit
from booking.domain.catalogue.cancellation_policies import STRICT
from booking.domain.errors import Forbidden, Invalid, NotFound, RoomNotFound
from booking.domain.inputs import accept
from booking.domain.inventory import closing
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Event, Property, Room, User
from booking.infra import cache, clock
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, in_days, later, order, today

pytestmark = pytest.mark.slow

ATTIC = {"name": "Attic", "capacity": "2", "pricePerNight": "99.50", "beds": "1 double, 2 singles", "sizeM2": "24"}
PIER = {"name": "Pier House", "city": "Oslo", "country": "NO", "timeZone": "Europe/Oslo", "currency": "nok"}


def room_of(**said: Any) -> RoomDetails:
    return accept(RoomDetails, ATTIC | said, strict=False)


def edited(room: Room, **said: Any) -> RoomEdit:
    whole: dict[str, Any] = {
        "name": room.name,
        "capacity": room.capacity,
        "pricePerNight": room.price_per_night,
        "minNights": 1,
    }
    whole |= {"maxNights": 30, "amenities": list(room.amenities), "version": room.version}
    return accept(RoomEdit, whole | said, strict=False)


def pier(**said: Any) -> PropertyDetails:
    return accept(PropertyDetails, PIER | said, strict=False)


def kept(house: Property, **said: Any) -> PropertyEdit:
    whole: dict[str, Any] = {"name": house.name, "slug": house.slug, "city": "Antwerp", "location": house.location}
    whole |= {"timeZone": house.time_zone, "currency": house.currency, "version": house.version}
    return accept(PropertyEdit, whole | said, strict=False)


def by(role: Role, property_id: uuid.UUID | None = None) -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(role, property_id),), uuid.uuid4())


@reading
def row(model: Any, key: uuid.UUID) -> Any:
    return db.session.get_one(model, key)


def told_of(subject: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [(one.action, dict(one.before), dict(one.after)) for one in people.audit_entries(SYSTEM, subject=subject)]


@reading
def events() -> list[dict[str, Any]]:
    return [one.payload for one in db.session.query(Event).filter_by(type="room.updated").order_by(Event.id)]


# --- properties


def test_a_property_is_made_with_names_for_addresses_that_follow_from_its_own(app: Flask) -> None:
    first, second = (row(Property, catalogue.add_property(SYSTEM, pier())) for _ in range(2))
    assert (first.slug, second.slug, first.location) == ("pier-house", "pier-house-2", "oslo")
    assert (first.currency, first.legal_name, first.address) == (
        "NOK",
        "Pier House",
        {"city": "Oslo", "country": "Norway"},
    )
    [(action, _, after)] = told_of(encode("property", first.id))
    assert (action, after["check_in_time"], after["time_zone"]) == ("property.created", "15:00", "Europe/Oslo")


@each(
    "said, field",
    [
        ({"city": "תל אביב"}, "location"),
        ({"slug": "pier-house"}, "slug"),
        ({"slug": "Pier House"}, "slug"),
        ({"timeZone": "Oslo"}, "timeZone"),
        ({"currency": "DEM"}, "currency"),
        ({"country": "Atlantis"}, "country"),
        ({"latitude": "59.9"}, "longitude"),
        ({"longitude": "10.7", "latitude": "north"}, "latitude"),
        ({"contactPhone": "call me"}, "contactPhone"),
        ({"checkInTime": "3 pm"}, "checkInTime"),
        ({"name": " "}, "name"),
    ],
)
def test_what_is_wrong_with_a_property_is_said_of_its_field(app: Flask, said: dict[str, str], field: str) -> None:
    if field == "slug":
        row(Property, catalogue.add_property(SYSTEM, pier()))
    with pytest.raises(Invalid) as refused:
        catalogue.add_property(SYSTEM, pier(**said))
    assert list(refused.value.details) == [field]


def test_degrees_may_have_a_comma(app: Flask) -> None:
    made = row(Property, catalogue.add_property(SYSTEM, pier(latitude="59,913", longitude="10.75")))
    assert (made.address["latitude"], made.address["longitude"]) == (59.913, 10.75)


def test_a_property_is_changed_in_the_place_of_what_was_seen_and_its_rooms_are_told_of(room: Room) -> None:
    house = row(Property, room.property_id)
    wanted = kept(
        house, name="Quay House", houseRules="No parties.\r\n\r\nQuiet from 22:00.", contactPhone="+32 3 123 45 67"
    )
    assert catalogue.get_room_details(room.id, 300)["property"]["name"] == house.name
    assert catalogue.edit_property(by(Role.MANAGER, house.id), house.id, wanted) == 2
    assert catalogue.edit_property(SYSTEM, house.id, wanted) == 2  # sent twice
    with pytest.raises(catalogue.PropertyModified):
        catalogue.edit_property(SYSTEM, house.id, kept(house, name="Another"))
    assert catalogue.get_room_details(room.id, 300)["property"]["name"] == "Quay House"
    [told] = events()
    assert (told["propertyId"], told["location"]) == (encode("property", house.id), "antwerp")
    [(action, before, after)] = told_of(encode("property", house.id))
    assert (action, before["name"], after["house_rules"]) == (
        "property.changed", house.name, "No parties.\n\nQuiet from 22:00.",
    )  # fmt: skip


def test_prices_and_nights_hold_currency_zone_and_place_fast(room: Room) -> None:
    house = row(Property, room.property_id)
    for field, said in {"currency": "USD", "timeZone": "Europe/Paris", "location": "ghent"}.items():
        with pytest.raises(Invalid) as refused:
            catalogue.edit_property(SYSTEM, house.id, kept(house, **{field: said}))
        assert [(name, one.code) for name, one in refused.value.details.items()] == [(field, "fixed_by_rooms")]
    empty = row(Property, catalogue.add_property(SYSTEM, pier()))
    catalogue.edit_property(SYSTEM, empty.id, kept(empty, city="Oslo", currency="EUR"))
    assert row(Property, empty.id).currency == "EUR"


def test_beds_are_read_as_they_are_written() -> None:
    all_of_them = [{"type": kind, "count": number} for number, kind in enumerate(catalogue.BED_TYPES, 1)]
    assert catalogue.read_beds(catalogue.written_beds(all_of_them)) == all_of_them
    assert catalogue.read_beds("1 sofa bed, 2 sofas; 1 x king bed") == catalogue.read_beds("3 sofa_beds, 1 king")


def test_rooms_that_are_alike_are_made_in_one_go_or_not_at_all(room: Room) -> None:
    def alike(**said: Any) -> NewRooms:
        return accept(NewRooms, ATTIC | {"units": "3", "firstNumber": "9"} | said, strict=False)

    with pytest.raises(NotFound):
        catalogue.add_rooms(by(Role.DESK, room.property_id), room.property_id, alike())
    for bad in ({"units": "0"}, {"units": "201"}, {"firstNumber": "-1"}):
        with pytest.raises(Invalid):
            alike(**bad)
    made = catalogue.add_rooms(by(Role.MANAGER, room.property_id), room.property_id, alike())
    found = catalogue.units_beside(SYSTEM, made)
    assert found
    assert (found.name, [one.name for one in found.units]) == ("Attic", ["Attic 9", "Attic 10", "Attic 11"])
    assert {(one.published, one.price_per_night, one.size_m2) for one in found.units} == {(False, Decimal("99.50"), 24)}
    with pytest.raises(NotFound):
        catalogue.publish_units(by(Role.DESK, room.property_id), made)
    inventory.archive_room(SYSTEM, found.units[1].id, rules=StayRules())
    assert [catalogue.publish_units(SYSTEM, found.units[2].id) for _ in range(2)] == [2, 0]
    assert [row(Room, one.id).published for one in found.units] == [True, False, True]
    for refused in (alike(), alike(name="x" * 254)):  # the name is taken; with its number, it is too long
        with pytest.raises(Invalid) as said:
            catalogue.add_rooms(SYSTEM, room.property_id, refused)
        assert list(said.value.details) == ["name"]
    assert len(catalogue.own_rooms(SYSTEM, room.property_id)) == 4
    single = catalogue.add_rooms(SYSTEM, room.property_id, alike(units="1", name="Cellar"))
    assert (row(Room, single).name, catalogue.units_beside(SYSTEM, single)) == ("Cellar", None)
    assert (catalogue.publish_units(SYSTEM, single), row(Room, single).published) == (1, True)


def test_who_may_do_what_with_a_house(room: Room) -> None:
    house, elsewhere = row(Property, room.property_id), a_room()
    strangers = [by(Role.DESK, house.id), by(Role.HOUSEKEEPING, house.id), by(Role.OWNER, elsewhere.property_id)]
    for one in strangers:
        with pytest.raises(NotFound):
            catalogue.edit_property(one, house.id, kept(house, name="Mine"))
        with pytest.raises(NotFound):
            catalogue.edit_room(one, room.id, edited(room, name="Mine"))
        with pytest.raises(NotFound):
            catalogue.add_room(one, house.id, room_of())
        with pytest.raises(NotFound):
            inventory.archive_room(one, room.id, rules=StayRules())
        with pytest.raises(Forbidden):
            catalogue.add_property(one, pier())
    assert catalogue.get_own_room(strangers[0], room.id).can_edit is False
    with pytest.raises(RoomNotFound):
        catalogue.get_own_room(strangers[1], room.id)
    assert [one.house.id for one in catalogue.own_properties(strangers[0])] == [house.id]


# --- rooms


def test_a_room_is_made_unseen_then_published_and_found(room: Room) -> None:
    made = catalogue.add_room(by(Role.MANAGER, room.property_id), room.property_id, room_of(moreAmenities="x"))
    new = row(Room, made)
    assert (new.name, new.price_per_night, new.size_m2, new.published) == ("Attic", Decimal("99.50"), 24, False)
    assert new.beds == [{"type": "single", "count": 2}, {"type": "double", "count": 1}]
    with pytest.raises(RoomNotFound):
        catalogue.get_room_details(made, 0)
    assert events() == []
    assert catalogue.publish_room(SYSTEM, made, seen_version=1) == catalogue.publish_room(SYSTEM, made) == 2
    assert catalogue.get_room_details(made, 0)["name"] == "Attic"
    assert [one["roomId"] for one in events()] == [encode("room", made)]
    assert [action for action, *_ in told_of(encode("room", made))] == ["room.changed", "room.created"]


@each(
    "said, field",
    [
        ({"pricePerNight": "99.999"}, "pricePerNight"),
        ({"pricePerNight": "-1"}, "pricePerNight"),
        ({"beds": "3 hammocks"}, "beds"),
        ({"beds": "51 single"}, "beds"),
        ({"capacity": "0"}, "capacity"),
        ({"minNights": "8", "maxNights": "7"}, "maxNights"),
        ({"minNights": "31"}, "maxNights"),
        ({"cancellationPolicy": "never"}, "cancellationPolicy"),
        ({"sizeM2": "0"}, "sizeM2"),
        ({"name": "\u2800"}, "name"),
    ],
)
def test_what_is_wrong_with_a_room_is_said_of_its_field(room: Room, said: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        catalogue.add_room(SYSTEM, room.property_id, room_of(**said))
    assert list(refused.value.details) == [field]


def test_a_room_is_changed_in_the_place_of_what_was_seen(room: Room) -> None:
    catalogue.get_room_details(room.id, 300)
    wanted = edited(room, name="Loft", pricePerNight="130", amenities=["wifi", "Sea View"], cancellationPolicy="strict")
    assert catalogue.edit_room(SYSTEM, room.id, wanted) == catalogue.edit_room(SYSTEM, room.id, wanted) == 2
    with pytest.raises(catalogue.RoomModified):
        catalogue.edit_room(SYSTEM, room.id, edited(room, name="Attic"))
    seen = catalogue.get_room_details(room.id, 300)
    assert (seen["name"], seen["amenities"], seen["cancellationPolicy"]) == ("Loft", ["wifi", "sea_view"], STRICT)
    [(_, before, after)] = told_of(encode("room", room.id))
    assert (before["price_per_night"], after["price_per_night"], after["name"]) == ("120", "130", "Loft")
    with pytest.raises(catalogue.RoomNotReady):  # published, and nothing to sell it for
        catalogue.edit_room(SYSTEM, room.id, edited(room, pricePerNight=None, version=2))


def test_of_two_who_save_at_once_one_is_told(app: Flask, room: Room) -> None:
    acts = [partial(catalogue.edit_room, SYSTEM, room.id, edited(room, name=name)) for name in ("A", "B", "C")]
    results = all_at_once(app, list(acts))
    assert sorted(type(one).__name__ for one in results) == ["RoomModified", "RoomModified", "int"]


def test_a_copy_is_a_room_of_its_own(room: Room) -> None:
    copied = row(Room, catalogue.copy_room(SYSTEM, room.id, "Twin of it"))
    assert (copied.name, copied.price_per_night, copied.published) == ("Twin of it", room.price_per_night, False)
    assert (copied.source, copied.version, copied.amenities) == (None, 1, room.amenities)


def test_all_that_are_ready_are_published_with_one_press_and_get_one_policy(room: Room) -> None:
    catalogue.unpublish_room(SYSTEM, room.id)
    catalogue.add_room(SYSTEM, room.property_id, room_of(pricePerNight=None))
    assert catalogue.publish_rooms(SYSTEM, room.property_id) == (1, 1)
    assert catalogue.publish_rooms(SYSTEM, room.property_id) == (0, 1)
    assert catalogue.set_cancellation_policy(SYSTEM, room.property_id, "strict") == 2
    assert catalogue.set_cancellation_policy(SYSTEM, room.property_id, "strict") == 0
    with pytest.raises(Invalid):
        catalogue.set_cancellation_policy(SYSTEM, room.property_id, "never")


# --- archiving


def test_a_room_in_which_somebody_will_stay_is_not_archived(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    with pytest.raises(inventory.StillInUse) as refused:
        inventory.archive_room(SYSTEM, room.id, rules=StayRules(), seen_version=1)
    assert refused.value.params == {"stays": 1, "first": booked.check_in}
    with pytest.raises(inventory.StillInUse):
        inventory.archive_property(SYSTEM, room.property_id, rules=StayRules(), seen_version=1)
    assert row(Room, room.id).published
    bookings.cancel(SYSTEM, booked.id, desk)
    inventory.archive_room(SYSTEM, room.id, rules=StayRules(), seen_version=1)
    inventory.archive_room(SYSTEM, room.id, rules=StayRules(), seen_version=1)  # pressed twice
    archived = row(Room, room.id)
    assert (archived.published, archived.archived_at is not None, archived.version) == (False, True, 2)
    assert inventory.room_states(SYSTEM, StayRules(), room.property_id) == []
    catalogue.publish_room(SYSTEM, room.id, seen_version=2)
    assert [one.room_id for one in inventory.room_states(SYSTEM, StayRules(), room.property_id)] == [room.id]


def test_nobody_buys_a_night_of_a_room_at_the_moment_at_which_it_is_archived(
    app: Flask, alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody stays there as the room is looked at; somebody wants to before it is archived."""
    looked, sold = closing._refuse_in_use, list[Any]()
    buying = partial(bookings.book, acting(alice), order(alice, room), VISA, desk)
    guest = threading.Thread(target=lambda: sold.extend(all_at_once(app, [buying])))

    def then_somebody_comes(which: Any, rules: StayRules) -> None:
        looked(which, rules)
        if not guest.ident:
            guest.start()
            guest.join(0.4)  # time enough to buy, where nothing stands in the way

    monkeypatch.setattr(closing, "_refuse_in_use", then_somebody_comes)
    [archived] = all_at_once(app, [partial(inventory.archive_room, SYSTEM, room.id, rules=StayRules())])
    guest.join()
    is_sold = not isinstance(sold[0], Exception)
    assert (isinstance(archived, inventory.StillInUse), row(Room, room.id).published) == (is_sold, is_sold)


def test_an_archived_property_shows_nothing_and_comes_back_with_its_rooms_unpublished(room: Room) -> None:
    inventory.archive_property(SYSTEM, room.property_id, rules=StayRules(), seen_version=1)
    inventory.archive_property(SYSTEM, room.property_id, rules=StayRules(), seen_version=1)
    assert not row(Room, room.id).published
    with pytest.raises(catalogue.PropertyArchived):
        catalogue.publish_room(SYSTEM, room.id)
    with pytest.raises(catalogue.PropertyArchived):
        catalogue.add_room(SYSTEM, room.property_id, room_of())
    assert catalogue.publish_property(SYSTEM, room.property_id, seen_version=2) == 3
    assert catalogue.publish_rooms(SYSTEM, room.property_id) == (1, 0)


def test_a_stay_that_ends_today_is_in_nobodys_way(room: Room) -> None:
    day = today()
    held(room, Stay(day - one_day(), day))
    inventory.archive_room(SYSTEM, room.id, rules=StayRules())
    assert row(Room, room.id).archived_at is not None


def test_who_sleeps_there_at_two_in_the_night_is_still_in_the_room(room: Room) -> None:
    """The day of the house begins at four: until then last night is the running one."""
    day = today()
    held(room, Stay(day - one_day(), day))
    at_two = dt.datetime.combine(day, dt.time(2), ZoneInfo("Europe/Brussels"))
    later(at_two - clock.now())
    with pytest.raises(inventory.StillInUse):
        inventory.archive_room(SYSTEM, room.id, rules=StayRules())


def one_day() -> Any:
    stay = in_days(0, 1)
    return stay.check_out - stay.check_in


@transaction
def held(room: Room, stay: Stay) -> None:
    inventory.record_sold_nights([inventory.Claim(uuid.uuid4(), room.id, room.location, stay)])


def test_search_forgets_what_it_knew_of_a_place_whose_room_has_changed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[set[str]] = []
    monkeypatch.setattr(cache, "bump", lambda places, *_: told.append(set(places)))
    catalogue.unpublish_room(SYSTEM, room.id)
    assert told == [{"antwerp"}]


def test_a_new_room_begins_with_the_policy_of_most_rooms_of_its_property(room: Room) -> None:
    assert catalogue.usual_cancellation_policy(SYSTEM, room.property_id) == "flexible"
    assert _policy_of(catalogue.add_room(SYSTEM, room.property_id, room_of())) == "flexible"
    catalogue.set_cancellation_policy(SYSTEM, room.property_id, "strict")
    assert _policy_of(catalogue.add_room(SYSTEM, room.property_id, room_of(name="Cellar"))) == "strict"
    chosen = catalogue.add_room(SYSTEM, room.property_id, room_of(name="Roof", cancellationPolicy="moderate"))
    assert _policy_of(chosen) == "moderate"
    house = catalogue.add_property(SYSTEM, pier())
    assert catalogue.usual_cancellation_policy(SYSTEM, house) == "moderate"
    stranger = Actor.signed_in(uuid.uuid4(), (Membership(Role.MANAGER, house),), None)
    with pytest.raises(NotFound):
        catalogue.usual_cancellation_policy(stranger, room.property_id)


@reading
def _policy_of(room_id: uuid.UUID) -> str:
    return str(db.session.get_one(Room, room_id).cancellation_policy["name"])
