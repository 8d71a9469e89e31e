"""What happened, and who is told: the outbox; and what guests and the house write to each other.

An event is recorded in the transaction that made it happen. Every consumer's work for it is a delivery, a row of its
own, which is tried until it is done or given up. Who consumes what stands in one registry, which the doors fill.
Who may read and write what is said about a booking is decided in `correspondence`.
"""

from booking.domain.messages.consumers import Consumer
from booking.domain.messages.consumers import find as find_consumer
from booking.domain.messages.consumers import register as register_consumer
from booking.domain.messages.consumers import registered as registered_consumers
from booking.domain.messages.conversation_models import BY_GUEST, BY_HOUSE, MESSAGE_AUTHORS, GuestMessage
from booking.domain.messages.conversation_models import LONGEST as LONGEST_MESSAGE
from booking.domain.messages.conversations import forget as forget_conversations
from booking.domain.messages.models import BOUNCED as EMAIL_BOUNCED
from booking.domain.messages.models import DONE as DELIVERY_DONE
from booking.domain.messages.models import GIVEN_UP as DELIVERY_GIVEN_UP
from booking.domain.messages.models import (
    MESSAGE_ANSWERED,
    MESSAGE_RECEIVED,
    NO_ADDRESS,
    NOT_NEEDED,
    PAYMENT_REQUESTED,
    Delivery,
    Event,
)
from booking.domain.messages.models import RESENT as EMAIL_RESENT
from booking.domain.messages.models import RUNNING as DELIVERY_RUNNING
from booking.domain.messages.models import WAITING as DELIVERY_WAITING
from booking.domain.messages.outbox import GIVE_UP_AFTER, Task, record
from booking.domain.messages.outbox import KEPT as EVENTS_KEPT
from booking.domain.messages.outbox import claim as claim_delivery
from booking.domain.messages.outbox import due as due_deliveries
from booking.domain.messages.outbox import fail as fail_delivery
from booking.domain.messages.outbox import finish as finish_delivery
from booking.domain.messages.outbox import give_up as give_up_delivery
from booking.domain.messages.outbox import given_up as given_up_deliveries
from booking.domain.messages.outbox import postpone as postpone_delivery
from booking.domain.messages.outbox import prune as prune_events
from booking.domain.messages.outbox import put_back as put_back_delivery
from booking.domain.messages.outbox import relay as relay_events
from booking.domain.messages.outbox import retry_given_up as retry_given_up_deliveries
from booking.domain.messages.outbox import settle_given_up as settle_given_up_delivery
from booking.domain.messages.outbox import status as outbox_figures
from booking.domain.messages.sent import BOUNCE, MAIL, MailWork
from booking.domain.messages.sent import about_bookings as mail_about_bookings
from booking.domain.messages.sent import repeating as repeating_email
from booking.domain.messages.sent import work as mail_work
from booking.domain.messages.sent_models import COMPLAINT, HeardReport, SentEmail
from booking.domain.messages.sent_models import LONGEST_CODE as LONGEST_BOUNCE_CODE
from booking.domain.messages.sent_texts import EmailText
from booking.domain.messages.sent_texts import finish_sent as finish_sent_email
from booking.domain.messages.sent_texts import forget as forget_emails
from booking.domain.messages.sent_texts import keep as keep_email
from booking.domain.messages.unfinished import find_fact, is_unfinished, tell_more

__all__ = [
    "BOUNCE",
    "BY_GUEST",
    "BY_HOUSE",
    "COMPLAINT",
    "DELIVERY_DONE",
    "DELIVERY_GIVEN_UP",
    "DELIVERY_RUNNING",
    "DELIVERY_WAITING",
    "EMAIL_BOUNCED",
    "EMAIL_RESENT",
    "EVENTS_KEPT",
    "GIVE_UP_AFTER",
    "LONGEST_BOUNCE_CODE",
    "LONGEST_MESSAGE",
    "MAIL",
    "MESSAGE_ANSWERED",
    "MESSAGE_AUTHORS",
    "MESSAGE_RECEIVED",
    "NOT_NEEDED",
    "NO_ADDRESS",
    "PAYMENT_REQUESTED",
    "Consumer",
    "Delivery",
    "EmailText",
    "Event",
    "GuestMessage",
    "HeardReport",
    "MailWork",
    "SentEmail",
    "Task",
    "claim_delivery",
    "due_deliveries",
    "fail_delivery",
    "find_consumer",
    "find_fact",
    "finish_delivery",
    "finish_sent_email",
    "forget_conversations",
    "forget_emails",
    "give_up_delivery",
    "given_up_deliveries",
    "is_unfinished",
    "keep_email",
    "mail_about_bookings",
    "mail_work",
    "outbox_figures",
    "postpone_delivery",
    "prune_events",
    "put_back_delivery",
    "record",
    "register_consumer",
    "registered_consumers",
    "relay_events",
    "repeating_email",
    "retry_given_up_deliveries",
    "settle_given_up_delivery",
    "tell_more",
]
