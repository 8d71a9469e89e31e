"""The guest register: by the country of the house, sealed, seen by few, and gone after a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import astuple, replace

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain.actors import Actor, Role
from booking.domain.errors import BookingModified, BookingNotFound, Invalid
from booking.domain.inputs import accept
from booking.domain.maintenance import retention
from booking.domain.reservations import bookings, front_desk, guest_register, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import RegisterNotAsked, RegisterOfUnconfirmed
from booking.domain.reservations.guest_register import (
    RegisteredGuest,
    RegisterEntry,
    country_rules,
    keeping,
    nationalities,
)
from booking.domain.reservations.personal_data import account_deletion, gathering
from booking.domain.tables import Booking, GuestRegister, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, count, in_days, later, order
from tests.domain.reservations.test_desk_bookings import staff
from tests.domain.reservations.test_guest_erasure import called, manager, paid

pytestmark = pytest.mark.slow

KEYS = ["a-secret-for-tests-only-0123456789abcdef"]
ANNA = RegisteredGuest("Anna Karlsson", "SE", "1988-02-29", "passport", "AA0123456")
BEN = RegisteredGuest("Ben Silva", "PT")
A_DAY = dt.timedelta(days=1)


@pytest.fixture
def room(app: Flask) -> Room:
    return a_room(address={"city": "Lisbon", "country": "Portugal"})


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """A stay of two, three days from now."""
    return bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)


def keep(who: Actor, booking: Booking, *guests: RegisteredGuest, seen: int = 0) -> guest_register.Register:
    return guest_register.keep(who, booking.id, guests, KEYS, seen)


def see(who: Actor, booking: Booking) -> guest_register.Register:
    return guest_register.see(who, booking.id, KEYS)


def audited(booking: Booking) -> list[tuple[str, dict[str, object]]]:
    shown = front_desk.get_booking(SYSTEM, booking.id).history
    return [(one.action, dict(one.after)) for one in shown if one.action.startswith("register.")]


def test_who_stays_is_kept_and_what_is_missing_is_known(room: Room, booked: Booking) -> None:
    clerk = staff(room)
    assert see(clerk, booked).missing == [["fullName", "nationality"]] * 2
    made = keep(clerk, booked, ANNA, replace(BEN, nationality=None))
    assert made.missing == [[], ["nationality"]]
    assert front_desk.get_booking(clerk, booked.id).to_register == 1
    keep(clerk, booked, ANNA, BEN, seen=1)
    assert (see(clerk, booked).guests, see(clerk, booked).missing) == ((ANNA, BEN), [[], []])
    assert front_desk.get_booking(clerk, booked.id).to_register == 0


def test_who_looked_and_who_changed_is_written_down_without_a_value(room: Room, booked: Booking) -> None:
    see(staff(room), booked)  # nothing to see yet
    keep(staff(room), booked, ANNA)
    see(manager(room), booked)
    assert audited(booked) == [("register.seen", {}), ("register.changed", {"registered": 1})]
    assert not any(value in _everything() for value in ("Karlsson", "AA0123456", "1988"))
    assert "Karlsson" not in repr(ANNA)


@transaction
def _everything() -> str:
    names = ("guest_registers", "audit_log", "events", "bookings")
    every = (f"SELECT coalesce(string_agg({one}::text, ' '), '') FROM {one}" for one in names)
    return "".join(db.session.execute(text(statement)).scalar_one() for statement in every)


def test_the_same_again_is_nothing_new_and_an_old_page_overwrites_nothing(room: Room, booked: Booking) -> None:
    clerk = staff(room)
    assert keep(clerk, booked, ANNA).version == keep(clerk, booked, ANNA).version == 1
    with pytest.raises(BookingModified):
        keep(clerk, booked, BEN)
    assert see(clerk, booked).guests[0] == ANNA
    assert keep(clerk, booked, seen=1).version == 2  # taken out again
    assert see(clerk, booked).guests[0].is_empty
    assert [action for action, _ in audited(booked)].count("register.changed") == 2


def test_of_two_who_fill_it_at_once_one_is_told(app: Flask, room: Room, booked: Booking) -> None:
    clerk = staff(room)
    told = all_at_once(app, [lambda: keep(clerk, booked, ANNA), lambda: keep(clerk, booked, BEN)])
    assert sorted(type(one).__name__ for one in told) == ["BookingModified", "Register"]


def test_whoever_has_no_business_with_it_finds_no_booking(room: Room, booked: Booking, alice: User) -> None:
    keep(staff(room), booked, ANNA)
    for who in (acting(alice), staff(room, Role.HOUSEKEEPING), staff(a_room(), Role.OWNER)):
        with pytest.raises(BookingNotFound):
            see(who, booked)
        with pytest.raises(BookingNotFound):
            keep(who, booked, BEN, seen=1)


def test_elsewhere_nothing_is_asked_and_nothing_kept(alice: User, room: Room, desk: BookingContext) -> None:
    here = a_room()
    booking = bookings.book(acting(alice), order(alice, here), VISA, desk)
    with pytest.raises(RegisterNotAsked):
        keep(staff(here), booking, ANNA)
    assert front_desk.get_booking(staff(here), booking.id).to_register == 0
    [held] = bookings.hold_all(acting(alice), order(alice, room), desk)
    with pytest.raises(RegisterOfUnconfirmed):
        see(staff(room), held)
    assert count(GuestRegister) == 0


COUNTRIES: list[tuple[str, str | None, bool, list[str]]] = [
    ("Portugal", "PT", True, []),
    ("PT", "SE", True, ["birthDate", "document"]),
    ("Germany", "DE", True, []),
    ("Spain", "ES", False, ["birthDate", "document"]),
    ("France", "SE", True, ["birthDate"]),
    ("United Kingdom", "SE", True, ["document"]),
    ("United Kingdom", "GB", True, []),
    ("United Kingdom", "IN", True, []),
    ("Italy", "IT", True, ["birthDate", "document"]),
    ("Italy", "IT", False, ["birthDate"]),
    ("Austria", "AT", True, ["birthDate"]),
    ("Austria", "SE", True, ["birthDate", "document"]),
    ("Austria", None, False, ["birthDate"]),
    ("Germany", "SE", False, []),
    ("Germany", None, False, ["nationality"]),
    ("Japan", "SE", True, ["document"]),
    ("Japan", None, True, ["nationality"]),
    ("Singapore", "SG", True, ["document"]),
]


@each(("country", "nationality", "is_first", "lacks"), COUNTRIES)
def test_each_country_asks_what_its_law_says(
    country: str, nationality: str | None, is_first: bool, lacks: list[str]
) -> None:
    rules = country_rules.at(country)
    assert rules is not None
    assert RegisteredGuest("Anna", nationality).lacks(rules, is_first=is_first) == lacks
    assert RegisteredGuest("Anna", is_apart=True).lacks(rules, is_first=False)[0] == "nationality"


@each(("country", "is_apart"), [("Austria", True), ("Italy", True), ("Portugal", False)])
def test_whoever_travels_on_their_own_is_asked_as_the_first_is(
    alice: User, desk: BookingContext, country: str, is_apart: bool
) -> None:
    there = a_room(address={"city": "Vienna", "country": country})
    booking = bookings.book(acting(alice), order(alice, there), VISA, desk)
    made = keep(staff(there), booking, ANNA, RegisteredGuest("Ben", "SE", is_apart=True))
    assert (made.missing, made.guests[1].is_apart) == ([[], ["birthDate", "document"]], is_apart)


def test_foreigners_who_live_in_japan_are_asked_nothing_more(alice: User, desk: BookingContext) -> None:
    kyoto = a_room(address={"city": "Kyoto", "country": "Japan"})
    booking = bookings.book(acting(alice), order(alice, kyoto), VISA, desk)
    made = keep(staff(kyoto), booking, RegisteredGuest("Ben", lives_here=True), RegisteredGuest("Carol", "SE"))
    assert made.missing == [[], ["document"]]
    assert see(staff(kyoto), booking).guests[0].lives_here


def test_what_a_country_does_not_ask_is_not_kept(alice: User, desk: BookingContext) -> None:
    paris = a_room(address={"city": "Paris", "country": "France"})
    booking = bookings.book(acting(alice), order(alice, paris), VISA, desk)
    kept = keep(staff(paris), booking, ANNA).guests[0]
    assert astuple(kept) == ("Anna Karlsson", "SE", "1988-02-29", None, None, False, False)


NATIONALITIES = [
    ("British", "GB"),
    ("uk", "GB"),
    ("AMERICAN", "US"),
    ("Dutch", "NL"),
    ("united kingdom", "GB"),
]


@each(("typed", "code"), NATIONALITIES)
def test_a_nationality_is_known_by_what_its_people_are_called(typed: str, code: str) -> None:
    assert accept(RegisterEntry, {"nationality": typed, "fullName": "Anna"}, strict=False).nationality == code


def test_each_name_of_a_nationality_is_of_a_country_there_is_and_contradicts_no_countrys_name() -> None:
    known = {name.casefold(): code for code, name in country_rules.countries().items()}
    assert set(nationalities.codes().values()) <= country_rules.nationalities()
    assert [name for name, code in nationalities.codes().items() if known.get(name, code) != code] == []


WRONG = [
    ({"nationality": "Atlantis", "fullName": "Anna"}, "nationality"),
    ({"birthDate": "2999-01-01", "fullName": "Anna"}, "birthDate"),
    ({"birthDate": "1850-01-01", "fullName": "Anna"}, "birthDate"),
    ({"documentNumber": "AA1", "fullName": "Anna"}, "documentType"),
    ({"documentType": "library_card", "fullName": "Anna"}, "documentType"),
    ({"nationality": "SE"}, "fullName"),
    ({"fullName": "www.evil.example"}, "fullName"),
]


@each(("typed", "field"), WRONG)
def test_what_cannot_be_is_refused(typed: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        accept(RegisterEntry, typed, strict=False)
    assert set(refusal.value.details) == {field}


# --- keys


def test_a_changed_key_opens_it_until_it_is_sealed_anew(room: Room, booked: Booking) -> None:
    clerk, new = staff(room), ["another-key-for-tests-only-0123456789abc"]
    keep(clerk, booked, ANNA)
    assert guest_register.see(clerk, booked.id, [*new, *KEYS]).guests[0] == ANNA
    assert guest_register.see(clerk, booked.id, new).is_unreadable
    with pytest.raises(ValueError, match="another SECRET_KEY"):
        guest_register.seal_anew(SYSTEM, new)
    assert [guest_register.seal_anew(SYSTEM, [*new, *KEYS]) for _ in range(2)] == [1, 0]
    assert guest_register.see(clerk, booked.id, new).guests[0] == ANNA


def test_a_register_opens_for_its_own_booking_only(
    alice: User, room: Room, booked: Booking, desk: BookingContext
) -> None:
    other = bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    keep(staff(room), booked, ANNA)
    keep(staff(room), other, BEN)
    _swap()
    assert see(staff(room), other).is_unreadable


@transaction
def _swap() -> None:
    db.session.execute(
        text("UPDATE guest_registers g SET sealed = o.sealed FROM guest_registers o WHERE o.booking_id <> g.booking_id")
    )


# --- forgotten, and told to its guest


def prune(days: int | None = 100) -> int:
    return retention.prune(SYSTEM, A_DAY, register_days=days).get("guest_registers", 0)


@pytest.mark.usefixtures("noon")
def test_it_goes_some_time_after_the_stay(room: Room, booked: Booking) -> None:
    keep(staff(room), booked, ANNA)
    later(106 * A_DAY)
    assert (prune(), count(GuestRegister)) == (0, 1)
    later(A_DAY)
    assert (prune(), count(GuestRegister)) == (1, 0)


@pytest.mark.usefixtures("noon")
@each(("country", "days"), [("Italy", 1), (" fr ", 184), ("AUSTRIA", 2562)])
def test_without_a_setting_it_goes_when_the_law_of_the_country_says(
    alice: User, desk: BookingContext, country: str, days: int
) -> None:
    there = a_room(address={"city": "Somewhere", "country": country})
    booking = bookings.book(acting(alice), order(alice, there, in_days(3)), VISA, desk)
    keep(staff(there), booking, ANNA)
    later((6 + days) * A_DAY)
    assert (prune(None), count(GuestRegister)) == (0, 1)
    later(A_DAY)
    assert (prune(None), count(GuestRegister)) == (1, 0)


def test_it_goes_with_the_account_and_with_the_contact(
    room: Room, booked: Booking, alice: User, desk: BookingContext
) -> None:
    caller = paid(called(desk, room, start=10))
    for booking in (booked, caller):
        keep(staff(room), booking, ANNA)
    later(15 * A_DAY)
    account_deletion.remove(SYSTEM, alice.id)
    assert count(GuestRegister) == 1
    personal_data.erase_guest(manager(room), caller.id)
    assert count(GuestRegister) == 0


def test_the_guest_is_told_what_they_have_shown_and_not_what_others_have(
    room: Room, booked: Booking, alice: User
) -> None:
    keep(staff(room), booked, ANNA, BEN)
    [told] = gathering._gathered(acting(alice), KEYS)["guestRegister"]
    assert (told["booking"], told["fullName"], told["otherGuests"]) == (booked.reference, "Anna Karlsson", 1)
    assert (told["nationality"], told["documentNumber"]) == ("SE", "AA0123456")
    assert keeping.of_guest(Booking.user_id == alice.id, ["a key that opens nothing"]) == []
