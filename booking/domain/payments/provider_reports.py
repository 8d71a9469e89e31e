"""A report of what a payment provider has moved, row by row: Stripe's "Payout reconciliation" or "Balance change from
activity", itemized, as CSV. Pure: no database.

Amounts are in whole units, as Stripe writes them there; what a guest paid is in the currency that they paid in, what
fees and payouts are about in the one that the account is settled in.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from booking.domain.errors import Invalid

NEEDED = ("balance_transaction_id", "created_utc", "currency", "gross", "fee", "net", "reporting_category")
ONE_OF = ("source_id", "payment_intent_id", "charge_id")
METADATA = "payment_metadata[payment]"  # our payment's id, where the report was asked for with it
MOST_ROWS = 50_000
CHARGE, CHARGE_FAILED = "charge", "charge_failure"
REFUND, REFUND_FAILED = "refund", "refund_failure"
DISPUTE, DISPUTE_WON = "dispute", "dispute_reversal"
PAYOUT = "payout"


class NoPayoutReport(Invalid):
    """It is no such report: `missing` columns."""

    code = "NO_PAYOUT_REPORT"


class BadReportLine(NoPayoutReport):
    """A `line` that has no date, or no amounts."""

    code = "BAD_REPORT_LINE"


class ReportOfOtherSize(NoPayoutReport):
    """No rows, or more than `most`."""

    code = "REPORT_OF_OTHER_SIZE"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One movement of the account. `amount` is what its guest sees, without its sign; `source` the provider's charge,
    refund, dispute or payout, `intent` the charge as our payments name it.
    """

    line: int
    id: str
    at: dt.datetime
    category: str
    source: str
    intent: str
    payment: uuid.UUID | None
    amount: Decimal
    currency: str
    gross: Decimal
    fee: Decimal
    net: Decimal
    settled_in: str
    payout: str


def read(text: str) -> list[ReportRow]:
    """Raises NoPayoutReport."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
    try:
        columns = reader.fieldnames or ()
        missing = [name for name in NEEDED if name not in columns]
        if missing or not set(ONE_OF) & set(columns):
            raise NoPayoutReport(missing=", ".join(missing or ONE_OF[:1]))
        found = [_row(reader.line_num, row) for row in reader if any(row.values())]
    except csv.Error:
        raise BadReportLine(line=reader.line_num) from None
    if not found or len(found) > MOST_ROWS:
        raise ReportOfOtherSize(most=MOST_ROWS)
    return found


def _row(line: int, cells: Mapping[str, str | None]) -> ReportRow:
    said = {name: (value or "").strip() for name, value in cells.items() if isinstance(name, str)}
    try:
        gross, fee, net = (_number(said[name]) for name in ("gross", "fee", "net"))
        facing = said.get("customer_facing_amount", "")
        settled_in = said["currency"].upper()
        return ReportRow(
            line,
            said["balance_transaction_id"],
            dt.datetime.fromisoformat(said["created_utc"]).replace(tzinfo=dt.UTC),
            said["reporting_category"],
            said.get("source_id", ""),
            said.get("payment_intent_id", "") or said.get("charge_id", ""),
            _payment(said.get(METADATA, "")),
            abs(_number(facing) if facing else gross),
            (said.get("customer_facing_currency", "") if facing else "").upper() or settled_in,
            gross,
            fee,
            net,
            settled_in,
            said.get("automatic_payout_id", ""),
        )
    except (ValueError, InvalidOperation):
        raise BadReportLine(line=line) from None


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _payment(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
