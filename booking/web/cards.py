"""The cards to pay with. All of them are simulated, and say so."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _


@dataclass(frozen=True, slots=True)
class Card:
    method: str
    name: str
    hint: str


def simulated() -> list[Card]:
    """One for each way a payment can go; the first is chosen already."""
    return [
        Card("pm_card_visa", _("Test card that works"), _("The payment goes through.")),
        Card("pm_card_declined", _("Test card that is declined"), _("The bank says no. The room stays held for you.")),
        Card(
            "pm_card_timeout",
            _("Test card that answers too late"),
            _("The bank takes too long. We find out what became of the payment."),
        ),
    ]
