"""Every route of the staff side against everybody: each role here, the same roles at another property, owners of all,
guests and strangers. What is allowed stands here a second time, beside the permissions table; a route that is missing
here fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from booking.domain import catalogue, inventory, payments, people, system
from booking.domain.actors import Actor, Membership, Role
from booking.domain.catalogue import PhotoFile, StaffPhoto
from booking.domain.people import staff
from booking.domain.reservations import bookings, front_desk, importing
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import StayRules
from booking.domain.system import DataRequestOrder
from booking.domain.tables import Block, Booking, Room, User
from booking.infra.db import db, reading
from booking.infra.ids import encode
from booking.infra.storage import Storage
from tests.a_text import text_given_up
from tests.admin import plain_routes
from tests.admin.invoiced import an_invoice
from tests.admin.matrix_parts import a_plan, is_refused, policy_routes
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, order, payments_of, person
from tests.photos import LIMITS, numbered, of_house, of_room
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

HERE = {role: f"{role.value} here" for role in Role}
ELSEWHERE = {role: f"{role.value} elsewhere" for role in Role}
OWNER_OF_ALL, GUEST, STRANGER = "owner of all", "guest", "stranger"
STAFF = {*HERE.values(), *ELSEWHERE.values(), OWNER_OF_ALL}
EVERYBODY = {*STAFF, GUEST, STRANGER}

# Who finds something at a page of whatever they may see, and who may do something with a thing of this property.
SEES = {name for name in STAFF if not name.startswith("housekeeping")}
DESK = {HERE[Role.OWNER], HERE[Role.MANAGER], HERE[Role.DESK], OWNER_OF_ALL}
MANAGERS = {HERE[Role.OWNER], HERE[Role.MANAGER], OWNER_OF_ALL}
OWNERS_HERE = {HERE[Role.OWNER], OWNER_OF_ALL}
OWNERS = {*OWNERS_HERE, ELSEWHERE[Role.OWNER]}
MANAGERS_ANYWHERE = {*MANAGERS, ELSEWHERE[Role.OWNER], ELSEWHERE[Role.MANAGER]}
HOUSE = {*HERE.values(), OWNER_OF_ALL}
SHEET = b"source_id,name,capacity,price_per_night,location,time_zone,currency\n"


@dataclass
class House:
    """What the routes are about: a paid booking of this property, its payment, a room with nights to block."""

    booking: Booking
    room: Room
    entry: uuid.UUID
    rules: StayRules
    invitation: uuid.UUID
    view: uuid.UUID
    blocks: int = 0
    photos: int = 0

    def ids(self, rule: str) -> dict[str, str]:
        """What stands in an address for its parts; a block and a file are new each time, for some take them away."""
        known: dict[str, Callable[[], str]] = {
            "booking_id": lambda: encode("booking", self.booking.id),
            "entry_id": lambda: encode("payment", self.entry),
            "block_id": lambda: encode("block", self.block().id),
            "property_id": lambda: self.here,
            "sheet_id": lambda: encode("sheet", catalogue.keep_sheet(SYSTEM, "rooms.csv", SHEET)),
            "room_id": lambda: encode("room", self.room.id),
            "user_id": lambda: encode("user", self.clerk()),
            "import_id": lambda: encode("import", self.file()),
            "view_id": lambda: encode("view", self.view),
            "log_id": lambda: encode("entry", self.told_of()),
            "email_id": lambda: encode("email", self.email()),
            "text_id": lambda: encode("text", text_given_up(self.booking.id, self.room.property_id)),
            "request_id": lambda: encode("request", self.request()),
            "event_id": lambda: encode("event", self.email()),
            "closing_id": lambda: encode("closing", self.closing()),
            "rate_id": lambda: self.rate(is_plan="/policies" in rule),
            "promotion_id": lambda: plain_routes.a_promotion(self.room),
            "invoice_id": lambda: encode("invoice", an_invoice(self.booking)),
            "note_id": lambda: encode("note", self.note()),
            "photo_id": lambda: encode("photo", self.photo("property_id" in rule).id),
            "invitation_id": lambda: encode("invitation", self.invitation),
        }
        return {part: found() for part, found in known.items() if f"<{part}>" in rule}

    def block(self) -> Block:
        """One that nobody has lifted yet."""
        self.blocks += 1
        return inventory.block(SYSTEM, self.room.id, in_days(100 + self.blocks, 1), rules=self.rules, reason="paint")

    def told_of(self) -> uuid.UUID:
        """An entry of the audit log about nights that were taken off sale."""
        self.block()
        return people.audit_entries(SYSTEM, limit=1)[0].id

    def file(self) -> uuid.UUID:
        """One that waits to be imported."""
        header = b"sourceId,room,checkIn,checkOut,guests,name,total\n"
        return importing.keep(SYSTEM, self.room.property_id, "old system", "old.csv", header)

    def email(self) -> uuid.UUID:
        """The confirmation, which is on its way: whoever may is told so."""
        return front_desk.get_booking(SYSTEM, self.booking.id).mail.emails[-1].id

    def note(self) -> uuid.UUID:
        """By somebody who works here."""
        dave = Actor.signed_in(self.clerk(), (Membership(Role.DESK, self.room.property_id),), None)
        return front_desk.add_note(dave, self.booking.id, front_desk.NoteText(text="Rings at ten"))

    def request(self) -> uuid.UUID:
        """Of the guest, for what is kept of them."""
        return system.record_data_request(SYSTEM, self.booking.id, DataRequestOrder(kind="export"))

    def closing(self) -> uuid.UUID:
        """Of what commands have entered."""
        key = payments.DrawerKey(self.room.property_id, "EUR", None)
        after = payments.get_drawer(SYSTEM, key)[0].after
        return payments.close_drawer(SYSTEM, key, payments.Count(Decimal(0), Decimal(0), None, Decimal(0), after)).id

    def rate(self, *, is_plan: bool) -> str:
        return encode("rate", a_plan(self.room.property_id)) if is_plan else plain_routes.a_rate(self.room)

    def photo(self, of_property: bool) -> StaffPhoto:
        """One that nobody has deleted yet."""
        self.photos += 1
        place = of_house(self.room) if of_property else of_room(self.room)
        return catalogue.add_photo(SYSTEM, place, PhotoFile("bed.jpg", numbered(self.photos)), LIMITS)[0]

    def clerk(self) -> uuid.UUID:
        """Somebody who works here."""
        dave = person("dave").id
        staff.give_role(SYSTEM, dave, Role.DESK, self.room.property_id)
        return dave

    @property
    def here(self) -> str:
        return encode("property", self.room.property_id)

    @property
    def drawer(self) -> dict[str, str]:
        return {"property": self.here, "currency": "EUR"}

    @property
    def nights(self) -> dict[str, str]:
        self.blocks += 1
        stay = in_days(100 + self.blocks, 1)
        dates = {"checkIn": str(stay.check_in), "checkOut": str(stay.check_out)}
        return {"room": encode("room", self.room.id), "reason": "paint", **dates}


@dataclass(frozen=True)
class Route:
    """Who is let in, and what is sent: all but the token, and refused for what it says only after whoever sends it."""

    allowed: set[str]
    sent: Callable[[House], Mapping[str, str]] = field(default=lambda _: {})
    asked: Callable[[House], Mapping[str, str]] = field(default=lambda _: {})
    refused: Callable[[TestResponse, House, dict[str, str]], bool] = field(
        default=lambda answer, _, __: is_refused(answer)
    )
    steps: str = ""  # what stands in the address for <step>


@reading
def _is_there(block_id: str) -> bool:
    return any(encode("block", one.id) == block_id for one in db.session.query(Block))


SHOWN = {"version": "1", "shownDifference": "0", "shownRefund": "0", "guests": "1"}
MONEY = {"amount": "10", "by": "desk", "reference": "receipt 1", "reason": "no reason", "how": "desk"}

ROUTES: dict[str, Route] = {
    "GET /admin/": Route(STAFF),
    "POST /admin/property": Route(STAFF),
    # Too early for all of these, which is said to whoever may ask.
    "POST /admin/day/<booking_id>/<step>": Route(DESK, steps="check-in"),
    "GET /admin/day/<booking_id>/<step>": Route(DESK, steps="check-out"),
    "POST /admin/day/<booking_id>/undo/<step>": Route(DESK, steps="check-in"),
    "GET /admin/rooms": Route(STAFF),
    "GET /admin/rooms.csv": Route(MANAGERS_ANYWHERE),
    "GET /admin/rooms/sheets": Route(MANAGERS_ANYWHERE),
    "POST /admin/rooms/sheets": Route(MANAGERS_ANYWHERE),
    # Each is whose it is that has uploaded it.
    "GET /admin/rooms/sheets/<sheet_id>": Route(set()),
    "POST /admin/rooms/sheets/<sheet_id>": Route(set()),
    # Forgotten already, or not theirs: the same.
    "POST /admin/rooms/sheets/<sheet_id>/discard": Route(MANAGERS_ANYWHERE),
    "GET /admin/set-up": Route(MANAGERS_ANYWHERE),
    "POST /admin/properties/<property_id>/policy": Route(MANAGERS),
    "GET /admin/rooms/new": Route(MANAGERS, asked=lambda house: {"property": house.here}),
    "POST /admin/rooms/new": Route(MANAGERS, lambda house: {"property": house.here}),
    "GET /admin/rooms/<room_id>": Route(DESK),
    "POST /admin/rooms/<room_id>": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/copy": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/publish": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/units": Route(MANAGERS, lambda _: {"title": "Double", "first": "1", "count": "2"}),
    "POST /admin/rooms/<room_id>/units/publish": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/units/leave": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/parts": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/parts/remove": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/unpublish": Route(MANAGERS),
    # Somebody stays there, which is said to whoever may ask.
    "POST /admin/rooms/<room_id>/archive": Route(MANAGERS),
    "GET /admin/properties": Route(SEES),
    "GET /admin/properties/new": Route({OWNER_OF_ALL}),
    "POST /admin/properties/new": Route({OWNER_OF_ALL}),
    "GET /admin/properties/<property_id>": Route(DESK),
    "POST /admin/properties/<property_id>": Route(MANAGERS),
    "POST /admin/properties/<property_id>/archive": Route(MANAGERS, lambda _: {"version": "1"}),
    "POST /admin/properties/<property_id>/publish": Route(MANAGERS),
    "POST /admin/properties/<property_id>/rooms/publish": Route(MANAGERS),
    "POST /admin/rooms/<room_id>/status": Route(HOUSE, lambda _: {"status": "dirty"}),
    "POST /admin/rooms/<room_id>/status/undo": Route(HOUSE),
    "GET /admin/calendar/": Route(SEES),
    "GET /admin/calendar/nights": Route(HOUSE, asked=lambda house: house.nights),
    "POST /admin/calendar/nights": Route(HOUSE, lambda house: house.nights),
    "GET /admin/calendar/blocks/<block_id>": Route(HOUSE),
    # Lifted already or never there: both are told so at the calendar.
    "POST /admin/calendar/blocks/<block_id>/unblock": Route(
        HOUSE, refused=lambda _, __, ids: _is_there(ids["block_id"])
    ),
    **{route: Route(SEES) for route in plain_routes.SEEN},
    **{route: Route(DESK, asked=plain_routes.asked) for route in plain_routes.SEEN_HERE},
    **{route: Route(MANAGERS) for route in plain_routes.PHOTOS},
    **{route: Route(MANAGERS, asked=plain_routes.asked) for route in plain_routes.CHANGED_HERE},
    "GET /admin/imports": Route(MANAGERS, asked=lambda house: {"property": house.here}),
    "POST /admin/imports": Route(MANAGERS, lambda house: {"property": house.here, "source": "old system"}),
    "GET /admin/imports/<import_id>": Route(MANAGERS),
    "POST /admin/imports/<import_id>": Route(MANAGERS),
    "POST /admin/imports/<import_id>/discard": Route(MANAGERS),
    "GET /admin/people": Route(OWNERS),
    "POST /admin/people/invitations": Route(OWNERS),
    "POST /admin/people/invitations/<invitation_id>/withdraw": Route(OWNERS_HERE),
    "POST /admin/people/<user_id>/role": Route(OWNERS_HERE, lambda house: {"role": "desk", "property": house.here}),
    "POST /admin/people/<user_id>/role/end": Route(OWNERS_HERE, lambda house: {"property": house.here}),
    "POST /admin/people/<user_id>/end": Route(OWNERS_HERE),
    "GET /admin/audit": Route({OWNER_OF_ALL}),
    "POST /admin/audit/<log_id>/undo": Route({OWNER_OF_ALL}),
    "GET /admin/data-requests": Route({*MANAGERS, ELSEWHERE[Role.MANAGER], ELSEWHERE[Role.OWNER]}),
    "POST /admin/data-requests/<request_id>/settle": Route(MANAGERS, lambda _: {"outcome": "done"}),
    "GET /admin/bookings/<booking_id>/data": Route(MANAGERS),
    "POST /admin/bookings/<booking_id>/data/requests": Route(MANAGERS, lambda _: {"kind": "export"}),
    "POST /admin/bookings/<booking_id>/data/export": Route(MANAGERS),
    # The stay is still to come, which is said to whoever may ask.
    "POST /admin/bookings/<booking_id>/data/erase": Route(MANAGERS),
    # Everybody for themselves, of what they may see.
    "GET /admin/alerts": Route(SEES),
    "POST /admin/alerts": Route(SEES, lambda _: {"bookings": "daily"}),
    "POST /admin/alerts/texts": Route(SEES, lambda _: {"textAlerts": "off"}),
    "GET /admin/system": Route({OWNER_OF_ALL}),
    # Not given up, which is said to whoever may ask.
    "POST /admin/system/deliveries/<event_id>/<step>": Route(
        {OWNER_OF_ALL}, lambda _: {"consumer": "mail"}, steps="again"
    ),
    "POST /admin/system/deliveries/again": Route({OWNER_OF_ALL}),
    "POST /admin/system/doctor": Route({OWNER_OF_ALL}),
    "GET /admin/system/maintenance": Route({OWNER_OF_ALL}),
    # Without a notice, which is said to whoever may ask.
    "POST /admin/system/maintenance": Route({OWNER_OF_ALL}),
    "POST /admin/system/maintenance/end": Route({OWNER_OF_ALL}),
    "GET /admin/bookings": Route(SEES),
    "POST /admin/bookings/views": Route(SEES, lambda _: {"viewName": "Due", "balance": "due"}),
    # Each is somebody's own: those of others are not there.
    "POST /admin/bookings/views/<view_id>/rename": Route(set(), lambda _: {"viewName": "Mine"}),
    "POST /admin/bookings/views/<view_id>/delete": Route(set()),
    "GET /admin/bookings.csv": Route(SEES),
    "GET /admin/bookings/new": Route(SEES, asked=lambda house: house.nights | {"guests": "2"}),
    "POST /admin/bookings/new": Route(SEES, lambda house: house.nights | {"guests": "2", "room": ""}),
    "GET /admin/bookings/<booking_id>": Route(DESK),
    "GET /admin/bookings/<booking_id>/cancel": Route(DESK),
    "POST /admin/bookings/<booking_id>/cancel": Route(DESK, lambda _: {"version": "1", "shownRefund": "0"}),
    "GET /admin/bookings/<booking_id>/change": Route(DESK),
    "POST /admin/bookings/<booking_id>/change": Route(DESK, lambda _: SHOWN),
    "POST /admin/bookings/<booking_id>/guarantee": Route(DESK, lambda _: MONEY),
    "POST /admin/bookings/<booking_id>/received": Route(DESK, lambda _: MONEY),
    "POST /admin/bookings/<booking_id>/goodwill": Route(MANAGERS, lambda _: MONEY | {"refund": "0", "version": "1"}),
    "POST /admin/bookings/<booking_id>/waive": Route(MANAGERS, lambda _: MONEY),
    **dict.fromkeys(("GET /admin/figures", "GET /admin/figures/export.csv", "POST /admin/figures/email"), Route(SEES)),
    **dict.fromkeys(("GET /admin/invoices", "GET /admin/invoices/export.csv"), Route(SEES)),
    "GET /admin/invoices/<invoice_id>": Route(DESK),
    "GET /admin/invoices/<invoice_id>/file.pdf": Route(DESK),
    "POST /admin/invoices/<invoice_id>/credit": Route(MANAGERS, lambda _: {"reason": "Wrong company"}),
    "GET /admin/bookings/<booking_id>/invoices": Route(DESK),
    "POST /admin/bookings/<booking_id>/invoices": Route(DESK),
    "POST /admin/bookings/<booking_id>/invoices/billing": Route(DESK),
    **policy_routes(Route, SEES, DESK, MANAGERS),
    **dict.fromkeys(("GET /admin/payouts", "POST /admin/payouts"), Route({OWNER_OF_ALL})),
    "GET /admin/cash": Route(SEES),
    # What commands have entered, which is nobody's own.
    "GET /admin/cash/drawer": Route(MANAGERS, asked=lambda house: house.drawer),
    "POST /admin/cash/drawer": Route(MANAGERS, asked=lambda house: house.drawer, sent=lambda _: {"counted": "0"}),
    "GET /admin/cash/closings/<closing_id>": Route(MANAGERS),
    # Not asked for in this country, which is said to whoever may ask.
    "GET /admin/bookings/<booking_id>/register": Route(DESK),
    "POST /admin/bookings/<booking_id>/register": Route(DESK),
    "POST /admin/bookings/<booking_id>/notes": Route(DESK, lambda _: {"text": "Rings at ten"}),
    # Each is its author's, and this one nobody's who is tried here.
    "POST /admin/bookings/<booking_id>/notes/<note_id>": Route(set(), lambda _: {"text": "x", "version": "1"}),
    "POST /admin/bookings/<booking_id>/notes/<note_id>/delete": Route(set()),
    "POST /admin/bookings/<booking_id>/emails/<email_id>/resend": Route(DESK),
    "POST /admin/bookings/<booking_id>/messages": Route(DESK, lambda _: {"message": "Welcome"}),
    "POST /admin/bookings/<booking_id>/messages/settle": Route(DESK),
    "GET /admin/messages": Route(SEES),
    "GET /admin/messages/emails": Route(SEES),
    "GET /admin/messages/emails/<email_id>": Route(DESK),
    "POST /admin/messages/emails/<email_id>/resend": Route(DESK),
    "GET /admin/messages/texts": Route(SEES),
    "POST /admin/messages/texts/<text_id>/again": Route(DESK),
    # Nothing is due, which is said to whoever may ask.
    "POST /admin/bookings/<booking_id>/emails/payment-link": Route(DESK),
    "GET /admin/bookings/<booking_id>/guest/contact": Route(DESK),
    "POST /admin/bookings/<booking_id>/guest/contact": Route(DESK, lambda _: {"version": "1"}),
    "POST /admin/bookings/<booking_id>/guest/erase": Route(MANAGERS),
    "POST /admin/bookings/<booking_id>/entries/<entry_id>/returned": Route(DESK, lambda _: MONEY),
    "POST /admin/bookings/<booking_id>/entries/<entry_id>/again": Route({OWNER_OF_ALL}),
    "POST /admin/bookings/<booking_id>/entries/<entry_id>/correct": Route(MANAGERS, lambda _: MONEY),
}


@pytest.fixture
def house(alice: User, bob: User, room: Room, desk: BookingContext, storage: Storage) -> House:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    staff.give_role(SYSTEM, bob.id, Role.OWNER)
    inviting = Actor.signed_in(bob.id, (Membership(Role.OWNER),), None)
    invited = people.invite_staff(inviting, "eve@example.com", Role.DESK, room.property_id)
    view = people.save_view(inviting, "What is due", {"balance": "due"})
    return House(booked, room, payments_of(booked)[0].id, desk.rules, invited, view)


@pytest.fixture
def everybody(app: Flask, alice: User, room: Room) -> dict[str, Visitor]:
    elsewhere = a_room().property_id
    roles: dict[str, tuple[Role, uuid.UUID | None]] = {OWNER_OF_ALL: (Role.OWNER, None)}
    roles |= {name: (role, room.property_id) for role, name in HERE.items()}
    roles |= {name: (role, elsewhere) for role, name in ELSEWHERE.items()}
    visitors = {GUEST: Visitor(app).signed_in(alice), STRANGER: Visitor(app)}
    for name, (role, place) in roles.items():
        somebody = person(name.replace(" ", "-"))
        staff.give_role(SYSTEM, somebody.id, role, place)
        visitors[name] = Visitor(app).signed_in(somebody)
    return visitors


def rules(app: Flask) -> set[str]:
    """Every way in: "GET /admin/"."""
    staff_side = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    return {f"{method} {rule.rule}" for rule in staff_side for method in (rule.methods or set()) & {"GET", "POST"}}


def test_every_route_of_the_staff_side_stands_in_the_table(app: Flask) -> None:
    assert rules(app) == set(ROUTES)


def test_everybody_is_let_in_where_they_may_and_nowhere_else(house: House, everybody: dict[str, Visitor]) -> None:
    wrong: list[str] = []
    tokens = {name: _token(visitor) for name, visitor in everybody.items()}
    for described, route in ROUTES.items():
        method, rule = described.split(" ")
        for name, visitor in everybody.items():
            ids = house.ids(rule) | {"step": route.steps}
            address = rule
            for part, value in ids.items():
                address = address.replace(f"<{part}>", value)
            answer = _asked(visitor, method, address, route, house, tokens[name])
            let_in = not route.refused(answer, house, ids)
            if let_in is not (name in route.allowed):
                wrong.append(f"{described}: {name} {'is let in' if let_in else 'is refused'} ({answer.status_code})")
            if answer.status_code >= 500:
                wrong.append(f"{described}: {name} gets {answer.status_code}")
    assert wrong == []


def _asked(visitor: Visitor, method: str, address: str, route: Route, house: House, token: str) -> TestResponse:
    if method == "GET":
        return visitor.client.get(address, query_string=dict(route.asked(house)))
    sent: dict[str, Any] = {**route.sent(house), "csrf_token": token}
    headers = {"Referer": "http://localhost/", "Origin": "http://localhost"}
    return visitor.client.post(address, data=sent, query_string=dict(route.asked(house)), headers=headers)


def _token(visitor: Visitor) -> str:
    found = visitor.go("/sign-in" if visitor.go("/account").url.startswith("/sign-in") else "/account")
    return str(found.page.select('input[name="csrf_token"]')[0]["value"])


def test_the_table_knows_who_there_is() -> None:
    assert all(route.allowed <= EVERYBODY for route in ROUTES.values())
    assert not any({GUEST, STRANGER} & route.allowed for route in ROUTES.values())
