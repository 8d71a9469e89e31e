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
    "refunds_await_staff": _n(
        "%(refunds)s refund is to be given back by hand, the oldest for %(age)s",
        "%(refunds)s refunds are to be given back by hand, the oldest for %(age)s",
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
    "give_refunds_back": _("see `flask payments list`, then `flask payments returned`"),
    "retry_refunds": _("see `flask payments list`, then `flask payments retry`, or return it another way"),
    # --- what does not agree
    "night_shared": _("two live bookings share a night"),
    "booking_lacks_nights": _("a confirmed booking does not have all of its nights"),
    "night_without_booking": _("a booked night belongs to no confirmed booking"),
    "pinned_without_payment": _("a pinned night has no open payment"),
    "closed_booking_has_nights": _("a closed booking still has nights"),
    "night_without_claim": _("a night has no claim"),
    "night_without_block": _("a blocked night belongs to no block"),
    "block_lacks_nights": _("a block does not have all of its nights"),
    "night_elsewhere": _("a night’s location is not its room’s"),
    "price_not_sum_of_lines": _("a booking’s price is not the sum of its lines"),
    "booking_without_order": _("a booking has no order, or another guest’s"),
    "contact_of_nobody": _("an order names its contact although its account is deleted"),
    "order_confirmed_in_part": _("an order is confirmed in part"),
    "booking_of_other_reference": _("a booking’s reference is not its order’s"),
    "order_without_booking": _("an order has no booking"),
    "payment_in_other_order": _("a payment is not in the ledger of its booking’s order"),
    "order_owes_otherwise": _("an order does not owe what its bookings cost"),
    "order_sums_otherwise": _("an order’s sums are not those of its payments"),
    "order_waived_otherwise": _("what a guest is let off is not what was entered"),
    "waiver_is_no_opposite": _("what takes a waiver back is not its opposite"),
    "order_not_paid": _("a confirmed booking’s order is neither paid, as far as it must be, nor guaranteed"),
    "schedule_incomplete": _("the steps in which an order is paid are not a deposit and the rest"),
    "rest_without_step": _("the rest of a booking’s price is due on no day of its order’s steps"),
    "balance_waits": _("what is due of an order has not been charged for an hour"),
    "found_twice": _("two refunds have the same reference at their provider"),
    "entry_made_twice": _("money that was taken by hand is entered twice under one reference"),
    "correction_is_no_opposite": _("a correction is not the opposite of what it corrects"),
    "order_charged_too_much": _("more is on its way into an order than it owes"),
    "order_keeps_too_much": _("more was paid for an order than it costs, and nothing goes back"),
    "refund_owed": _("owed and not returned"),
    "refund_of_other_charge": _("a refund does not belong to a charge of its order and provider"),
    "refund_of_other_debt": _("an attempt at a refund does not belong to the first one"),
    "refunded_too_much": _("more went back than was charged"),
    "ledger_returned_other_charge": _("the ledger returned another charge than ours says"),
    "payment_unknown_to_ledger": _("a payment succeeded that the ledger does not know"),
    "ledger_without_payment": _("the ledger moved money that no payment knows"),
    "payment_waits": _("a payment waits for more than ten minutes"),
    "hosted_payment_waits": _("a payment at the provider’s page is over and not settled"),
    "hosted_payment_pins_nothing": _("a guest pays at the provider’s page for nights that are not kept"),
    "dispute_of_no_charge": _("a dispute is about no charge that succeeded, or about more than it"),
    "closed_change_has_nights": _("a change that is over still has nights"),
    "change_lacks_nights": _("a change that is under way does not have all of its nights"),
    "change_without_payment": _("a change that is being paid for has no open payment of its difference"),
    "change_not_paid": _("a booking was changed, and the difference is not paid"),
    "payment_of_no_change": _("a payment for a change belongs to none"),
    "booking_changed_otherwise": _("a booking’s changes are not those that were confirmed"),
    "price_not_in_parts": _("the parts of a changed booking’s price are not the whole"),
    "room_with_two_in_house": _("two guests have been checked in to one room"),
    "arrived_too_early": _("a guest was checked in before the day of arrival"),
    "departed_keeps_nights": _("a guest has left and still has nights"),
    "out_of_order_elsewhere": _("a room is out of order by another room’s block"),
    "booking_without_event": _("a confirmed booking has no confirmation event"),
}
