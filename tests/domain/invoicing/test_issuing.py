"""Invoices and credit notes: what was sold is what they say, and their numbers follow each other."""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.exc import DBAPIError

from booking.domain import invoicing
from booking.domain.errors import BookingNotFound, Forbidden
from booking.domain.invoicing import CreditedAlready, InvoiceTerms, NothingToInvoice, SoldLine, catching_up, sold
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, holds, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Invoice, InvoiceBuyer, InvoicesDue, Property, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, count, in_days, later, order, person, reload
from tests.said_to_postgres import statements

pytestmark = pytest.mark.slow
TERMS = InvoiceTerms("eu")
REFUSED = "append-only|permission denied|is kept until"


def settled(booking: Booking) -> list[tuple[str, Decimal]]:
    return [(one.kind, one.total) for one in invoicing.settle_invoices(SYSTEM, booking.id, TERMS)]


@transaction
def house(room: Room, **values: object) -> None:
    db.session.execute(update(Property).where(Property.id == room.property_id).values(**values))


@transaction
def issued() -> list[Invoice]:
    return list(db.session.scalars(select(Invoice).order_by(Invoice.id)))


def findings() -> set[str]:
    return {finding.rule for finding in verification.verify().findings}


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Three nights at 120 EUR, paid."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def test_what_was_paid_for_is_invoiced_once(booked: Booking, room: Room) -> None:
    house(room, tax_number="BE 0123.456.789", legal_name="Neve House Ltd")
    assert settled(booked) == [("invoice", Decimal(360))]
    assert settled(booked) == []
    [invoice] = issued()
    assert (invoice.number, invoice.reference) == (1, f"EU-{invoice.issuer_id}-{invoice.year}-00001")
    assert (invoice.seller["name"], invoice.seller["taxNumber"]) == ("Neve House Ltd", "BE 0123.456.789")
    assert (invoice.paid, invoice.due) == (Decimal(360), Decimal(0))
    assert [(one["by"], one["amount"]) for one in invoice.payments] == [("card", "360.00")]
    assert [stay["reference"] for stay in invoice.stays] == [booked.reference]
    with db.engine.connect() as opened:
        assert opened.scalar(select(InvoiceBuyer.name)) == "Alice"
        assert opened.scalar(text("SELECT count(*) FROM invoice_lines")) == 3
    assert findings() == set()


def test_a_cancellation_takes_it_back_and_what_the_house_keeps_is_invoiced(
    booked: Booking, alice: User, desk: BookingContext
) -> None:
    settled(booked)
    bookings.cancel(acting(alice), booked.id, desk)
    assert settled(booked) == [("credit_note", Decimal(360))]
    assert settled(booked) == []
    first, credit = issued()
    assert (credit.credits_id, credit.number) == (first.id, 2)
    assert credit.due == 0
    assert findings() == set()


def test_what_is_kept_of_a_cancelled_stay_is_an_invoice_of_its_own(
    booked: Booking, alice: User, desk: BookingContext
) -> None:
    settled(booked)
    bookings.cancel(acting(alice), booked.id, desk)
    with db.engine.begin() as opened:
        opened.execute(text("UPDATE bookings SET kept = 100, refund_amount = 260"))
    assert settled(booked) == [("credit_note", Decimal(360)), ("invoice", Decimal(100))]


def test_a_longer_stay_is_invoiced_for_its_new_nights_and_a_shorter_one_credited(
    booked: Booking, alice: User, desk: BookingContext
) -> None:
    settled(booked)
    longer = Agreed(StayChange(check_out=in_days(30, 5).check_out), Decimal(240), method=VISA)
    stay_changes.change(acting(alice), booked.id, longer, desk)
    assert settled(booked) == [("invoice", Decimal(240))]
    shorter = Agreed(StayChange(check_out=in_days(30, 2).check_out), Decimal(-360))
    stay_changes.change(acting(alice), booked.id, shorter, desk)
    assert settled(booked) == [("credit_note", Decimal(120)), ("credit_note", Decimal(240))]
    assert sum(one.net for one in issued()) == reload(booked).total_price == 240
    assert [one.number for one in issued()] == [1, 2, 3, 4]
    assert findings() == set()


