"""Invoices of a booking, for programs."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain import invoicing
from booking.domain.tables import Room, User
from booking.infra.ids import decode
from tests.api.program import Program, an_order, program_of, refused
from tests.cast import SYSTEM

pytestmark = pytest.mark.slow


def test_a_guest_reads_the_invoices_of_a_booking_and_nobody_else_does(
    app: Flask, api: Program, bob: User, room: Room
) -> None:
    made = api.post("/bookings", an_order(room)).json
    path = f"/bookings/{made['id']}/invoices"
    assert api.get(path).json == {"items": []}
    known = decode("booking", made["id"])
    assert known
    [invoice] = invoicing.settle_invoices(SYSTEM, known, invoicing.InvoiceTerms("eu"))
    [read] = api.get(path).json["items"]
    assert (read["number"], read["kind"], read["credits"]) == (invoice.reference, "invoice", None)
    assert (read["total"], read["due"], read["currency"]) == (made["totalPrice"], 0, made["currency"])
    assert sum(line["amount"] for line in read["lines"]) == made["totalPrice"]
    refused(program_of(app, bob).get(path), 404, "NOT_FOUND")
