"""Orders and their ledgers: what is owed and paid, and a row per attempt to charge or refund, written before the
provider is asked.

Decides which attempts may run, when one may be asked about again, and what an answer does to its row. What it does to
the booking is decided in reservations.
"""

from booking.domain.payments.billing import FIELDS as BILLING_FIELDS
from booking.domain.payments.billing import Billing
from booking.domain.payments.billing import of as billing_of
from booking.domain.payments.billing import of_many as billing_of_orders
from booking.domain.payments.billing import write as write_billing
from booking.domain.payments.billing_models import OrderBilling
from booking.domain.payments.by_hand import received as record_received
from booking.domain.payments.by_hand import returned as record_returned
from booking.domain.payments.by_hand import take_back as take_back_entry
from booking.domain.payments.cash import CashMoved, Count, DrawerClosed, DrawerKey
from booking.domain.payments.cash import close as close_drawer
from booking.domain.payments.cash_models import CashClosing, CashMovement
from booking.domain.payments.cash_views import Counted, DrawerSum, Moved, Movement
from booking.domain.payments.cash_views import closing as get_closing
from booking.domain.payments.cash_views import closings as list_closings
from booking.domain.payments.cash_views import drawer as get_drawer
from booking.domain.payments.cash_views import drawers as list_drawers
from booking.domain.payments.contacts import COLUMNS as CONTACT_COLUMNS
from booking.domain.payments.contacts import Contact
from booking.domain.payments.contacts import forget as forget_contacts
from booking.domain.payments.contacts import of as contact_of
from booking.domain.payments.context import PaymentContext
from booking.domain.payments.context import patience as usual_patience
from booking.domain.payments.debts import IS_OWED as REFUND_IS_OWED
from booking.domain.payments.debts import owed_among as owed_refunds_among
from booking.domain.payments.disputes import look as look_at_dispute
from booking.domain.payments.disputes import undecided as undecided_disputes
from booking.domain.payments.inputs import (
    CashCount,
    CashDrawer,
    DebtWaived,
    EntryMistaken,
    MoneyReceived,
    MoneyReturned,
)
from booking.domain.payments.ledger import (
    ABANDONED,
    DECLINED,
    HOSTED,
    NO_ANSWER,
    STUCK_AFTER,
    Due,
    asked_in_vain,
    await_guest,
    awaited_until,
    awaits_guest,
    is_in_one_call,
    is_live_charge,
    is_open,
    latest_charge,
    latest_charge_now,
    mark_unknown,
    note_unknown_provider,
    start_charge,
    start_refund,
    start_refunds,
)
from booking.domain.payments.ledger import claim as claim_payment
from booking.domain.payments.ledger import due as due_payments
from booking.domain.payments.ledger import explained as explained_error
from booking.domain.payments.ledger import fail as record_failure
from booking.domain.payments.ledger import figures as payment_figures
from booking.domain.payments.ledger import find as find_payment
from booking.domain.payments.ledger import hasten as hasten_payment
from booking.domain.payments.ledger import hurry as make_due
from booking.domain.payments.ledger import note as note_error
from booking.domain.payments.ledger import said as error_text
from booking.domain.payments.ledger import succeed as record_success
from booking.domain.payments.look_models import DISPUTES, LOOKED_FOR, ProviderLook
from booking.domain.payments.models import (
    API,
    AT_DESK,
    AWAITING_GUEST,
    AWAITING_STAFF,
    BALANCE,
    BY_HAND,
    CHANNELS,
    CHARGE,
    DEPOSIT,
    DESK,
    ELSEWHERE,
    FAILED,
    GUARANTEES,
    IMPORT,
    LATER,
    LIVE,
    OPEN,
    ORDER_DUE,
    ORDER_IS_DUE,
    REFUND,
    SAME_SOURCE,
    STARTED,
    SUCCEEDED,
    UNKNOWN,
    WEB,
    Order,
    Payment,
)
from booking.domain.payments.models import CHANGE as FOR_CHANGE
from booking.domain.payments.models import STAY as FOR_STAY
from booking.domain.payments.orders import permitted as permitted_order
from booking.domain.payments.provider_looks import NEVER_ENDED, Look
from booking.domain.payments.provider_looks import begin as begin_look
from booking.domain.payments.provider_looks import end as end_look
from booking.domain.payments.provider_looks import news as news_of
from booking.domain.payments.provider_looks import undecided as undecided_at
from booking.domain.payments.provider_reports import MOST_ROWS as MOST_REPORT_ROWS
from booking.domain.payments.provider_reports import NEEDED as REPORT_COLUMNS
from booking.domain.payments.provider_reports import NoPayoutReport
from booking.domain.payments.reconciliation import DIFFERENCES as REPORT_DIFFERENCES
from booking.domain.payments.reconciliation import Difference as ReportDifference
from booking.domain.payments.reconciliation import Reconciliation, reconcile
from booking.domain.payments.reconciliation import require as require_reconciling
from booking.domain.payments.references import ProviderReferences
from booking.domain.payments.refunds import AT_ONCE as DECLINED_AT_ONCE
from booking.domain.payments.refunds import OWED, REFUND_STATES, RETURNED, UNDER_WAY
from booking.domain.payments.refunds import TOLD_DECLINED as REFUND_DECLINED
from booking.domain.payments.refunds import TOLD_RETURNED as REFUND_RETURNED
from booking.domain.payments.refunds import exists_for as has_refund
from booking.domain.payments.refunds import is_asked_for as refund_is_asked_for
from booking.domain.payments.refunds import look as look_at_refund
from booking.domain.payments.refunds import retry as retry_refund
from booking.domain.payments.refunds import send as send_refund
from booking.domain.payments.refunds import send_all as send_refunds
from booking.domain.payments.refunds import states as refund_states
from booking.domain.payments.refunds import states_within as refund_states_within
from booking.domain.payments.repository import ORDERS as ORDER_ROWS
from booking.domain.payments.repository import PAYMENTS as PAYMENT_ROWS
from booking.domain.payments.repository import as_seen as payment_as_seen
from booking.domain.payments.repository import locked as lock_payment
from booking.domain.payments.repository import order_locked as lock_order
from booking.domain.payments.returns import look as look_at_returns
from booking.domain.payments.schedule import TOLD_DECLINED as BALANCE_DECLINED
from booking.domain.payments.schedule import advance as advance_balance
from booking.domain.payments.schedule import charge_due, expect_deposit, find_awaited_beyond
from booking.domain.payments.schedule import forget as forget_payment_plan
from booking.domain.payments.schedule import not_charged as balance_not_charged
from booking.domain.payments.schedule import plan as plan_payments
from booking.domain.payments.schedule import settle as settle_balance
from booking.domain.payments.schedule_models import ScheduledPayment
from booking.domain.payments.waiver_models import Waiver
from booking.domain.payments.waivers import let_off, refuse_reason
from booking.domain.payments.waivers import take_back as take_back_waiver
from booking.domain.payments.waivers import waive as waive_debt

