"""What staff sees of bookings and does about them: the day, the calendar, the booking, and each step at the desk.

Decides who may, what a step needs, and how it is taken back. Start with presence.py: who comes, stays and leaves.
"""

from booking.domain.reservations.front_desk.calendar_inputs import SPANS as CALENDAR_SPANS
from booking.domain.reservations.front_desk.calendar_inputs import CalendarWish
from booking.domain.reservations.front_desk.change_previews import ChangePreview
from booking.domain.reservations.front_desk.change_previews import preview as preview_change
from booking.domain.reservations.front_desk.contact_changes import ContactChange, ContactEdit
from booking.domain.reservations.front_desk.contact_changes import change as change_contact
from booking.domain.reservations.front_desk.entry_corrections import correct as correct_entry
from booking.domain.reservations.front_desk.entry_corrections import correct_waiver
from booking.domain.reservations.front_desk.house_day import HouseDay, Visit
from booking.domain.reservations.front_desk.house_day import house_day as day_of_houses
from booking.domain.reservations.front_desk.inputs import DeskBooking, DeskCancellation, DeskChange, Goodwill
from booking.domain.reservations.front_desk.new_bookings import RoomOffer, book, free_rooms
from booking.domain.reservations.front_desk.notes import NoteEdit, NoteText
from booking.domain.reservations.front_desk.notes import add as add_note
from booking.domain.reservations.front_desk.notes import edit as edit_note
from booking.domain.reservations.front_desk.notes import remove as remove_note
from booking.domain.reservations.front_desk.occupancy_calendar import CalendarRoom, RoomCalendar, room_calendar
from booking.domain.reservations.front_desk.occupancy_calendar import Entry as CalendarEntry
from booking.domain.reservations.front_desk.order_lookup import OrderFacts
from booking.domain.reservations.front_desk.order_lookup import look_up as look_up_order
from booking.domain.reservations.front_desk.presence import Departure, check_in, check_out, find, mark_no_show
from booking.domain.reservations.front_desk.presence import preview as preview_departure
from booking.domain.reservations.front_desk.rate_holds import TouchedHold
from booking.domain.reservations.front_desk.rate_holds import touched as touched_holds
from booking.domain.reservations.front_desk.staff_search import (
    SEARCH_ORDERS,
    SEARCH_STATES,
    BookingSearch,
    FoundBooking,
)
from booking.domain.reservations.front_desk.staff_search import find as find_bookings
from booking.domain.reservations.front_desk.staff_view import StaffBooking
from booking.domain.reservations.front_desk.staff_view import get as get_booking
from booking.domain.reservations.front_desk.text_consents import agree as agree_to_texts
from booking.domain.reservations.front_desk.thing_names import NamedThing
from booking.domain.reservations.front_desk.thing_names import meant as things_meant
from booking.domain.reservations.front_desk.thing_names import named as named_things
from booking.domain.reservations.front_desk.undoing import STEPS, last_step, undo

__all__ = [
    "CALENDAR_SPANS",
    "SEARCH_ORDERS",
    "SEARCH_STATES",
    "STEPS",
    "BookingSearch",
    "CalendarEntry",
    "CalendarRoom",
    "CalendarWish",
    "ChangePreview",
    "ContactChange",
    "ContactEdit",
    "Departure",
    "DeskBooking",
    "DeskCancellation",
    "DeskChange",
    "FoundBooking",
    "Goodwill",
    "HouseDay",
    "NamedThing",
    "NoteEdit",
    "NoteText",
    "OrderFacts",
    "RoomCalendar",
    "RoomOffer",
    "StaffBooking",
    "TouchedHold",
    "Visit",
    "add_note",
    "agree_to_texts",
    "book",
    "change_contact",
    "check_in",
    "check_out",
    "correct_entry",
    "correct_waiver",
    "day_of_houses",
    "edit_note",
    "find",
    "find_bookings",
    "free_rooms",
    "get_booking",
    "last_step",
    "look_up_order",
    "mark_no_show",
    "named_things",
    "preview_change",
    "preview_departure",
    "remove_note",
    "room_calendar",
    "things_meant",
    "touched_holds",
    "undo",
]
