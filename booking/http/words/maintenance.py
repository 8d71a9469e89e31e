"""What is overdue, and what to do about it: for operators, after the name of the check."""

from __future__ import annotations

from booking.http.words.templates import Templates, _, _n

MAINTENANCE: Templates = {
    "events_unseen": _n(
        "%(events)s event has not been looked at, the oldest for %(age)s",
        "%(events)s events have not been looked at, the oldest for %(age)s",
        "events",
    ),
    "deliveries_late": _n(
        "%(deliveries)s delivery waits, the oldest for %(age)s%(because)s",
        "%(deliveries)s deliveries wait, the oldest for %(age)s%(because)s",
        "deliveries",
    ),
    "deliveries_given_up": _n(
        "%(deliveries)s delivery was given up", "%(deliveries)s deliveries were given up", "deliveries"
    ),
    "addresses_refused": _n(
        "%(accounts)s account has an address that mail servers refuse for good",
        "%(accounts)s accounts have an address that mail servers refuse for good",
        "accounts",
    ),
    "messages_under_way": _("%(events)s and %(deliveries)s on their way"),
    "events": _n("%(number)s event", "%(number)s events", "number"),
    "deliveries": _n("%(number)s delivery", "%(number)s deliveries", "number"),
    "holds_not_released": _n(
        "%(holds)s hold has ended and not been released, the oldest for %(age)s",
        "%(holds)s holds have ended and not been released, the oldest for %(age)s",
        "holds",
    ),
    "none_overdue": _("none is overdue"),
    "payments_without_outcome": _n(
        "%(payments)s payment has no outcome, the oldest for %(age)s%(because)s",
        "%(payments)s payments have no outcome, the oldest for %(age)s%(because)s",
        "payments",
    ),
    "refunds_declined": _n(
        "%(refunds)s refund was declined: guests wait for their money",
        "%(refunds)s refunds were declined: guests wait for their money",
        "refunds",
    ),
    "payments_under_way": _("%(payments)s under way"),
    "because": _(" (%(reason)s)"),
    # --- why a payment is open
    "payment_no_answer": _("the provider did not answer"),
    "payment_no_provider": _("there is no provider '%(about)s' here"),
    "payment_no_refund": _("the provider answered %(about)s to a refund"),
    # --- what to do
    "look_at_worker": _("start `python worker.py`, or read its log"),
    "mend_deliveries": _(
        "mend what it names or start `python worker.py`, or read its log; they are tried again for %(kept)s"
    ),
    "retry_deliveries": _("see `flask events status`, then `flask events retry`"),
    "look_at_addresses": _("their account pages say so; `flask events status` has the reasons"),
    "release_holds": _("start `python worker.py`, or read its log; at once: `flask bookings expire`"),
    "look_at_provider": _(
        "start `python worker.py`, or read its log; see whether the provider answers, and `flask payments list`"
    ),
    "retry_refunds": _("see `flask payments list`, then `flask payments retry`, or return it another way"),
}
