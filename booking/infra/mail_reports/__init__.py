"""What a mail provider tells of emails afterwards: that they were delivered, came back, or were called spam.

Each provider has a module: who signed it, and what it says in its own words. Whoever asks decides what follows.
"""

from booking.infra.mail_reports.report import BOUNCED, COMPLAINED, DELIVERED, Heard, MailReport, NotSigned

__all__ = ["BOUNCED", "COMPLAINED", "DELIVERED", "Heard", "MailReport", "NotSigned"]
