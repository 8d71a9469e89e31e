"""What each page of the front desk may spend, and that it spends the same in a small house and in a full one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from booking.domain import inventory, payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.payments import Contact
from booking.domain.people import sessions, staff
from booking.domain.reservations import bookings, guarantees
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.requests import BookingRequest, OrderItem, OrderRequest
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.admin.test_today import DAY, an_email_failed, at_noon_of
from tests.budgets.conftest import House
from tests.budgets.meter import Spent, spends, usual
from tests.budgets.test_budgets import excess
from tests.cast import SYSTEM, a_room, acting, beside, blocked, in_days, later, person
from tests.web.visitor import Visitor

FEW, MANY = 2, 9  # rooms, and stays that begin today
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass(frozen=True)
class Manned:
    """A house with guests who arrive, stay, owe and hold; who works there looks at its pages."""

    rooms: list[Room]
    stays: list[Booking]
    ahead: Booking  # a stay that begins days from now, whatever the hour is
    block: str
    drawer: str
    closing: str
    visitor: Visitor
    boss: Visitor  # of all houses: sees the audit log

    def addresses(self) -> dict[str, str]:
        """Of every page, by name."""
        booking, room = encode("booking", self.stays[0].id), encode("room", self.rooms[0].id)
        to_come = encode("booking", self.ahead.id)
        dates = {name: clock.now().date() + days * DAY for name, days in (("in", 30), ("out", 32))}
        stay = f"checkIn={dates['in']}&checkOut={dates['out']}"
        return {
            "today": "/admin/",
            "another day": f"/admin/?day={clock.now().date() + DAY}",
            "rooms": "/admin/rooms",
            "leaving early": f"/admin/day/{booking}/check-out",
            "calendar": "/admin/calendar/?days=90",
            "more rooms of the calendar": "/admin/calendar/?days=90&offset=1",
            "free nights": f"/admin/calendar/nights?room={room}&{stay}",
            "a block": f"/admin/calendar/blocks/{self.block}",
            "bookings": "/admin/bookings",
            "bookings by a name": "/admin/bookings?q=guest",
            "bookings as a file": "/admin/bookings.csv",
            "free rooms": f"/admin/bookings/new?{stay}&guests=1",
            "a booking": f"/admin/bookings/{booking}",
            "cancelling": f"/admin/bookings/{to_come}/cancel",
            "changing": f"/admin/bookings/{to_come}/change",
            "cash": "/admin/cash",
            "a drawer": f"/admin/cash/drawer?{self.drawer}",
            "a closing": f"/admin/cash/closings/{self.closing}",
            "people": "/admin/people",
            "figures": "/admin/figures",
            "policies": "/admin/policies",
            "audit log": "/admin/audit",  # of both: what it asks for goes by the kinds of things on a page
        }


def furnished(house: House, desk: BookingContext, number: int, name: str) -> Callable[[Visitor], Manned]:
    """The stays begin on the day after: what is returned lets their guests in then."""
    first = a_room(name=f"{name} 0")
    rooms = [first, *(beside(first, f"{name} {one}", 90) for one in range(1, number))]
    stays = [_vouched_for(room, in_days(1, 9), desk, f"{name} guest {place}") for place, room in enumerate(rooms)]
    ahead = _vouched_for(first, in_days(25), desk, f"{name} guest to come")
    for place, room in enumerate(rooms):
        wanted = BookingRequest(house.guest.id, room.id, in_days(40), 1)
        bookings.hold_all(acting(house.guest), wanted, desk)
        if place % 2:
            blocked(room, in_days(60))
            inventory.set_room_status(SYSTEM, room.id, "dirty", StayRules())
    for one in stays:
        an_email_failed(one)
    block = encode("block", blocked(first, in_days(70)).id)

    def opened(boss: Visitor) -> Manned:
        for one in stays[: number // 2]:
            presence.check_in(SYSTEM, one.id, desk)
        owner = person(f"{name}-owner")
        staff.give_role(SYSTEM, owner.id, Role.OWNER, first.property_id)
        for place in range(number):
            staff.give_role(SYSTEM, person(f"{name}-clerk-{place}").id, Role.DESK, first.property_id)
        drawer, closing = _cash_taken(stays, [person(f"{name}-clerk-{place}") for place in range(number)])
        return Manned(rooms, stays, ahead, block, drawer, closing, Visitor(house.app).signed_in(owner), boss)

    return opened


def _vouched_for(room: Room, stay: Stay, desk: BookingContext, name: str) -> Booking:
    guest = Contact(name, f"{name.replace(' ', '.')}@example.com", "+44 20 7946 0000")
    wanted = OrderRequest(None, (OrderItem(room.id, stay, 1),), contact=guest)
    [held] = bookings.hold_all(SYSTEM, wanted, desk, channel="desk")
    [confirmed] = guarantees.guarantee(SYSTEM, held.order_id, "desk")
    return confirmed


def _cash_taken(stays: list[Booking], clerks: list[User]) -> tuple[str, str]:
    """By each clerk of each guest, of which the first has counted what was taken at first: a drawer, a closing."""
    place, closing = stays[0].property_id, ""
    for number, one in enumerate(stays, 1):
        for clerk in clerks:
            actor = Actor.signed_in(clerk.id, (Membership(Role.DESK, place),), None)
            said = f"receipt {number} {clerk.full_name}"
            payments.record_received(actor, one.order_id, Decimal(1), by="desk", reference=said)
        if number == len(stays) - 1:
            key = payments.DrawerKey(place, "EUR", clerks[0].id)
            seen, _ = payments.get_drawer(SYSTEM, key)
            count = payments.Count(seen.expected, seen.expected, None, seen.expected, None)
            closing = encode("closing", payments.close_drawer(SYSTEM, key, count).id)
    return f"property={encode('property', place)}&currency=EUR&person={encode('user', clerks[0].id)}", closing


@pytest.fixture(scope="module")
def houses(house: House) -> Iterator[tuple[Manned, Manned]]:
    """A small one and a full one, on the day on which their guests arrive."""
    with house.app.app_context(), pytest.MonkeyPatch.context() as patched:
        # Who has signed in is looked up again every few seconds: by time, not for a page.
        patched.setattr(sessions, "LONGEST_KEPT", 3600)
        desk: BookingContext = house.app.extensions["services"].booking_context
        opening = [furnished(house, desk, number, name) for number, name in ((FEW, "small"), (MANY, "full"))]
        waited = at_noon_of(in_days(1).check_in)
        boss = person("boss")
        staff.give_role(SYSTEM, boss.id, Role.OWNER)
        visitor = Visitor(house.app).signed_in(boss)
        few, many = (opened(visitor) for opened in opening)
        yield few, many
        later(-waited)


def look(manned: Manned, name: str) -> Callable[[], None]:
    address = manned.addresses()[name]
    headers = PART if name.startswith("more") else {}
    visitor = manned.boss if name == "audit log" else manned.visitor

    def looked() -> None:
        answer = visitor.client.get(address, headers=headers)
        assert answer.status_code == 200, f"{name}: {answer.status_code} {answer.text[:300]}"
        assert answer.text

    return looked


def spent(house: House, manned: Manned, name: str) -> Spent:
    return usual(lambda: look(manned, name), house.meter, warm=2, times=2)


WHAT_WAS_WRITTEN = "select bookings, select guest_messages, select orders"
LOOKING_AT_A_BOOKING = (
    "select bookings, select orders, select bookings, select payments, select waivers, select booking_changes,"
    " select audit_log, select users, select events, select users, select bookings, select guest_registers,"
    " select refund_decisions, select booking_notes, select properties"
)
# Which houses there are is on every page.
STATEMENTS = {
    "today": "select properties, select guest_registers, select guest_registers, select guest_registers,"
    " select payments, select deliveries, select sent_emails, select bookings, select events,"
    " select guest_messages, select rooms",
    "another day": "select properties, select guest_registers",
    "rooms": "select properties, select rooms",
    "leaving early": "select bookings, select orders, select rooms, select properties",
    "calendar": "select properties, select properties, select rooms, select rooms, select rooms, select availability,"
    " select blocks, select availability, select bookings",
    # Without how full the days are.
    "more rooms of the calendar": "select properties, select properties, select rooms, select rooms, select rooms,"
    " select availability, select blocks, select bookings",
    "free nights": "select rooms, select properties",
    "a block": "select blocks, select properties",
    "bookings": "select properties, select bookings, select saved_views",
    "bookings by a name": "select properties, select rooms, select bookings, select saved_views",
    "bookings as a file": "select properties, select bookings, select bookings",
    "free rooms": "select properties, select properties, select rooms, select rooms",
    "a booking": f"{LOOKING_AT_A_BOOKING}, {WHAT_WAS_WRITTEN}",
    "cancelling": LOOKING_AT_A_BOOKING,
    "changing": f"{LOOKING_AT_A_BOOKING}, select rooms, select rooms, select properties",
    "cash": "select properties, select cash_closings, select cash_movements, select users, select properties,"
    " select cash_closings, select cash_movements, select cash_closings, select users, select users",
    "a drawer": "select properties, select properties, select users, select cash_closings, select cash_movements,"
    " select cash_movements",
    "a closing": "select properties, select cash_closings, select users, select cash_movements, select cash_movements",
    "people": "select memberships, select authenticators, select properties, select invitations",
    "audit log": "select audit_log, select bookings, select orders, select rooms, select users, select properties",
}
NO_TEMPLATE = {"more rooms of the calendar", "bookings as a file"}  # a block of one; lines of text


def budget(name: str) -> Spent:
    """To look writes nothing. One trip to Redis knows who has signed in and counts the request."""
    counts = {"commits": 0, "wal": 0, "redis": 1, "templates": int(name not in NO_TEMPLATE)}
    round_trips = len(STATEMENTS[name].split(","))
    return spends(STATEMENTS[name], round_trips=round_trips, **counts)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_page_spends_no_more_in_a_full_house_than_in_a_small_one(
    house: House, houses: tuple[Manned, Manned], name: str
) -> None:
    few, many = (spent(house, one, name) for one in houses)
    assert few == many
    assert excess(name, many, budget(name)) == []
