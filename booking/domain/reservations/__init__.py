"""The story of a booking: hold, pay, confirm, change, cancel, expire; and what its guest sees of it.

Decides who may hold what, what an outcome of a payment does to a booking, and what a repeated request gets. Start with
bookings.py. What stands on it has front doors of its own: importing, guest_register, front_desk, personal_data.
"""

from booking.domain.reservations.alternatives import to as offering_alternatives
from booking.domain.reservations.alternatives import to_change as offering_other_changes
from booking.domain.reservations.alternatives import to_held as offering_alternatives_to_held
from booking.domain.reservations.balances import Balance
from booking.domain.reservations.balances import due as balances_due
from booking.domain.reservations.booking_details import AWAITED as STAGE_AWAITED
from booking.domain.reservations.booking_details import BOOKED as STAGE_BOOKED
from booking.domain.reservations.booking_details import CANCELLED as STAGE_CANCELLED
from booking.domain.reservations.booking_details import HELD as STAGE_HELD
from booking.domain.reservations.booking_details import PAYING as STAGE_PAYING
from booking.domain.reservations.booking_details import BookingDetails, OrderedRoom
from booking.domain.reservations.booking_details import trip as get_details
from booking.domain.reservations.booking_summary import BookingSummary, changed_from
from booking.domain.reservations.booking_summary import amounts as amounts_of
from booking.domain.reservations.booking_summary import is_noticed as change_is_noticed
from booking.domain.reservations.booking_summary import notice as find_summary
from booking.domain.reservations.bookings import book, cancel, expire_holds, pay
from booking.domain.reservations.bookings import get as get_booking
from booking.domain.reservations.bookings import release as release_hold
from booking.domain.reservations.cancellation import shown_status
from booking.domain.reservations.cancellation_preview import CancellationPreview
from booking.domain.reservations.cancellation_preview import preview as preview_cancellation
from booking.domain.reservations.change_pages import page_of as page_of_change
from booking.domain.reservations.change_pages import withdraw as withdraw_change
from booking.domain.reservations.change_quotes import ChangeQuote, StayChange
from booking.domain.reservations.change_quotes import quote as quote_change
from booking.domain.reservations.change_quotes import quote_by_reference as quote_change_by_reference
from booking.domain.reservations.change_settlements import Settlement as ChangeSettlement
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.deposits import charge_due as charge_balances
from booking.domain.reservations.desk_errors import ContactErased, EmailNotFound, NoteNotFound, ResendRefused
from booking.domain.reservations.earlier_rooms import first_to_move as first_night_to_move
from booking.domain.reservations.goodwill import give as give_goodwill
from booking.domain.reservations.guarantees import guarantee
from booking.domain.reservations.history import GROUPS as HISTORY_GROUPS
from booking.domain.reservations.history import UPCOMING, History, overview, refund_state, running_holds
from booking.domain.reservations.history import mine as own_bookings
from booking.domain.reservations.holds import GuestClaim, reserve
from booking.domain.reservations.holds import mine as find_own_claim
from booking.domain.reservations.hosted import came_back as came_back_from_payment
from booking.domain.reservations.hosted import page_of as payment_page
from booking.domain.reservations.hosted import withdraw as withdraw_payment
from booking.domain.reservations.ical import CalendarPublisher
from booking.domain.reservations.ical import entry as calendar_entry
from booking.domain.reservations.ical import method as calendar_method
from booking.domain.reservations.idempotency import Answer, Claim, first_claim
from booking.domain.reservations.idempotency import fingerprint as request_fingerprint
from booking.domain.reservations.idempotency import prune as prune_keys
from booking.domain.reservations.inputs import (
    BookingList,
    Cancellation,
    ChosenStay,
    Guaranteeing,
    HoldPayment,
    LinkPayment,
    OrderList,
    OrderPayment,
    OrderPurchase,
    QuoteOrder,
    RestPayment,
    RoomOrder,
    RoomStay,
    RoomsToHold,
    ShownTotal,
    StayChangeOrder,
    StayOrder,
    StayWish,
)
from booking.domain.reservations.keyed import once, once_claimed
from booking.domain.reservations.models import (
    CANCELLED,
    CONFIRMED,
    DEPARTED,
    EXPECTED,
    EXPIRED,
    IN_HOUSE,
    NO_SHOW,
    PENDING,
    Booking,
    EarlierRoom,
)
from booking.domain.reservations.orders import OrderDetails, OrderPage
from booking.domain.reservations.orders import book as book_order
from booking.domain.reservations.orders import get as get_order
from booking.domain.reservations.orders import hold as hold_order
from booking.domain.reservations.orders import mine as own_orders
from booking.domain.reservations.orders import pay as pay_order
from booking.domain.reservations.orders import payment_page as order_payment_page
from booking.domain.reservations.orders import release as release_order
from booking.domain.reservations.payment_links import LinkedOrder, linked_order
from booking.domain.reservations.payment_links import came_back as came_back_from_payment_by_link
from booking.domain.reservations.payment_links import look as look_at_payment_link
from booking.domain.reservations.payment_links import page_of as payment_page_of_link
from booking.domain.reservations.payment_links import pay as pay_by_link
from booking.domain.reservations.payment_links import request as request_payment
from booking.domain.reservations.payment_links import written as written_payment_link
from booking.domain.reservations.payment_pages import Links as PaymentLinks
from booking.domain.reservations.promotion_codes import drop as drop_promotion
from booking.domain.reservations.promotion_codes import price_without as price_without_code
from booking.domain.reservations.promotion_codes import quoted as quote_with_promotion
from booking.domain.reservations.promotion_codes import use as use_promotion
from booking.domain.reservations.provider_looks import look as look_at_providers
from booking.domain.reservations.provider_messages import hear as hear_from_provider
from booking.domain.reservations.recovery import recover_payments
from booking.domain.reservations.refund_debts import awaiting_staff as refunds_awaiting_staff
from booking.domain.reservations.refund_debts import owed as owed_refunds
from booking.domain.reservations.refund_decisions import Decided as DecidedRefund
from booking.domain.reservations.repository import of_orders as bookings_of_orders
from booking.domain.reservations.requests import BookingRequest, OrderItem, OrderRequest
from booking.domain.reservations.resending import SentEmail, emails_of, first_email
from booking.domain.reservations.resending import resend as resend_email
from booking.domain.reservations.rest_payments import page_of as rest_payment_page
from booking.domain.reservations.rest_payments import pay as pay_rest
from booking.domain.reservations.sale import frozen as frozen_sale
from booking.domain.reservations.stay_changes import Agreed as AgreedChange
from booking.domain.reservations.stay_changes import change as change_booking
from booking.domain.reservations.unpaid_stays import REMINDED as BALANCE_REMINDED
from booking.domain.reservations.unpaid_stays import cancel_unpaid
from booking.domain.reservations.unpaid_stays import remind as remind_of_balances

