"""Every page there is, on the smallest phone: nothing to scroll sideways, nothing that axe objects to, no script or
style of its own, and not too many bytes. What is a page: every_page.py.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.domain import catalogue, correspondence, invoicing, payments, pricing, reservations
from booking.domain.actors import Actor, Membership, Role
from booking.domain.correspondence import MessageText
from booking.domain.messages import outbox
from booking.domain.people import staff
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.tables import Booking, Room, User
from booking.http.services import current_services
from booking.infra import clock
from booking.infra.ids import encode
from booking.infra.storage import Storage
from tests.admin import plain_routes
from tests.browser.axe import violations
from tests.browser.conftest import PHONE
from tests.browser.every_page import GUEST, OWNER, PAGES, STRANGER
from tests.browser.steps import sign_in, uploaded
from tests.browser.test_booking import fits
from tests.cast import SYSTEM, VISA, a_room, acting, beside, blocked, in_days, later, order, person
from tests.domain.reservations.test_desk_bookings import CALLER
from tests.domain.reservations.test_guest_erasure import called
from tests.photos import added, of_house, of_room

TERMS = invoicing.InvoiceTerms("eu")
MOST_BYTES = 100_000  # of a page's HTML, before it is compressed; the largest are the calendar and its 90 days
INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)|<style|\son[a-z]+=|\sstyle=|javascript:")


@pytest.fixture
def names(alice: User, bob: User, owner: User, room: Room, desk: BookingContext, storage: Storage) -> dict[str, str]:
    """What the addresses speak of: a guest who has arrived, one to come, one who owes, a hold, a block."""
    lisbon = {"address": {"city": "Lisbon", "country": "Portugal"}, "location": "lisbon"}
    arrived = _arrived(bob, a_room(name="Room of the guest who is there", **lisbon), desk)
    others = [beside(room, f"Room {number} with a balcony to the garden", 80 + number) for number in range(3)]
    paid = bookings.book(acting(alice), order(alice, room, in_days(20)), VISA, desk)
    [owing] = bookings.hold_all(acting(alice), order(alice, others[0], in_days(20)), desk)
    guarantees.guarantee(SYSTEM, owing.order_id, "desk", "Pays in cash")
    payments.record_received(SYSTEM, owing.order_id, Decimal("50.50"), by="desk", reference="receipt 1")
    drawer, kept = payments.DrawerKey(room.property_id, "EUR", None), Decimal(20)
    count = payments.Count(Decimal("50.40"), kept, "Ten cents rolled away", Decimal("50.50"), None)
    closing = payments.close_drawer(SYSTEM, drawer, count)
    payments.record_received(SYSTEM, owing.order_id, Decimal(5), by="desk", reference="receipt 2")
    held = holds.reserve(acting(alice), order(alice, others[1], in_days(33)), desk)
    wrote(alice, paid, "Is there a cot?\nAnd a https://very-long.example/" + "x" * 80)
    added(of_room(room), "red", "A red door")
    added(of_room(room), "blue", ready=False)
    added(of_house(room), "green")
    phoned = called(desk, others[2], CALLER, start=60)
    block, stay = blocked(others[2], in_days(5, 2), reason="painting"), in_days(40)
    return {
        "policy": encode("rate", _rule(room, "policy", {"tiers": [{"before": "48h", "refund": "-1n"}]})),
        "plan": encode("rate", _rule(room, "plan", {"percent": "-10", "policy": "non-refundable"})),
        "promotion": plain_routes.a_promotion(room),
        "room": encode("room", room.id),
        "other": encode("room", others[2].id),
        "house": encode("property", room.property_id),
        "block": encode("block", block.id),
        "booking": encode("booking", paid.id),
        "owing": encode("booking", owing.id),
        "held": encode("booking", held.id),
        "arrived": encode("booking", arrived.id),
        "closing": encode("closing", closing.id),
        "invoice": encode("invoice", invoicing.issue_invoices(SYSTEM, paid.id, TERMS)[0].id),
        "file": encode("import", uploaded(paid)),
        "dates": f"checkIn={stay.check_in}&checkOut={stay.check_out}",
        "link": _link_to_pay(owing),
        "email": encode("email", _confirmation_of(paid)),
        "talk": _link_to_talk(phoned),
        "invoices": _link_to_invoices(phoned),
        "theirs": encode("invoice", invoicing.issue_invoices(SYSTEM, phoned.id, TERMS)[0].id),
        "hidden": encode("room", catalogue.copy_room(SYSTEM, room.id, "Room that nobody has seen yet")),
        "sheet": encode("sheet", _sheet(owner)),
        "rate": _rate(room),
        "month": f"{in_days(20).check_in:%Y-%m}",
        "year": str(in_days(20).check_in.year),
        "late": in_days(20, 5).check_out.isoformat(),
        "day": in_days(1).check_in.isoformat(),
    }


def _rule(room: Room, kind: str, terms: dict[str, object]) -> uuid.UUID:
    said = pricing.rate_said({"kind": kind, "name": f"A {kind} of ours", "terms": terms})
    return pricing.add_rate(SYSTEM, room.property_id, said)


def _rate(room: Room) -> str:
    """A rule among others: a season, weekends, a city tax."""
    season = in_days(20, 30)
    days = {"from": season.check_in.isoformat(), "to": season.check_out.isoformat()}
    for said in (
        {"kind": "min_nights", "name": "Long stays in the season", "terms": "nights=3", **days},
        {"kind": "adjust", "name": "Weekend", "terms": "percent=20", "weekdays": "fri,sat"},
        {"kind": "tax", "name": "City tax", "terms": "amount=3.50 per=guest_night nights=7"},
    ):
        pricing.add_rate(SYSTEM, room.property_id, pricing.rate_input(said))
    summer = {"kind": "price", "name": "Summer on the Grand Canal", "terms": "amount=150", **days}
    return encode("rate", pricing.add_rate(SYSTEM, room.property_id, pricing.rate_input(summer)))


def _link_to_pay(owing: Booking) -> str:
    secrets = current_services().settings.secret_keys
    return reservations.written_payment_link(owing.order_id, clock.now() + dt.timedelta(days=1), secrets)


def wrote(guest: User, booking: Booking, said: str) -> None:
    """The guest, who was answered before."""
    correspondence.answer_guest(SYSTEM, booking.id, MessageText(message="Welcome! Tell us when you arrive."))
    correspondence.write_to_house(acting(guest), booking.id, MessageText(message=said))


def _confirmation_of(booking: Booking) -> uuid.UUID:
    """It waits to be sent."""
    outbox.relay()
    return reservations.emails_of(SYSTEM, booking.id).emails[-1].id


def _link_to_talk(booking: Booking) -> str:
    secrets = current_services().settings.secret_keys
    link = correspondence.written_conversation_link(booking.id, str(CALLER.email), secrets)
    correspondence.write_by_conversation_link(link, MessageText(message="We come late"), secrets)
    return link


def _link_to_invoices(booking: Booking) -> str:
    return invoicing.written_invoice_link(booking.id, str(CALLER.email), current_services().settings.secret_keys)


def _sheet(owner: User) -> uuid.UUID:
    """A file of rooms of which one can come in, and one cannot."""
    header = "source_id,name,capacity,price_per_night,location,time_zone,currency,beds"
    rows = ("1,Attic,2,90,oslo,Europe/Oslo,NOK,1 king", "2,Cellar,none,90,oslo,Europe/Oslo,NOK,")
    olga = Actor.signed_in(owner.id, (Membership(Role.OWNER),), None)
    return catalogue.keep_sheet(olga, "rooms.csv", "\n".join([header, *rows]).encode())


def _arrived(guest: User, room: Room, desk: BookingContext) -> Booking:
    """It is the afternoon of the first of their three days."""
    booking = bookings.book(acting(guest), order(guest, room, in_days(2)), VISA, desk)
    local = dt.datetime.combine(booking.check_in, dt.time(16), tzinfo=ZoneInfo(booking.time_zone))
    later(local - clock.now())
    return presence.check_in(SYSTEM, booking.id, desk)


@pytest.fixture
def owner(app: Flask) -> User:
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER)
    return olga


@pytest.mark.parametrize("who", [STRANGER, GUEST, OWNER])
def test_every_page_is_sound(
    visit: Callable[..., Page], names: dict[str, str], alice: User, owner: User, who: str
) -> None:
    page = visit(**PHONE)
    if who != STRANGER:
        page.goto("/sign-in")
        sign_in(page, alice if who == GUEST else owner)
        expect(page.locator("h1:visible")).to_have_text("Your bookings" if who == GUEST else "Today")
    faults: dict[str, list[str]] = {}
    for address in (one for whose, addresses in PAGES.values() if whose == who for one in addresses):
        if found := list(_faults(page, address.format(**names))):
            faults[address] = found
    assert faults == {}


def _faults(page: Page, address: str) -> Iterator[str]:
    answer = page.goto(address)
    assert answer is not None
    text = answer.text()
    if answer.status >= 500 or answer.request.redirected_from:
        yield f"{answer.status} from {answer.url}"
    if page.locator("h1:visible").count() != 1:
        yield f"{page.locator('h1:visible').count()} headings"
    if not fits(page):
        yield "something is cut off"
    if len(text) > MOST_BYTES:
        yield f"{len(text)} bytes"
    yield from (f"in the page itself: {found}" for found in INLINE.findall(text))
    yield from violations(page)
