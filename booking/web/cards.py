"""The cards to pay with. All of them are simulated, and say so."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _


@dataclass(frozen=True, slots=True)
class Card:
    method: str
    name: str
    hint: str


def simulated(*, is_held: bool = True) -> list[Card]:
    """One for each way a payment can go; the first is chosen already. `is_held`: what is paid for is not booked yet."""
    stays = _("The bank declines it. The room stays held for you.") if is_held else _("The bank declines it.")
    return [
        Card("pm_card_visa", _("Test card: approved"), _("The payment goes through.")),
        Card("pm_card_declined", _("Test card: declined"), stays),
        Card(
            "pm_card_timeout",
            _("Test card: slow bank"),
            _("The bank takes too long to answer. We’ll find out whether the payment went through."),
        ),
    ]