__all__ = [
    "BALANCE_REMINDED",
    "CANCELLED",
    "CONFIRMED",
    "DEPARTED",
    "EXPECTED",
    "EXPIRED",
    "HISTORY_GROUPS",
    "IN_HOUSE",
    "NO_SHOW",
    "PENDING",
    "STAGE_AWAITED",
    "STAGE_BOOKED",
    "STAGE_CANCELLED",
    "STAGE_HELD",
    "STAGE_PAYING",
    "UPCOMING",
    "AgreedChange",
    "Answer",
    "Balance",
    "Booking",
    "BookingContext",
    "BookingDetails",
    "BookingList",
    "BookingRequest",
    "BookingSummary",
    "CalendarPublisher",
    "Cancellation",
    "CancellationPreview",
    "ChangeQuote",
    "ChangeSettlement",
    "ChosenStay",
    "Claim",
    "ContactErased",
    "DecidedRefund",
    "EarlierRoom",
    "EmailNotFound",
    "Guaranteeing",
    "GuestClaim",
    "History",
    "HoldPayment",
    "LinkPayment",
    "LinkedOrder",
    "NoteNotFound",
    "OrderDetails",
    "OrderItem",
    "OrderList",
    "OrderPage",
    "OrderPayment",
    "OrderPurchase",
    "OrderRequest",
    "OrderedRoom",
    "PaymentLinks",
    "QuoteOrder",
    "ResendRefused",
    "RestPayment",
    "RoomOrder",
    "RoomStay",
    "RoomsToHold",
    "SentEmail",
    "ShownTotal",
    "StayChange",
    "StayChangeOrder",
    "StayOrder",
    "StayWish",
    "amounts_of",
    "balances_due",
    "book",
    "book_order",
    "bookings_of_orders",
    "calendar_entry",
    "calendar_method",
    "came_back_from_payment",
    "came_back_from_payment_by_link",
    "cancel",
    "cancel_unpaid",
    "change_booking",
    "change_is_noticed",
    "changed_from",
    "charge_balances",
    "drop_promotion",
    "emails_of",
    "expire_holds",
    "find_own_claim",
    "find_summary",
    "first_claim",
    "first_email",
    "first_night_to_move",
    "frozen_sale",
    "get_booking",
    "get_details",
    "get_order",
    "give_goodwill",
    "guarantee",
    "hear_from_provider",
    "hold_order",
    "linked_order",
    "look_at_payment_link",
    "look_at_providers",
    "offering_alternatives",
    "offering_alternatives_to_held",
    "offering_other_changes",
    "once",
    "once_claimed",
    "order_payment_page",
    "overview",
    "owed_refunds",
    "own_bookings",
    "own_orders",
    "page_of_change",
    "pay",
    "pay_by_link",
    "pay_order",
    "pay_rest",
    "payment_page",
    "payment_page_of_link",
    "preview_cancellation",
    "price_without_code",
    "prune_keys",
    "quote_change",
    "quote_change_by_reference",
    "quote_with_promotion",
    "recover_payments",
    "refund_state",
    "refunds_awaiting_staff",
    "release_hold",
    "release_order",
    "remind_of_balances",
    "request_fingerprint",
    "request_payment",
    "resend_email",
    "reserve",
    "rest_payment_page",
    "running_holds",
    "shown_status",
    "use_promotion",
    "withdraw_change",
    "withdraw_payment",
    "written_payment_link",
]
