"""The story of a booking: hold, pay, confirm, cancel, expire, check in and out; and what its guest sees of it.

Decides who may hold what, what an outcome of a payment does to a booking, what a repeated request gets, and when an
account may be deleted. Start with bookings.py.
"""

from booking.domain.reservations.account_deletion import AWAITED as MONEY_AWAITED
from booking.domain.reservations.account_deletion import DUE as MONEY_DUE
from booking.domain.reservations.account_deletion import OWED as MONEY_OWED
from booking.domain.reservations.account_deletion import SETTLES as MONEY_SETTLES
from booking.domain.reservations.account_deletion import MoneyMove, Obstacle, deletion_obstacles, money_moves
from booking.domain.reservations.account_deletion import delete_mine as delete_own_account
from booking.domain.reservations.account_deletion import remove as delete_account
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
from booking.domain.reservations.booking_summary import notice as find_summary
from booking.domain.reservations.bookings import book, cancel, expire_holds, pay
from booking.domain.reservations.bookings import get as get_booking
from booking.domain.reservations.bookings import release as release_hold
from booking.domain.reservations.calendar_inputs import SPANS as CALENDAR_SPANS
from booking.domain.reservations.calendar_inputs import CalendarWish
from booking.domain.reservations.cancellation import shown_status
from booking.domain.reservations.cancellation_preview import CancellationPreview
from booking.domain.reservations.cancellation_preview import preview as preview_cancellation
from booking.domain.reservations.change_pages import page_of as page_of_change
from booking.domain.reservations.change_pages import withdraw as withdraw_change
from booking.domain.reservations.change_quotes import ChangeQuote, StayChange
from booking.domain.reservations.change_quotes import may_move as may_move_room
from booking.domain.reservations.change_quotes import quote as quote_change
from booking.domain.reservations.change_quotes import quote_by_reference as quote_change_by_reference
from booking.domain.reservations.change_settlements import Settlement as ChangeSettlement
from booking.domain.reservations.contact_changes import ContactChange, ContactEdit
from booking.domain.reservations.contact_changes import change as change_contact
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.deposits import charge_due as charge_balances
from booking.domain.reservations.desk_bookings import RoomOffer, book_at_desk
from booking.domain.reservations.desk_bookings import free_rooms as free_rooms_at_desk
from booking.domain.reservations.desk_changes import ChangePreview
from booking.domain.reservations.desk_changes import preview as preview_change
from booking.domain.reservations.desk_errors import ContactErased, EmailNotFound, NoteNotFound, ResendRefused
from booking.domain.reservations.desk_inputs import DeskBooking, DeskCancellation, DeskChange
from booking.domain.reservations.entry_corrections import correct as correct_entry
from booking.domain.reservations.entry_corrections import correct_waiver
from booking.domain.reservations.front_desk import Departure, check_in, check_out, mark_no_show
from booking.domain.reservations.front_desk import find as find_for_desk
from booking.domain.reservations.front_desk import preview as preview_departure
from booking.domain.reservations.guarantees import guarantee
from booking.domain.reservations.guest_data import erase_guest_everywhere, export_guest
from booking.domain.reservations.guest_erasure import erase_guest, erase_past_guests
from booking.domain.reservations.guest_register import MOST as MOST_REGISTERED
from booking.domain.reservations.guest_register import Register, RegisteredGuest
from booking.domain.reservations.guest_register import erase_past as erase_past_registers
from booking.domain.reservations.guest_register import keep as keep_register
from booking.domain.reservations.guest_register import seal_anew as seal_registers_anew
from booking.domain.reservations.guest_register import see as see_register
from booking.domain.reservations.history import GROUPS as HISTORY_GROUPS
from booking.domain.reservations.history import UPCOMING, History, overview, refund_state, running_holds
from booking.domain.reservations.history import mine as own_bookings
from booking.domain.reservations.holds import GuestClaim, reserve
from booking.domain.reservations.holds import mine as find_own_claim
from booking.domain.reservations.hosted import came_back as came_back_from_payment
from booking.domain.reservations.hosted import page_of as payment_page
from booking.domain.reservations.hosted import withdraw as withdraw_payment
from booking.domain.reservations.house_day import HouseDay, Visit
from booking.domain.reservations.house_day import house_day as day_of_houses
from booking.domain.reservations.ical import CalendarPublisher
from booking.domain.reservations.ical import entry as calendar_entry
from booking.domain.reservations.ical import method as calendar_method
from booking.domain.reservations.idempotency import Answer, Claim, first_claim
from booking.domain.reservations.idempotency import fingerprint as request_fingerprint
from booking.domain.reservations.idempotency import prune as prune_keys
from booking.domain.reservations.importing.files import LARGEST as LARGEST_IMPORT
from booking.domain.reservations.importing.files import MOST_ROWS as MOST_IMPORTED_ROWS
from booking.domain.reservations.importing.files import KeptFile
from booking.domain.reservations.importing.files import discard as discard_import
from booking.domain.reservations.importing.files import keep as keep_import
from booking.domain.reservations.importing.files import look as look_at_import
from booking.domain.reservations.importing.files import take_over as go_on_importing
from booking.domain.reservations.importing.outcomes import ReadRow, RowOutcome
from booking.domain.reservations.importing.outcomes import tally as tally_rows
from booking.domain.reservations.importing.rows import COLUMNS as IMPORT_COLUMNS
from booking.domain.reservations.importing.rows import DELIMITERS as IMPORT_DELIMITERS
from booking.domain.reservations.importing.rows import house_of as house_for_import
from booking.domain.reservations.importing.rows import open_to as houses_open_to_import
from booking.domain.reservations.importing.rows import refuse_unless_columns as check_import_columns
from booking.domain.reservations.importing.store import look as rehearse_import
from booking.domain.reservations.importing.store import take_over as import_bookings
from booking.domain.reservations.inputs import (
    BookingList,
    Cancellation,
    Guaranteeing,
    HoldPayment,
    LinkPayment,
    OrderList,
    OrderPayment,
    OrderPurchase,
    RestPayment,
    RoomOrder,
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
)
from booking.domain.reservations.notes import NoteEdit, NoteText
from booking.domain.reservations.notes import add as add_note
from booking.domain.reservations.notes import edit as edit_note
from booking.domain.reservations.notes import remove as remove_note
from booking.domain.reservations.occupancy_calendar import CalendarRoom, RoomCalendar, room_calendar
from booking.domain.reservations.occupancy_calendar import Entry as CalendarEntry
from booking.domain.reservations.order_lookup import OrderFacts
from booking.domain.reservations.order_lookup import look_up as look_up_order
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
from booking.domain.reservations.personal_data import download_own_data, own_data
from booking.domain.reservations.provider_looks import look as look_at_providers
from booking.domain.reservations.provider_messages import hear as hear_from_provider
from booking.domain.reservations.recovery import recover_payments
from booking.domain.reservations.refund_debts import awaiting_staff as refunds_awaiting_staff
from booking.domain.reservations.refund_debts import owed as owed_refunds
from booking.domain.reservations.refund_decisions import Decided as DecidedRefund
from booking.domain.reservations.register_inputs import RegisterEntry
from booking.domain.reservations.register_rules import DOCUMENT_TYPES, STATELESS
from booking.domain.reservations.register_rules import countries as country_names
from booking.domain.reservations.requests import BookingRequest, OrderItem, OrderRequest
from booking.domain.reservations.resending import SentEmail, emails_of, first_email
from booking.domain.reservations.resending import resend as resend_email
from booking.domain.reservations.rest_payments import page_of as rest_payment_page
from booking.domain.reservations.rest_payments import pay as pay_rest
from booking.domain.reservations.sale import frozen as frozen_sale
from booking.domain.reservations.staff_search import SEARCH_ORDERS, SEARCH_STATES, BookingSearch, FoundBooking
from booking.domain.reservations.staff_search import find as find_bookings
from booking.domain.reservations.staff_view import StaffBooking
from booking.domain.reservations.staff_view import get as get_for_staff
from booking.domain.reservations.stay_changes import Agreed as AgreedChange
from booking.domain.reservations.stay_changes import change as change_booking
from booking.domain.reservations.thing_names import NamedThing
from booking.domain.reservations.thing_names import meant as things_meant
from booking.domain.reservations.thing_names import named as named_things
from booking.domain.reservations.undoing import STEPS as DESK_STEPS
from booking.domain.reservations.undoing import last_step as last_desk_step
from booking.domain.reservations.undoing import undo as undo_desk_step

