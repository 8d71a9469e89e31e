"""Guests tell the desk that they want a text message before they come, at the number that the house has of them, or
that they want none any more.

It counts for the order that they stay with, and ends when the number is another one.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from booking.domain import payments, texting
from booking.domain.actors import Actor
from booking.domain.inputs import refuse
from booking.domain.notices import Notice
from booking.domain.payments import Contact, Order
from booking.domain.people import Action
from booking.domain.reservations import bookings
from booking.infra.db import READ_COMMITTED, transaction


def _textable(texts: bool | None, info: ValidationInfo) -> bool | None:
    """Beside a `phone`, which comes before it: whoever agrees has one that may take text messages."""
    if texts and "phone" in info.data:
        phone = info.data["phone"]
        if phone is None:
            raise refuse(Notice("missing"), "phone")
        try:
            texting.textable_number(phone)
        except PydanticCustomError as wrong:
            raise refuse((wrong.context or {})["notice"], "phone") from None
    return texts


Textable = Annotated[bool, AfterValidator(_textable)]
MaybeTextable = Annotated[bool | None, AfterValidator(_textable)]


@transaction(isolation=READ_COMMITTED)
def agree(actor: Actor, booking_id: uuid.UUID, number: str) -> None:
    """Whoever stays in this booking agrees to be texted at this number of E.164. Twice is once.

    Raises BookingNotFound.
    """
    booking = bookings.permitted(actor, Action.CHANGE_CONTACTS, booking_id)
    texting.agree_to_texts_for_order(actor, payments.lock_order(booking.order_id).id, number)


def heed(actor: Actor, order: Order, was: Contact, now: Contact, texts: bool | None) -> None:
    """Inside the caller's transaction, which has locked the order and may have changed its contact: what was said of
    text messages; None: nothing, so that a consent stands as long as the number does.
    """
    if texts and now.phone and order.contact_name is not None:
        texting.agree_to_texts_for_order(actor, order.id, texting.textable_number(now.phone))
    elif texts is False:
        texting.end_texts_for_order(actor, order.id, texting.BY_STAFF)
    elif now.phone != was.phone:
        texting.end_texts_for_order(actor, order.id, texting.BY_NEW_NUMBER)
