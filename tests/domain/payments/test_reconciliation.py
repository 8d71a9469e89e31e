"""The provider's report beside our ledger, from a file with the columns that Stripe publishes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from typing import Any

import pytest
from sqlalchemy import insert, update

from booking.domain import payments
from booking.domain.errors import Forbidden
from booking.domain.payments import NoPayoutReport, Reconciliation
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Dispute, Payment, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import new_id
from tests.cases import each
from tests.cast import SYSTEM, VISA, acting, in_days, order, payments_of

pytestmark = pytest.mark.slow

COLUMNS = (
    "automatic_payout_id", "automatic_payout_effective_at_utc", "balance_transaction_id", "created_utc", "currency",
    "gross", "fee", "net", "reporting_category", "source_id", "description", "customer_facing_amount",
    "customer_facing_currency", "charge_id", "payment_intent_id", "payment_metadata[payment]",
)  # fmt: skip


DAY = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


def report(*rows: dict[str, Any]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def row(number: int, category: str, gross: str, fee: str = "0.00", **said: str) -> dict[str, str]:
    net = f"{float(gross) - float(fee):.2f}"
    at = f"{DAY:%Y-%m-%d} 00:00:0{number % 10}"
    known = {"balance_transaction_id": f"txn_{number}", "created_utc": at, "currency": "eur"}
    return known | {"reporting_category": category, "gross": gross, "fee": fee, "net": net} | said


@transaction
def at_stripe(payment: Payment, reference: str, **columns: Any) -> None:
    changed = update(Payment).where(Payment.id == payment.id)
    db.session.execute(changed.values(provider="stripe", provider_reference=reference, **columns))


@transaction
def disputed(payment: Payment, reference: str) -> None:
    facts = {"id": new_id(), "payment_id": payment.id, "reference": reference, "amount": payment.amount}
    db.session.execute(insert(Dispute).values(facts | {"currency": "EUR", "state": "open", "reason": "fraudulent"}))


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, charged as pi_1."""
    made = bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    at_stripe(payments_of(made)[0], "pi_1", created_at=DAY.replace(second=1))
    return made


CHARGE = row(1, "charge", "360.00", "5.65", payment_intent_id="pi_1", source_id="ch_1", automatic_payout_id="po_1")


def reconciled(*rows: dict[str, str]) -> Reconciliation:
    return payments.reconcile(SYSTEM, report(*rows))


def kinds(*rows: dict[str, str]) -> list[str]:
    return [one.kind for one in reconciled(*rows).differences]


def test_what_agrees_is_counted_and_summed_by_payout(booked: Booking) -> None:
    fee, payout = row(2, "fee", "-0.50"), row(3, "payout", "-353.85", source_id="po_1")
    found = reconciled(CHARGE, fee | {"automatic_payout_id": "po_1"}, payout)
    assert (found.agrees, found.rows, found.matched) == (True, 3, 1)
    sums = {one.category: (str(one.gross), str(one.fee), str(one.net)) for one in found.sums}
    assert sums["charge"] == ("360.00", "5.65", "354.35")
    [one] = found.payouts
    assert (one.reference, one.rows, str(one.net), str(one.paid), one.agrees) == ("po_1", 2, "353.85", "353.85", True)
    other = reconciled(CHARGE, row(3, "payout", "-300.00", source_id="po_1"))
    assert (other.agrees, other.differences) == (False, ())


def test_each_difference_has_a_name_and_says_what_is_here_and_there(booked: Booking) -> None:
    [found] = reconciled(CHARGE | {"gross": "350.00", "net": "344.35"}).differences
    assert (found.kind, int(found.here or 0), int(found.there or 0)) == ("other_amount", 360, 350)
    assert (found.order, found.line, found.reference) == (booked.reference, 2, "ch_1")
    assert kinds(row(1, "charge", "10.00", payment_intent_id="pi_9"), CHARGE) == ["no_payment"]
    assert kinds(CHARGE, row(2, "refund", "-10.00", source_id="re_9")) == ["no_refund"]
    assert kinds(CHARGE, row(2, "dispute", "-360.00", source_id="dp_9")) == ["no_dispute"]
    assert kinds(CHARGE, CHARGE) == ["twice"]
    assert kinds(CHARGE | {"net": "1.00"}) == ["other_net"]
    assert kinds(CHARGE, row(2, "charge_failure", "-360.00", payment_intent_id="pi_1")) == ["other_state"]


def test_a_charge_of_that_time_that_the_report_does_not_have_is_named(booked: Booking) -> None:
    around = [row(number, "charge", "1.00", payment_intent_id=f"pi_{number}") for number in (0, 9)]
    found = [one for one in reconciled(*around).differences if one.kind == "not_reported"]
    assert [(one.reference, one.there, int(one.here or 0)) for one in found] == [("pi_1", None, 360)]
    assert "not_reported" not in kinds(row(5, "charge", "1.00", payment_intent_id="pi_5"))


def test_chargebacks_are_held_against_what_is_known_of_them(booked: Booking) -> None:
    disputed(payments_of(booked)[0], "dp_1")
    assert kinds(CHARGE, row(2, "dispute", "-360.00", "20.00", source_id="dp_1")) == []
    assert kinds(CHARGE, row(2, "dispute", "-36.00", source_id="dp_1")) == ["other_amount"]
    assert kinds(CHARGE, row(2, "dispute_reversal", "360.00", source_id="dp_1")) == ["other_state"]


def test_what_is_settled_in_another_currency_is_compared_as_its_guest_paid_it(booked: Booking) -> None:
    dollars = CHARGE | {"currency": "usd", "gross": "396.00", "fee": "6.20", "net": "389.80"}
    paid = {"customer_facing_amount": "360.00", "customer_facing_currency": "eur"}
    assert kinds(dollars | paid) == []
    assert kinds(dollars) == ["other_amount"]


def test_a_charge_is_known_by_our_own_id_where_the_report_has_it(booked: Booking) -> None:
    at_stripe(payments_of(booked)[0], "pi_other", created_at=DAY - dt.timedelta(days=1))
    assert kinds(CHARGE) == ["no_payment"]
    assert kinds(CHARGE | {"payment_metadata[payment]": str(payments_of(booked)[0].id)}) == []
    assert kinds(CHARGE | {"payment_metadata[payment]": str(uuid.uuid4())}) == ["no_payment"]
    assert kinds(CHARGE | {"payment_metadata[payment]": "x"}) == ["no_payment"]


@each(
    ("text", "code"),
    [
        ("", "NO_PAYOUT_REPORT"),
        ("\x00\x01", "NO_PAYOUT_REPORT"),
        ("a,b\n1,2\n", "NO_PAYOUT_REPORT"),
        (report(), "REPORT_OF_OTHER_SIZE"),
        (report(CHARGE | {"gross": "many"}), "BAD_REPORT_LINE"),
        (report(CHARGE | {"gross": "NaN"}), "BAD_REPORT_LINE"),
        (report(CHARGE | {"created_utc": "soon"}), "BAD_REPORT_LINE"),
        (report(CHARGE) + 'txn_2,"open', "BAD_REPORT_LINE"),
    ],
)
def test_what_is_no_report_is_refused(text: str, code: str) -> None:
    with pytest.raises(NoPayoutReport) as refused:
        payments.reconcile(SYSTEM, text)
    assert refused.value.code == code


def test_guests_have_nothing_to_compare(alice: User) -> None:
    with pytest.raises(Forbidden):
        payments.reconcile(acting(alice), report(CHARGE))
