"""Looking after all of it: what is kept for how long, whether everything agrees, what should have been done by now.

It reads the tables of every subject; nothing else imports it but commands and the worker.
"""

from booking.domain.maintenance.backlog import holds as overdue_holds
from booking.domain.maintenance.backlog import outbox as overdue_messages
from booking.domain.maintenance.backlog import payments as overdue_payments
from booking.domain.maintenance.drill import RestoredCopy
from booking.domain.maintenance.drill import inspect as inspect_copy
from booking.domain.maintenance.retention import prune
from booking.domain.maintenance.verification import verify

__all__ = [
    "RestoredCopy",
    "inspect_copy",
    "overdue_holds",
    "overdue_messages",
    "overdue_payments",
    "prune",
    "verify",
]
