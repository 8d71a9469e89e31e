"""What a guest and the house write to each other about a booking."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import WithJsonSchema

from booking.api.endpoint import endpoint
from booking.api.schema import Instant, Schema, instant
from booking.domain import correspondence
from booking.domain.correspondence import MessageText, Said, WritingRefused
from booking.domain.errors import BookingNotFound
from booking.domain.messages import BY_GUEST, BY_HOUSE, MESSAGE_AUTHORS
from booking.domain.people import CurrentUser
from booking.infra.ids import encode

Author = Annotated[str, WithJsonSchema({"type": "string", "enum": list(MESSAGE_AUTHORS)})]


class Message(Schema):
    """What the guest of a booking or the house has written."""

    id: str
    author: Author
    message: str
    created_at: Instant


class MessageList(Schema):
    """All that was written about a booking, oldest first."""

    items: list[Message]


@endpoint("GET", "/bookings/<booking_id>/messages", tag="Bookings", schema=MessageList, refusals=(BookingNotFound,))
def list_messages(user: CurrentUser, booking_id: uuid.UUID) -> MessageList:
    """List what the guest and the house have written about a booking, oldest first."""
    talk = correspondence.read_conversation(user.actor, booking_id)
    return MessageList(items=[_shown(one) for one in talk.said])


@endpoint(
    "POST",
    "/bookings/<booking_id>/messages",
    tag="Bookings",
    body=MessageText,
    schema=Message,
    status=201,
    refusals=(BookingNotFound, WritingRefused),
)
def write_message(user: CurrentUser, booking_id: uuid.UUID, body: MessageText) -> Message:
    """Write about a booking: its guest to the house, or its property’s staff to the guest, who gets it by email.

    The same words again within a minute are the same message.
    """
    return _shown(correspondence.write_message(user.actor, booking_id, body))


def _shown(one: Said) -> Message:
    return Message(
        id=encode("message", one.id),
        author=BY_GUEST if one.is_guests else BY_HOUSE,
        message=one.text,
        created_at=instant(one.at),
    )
