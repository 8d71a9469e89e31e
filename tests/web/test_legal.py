"""Who sells here: contact, terms, privacy, taxes, receipts. Only what the owner has set is shown."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from booking.config import SettingsError
from booking.domain.catalogue.cancellation_policies import STRICT
from booking.domain.reservations import bookings, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from booking.web import legal
from tests.cast import AN_HOUR, REFUND_DECLINED, REFUND_SLOW, SYSTEM, VISA, a_room, acting, in_days, order
from tests.web.visitor import Visitor

SELLER = {
    "legal_name": "Scheldt Rooms BV",
    "legal_address": "Kaai 1, 2000 Antwerp, Belgium",
    "contact_email": "hello@rooms.example",
    "contact_phone": "+32 3 000 00 00",
}


def the_stay() -> Stay:
    return in_days(30, 3)


def with_settings(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Visitor:
    services = app.extensions["services"]
    settings = dataclasses.replace(services.settings, **changes)
    monkeypatch.setitem(app.extensions, "services", dataclasses.replace(services, settings=settings))
    return Visitor(app)


def test_without_settings_there_are_no_such_pages_and_no_links(app: Flask) -> None:
    visitor = Visitor(app)
    for path in ("/contact", "/terms", "/privacy"):
        assert visitor.go(path).status == 404
        assert path not in visitor.links()


def test_contact_says_who_sells_and_stands_on_every_page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = with_settings(app, monkeypatch, **SELLER)
    assert "/contact" in visitor.go("/").links()
    visitor.go("/contact")
    for fact in ("Scheldt Rooms BV", "2000 Antwerp", "hello@rooms.example", "+32 3 000 00 00"):
        assert fact in visitor.text


def test_the_owners_texts_are_pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    text = legal.parts_of("# Scope\r\n\r\nThese terms <b>apply</b>.\nAlways.\n\n\n## Law\n\nBelgian.")
    monkeypatch.setitem(app.extensions, "legal_texts", {"terms": text})
    visitor = Visitor(app)
    assert "/terms" in visitor.go("/").links()
    visitor.go("/terms")
    assert [heading.get_text() for heading in visitor.page.select("main h2")] == ["Scope", "Law"]
    assert "These terms <b>apply</b>." in visitor.text


def test_a_text_that_cannot_be_read_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TERMS_FILE cannot be read"):
        legal._read("terms", str(tmp_path / "missing.md"))


@pytest.mark.usefixtures("alice")
def test_a_receipt_names_seller_guest_stay_and_total(
    app: Flask, monkeypatch: pytest.MonkeyPatch, alice: User, room: Room, desk: BookingContext
) -> None:
    paid = bookings.book(acting(alice), order(alice, room, the_stay()), VISA, desk)
    guest = with_settings(app, monkeypatch, **SELLER)
    guest.sign_in("alice").go(f"/bookings/{encode('booking', paid.id)}")
    receipt = f"/bookings/{encode('booking', paid.id)}/receipt"
    assert receipt in guest.links()
    guest.go(receipt)
    for fact in (
        "Scheldt Rooms BV",
        alice.full_name,
        paid.reference,
        "Room with a view",
        "3 nights at €120 €360",
        "Total paid €360",
    ):
        assert fact in guest.text
    assert "Cancelled" not in guest.text


@pytest.mark.usefixtures("bob")
def test_nobody_else_gets_the_receipt_and_a_hold_has_none(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    receipt = f"/bookings/{encode('booking', held.id)}/receipt"
    assert Visitor(app).sign_in("alice").go(receipt).status == 404
    assert Visitor(app).sign_in("bob").go(receipt).status == 404


@pytest.mark.parametrize(
    ("card", "said"), [(REFUND_DECLINED, "Refund we owe you"), (REFUND_SLOW, "Refund on its way"), (VISA, "Refunded")]
)
def test_a_receipt_says_what_became_of_the_refund_as_the_booking_does(
    app: Flask, alice: User, room: Room, desk: BookingContext, card: str, said: str
) -> None:
    cancelled = bookings.book(acting(alice), order(alice, room, the_stay()), card, desk)
    bookings.cancel(acting(alice), cancelled.id, desk)
    guest = Visitor(app).signed_in(alice)
    here = f"/bookings/{encode('booking', cancelled.id)}"
    assert f"{said} €360" in guest.go(here).text
    guest.go(f"{here}/receipt")
    assert f"Total paid €360 {said} €360" in guest.text
    assert "Cancelled on" in guest.text


def test_a_receipt_follows_a_refund_that_comes_back_late(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    cancelled = bookings.book(acting(alice), order(alice, room, the_stay()), REFUND_SLOW, desk)
    bookings.cancel(acting(alice), cancelled.id, desk)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    guest = Visitor(app).signed_in(alice)
    assert "Refunded €360" in guest.go(f"/bookings/{encode('booking', cancelled.id)}/receipt").text


def test_a_receipt_of_what_was_not_refundable_says_so(app: Flask, alice: User, desk: BookingContext) -> None:
    strict = bookings.book(acting(alice), order(alice, a_room(cancellation_policy=STRICT), in_days(3)), VISA, desk)
    bookings.cancel(acting(alice), strict.id, desk)
    guest = Visitor(app).signed_in(alice)
    assert "Refund €0" in guest.go(f"/bookings/{encode('booking', strict.id)}/receipt").text


def test_taxes_are_called_included_only_where_the_owner_says_so(app: Flask, room: Room) -> None:
    visitor = Visitor(app)
    page = f"/rooms/{encode('room', room.id)}?checkIn={the_stay().check_in}&checkOut={the_stay().check_out}"
    assert "A local tourist tax may be due at the property." in visitor.go(page).text
    assert "All taxes are included." not in visitor.text
