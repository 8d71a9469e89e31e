"""Tables, their constraints, and the legal moves of their rows. Every constraint has a name."""

from booking.domain.models.bookings import Booking, IdempotencyKey, Payment
from booking.domain.models.events import Delivery, Event
from booking.domain.models.mailed_links import EmailChange, EmailVerification, Farewell, PasswordReset
from booking.domain.models.people import SecurityEvent, Session, User
from booking.domain.models.rooms import Availability, Property, Room

__all__ = [
    "Availability",
    "Booking",
    "Delivery",
    "EmailChange",
    "EmailVerification",
    "Event",
    "Farewell",
    "IdempotencyKey",
    "PasswordReset",
    "Payment",
    "Property",
    "Room",
    "SecurityEvent",
    "Session",
    "User",
]
