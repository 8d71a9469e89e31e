"""The commands about invoices: a part of the matrix (test_matrix.py)."""

from __future__ import annotations

from booking.domain import invoicing
from booking.domain.reservations.front_desk import look_up_order
from tests.cast import SYSTEM
from tests.cli.command_house import House
from tests.cli.command_kinds import CHANGES, FILES, LISTS, A, Command, of

NO_NUMBER = "EU-9-2020-00001"
ISSUES = {A.SEE_BOOKING, A.SEE_INVOICES, A.ISSUE_INVOICES}
CORRECTS = {A.SEE_BOOKING, A.SEE_INVOICES, A.CORRECT_INVOICES}


def number(house: House) -> str:
    """Of an invoice of which all is left."""
    booking = look_up_order(SYSTEM, house.booked()).bookings[0]
    return invoicing.issue_invoices(SYSTEM, booking.id, invoicing.InvoiceTerms("eu"))[0].reference


INVOICES: dict[str, Command] = {
    "invoices list": Command(LISTS, {A.SEE_INVOICES}, lambda h: [number(h)][:0], of("--property", "nowhere")),
    "invoices show": Command(LISTS, {A.SEE_INVOICES}, lambda h: [number(h)], of(NO_NUMBER)),
    "invoices pdf": Command(FILES, {A.SEE_INVOICES}, lambda h: [number(h), "--out", "/dev/null"], of(NO_NUMBER)),
    "invoices create": Command(CHANGES, ISSUES, lambda h: [h.booked()], of("NOSUCHXX")),
    "invoices credit": Command(
        CHANGES, CORRECTS, lambda h: [number(h), "--reason", "wrong name"], of(NO_NUMBER, "--reason", "wrong name")
    ),
    "invoices export": Command(LISTS, {A.SEE_INVOICES}, lambda h: [number(h)][:0], of("--property", "nowhere")),
}
