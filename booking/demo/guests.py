"""Who stays in the demo rooms: names, and what they let the house know."""

from __future__ import annotations

import datetime as dt
from typing import Any

FIRST = (
    "Amara", "Ben", "Chiara", "Daniel", "Elif", "Finn", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Liam", "Maya",
    "Noah", "Olga", "Priya", "Quentin", "Rosa", "Sami", "Tamar", "Umar", "Vera", "Wanjiru", "Xin", "Yael", "Zoë",
    "Aino", "Luca", "Noor",
)  # fmt: skip
LAST = (
    "Abebe", "Bauer", "Cohen", "Da Silva", "Eriksson", "Ferrari", "García", "Haddad", "Ivanova", "Jansen", "Kim",
    "Levi", "Müller", "Nakamura", "Okafor", "Petrov", "Rossi", "Santos", "Tanaka", "Van Dijk", "Walker", "Yılmaz",
    "Zhang",
)  # fmt: skip
REQUESTS = (
    "A cot for the baby, please.",
    "We arrive by the late train. Is there a key box?",
    "A quiet room, away from the street.",
    "It is my mother’s birthday on the second day.",
    "No feathers, please: allergy.",
)
EMPTY = dict.fromkeys(
    ("contact_name", "contact_email", "contact_phone", "contact_arrival_time", "contact_requests"), None
)


def contact(number: int, *, is_named: bool) -> dict[str, Any]:
    """The columns of an order; the same ones for the same number. Not named: whose account it is."""
    if not is_named:
        return {**EMPTY}
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    return {
        "contact_name": f"{first} {last}",
        "contact_email": f"guest{number % 10**6}@example.com",
        "contact_phone": f"+44 20 7946 0{number % 1000:03}",
        "contact_arrival_time": dt.time(14 + number % 9, 30 * (number % 2)) if number % 3 == 0 else None,
        "contact_requests": REQUESTS[number % len(REQUESTS)] if number % 5 == 0 else None,
    }