def test_a_discount_that_comes_or_changes_makes_no_document_of_less_than_nothing(booked: Booking) -> None:
    def sold_for(nights: int, discount: int) -> None:
        each = [
            {"kind": "night", "date": f"2030-01-0{n + 1}", "amount": "120.00", "rule": "base"} for n in range(nights)
        ]
        off = {"kind": "discount", "date": None, "amount": f"-{discount}.00", "rule": "goodwill"}
        with db.engine.begin() as opened:
            changed = text("UPDATE bookings SET price_lines = CAST(:lines AS jsonb), total_price = :total")
            opened.execute(changed, {"lines": json.dumps([*each, off]), "total": nights * 120 - discount})

    settled(booked)
    sold_for(3, 50)
    assert settled(booked) == [("credit_note", Decimal(360)), ("invoice", Decimal(310))]
    sold_for(4, 80)
    assert settled(booked) == [("credit_note", Decimal(310)), ("invoice", Decimal(400))]
    assert settled(booked) == []
    assert not [rule for rule in findings() if rule.startswith("invoice")]


@pytest.mark.parametrize("moment", ["check_out", "request"])
def test_a_house_that_invoices_later_waits(booked: Booking, room: Room, moment: str) -> None:
    house(room, invoice_at=moment)
    assert settled(booked) == []
    if moment == "check_out":
        with db.engine.begin() as opened:
            opened.execute(text("UPDATE bookings SET checked_in_at = now(), checked_out_at = now()"))
        assert settled(booked) == [("invoice", Decimal(360))]
    else:
        assert [one.total for one in invoicing.issue_invoices(SYSTEM, booked.id, TERMS)] == [360]


def test_the_guest_may_ask_for_it_a_stranger_not_and_twice_is_refused(
    booked: Booking, alice: User, bob: User, room: Room
) -> None:
    house(room, invoice_at="request")
    with pytest.raises(BookingNotFound):
        invoicing.issue_invoices(acting(bob), booked.id, TERMS)
    assert len(invoicing.issue_invoices(acting(alice), booked.id, TERMS)) == 1
    with pytest.raises(NothingToInvoice):
        invoicing.issue_invoices(acting(alice), booked.id, TERMS)


def test_a_correction_is_a_credit_note_and_a_new_invoice(booked: Booking, alice: User, room: Room) -> None:
    settled(booked)
    [invoice] = issued()
    house(room, legal_name="Corrected Ltd")
    with pytest.raises(Forbidden):
        invoicing.correct_invoice(acting(alice), invoice.id, "wrong name", TERMS)
    credit, anew = invoicing.correct_invoice(SYSTEM, invoice.id, "wrong name", TERMS)
    assert (credit.kind, credit.reason, anew.kind) == ("credit_note", "wrong name", "invoice")
    assert (credit.seller["name"] == invoice.seller["name"], anew.seller["name"]) == (True, "Corrected Ltd")
    with pytest.raises(CreditedAlready):
        invoicing.correct_invoice(SYSTEM, invoice.id, "again", TERMS)
    assert settled(booked) == []
    assert findings() == set()


def test_a_legal_entity_has_one_series_at_all_its_properties(alice: User, desk: BookingContext) -> None:
    stated = (("Neve Ltd", None), ("NEVE  ltd", "BE 0123"), ("Neve Group", "be-0123"), ("Other", None), ("Neve", "B9"))
    numbers = []
    for place, (name, tax) in enumerate(stated):
        room = a_room()
        house(room, legal_name=name, tax_number=tax)
        done = bookings.book(acting(alice), order(alice, room, in_days(30 + place)), VISA, desk)
        [invoice] = invoicing.settle_invoices(SYSTEM, done.id, TERMS)
        numbers.append((invoice.issuer_id, invoice.number))
    first = numbers[0][0]
    assert [number for _, number in numbers] == [1, 2, 3, 1, 1]
    assert [one == first for one, _ in numbers] == [True, True, True, False, False]


def test_sixteen_at_once_count_without_a_gap(app: Flask, desk: BookingContext, room: Room) -> None:
    made = [
        bookings.book(acting(guest), order(guest, room, in_days(30 + 4 * place)), VISA, desk)
        for place, guest in enumerate(person(f"guest{number}") for number in range(8))
    ]
    acts: list[Callable[[], object]] = [partial(invoicing.settle_invoices, SYSTEM, one.id, TERMS) for one in made * 2]
    done = all_at_once(app, acts)
    assert not [one for one in done if isinstance(one, Exception)]
    assert sorted(one.number for one in issued()) == list(range(1, 9))
    assert findings() == set()


@each(
    "statement",
    [
        "UPDATE invoices SET total = 1",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET amount = 1",
        "DELETE FROM invoice_lines",
        "UPDATE invoice_series SET last = 7",
        "INSERT INTO invoice_series VALUES (1, 'eu', 2020, 7)",
        "DELETE FROM invoice_series",
        "UPDATE invoice_buyers SET name = 'x'",
        "DELETE FROM invoice_buyers",
        "TRUNCATE invoices CASCADE",
    ],
)
def test_nobody_edits_or_counts_by_hand(booked: Booking, statement: str) -> None:
    settled(booked)
    with (
        pytest.raises(DBAPIError, match=r"append-only|permission denied|is kept until|must be owner"),
        db.engine.begin() as one,
    ):
        one.execute(text(statement))


