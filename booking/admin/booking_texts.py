"""What the page of a booking says of text messages; nothing, and no statement, where nobody sends any."""

from __future__ import annotations

from typing import Any

from booking.domain import correspondence, texting
from booking.domain.reservations.front_desk import StaffBooking
from booking.domain.texting import Consent
from booking.http.services import current_services
from booking.infra import phone_numbers
from booking.pages.signed_in import actor


def are_sent() -> bool:
    """Whether anybody sends text messages."""
    return current_services().settings.sends_texts


def consent_of(seen: StaffBooking) -> Consent | None:
    """What whoever stays has told the desk."""
    return texting.find_text_consent_for_order(seen.order.id) if are_sent() else None


def facts(seen: StaffBooking) -> dict[str, Any]:
    """Those about its order, the newest first, and at which number its guest agrees to get some."""
    if not are_sent():
        return {"sends_texts": False}
    consent = consent_of(seen)
    return {
        "sends_texts": True,
        "texts": correspondence.texts_of_order(actor(), [one.id for one in seen.beside]),
        "texted_at": phone_numbers.shown(consent.number) if consent else "",
        "number": phone_numbers.shown,
    }
