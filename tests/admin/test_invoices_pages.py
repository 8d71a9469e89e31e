"""Invoices at the desk: found by what people say, read, credited, as CSV; and issued at the page of a booking."""

from __future__ import annotations

import csv

import pytest
from flask import Flask

from booking.domain import invoicing
from booking.domain.actors import Role
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, order
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
INVOICES = "/admin/invoices"
TERMS = invoicing.InvoiceTerms("eu")


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(40)), VISA, desk)


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


def rows(visitor: Visitor) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in visitor.page.select("tbody tr")]


def test_it_is_issued_at_the_booking_and_found_by_number_name_and_reference(manager: Visitor, booked: Booking) -> None:
    manager.go(at(booked)).send(at(booked, "invoices"))
    assert "The invoice is issued." in manager.text
    [document] = invoicing.invoices_of_booking(SYSTEM, booked.id)
    for said in ("", document.invoice.reference.lower(), booked.reference, "alice"):
        [row] = rows(manager.go(f"{INVOICES}?q={said}"))
        assert row.startswith(document.invoice.reference)
    for asked in ("q=nobody", "kind=credit_note", "until=2020-01-01"):
        assert rows(manager.go(f"{INVOICES}?{asked}")) == []
    manager.go(at(booked)).send(at(booked, "invoices"))
    assert (manager.status, "There is nothing to invoice" in manager.text) == (409, True)


def test_a_manager_credits_it_and_it_is_issued_anew(manager: Visitor, booked: Booking) -> None:
    [invoice] = invoicing.settle_invoices(SYSTEM, booked.id, TERMS)
    path = f"{INVOICES}/{encode('invoice', invoice.id)}"
    manager.go(path).send(f"{path}/credit", reason="")
    assert manager.status == 400
    manager.send(f"{path}/credit", reason="Wrong company")
    assert "Credited." in manager.text
    kinds = [one.invoice.kind for one in invoicing.invoices_of_booking(SYSTEM, booked.id)]
    assert kinds == ["invoice", "credit_note", "invoice"]
    assert "This invoice has been credited in full." in manager.go(path).text


def test_the_books_get_them_as_csv(manager: Visitor, booked: Booking) -> None:
    [invoice] = invoicing.settle_invoices(SYSTEM, booked.id, TERMS)
    answer = manager.client.get(f"{INVOICES}/export.csv?kind=invoice")
    [row] = csv.DictReader(answer.text.removeprefix("\ufeff").splitlines())
    assert (row["number"], row["total"], row["buyer"]) == (invoice.reference, "360.00", "Alice")


def test_another_house_and_a_clerk_see_no_more_than_theirs(app: Flask, bob: User, booked: Booking, room: Room) -> None:
    [invoice] = invoicing.settle_invoices(SYSTEM, booked.id, TERMS)
    path = f"{INVOICES}/{encode('invoice', invoice.id)}"
    other = at_work(app, bob, Role.MANAGER, a_room())
    assert (rows(other.go(INVOICES)), other.go(path).status) == ([], 404)
    clerk = at_work(app, bob, Role.DESK, room)
    assert clerk.go(path).status == 200
    assert "Credit this invoice" not in clerk.text
