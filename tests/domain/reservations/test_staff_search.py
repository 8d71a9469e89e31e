"""The desk finds bookings by whatever a guest says, and none that are not its own; and sees one with all its story."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import literal, select

from booking.domain import inputs, payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import BookingNotFound, Invalid, NotFound
from booking.domain.messages import sent
from booking.domain.payments import Contact
from booking.domain.reservations import bookings, guarantees
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import staff_search, staff_view
from booking.domain.reservations.front_desk.staff_search import BookingSearch
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Order, Payment, Room, User
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, beside, in_days, later, order, payments_of, person
from tests.said_to_postgres import plan

AN_HOUR = dt.timedelta(hours=1)


def clerk(at: Room | None = None, role: Role = Role.DESK) -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(role, at.property_id if at else None),), uuid.uuid4())


def wanted(**asked: object) -> BookingSearch:
    return inputs.accept(BookingSearch, asked, strict=False)


def found(actor: Actor, **asked: object) -> list[str]:
    return [one.reference for one in staff_search.find(actor, wanted(**asked)).entries]


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Alice's: confirmed and paid."""
    return bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)


@pytest.fixture
def for_zoe(bob: User, room: Room, desk: BookingContext) -> Booking:
    """Bob's account, but Zoë O'Neil stays; guaranteed by the desk."""
    contact = Contact("Zoë O'Neil", "zoe@hotel.example", "+32 3 123 45 67")
    held = bookings.hold_all(acting(bob), BookingRequest(bob.id, room.id, in_days(50), 2, contact=contact), desk)[0]
    guarantees.guarantee(clerk(room), held.order_id, "desk")
    return held


# --- by what a guest says


@each(
    "said",
    ["alice", "ALICE", "Alic", "alice@example.com", "@example.com", "Room with", "  alice  "],
)
def test_a_booking_is_found_by_its_guest_and_room(booked: Booking, room: Room, said: str) -> None:
    assert booked.reference in found(clerk(room), q=said)


@each(
    "said", ["zoe", "Zoë O’Neil", "o'neil", "zoe@hotel", "123 45 67", "+3231234567", "03 123 45 67", "0032 3 123 45 67"]
)
def test_a_booking_is_found_by_who_stays(booked: Booking, for_zoe: Booking, room: Room, said: str) -> None:
    assert found(clerk(room), q=said) == [for_zoe.reference]


def test_a_booking_is_found_by_its_reference_or_its_beginning(booked: Booking, for_zoe: Booking, room: Room) -> None:
    actor, whole = clerk(room), booked.reference
    spoken = f" {whole[:4].lower()}-{whole[4:].lower()}"
    for said in (whole, whole.lower(), whole[:6], spoken, encode("booking", booked.id)):
        assert found(actor, q=said) == [whole], said


def test_a_booking_is_found_by_the_reference_of_its_payment(booked: Booking, for_zoe: Booking, room: Room) -> None:
    payments.record_received(clerk(room), for_zoe.order_id, Decimal(10), by="transfer", reference="SEPA 2026/0815-X")
    for said in ("SEPA 2026/0815-X", " sepa 2026/0815-x "):
        assert found(clerk(room), q=said) == [for_zoe.reference]
    [entry] = payments_of(booked)
    assert found(clerk(room), q=encode("payment", entry.id)) == [booked.reference]
    assert found(clerk(a_room()), q="SEPA 2026/0815-X") == []
    assert found(clerk(room), q="SEPA 2026") == [], "whole, or other payments of the month come with it"


def test_a_date_finds_who_is_there(booked: Booking, for_zoe: Booking, room: Room) -> None:
    actor, last = clerk(room), booked.check_out
    for said in (f"{last:%Y-%m-%d}", f"{last:%d.%m.%Y}", f"{last.day}/{last.month}/{last.year}"):
        assert found(actor, q=said) == [booked.reference], said
    assert found(actor, q=str(last + dt.timedelta(days=1))) == []


