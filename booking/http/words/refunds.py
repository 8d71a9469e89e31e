"""What became of money that is due back (payments.REFUND_STATES): as guests read it, and as operators do."""

from __future__ import annotations

from booking.http.words.templates import Templates, _

FOR_GUESTS: Templates = {
    "owed": _("Refund we owe you"),
    "under_way": _("Refund on its way"),
    "returned": _("Refunded"),
}
# After a colon, with what there is left to do.
FOR_OPERATORS: Templates = {
    "owed": _("declined; see `flask payments list`, then `flask payments retry`"),
    "under_way": _(
        "on its way; recovery asks until there is an answer, or staff refunds it: see `flask payments list`"
    ),
    "returned": _("refunded"),
}
