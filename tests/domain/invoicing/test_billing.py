"""Whom an invoice is for: said before it or after it, by its guest or staff, and kept whatever becomes of the guest."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.domain import invoicing, payments, people
from booking.domain.actors import Role
from booking.domain.errors import BookingNotFound
from booking.domain.inputs import accept
from booking.domain.invoicing import BillingDetails, CorrectedTooOften, InvoiceTerms, documents, listing
from booking.domain.maintenance import verification
from booking.domain.reservations import ContactErased, bookings, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.http.services import current_services
from booking.infra.db import transaction
from booking.infra.ids import encode
from tests import said_to_postgres
from tests.admin.staff import at_work
from tests.cast import SYSTEM, VISA, acting, order, order_of
from tests.domain.reservations.test_desk_bookings import CALLER
from tests.domain.reservations.test_guest_erasure import called
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
TERMS = InvoiceTerms("eu")
ACME = accept(
    BillingDetails,
    {"company": "Acme SA", "street": "1 Quay", "city": "Antwerp", "country": "Belgium", "vatNumber": "BE 0987"},
    strict=True,
)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def buyers(booking: Booking) -> list[tuple[str, str | None, str | None]]:
    """Kind, name and company of each document."""
    found = invoicing.invoices_of_booking(SYSTEM, booking.id)
    return [(one.invoice.kind, one.buyer.name, one.buyer.company) for one in found if one.buyer]


def test_a_company_is_said_before_the_invoice_or_after_it(booked: Booking, alice: User) -> None:
    assert invoicing.change_billing(acting(alice), booked.id, ACME, TERMS) == []
    invoicing.settle_invoices(SYSTEM, booked.id, TERMS)
    assert buyers(booked) == [("invoice", "Alice", "Acme SA")]
    assert invoicing.change_billing(acting(alice), booked.id, ACME, TERMS) == []  # twice is once
    other = ACME.model_copy(update={"company": "Acme NV", "billing_name": "A. Alice"})
    assert len(invoicing.change_billing(acting(alice), booked.id, other, TERMS)) == 2
    assert buyers(booked)[1:] == [("credit_note", "Alice", "Acme SA"), ("invoice", "A. Alice", "Acme NV")]
    assert invoicing.settle_invoices(SYSTEM, booked.id, TERMS) == []
    assert verification.verify().findings == []


def test_a_guest_corrects_it_some_times_and_a_stranger_never(booked: Booking, alice: User, bob: User) -> None:
    invoicing.settle_invoices(SYSTEM, booked.id, TERMS)
    with pytest.raises(BookingNotFound):
        invoicing.change_billing(acting(bob), booked.id, ACME, TERMS)
    for number in range(5):
        invoicing.change_billing(acting(alice), booked.id, BillingDetails(company=f"Acme {number}"), TERMS)
    with pytest.raises(CorrectedTooOften):
        invoicing.change_billing(acting(alice), booked.id, BillingDetails(company="Acme 5"), TERMS)
    assert len(buyers(booked)) == 11


@transaction
def said(booking: Booking) -> payments.Billing:
    return payments.billing_of(booking.order_id)


def test_erasing_a_guest_forgets_what_they_said_and_keeps_what_was_issued(room: Room, desk: BookingContext) -> None:
    phoned = called(desk, room, CALLER, start=60)
    invoicing.change_billing(SYSTEM, phoned.id, ACME, TERMS)
    invoicing.issue_invoices(SYSTEM, phoned.id, TERMS)
    transaction(payments.forget_contacts)([phoned.order_id])
    assert said(phoned) == payments.Billing()
    assert buyers(phoned) == [("invoice", CALLER.full_name, "Acme SA")]
    with pytest.raises(ContactErased):
        invoicing.change_billing(SYSTEM, phoned.id, ACME, TERMS)


def test_without_an_account_they_are_had_by_the_link_of_the_email(app: Flask, room: Room, desk: BookingContext) -> None:
    phoned = called(desk, room, CALLER, start=60)
    link = invoicing.written_invoice_link(phoned.id, str(CALLER.email), current_services().settings.secret_keys)
    guest, path = Visitor(app), f"/invoices/{link}"
    guest.go(path).send(path)
    guest.send(f"{path}/billing", company="Acme SA")
    assert "issued anew" in guest.text
    assert [kind for kind, _, _ in buyers(phoned)] == ["invoice", "credit_note", "invoice"]
    [_, _, last] = [str(one["href"]) for one in guest.page.select("main li a")]
    assert "Acme SA" in guest.go(last).text
    assert guest.client.get(f"{last}/file.pdf").data[:5] == b"%PDF-"
    assert guest.go(path[:-1] + ("0" if path[-1] != "0" else "1")).status == 404
    assert order_of(phoned).user_id is None


def test_staff_says_it_at_the_desk(app: Flask, booked: Booking, bob: User, room: Room) -> None:
    invoicing.settle_invoices(SYSTEM, booked.id, TERMS)
    path = f"/admin/bookings/{encode('booking', booked.id)}/invoices"
    clerk = at_work(app, bob, Role.DESK, room)
    clerk.go(path).send(f"{path}/billing", company="x" * 256)
    assert clerk.status == 400
    clerk.go(path).send(f"{path}/billing", company="Acme SA", vatNumber="BE 0987")
    assert buyers(booked)[-1] == ("invoice", "Alice", "Acme SA")


def test_a_guest_is_told_whom_their_invoices_are_made_out_to(booked: Booking, alice: User) -> None:
    secrets = current_services().settings.secret_keys

    def billing() -> Any:
        told = personal_data.own_data(acting(people.start_web_session(alice.id)), secrets)
        return told["orders"][0]["billing"]

    assert billing() is None
    invoicing.change_billing(acting(alice), booked.id, ACME, TERMS)
    assert (billing()["company"], billing()["vatNumber"]) == ("Acme SA", "BE 0987")


@pytest.mark.usefixtures("app")
def test_a_name_leads_to_its_invoices_by_its_index() -> None:
    asked = documents.wanted().where(listing._is_meant("alice")).limit(50)
    read = said_to_postgres.plan(asked)
    assert ("ix_invoice_buyers_words" in read, "SubPlan" in read) == (True, False)
