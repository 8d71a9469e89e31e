"""What a line of a price is called that is no night: by the rule that made it."""

from __future__ import annotations

from booking.http.words.templates import Templates, _

RULES: Templates = {
    "kept_on_change": _("Kept for nights you gave back"),
    "kept_on_cancellation": _("Cancellation charge"),
}
