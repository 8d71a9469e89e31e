"""What each figure means, in a sentence: as booking/domain/figures counts it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

# Term, meaning, and whether it is about money.
DEFINITIONS: tuple[tuple[LazyString, LazyString, bool], ...] = (
    (
        _("Available room nights"),
        _(
            "Every night of every room, from the day the room was added or first sold until it is archived, without "
            "nights off sale: blocked, out of order, or sold elsewhere by a calendar feed. Identical units count one "
            "by one; a room that contains others counts as these."
        ),
        False,
    ),
    (
        _("Sold nights"),
        _(
            "Nights of confirmed stays, on the day each night begins at the property. A no-show has its nights: nobody "
            "else could have them. A cancelled stay has none."
        ),
        False,
    ),
    (_("Occupancy"), _("Sold nights, in percent of available room nights."), False),
    (
        _("Room revenue"),
        _(
            "What the sold nights cost, less discounts and goodwill. Fees and taxes are not in it, also not taxes that "
            "prices include, and not what is kept of changes and cancellations."
        ),
        True,
    ),
    (_("ADR"), _("Average daily rate: room revenue divided by sold nights."), True),
    (_("RevPAR"), _("Revenue per available room: room revenue divided by available room nights."), True),
    (
        _("Pace"),
        _(
            "What is on the books now, beside what was a year ago today for the same months of last year: stays "
            "confirmed by then and not cancelled by then, at the dates and prices they have now."
        ),
        False,
    ),
    (
        _("Stays, length, lead time"),
        _(
            "By the month of arrival, without cancelled stays. Lead time is days from confirmation to arrival; "
            "imported reservations are left out of it."
        ),
        False,
    ),
    (
        _("Cancellations and no-shows"),
        _(
            "By the month of arrival. Cancelled stays in percent of all stays that were to begin; no-shows in percent "
            "of those that were not cancelled."
        ),
        False,
    ),
)


def shown(*, money: bool) -> list[tuple[str, str]]:
    """For somebody who may see money, or not."""
    return [(str(term), str(meaning)) for term, meaning, is_money in DEFINITIONS if money or not is_money]