__all__ = [
    "ABANDONED",
    "API",
    "AT_DESK",
    "AWAITING_GUEST",
    "AWAITING_STAFF",
    "BALANCE",
    "BALANCE_DECLINED",
    "BILLING_FIELDS",
    "BY_HAND",
    "CHANNELS",
    "CHARGE",
    "CONTACT_COLUMNS",
    "DECLINED",
    "DECLINED_AT_ONCE",
    "DEPOSIT",
    "DESK",
    "DISPUTES",
    "ELSEWHERE",
    "FAILED",
    "FOR_CHANGE",
    "FOR_STAY",
    "GUARANTEES",
    "HOSTED",
    "IMPORT",
    "LATER",
    "LIVE",
    "LOOKED_FOR",
    "MOST_REPORT_ROWS",
    "NEVER_ENDED",
    "NO_ANSWER",
    "OPEN",
    "ORDER_DUE",
    "ORDER_IS_DUE",
    "ORDER_ROWS",
    "OWED",
    "PAYMENT_ROWS",
    "REFUND",
    "REFUND_DECLINED",
    "REFUND_IS_OWED",
    "REFUND_RETURNED",
    "REFUND_STATES",
    "REPORT_COLUMNS",
    "REPORT_DIFFERENCES",
    "RETURNED",
    "SAME_SOURCE",
    "STARTED",
    "STUCK_AFTER",
    "SUCCEEDED",
    "UNDER_WAY",
    "UNKNOWN",
    "WEB",
    "Billing",
    "CashClosing",
    "CashCount",
    "CashDrawer",
    "CashMoved",
    "CashMovement",
    "Contact",
    "Count",
    "Counted",
    "DebtWaived",
    "DrawerClosed",
    "DrawerKey",
    "DrawerSum",
    "Due",
    "EntryMistaken",
    "Look",
    "MoneyReceived",
    "MoneyReturned",
    "Moved",
    "Movement",
    "NoPayoutReport",
    "Order",
    "OrderBilling",
    "Payment",
    "PaymentContext",
    "ProviderLook",
    "ProviderReferences",
    "Reconciliation",
    "ReportDifference",
    "ScheduledPayment",
    "Waiver",
    "advance_balance",
    "asked_in_vain",
    "await_guest",
    "awaited_until",
    "awaits_guest",
    "balance_not_charged",
    "begin_look",
    "billing_of",
    "billing_of_orders",
    "charge_due",
    "claim_payment",
    "close_drawer",
    "contact_of",
    "due_payments",
    "end_look",
    "error_text",
    "expect_deposit",
    "explained_error",
    "find_awaited_beyond",
    "find_payment",
    "forget_contacts",
    "forget_payment_plan",
    "get_closing",
    "get_drawer",
    "has_refund",
    "hasten_payment",
    "is_in_one_call",
    "is_live_charge",
    "is_open",
    "latest_charge",
    "latest_charge_now",
    "let_off",
    "list_closings",
    "list_drawers",
    "lock_order",
    "lock_payment",
    "look_at_dispute",
    "look_at_refund",
    "look_at_returns",
    "make_due",
    "mark_unknown",
    "news_of",
    "note_error",
    "note_unknown_provider",
    "owed_refunds_among",
    "payment_as_seen",
    "payment_figures",
    "permitted_order",
    "plan_payments",
    "reconcile",
    "record_failure",
    "record_received",
    "record_returned",
    "record_success",
    "refund_is_asked_for",
    "refund_states",
    "refund_states_within",
    "refuse_reason",
    "require_reconciling",
    "retry_refund",
    "send_refund",
    "send_refunds",
    "settle_balance",
    "start_charge",
    "start_refund",
    "start_refunds",
    "take_back_entry",
    "take_back_waiver",
    "undecided_at",
    "undecided_disputes",
    "usual_patience",
    "waive_debt",
    "write_billing",
]