__all__ = [
    "CALENDAR_SPANS",
    "CANCELLED",
    "CONFIRMED",
    "DEPARTED",
    "DESK_STEPS",
    "DOCUMENT_TYPES",
    "EXPECTED",
    "EXPIRED",
    "HISTORY_GROUPS",
    "IMPORT_COLUMNS",
    "IMPORT_DELIMITERS",
    "IN_HOUSE",
    "LARGEST_IMPORT",
    "MONEY_AWAITED",
    "MONEY_DUE",
    "MONEY_OWED",
    "MONEY_SETTLES",
    "MOST_IMPORTED_ROWS",
    "MOST_REGISTERED",
    "NO_SHOW",
    "PENDING",
    "SEARCH_ORDERS",
    "SEARCH_STATES",
    "STAGE_AWAITED",
    "STAGE_BOOKED",
    "STAGE_CANCELLED",
    "STAGE_HELD",
    "STAGE_PAYING",
    "STATELESS",
    "UPCOMING",
    "AgreedChange",
    "Answer",
    "Balance",
    "Booking",
    "BookingContext",
    "BookingDetails",
    "BookingList",
    "BookingRequest",
    "BookingSearch",
    "BookingSummary",
    "CalendarEntry",
    "CalendarPublisher",
    "CalendarRoom",
    "CalendarWish",
    "Cancellation",
    "CancellationPreview",
    "ChangePreview",
    "ChangeQuote",
    "ChangeSettlement",
    "Claim",
    "ContactChange",
    "ContactEdit",
    "ContactErased",
    "DecidedRefund",
    "Departure",
    "DeskBooking",
    "DeskCancellation",
    "DeskChange",
    "EmailNotFound",
    "FoundBooking",
    "Guaranteeing",
    "GuestClaim",
    "History",
    "HoldPayment",
    "HouseDay",
    "KeptFile",
    "LinkPayment",
    "LinkedOrder",
    "MoneyMove",
    "NamedThing",
    "NoteEdit",
    "NoteNotFound",
    "NoteText",
    "Obstacle",
    "OrderDetails",
    "OrderFacts",
    "OrderItem",
    "OrderList",
    "OrderPage",
    "OrderPayment",
    "OrderPurchase",
    "OrderRequest",
    "OrderedRoom",
    "PaymentLinks",
    "ReadRow",
    "Register",
    "RegisterEntry",
    "RegisteredGuest",
    "ResendRefused",
    "RestPayment",
    "RoomCalendar",
    "RoomOffer",
    "RoomOrder",
    "RoomsToHold",
    "RowOutcome",
    "SentEmail",
    "ShownTotal",
    "StaffBooking",
    "StayChange",
    "StayChangeOrder",
    "StayOrder",
    "StayWish",
    "Visit",
    "add_note",
    "amounts_of",
    "balances_due",
    "book",
    "book_at_desk",
    "book_order",
    "calendar_entry",
    "calendar_method",
    "came_back_from_payment",
    "came_back_from_payment_by_link",
    "cancel",
    "change_booking",
    "change_contact",
    "changed_from",
    "charge_balances",
    "check_import_columns",
    "check_in",
    "check_out",
    "correct_entry",
    "correct_waiver",
    "country_names",
    "day_of_houses",
    "delete_account",
    "delete_own_account",
    "deletion_obstacles",
    "discard_import",
    "download_own_data",
    "edit_note",
    "emails_of",
    "erase_guest",
    "erase_guest_everywhere",
    "erase_past_guests",
    "erase_past_registers",
    "expire_holds",
    "export_guest",
    "find_bookings",
    "find_for_desk",
    "find_own_claim",
    "find_summary",
    "first_claim",
    "first_email",
    "free_rooms_at_desk",
    "frozen_sale",
    "get_booking",
    "get_details",
    "get_for_staff",
    "get_order",
    "go_on_importing",
    "guarantee",
    "hear_from_provider",
    "hold_order",
    "house_for_import",
    "houses_open_to_import",
    "import_bookings",
    "keep_import",
    "keep_register",
    "last_desk_step",
    "linked_order",
    "look_at_import",
    "look_at_payment_link",
    "look_at_providers",
    "look_up_order",
    "mark_no_show",
    "may_move_room",
    "money_moves",
    "named_things",
    "offering_alternatives",
    "offering_alternatives_to_held",
    "offering_other_changes",
    "once",
    "once_claimed",
    "order_payment_page",
    "overview",
    "owed_refunds",
    "own_bookings",
    "own_data",
    "own_orders",
    "page_of_change",
    "pay",
    "pay_by_link",
    "pay_order",
    "pay_rest",
    "payment_page",
    "payment_page_of_link",
    "preview_cancellation",
    "preview_change",
    "preview_departure",
    "prune_keys",
    "quote_change",
    "quote_change_by_reference",
    "recover_payments",
    "refund_state",
    "refunds_awaiting_staff",
    "rehearse_import",
    "release_hold",
    "release_order",
    "remove_note",
    "request_fingerprint",
    "request_payment",
    "resend_email",
    "reserve",
    "rest_payment_page",
    "room_calendar",
    "running_holds",
    "seal_registers_anew",
    "see_register",
    "shown_status",
    "tally_rows",
    "things_meant",
    "undo_desk_step",
    "withdraw_change",
    "withdraw_payment",
    "written_payment_link",
]
