"""What an invoice says, in the reader's language: the same words on its page and in its PDF."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from booking.domain import pricing
from booking.domain.invoicing import Alike, Document, LineTax
from booking.http import date_format, money_format, number_format, words
from booking.infra.ids import decode


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what for, how much; `of` names the stay that it belongs to, where it is the first of it."""

    text: str
    amount: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole document: texts in the order in which they are read."""

    title: str
    reference: str
    seller: list[str]
    buyer: list[str]
    facts: list[tuple[str, str]]
    rows: list[Row]
    total: Row
    taxes: list[Row]
    payments: list[Row]
    due: Row | None
    notes: list[str]


def sheet_of(document: Document) -> Sheet:
    """In the words of whoever reads it now; numbers, names and sums are those that were issued."""
    invoice = document.invoice
    return Sheet(
        title=_title(document),
        reference=invoice.reference,
        seller=_seller(invoice.seller),
        buyer=_buyer(document),
        facts=_facts(document),
        rows=_rows(document),
        total=Row(_total_label(document), _money(document, invoice.total)),
        taxes=[
            Row(words.tax_included(_line_name(line.line, line.rule), _rate(line.line)), _money(document, line.amount))
            for line in document.taxes
        ],
        payments=_payments(document),
        due=None if invoice.is_credit_note else Row(gettext("Amount due"), _money(document, invoice.due)),
        notes=_notes(document),
    )


def _title(document: Document) -> str:
    return str(gettext("Credit note") if document.invoice.is_credit_note else gettext("Invoice"))


def _total_label(document: Document) -> str:
    return str(gettext("Total credited") if document.invoice.is_credit_note else gettext("Total"))


def _seller(seller: Mapping[str, Any]) -> list[str]:
    address = seller["address"]
    town = ", ".join(str(address[part]) for part in ("district", "city") if address.get(part))
    house = seller["property"] if seller["property"] != seller["name"] else ""
    tax = gettext("Tax number %(number)s", number=seller["taxNumber"]) if seller["taxNumber"] else ""
    lines = (seller["name"], house, address.get("street"), town, address.get("country"), tax)
    return [str(line) for line in (*lines, seller["email"], seller["phone"]) if line]


def _buyer(document: Document) -> list[str]:
    buyer = document.buyer
    if buyer is None:
        return []
    town = " ".join(part for part in (buyer.postal_code, buyer.city) if part)
    vat = gettext("VAT number %(number)s", number=buyer.vat_number) if buyer.vat_number else ""
    return [line for line in (buyer.company, buyer.name, buyer.street, town, buyer.country, vat) if line]


def _facts(document: Document) -> list[tuple[str, str]]:
    invoice = document.invoice
    references = ", ".join(str(stay["reference"]) for stay in invoice.stays)
    found = [
        (gettext("Number"), invoice.reference),
        (gettext("Date"), date_format.day_short(invoice.issued_on)),
        (gettext("Booking"), references),
    ]
    return [*found, (gettext("Credits invoice"), document.credits)] if document.credits else found


def _rows(document: Document) -> list[Row]:
    stays = {decode("booking", stay["bookingId"]): stay for stay in document.invoice.stays}
    rows, last = [], None
    first, taxes = 0, document.line_taxes
    for line in document.alike:
        borne, first = taxes[first], first + line.count
        if line.included:
            continue
        of = _stay(stays[line.booking_id]) if line.booking_id != last and line.booking_id in stays else ""
        rows.append(Row(_with_rates(_text(document, line), borne), _money(document, line.amount), of))
        last = line.booking_id
    return rows


def _stay(stay: Mapping[str, Any]) -> str:
    """Room with a view, 12 December 2026 – 15 December 2026, 2 guests"""
    first, last = (date_format.day_short(dt.date.fromisoformat(stay[part])) for part in ("checkIn", "checkOut"))
    return f"{stay['room']}, {first} – {last}, {number_format.guests(stay['guests'])}"


def _text(document: Document, line: Alike) -> str:
    if line.kind == pricing.NIGHT_LINE:
        each = _money(document, line.each)
        return str(gettext("%(nights)s at %(price)s", nights=number_format.nights(line.count), price=each))
    return _name_of(document, line.booking_id, line.rule)


def _with_rates(text: str, taxes: Sequence[LineTax]) -> str:
    """3 nights at €120.00 (VAT 6%)"""
    said = ", ".join(f"{tax.label} {number_format.exact_percent(tax.rate)}" for tax in taxes)
    return f"{text} ({said})" if said else text


def _name_of(document: Document, booking_id: uuid.UUID, rule: str) -> str:
    said = next(one.line for one in document.lines if one.booking_id == booking_id and one.rule == rule)
    return _line_name(said, rule)


def _line_name(line: Mapping[str, Any], rule: str) -> str:
    """As the rule was called when it was sold, where the line says so."""
    return str(line.get("label") or words.price_rule(rule))


def _rate(line: Mapping[str, Any]) -> Decimal | None:
    """Of a tax in percent."""
    percent = next((reason.get("percent") for reason in line.get("reasons", ())), None)
    return None if percent is None else Decimal(percent)


def _payments(document: Document) -> list[Row]:
    if document.invoice.is_credit_note:
        moved = [one for one in document.invoice.payments if one["kind"] == "refund"]
    else:
        moved = document.invoice.payments
    return [Row(_payment(one), _money(document, _signed(one))) for one in moved]


def _payment(one: Mapping[str, Any]) -> str:
    by, day = words.paid_by(one["by"]), date_format.day_short(dt.date.fromisoformat(one["on"]))
    if one["kind"] == "refund":
        return str(gettext("Refunded on %(day)s: %(by)s", day=day, by=by))
    return str(gettext("Paid on %(day)s: %(by)s", day=day, by=by))


def _signed(one: Mapping[str, Any]) -> Decimal:
    amount = Decimal(one["amount"])
    return -amount if one["kind"] == "refund" else amount


def _notes(document: Document) -> list[str]:
    notes = [document.invoice.reason] if document.invoice.reason else []
    if document.is_credited:
        notes.append(gettext("This invoice has been credited in full."))
    return notes


def _money(document: Document, amount: Decimal) -> str:
    """Always with the currency's decimals: amounts of a document stand below each other."""
    return money_format.money(amount, document.invoice.currency, with_decimals=True)