def test_a_date_is_found_as_pages_write_it(booked: Booking, room: Room) -> None:
    actor, last = clerk(room), booked.check_out
    for form in ("%-d %b", "%-d %b %Y", "%-d %B %Y", "%a %-d %b", "%A %-d %B %Y", "%-d %B"):
        assert found(actor, q=f"{last:{form}}".upper()) == [booked.reference], form
    year_after = last.replace(year=last.year + 1, day=min(last.day, 28))
    for said in (f"{year_after:%-d %b %Y}", "31 Feb", "99 May 2027", "5 Mai", "Moon 5 May"):
        assert found(actor, q=said) == [], said


@each("said", ["nobody at all", "99.99.2026", "2026-02-31", "100%", "_____", "\\", "1234", "'"])
def test_what_nobody_has_finds_nothing(booked: Booking, room: Room, said: str) -> None:
    assert found(clerk(room), q=said) == []


def test_what_was_said_with_control_characters_is_refused() -> None:
    with pytest.raises(Invalid):
        wanted(q="a\x00b")


# --- by filters


def test_filters_hold_together(booked: Booking, for_zoe: Booking, room: Room) -> None:
    actor, arrival = clerk(room), for_zoe.check_in
    assert found(actor) == [for_zoe.reference, booked.reference], "the newest first"
    assert found(actor, sort="arrival") == [booked.reference, for_zoe.reference]
    assert found(actor, balance="due") == [for_zoe.reference]
    assert found(actor, arrivingFrom=str(arrival)) == [for_zoe.reference]
    assert found(actor, arrivingTo=str(arrival - dt.timedelta(days=1))) == [booked.reference]
    assert found(actor, leavingFrom=str(for_zoe.check_out)) == [for_zoe.reference]
    assert found(actor, leavingTo=str(booked.check_out)) == [booked.reference]
    assert found(actor, staying=str(arrival), q="alice") == []
    assert found(actor, state="cancelled") == []
    assert found(actor, channel="api", q="zoe") == [for_zoe.reference]
    assert found(actor, channel="web") == []
    assert found(actor, property=encode("property", room.property_id), state="confirmed", q="alice")


def test_what_came_to_nothing_is_shown_where_it_is_asked_for(alice: User, room: Room, desk: BookingContext) -> None:
    actor = clerk(room)
    [held] = bookings.hold_all(acting(alice), order(alice, room), desk)
    assert found(actor) == found(actor, state="held") == [held.reference]
    later(AN_HOUR)
    assert found(actor) == found(actor, state="held") == []
    assert found(actor, state="expired") == found(actor, q="alice") == [held.reference]
    assert staff_search.find(actor, wanted(q="alice")).entries[0].status == "EXPIRED"
    bookings.expire_holds(SYSTEM)
    assert found(actor, state="expired") == [held.reference]


@each("asked", [{"state": "gone"}, {"arrivingFrom": "soon"}, {"channel": "fax"}, {"balance": "x"}, {"sort": "price"}])
def test_a_filter_that_is_none_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        wanted(**asked)


# --- whose


def test_nobody_finds_what_is_at_another_property(booked: Booking, alice: User, desk: BookingContext) -> None:
    elsewhere = a_room()
    other = bookings.book(acting(alice), order(alice, elsewhere), VISA, desk)
    assert found(clerk(elsewhere)) == found(clerk(elsewhere), q="alice") == [other.reference]
    assert found(clerk(), q="alice") == [other.reference, booked.reference]


@each("role", [Role.HOUSEKEEPING])
def test_who_may_see_no_bookings_finds_none(booked: Booking, room: Room, role: Role) -> None:
    with pytest.raises(NotFound):
        staff_search.find(clerk(room, role), wanted())


def test_a_guest_and_another_property_do_not_exist(booked: Booking, alice: User, room: Room) -> None:
    with pytest.raises(NotFound):
        staff_search.find(acting(alice), wanted())
    for asked in (encode("property", a_room().property_id), "property_nonsense", ""):
        with pytest.raises(NotFound):
            staff_search.find(clerk(room), wanted(property=asked))


# --- pages


