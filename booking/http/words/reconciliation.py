"""What a provider's report and our ledger differ in, and what its rows are about."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext

_ = lazy_gettext

DIFFERENCES = {
    "no_payment": _("Charged at the provider, with no payment here"),
    "no_refund": _("Refunded at the provider, and not here"),
    "no_dispute": _("Chargeback that isn’t known here"),
    "not_reported": _("Paid here, and not in the report"),
    "other_amount": _("Other amount"),
    "other_state": _("Moved at the provider, and here not counted as such"),
    "twice": _("Charged twice in the report"),
    "other_net": _("Amount less fee isn’t the net of the row"),
}
CATEGORIES = {
    "charge": _("Charges"),
    "charge_failure": _("Charges that failed later"),
    "refund": _("Refunds"),
    "refund_failure": _("Refunds that failed"),
    "dispute": _("Chargebacks"),
    "dispute_reversal": _("Chargebacks won"),
    "payout": _("Payouts to the bank"),
    "fee": _("Fees"),
}


def category(name: str) -> str:
    """One that we do not know is said as the provider calls it."""
    known = CATEGORIES.get(name)
    return str(known) if known else name.replace("_", " ")


def what_to_do(kind: str) -> str:
    """The next step, for whoever looks after it."""
    steps = {
        "no_payment": gettext("Look it up at the provider: another system may use the same account."),
        "no_refund": gettext("Run `flask payments look`, or wait an hour: by then such refunds are entered."),
        "no_dispute": gettext("Run `flask payments look`, or wait an hour: chargebacks are entered by then."),
        "not_reported": gettext("It may be in the next payout. If it isn’t there either, ask the provider."),
        "other_amount": gettext("Compare both at the provider before anybody is refunded."),
        "other_state": gettext("Run `flask payments recover`: it asks about what has no outcome yet."),
        "twice": gettext("Refund one of them at the provider."),
        "other_net": gettext("Ask the provider for the report once more."),
    }
    return str(steps[kind])
