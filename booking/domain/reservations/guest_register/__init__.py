"""The guest register: who stays, with what the country of the house asks.

Decides who may see and fill it, and when it goes. Start with keeping.py; what a country asks is in country_rules.py.
"""

from booking.domain.reservations.guest_register.country_rules import DOCUMENT_TYPES, STATELESS, countries
from booking.domain.reservations.guest_register.inputs import RegisterEntry
from booking.domain.reservations.guest_register.keeping import (
    MOST,
    Register,
    RegisteredGuest,
    erase_past,
    keep,
    seal_anew,
    see,
)

__all__ = [
    "DOCUMENT_TYPES",
    "MOST",
    "STATELESS",
    "Register",
    "RegisterEntry",
    "RegisteredGuest",
    "countries",
    "erase_past",
    "keep",
    "seal_anew",
    "see",
]
