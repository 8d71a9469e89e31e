"""Looking after all of it: what is kept for how long, whether everything agrees, what should have been done by now.

It reads the tables of every subject; nothing else imports it but commands, the worker, and a page of the demo.
"""

from booking.domain.maintenance.backlog import Observation
from booking.domain.maintenance.backlog import holds as overdue_holds
from booking.domain.maintenance.backlog import outbox as overdue_messages
from booking.domain.maintenance.backlog import payments as overdue_payments
from booking.domain.maintenance.backlog import photos as overdue_photos
from booking.domain.maintenance.demo_mails import find as find_demo_mail
from booking.domain.maintenance.demo_mails import latest as latest_demo_mails
from booking.domain.maintenance.drill import RestoredCopy
from booking.domain.maintenance.drill import inspect as inspect_copy
from booking.domain.maintenance.messages_again import retry as retry_deliveries
from booking.domain.maintenance.messages_again import settle as settle_delivery
from booking.domain.maintenance.retention import prune
from booking.domain.maintenance.verification import verify_for as verify

__all__ = [
    "Observation",
    "RestoredCopy",
    "find_demo_mail",
    "inspect_copy",
    "latest_demo_mails",
    "overdue_holds",
    "overdue_messages",
    "overdue_payments",
    "overdue_photos",
    "prune",
    "retry_deliveries",
    "settle_delivery",
    "verify",
]