def test_pages_follow_one_another_without_gap_or_repetition(alice: User, room: Room, desk: BookingContext) -> None:
    made = [bookings.book(acting(alice), order(alice, one, in_days(30)), VISA, desk) for one in _rooms(room, 5)]
    for sort in ("newest", "arrival"):
        seen: list[str] = []
        after: str | None = None
        while after or not seen:
            page = staff_search.find(clerk(room), wanted(sort=sort, **({"after": after} if after else {})), limit=2)
            seen, after = [*seen, *(one.reference for one in page.entries)], page.after
            if after is None:
                break
        assert len(seen) == 5
        assert set(seen) == {one.reference for one in made}


@each("cursor", ["", "nonsense", "booking_x", "2026-01-01.booking_01h455vb4pex5vsknk084sn02"])
@each("sort", ["newest", "arrival"])
def test_a_cursor_that_is_none_is_not_found(room: Room, cursor: str, sort: str) -> None:
    with pytest.raises(NotFound):
        staff_search.find(clerk(room), wanted(after=cursor, sort=sort))


def _rooms(room: Room, count: int) -> list[Room]:
    return [room, *(beside(room, f"Room {number}", 100) for number in range(2, count + 1))]


@pytest.mark.usefixtures("app", "unmeasured")
def test_names_contacts_and_emails_are_found_by_their_indexes() -> None:
    words = literal("%alice%")
    assert "ix_users_words" in plan(select(User.id).where(staff_search._NAME.like(words)))
    contacts = select(Order.id).where(Order.contact_name.is_not(None), staff_search._CONTACT.like(words))
    assert "ix_orders_contact_words" in plan(contacts)
    assert "ix_events_booking" in plan(sent.of(["booking_x"]))
    assert "ix_payments_reference" in plan(select(Payment.id).where(*staff_search._of_payment("receipt 1")))


# --- one booking


def test_one_booking_tells_its_whole_story(for_zoe: Booking, room: Room, desk: BookingContext) -> None:
    actor = clerk(room)
    payments.record_received(actor, for_zoe.order_id, Decimal(100), by="desk", reference="receipt 1")
    seen = staff_view.get(actor, for_zoe.id)
    assert (seen.guest_name, seen.guest_email) == ("Zoë O'Neil", "zoe@hotel.example")
    assert [one.amount for one in seen.payments] == [Decimal(100)]
    assert [(one.type, one.state) for one in seen.mail.emails] == [("booking.confirmed", "waiting")]
    assert [one.action for one in seen.history] == ["payment.received", "order.guaranteed", "booking.confirmed"]
    assert seen.cancelling is not None
    assert seen.cancelling.refund == Decimal(100)
    assert seen.can.record_payment
    assert not seen.can.waive, "that is the manager's"
    assert staff_view.get(clerk(room, Role.MANAGER), for_zoe.id).can.waive


def test_other_stays_are_those_of_the_same_guest(
    booked: Booking, for_zoe: Booking, alice: User, room: Room, desk: BookingContext
) -> None:
    again = bookings.book(acting(alice), order(alice, room, in_days(70)), VISA, desk)
    elsewhere = bookings.book(acting(alice), order(alice, a_room(), in_days(70)), VISA, desk)
    seen = staff_view.get(clerk(room), booked.id).others
    assert [one.id for one in seen] == [again.id]
    assert {one.id for one in staff_view.get(clerk(), booked.id).others} == {again.id, elsewhere.id}
    carol = person("carol")
    contact = Contact("Zoe", "ZOE@hotel.example")
    wish = BookingRequest(carol.id, room.id, in_days(90), 2, contact=contact)
    [other] = bookings.book_all(acting(carol), wish, VISA, desk)
    assert [one.id for one in staff_view.get(clerk(room), other.id).others] == [for_zoe.id]


@each("who", ["guest", "elsewhere", "housekeeping"])
def test_one_booking_is_not_there_for_others(booked: Booking, alice: User, room: Room, who: str) -> None:
    actors: dict[str, Callable[[], Actor]] = {
        "guest": lambda: acting(alice),
        "elsewhere": lambda: clerk(a_room()),
        "housekeeping": lambda: clerk(room, Role.HOUSEKEEPING),
    }
    with pytest.raises(BookingNotFound):
        staff_view.get(actors[who](), booked.id)
