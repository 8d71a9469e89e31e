"""Where guests are asked whether they want text messages: what a page shows, and what its form says."""

from __future__ import annotations

from dataclasses import dataclass

from booking.domain import texting
from booking.domain.texting import TextNumber
from booking.http.services import current_services
from booking.infra import phone_numbers
from booking.pages.forms import Form
from booking.pages.signed_in import actor


@dataclass(frozen=True, slots=True)
class TextsOffer:
    """What a page says of text messages: `number` as people read it, empty where there is none; `agreed` to get some
    before a stay; `alerts`: of one's work. `hears_replies`: STOP ends them.
    """

    number: str
    agreed: bool
    alerts: bool
    hears_replies: bool


def is_offered() -> bool:
    """Whether anybody sends text messages."""
    return current_services().settings.sends_texts


def offer() -> TextsOffer | None:
    """For the page of whoever has signed in; None where nobody sends any: then nothing is asked."""
    if not is_offered():
        return None
    consent, texter = texting.own_text_consent(actor()), current_services().texter
    return TextsOffer(
        number=phone_numbers.shown(consent.number) if consent else "",
        agreed=consent is not None and consent.arrivals,
        alerts=consent is not None and consent.alerts != texting.OFF,
        hears_replies=texter is not None and texter.hears_replies,
    )


def take(form: Form) -> None:
    """Of a form that asks for it beside something else: heed the tick. Raises Invalid, with the number at fault."""
    if is_offered() and form.value("texts"):
        texting.agree_to_texts(actor(), form.accept(TextNumber).mobile, texting.CHECKOUT)