def test_the_worker_follows_whatever_is_sold_changed_or_cancelled(
    booked: Booking, alice: User, room: Room, desk: BookingContext
) -> None:
    assert (count(InvoicesDue), invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10)) == (1, 1)
    assert ([one.total for one in issued()], count(InvoicesDue)) == ([Decimal(360)], 0)
    held = holds.reserve(acting(alice), order(alice, room, in_days(50)), desk)
    bookings.release(acting(alice), held.id)
    assert count(InvoicesDue) == 0  # a hold that nobody paid for
    bookings.cancel(acting(alice), booked.id, desk)
    assert findings() == set()  # the worker is to look at it
    assert invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10) == 1
    assert sum(one.net for one in issued()) == 0
    assert findings() == set()


def test_whom_an_invoice_is_for_is_forgotten_once_the_books_need_not_name_them(booked: Booking) -> None:
    invoicing.settle_invoices(SYSTEM, booked.id, InvoiceTerms("eu", years=-1))
    assert (invoicing.prune_invoice_buyers(10), invoicing.prune_invoice_buyers(10)) == (1, 0)
    [document] = invoicing.invoices_of_booking(SYSTEM, booked.id)
    assert (document.buyer, document.invoice.total) == (None, Decimal(360))


def test_one_that_cannot_be_settled_waits_and_the_others_go_on(
    booked: Booking, alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = bookings.book(acting(alice), order(alice, room, in_days(50)), VISA, desk)
    really = sold.lines

    def broken(one: Booking) -> list[SoldLine]:
        if one.id == booked.id:
            raise ValueError("no such line")
        return really(one)

    monkeypatch.setattr(sold, "lines", broken)
    assert invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10) == 2
    assert [one.order_id for one in issued()] == [other.order_id]
    assert invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10) == 0
    monkeypatch.undo()
    later(dt.timedelta(seconds=6))
    assert invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10) == 1
    assert count(InvoicesDue) == 0


def test_many_are_settled_with_the_statements_of_two(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent_for(first: int, rooms: int) -> int:
        for place in range(first, first + rooms):
            bookings.book(acting(alice), order(alice, room, in_days(30 + 4 * place)), VISA, desk)
        with statements() as sent:
            assert invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10) == rooms
        return len(sent)

    sent_for(0, 1)  # the issuer is known from here on
    monkeypatch.setattr(catching_up, "_settle", None)
    assert sent_for(1, 2) == sent_for(3, 8) < 14
    assert [one.number for one in issued()] == list(range(1, 12))
    assert findings() == set()


def test_one_that_is_held_is_settled_after_the_others(
    booked: Booking, alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [bookings.book(acting(alice), order(alice, room, in_days(50 + 4 * n)), VISA, desk) for n in range(2)]
    by_itself: list[uuid.UUID] = []
    with db.engine.connect().execution_options(isolation_level="READ COMMITTED") as somebody:
        somebody.execute(text("SELECT FROM orders WHERE id = :id FOR UPDATE"), {"id": booked.order_id})
        monkeypatch.setattr(catching_up, "_settle", lambda _, order_id, *__: by_itself.append(order_id))
        assert invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10) == 3
    assert by_itself == [booked.order_id]
    assert {one.order_id for one in issued()} == {one.order_id for one in others}


def test_what_is_marked_while_its_order_is_looked_at_is_looked_at_again(booked: Booking, room: Room) -> None:
    house(room, invoice_at="check_out")
    engine, leaving = db.engine, list[threading.Thread]()

    def meanwhile(*said: Any) -> None:
        """The bookings are read: their documents are next."""
        if "FROM invoices JOIN" in said[2] and not leaving:
            leaving.append(threading.Thread(target=leave))
            leaving[0].start()
            leaving[0].join(0.3)  # it may have to wait for this one

    def leave() -> None:
        with engine.begin() as guest:
            guest.execute(text("UPDATE bookings SET checked_in_at = now(), checked_out_at = now()"))

    event.listen(Engine, "before_cursor_execute", meanwhile)
    try:
        invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10)
        leaving[0].join()
    finally:
        event.remove(Engine, "before_cursor_execute", meanwhile)
    invoicing.catch_up_with_invoices(SYSTEM, TERMS, 10)
    assert [one.total for one in issued()] == [Decimal(360)]
