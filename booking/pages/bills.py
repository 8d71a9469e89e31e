"""What a stay costs, as lines for `ui.bill`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext

from booking.domain import pricing, reservations
from booking.domain.pricing import PriceLine, Quote
from booking.domain.reservations import BookingDetails
from booking.http import date_format, number_format, words
from booking.pages import formats


@dataclass(frozen=True, slots=True)
class BillLine:
    text: str
    amount: Decimal
    why: str = ""
    included: bool = False  # in the others: it stands below the total
    is_tax: bool = False


def of_quote(quote: Quote) -> list[BillLine]:
    """The lines of a price that was not agreed yet."""
    formats.alike(quote.currency, [line.amount for line in quote.lines])
    return [_line(line, quote.currency) for line in quote.price_lines]


def nights(quote: Quote) -> list[BillLine]:
    """What each day of a stay costs, by its date, and what is not for a day; with the reasons where rules made it."""
    by_itself = [line for line in quote.lines if line.kind not in pricing.CHARGE_KINDS]
    return [
        *(
            BillLine(date_format.day(line.date) if line.date else words.price_label(line), line.amount, why)
            for line in by_itself
            for why in [words.price_reasons(line, quote.currency)]
            if line.date or why
        ),
        *(_line(line, quote.currency) for line in quote.price_lines if line.kind in pricing.CHARGE_KINDS),
    ]


def of_trip(trip: BookingDetails) -> list[BillLine]:
    """The lines that a booking keeps."""
    then = (trip.refund_now, trip.due_if_cancelled, trip.kept_if_cancelled, trip.order_if_cancelled)
    others = (room.price for room in trip.rooms)
    formats.alike(trip.notice.currency, [*reservations.amounts_of(trip.notice), *then, *others])
    return [_line(line, trip.notice.currency) for line in trip.notice.lines]


def of_lines(lines: Iterable[PriceLine], currency: str) -> list[BillLine]:
    """Lines that were read already."""
    return [_line(line, currency) for line in lines]


def _line(line: PriceLine, currency: str) -> BillLine:
    if line.reason:
        name = words.tax_included(line.label, line.reason.percent) if line.included else line.label
        return BillLine(
            name, line.amount, words.charged_by(line.reason, currency), line.included, line.kind == pricing.TAX_LINE
        )
    if line.kind != pricing.NIGHT_LINE:
        return BillLine(line.label or words.price_rule(line.rule), line.amount)
    said = {"nights": number_format.nights(line.count), "price": formats.money(line.each, currency)}
    if line.label:
        return BillLine(gettext("%(nights)s at %(price)s (%(rule)s)", **said, rule=line.label), line.amount)
    return BillLine(gettext("%(nights)s at %(price)s", **said), line.amount)
