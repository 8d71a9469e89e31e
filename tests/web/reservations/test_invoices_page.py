"""A guest's invoices: the list at a booking, one of them, and asking for it where the house waits to be asked."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from booking.domain import invoicing
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Property, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import SYSTEM, VISA, acting, order
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
TERMS = invoicing.InvoiceTerms("eu")


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


@transaction
def on_request(room: Room) -> None:
    stated = {"invoice_at": "request", "tax_number": "BE 0123.456.789"}
    db.session.execute(update(Property).where(Property.id == room.property_id).values(**stated))


def test_a_guest_asks_for_the_invoice_and_reads_it(booked: Booking, alice: User, room: Room, app: Flask) -> None:
    on_request(room)
    guest, path = Visitor(app).signed_in(alice), f"/bookings/{encode('booking', booked.id)}/invoices"
    assert "There is no invoice yet." in guest.go(path).text
    guest.send(path)
    [document] = invoicing.invoices_of_booking(acting(alice), booked.id)
    assert document.invoice.reference in guest.go(path).text
    read = guest.go(f"{path}/{encode('invoice', document.invoice.id)}").text
    file = guest.client.get(f"{path}/{encode('invoice', document.invoice.id)}/file.pdf")
    assert (file.mimetype, file.data[:5]) == ("application/pdf", b"%PDF-")
    assert file.headers["Cache-Control"] == "private, no-store"
    for said in (document.invoice.reference, "BE 0123.456.789", "Alice", "€360.00", booked.reference):
        assert said in read


def test_somebody_elses_does_not_exist(booked: Booking, bob: User, app: Flask) -> None:
    [invoice] = invoicing.settle_invoices(SYSTEM, booked.id, TERMS)
    stranger, path = Visitor(app).signed_in(bob), f"/bookings/{encode('booking', booked.id)}/invoices"
    assert stranger.go(path).status == 404
    assert stranger.go(f"{path}/{encode('invoice', invoice.id)}").status == 404
