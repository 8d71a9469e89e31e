"""By which page something was done, in words; the log writes the pattern of its address."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext

_ = lazy_gettext

# The first that the address begins with.
PAGES = (
    ("/admin/bookings/new", _("New booking")),
    ("/admin/bookings/views", _("Bookings")),
    ("/admin/bookings/<booking_id>/change", _("Change dates, room or guests")),
    ("/admin/bookings/<booking_id>/data", _("The guest’s data")),
    ("/admin/bookings/<booking_id>/register", _("Guest register")),
    ("/admin/bookings/<booking_id>", _("Booking")),
    ("/admin/calendar", _("Calendar")),
    ("/admin/cash", _("Cash")),
    ("/admin/day", _("Today")),
    ("/admin/invoices", _("Invoices")),
    ("/admin/imports", _("Import reservations")),
    ("/admin/messages", _("Messages")),
    ("/admin/payouts", _("Payouts")),
    ("/admin/policies", _("Policies")),
    ("/admin/promotions", _("Promotions")),
    ("/admin/figures", _("Figures")),
    ("/admin/rates", _("Rates")),
    ("/admin/taxes", _("Rates")),
    ("/admin/people", _("People")),
    ("/admin/rooms/<room_id>/photos", _("Photos")),
    ("/admin/properties/<property_id>/photos", _("Photos")),
    ("/admin/properties", _("Properties")),
    ("/admin/rooms/sheets", _("Import and export of rooms")),
    ("/admin/rooms/new", _("New room")),
    ("/admin/rooms", _("Rooms")),
    ("/admin/data-requests", _("Data requests")),
    ("/admin/system/maintenance", _("Maintenance")),
    ("/admin/system", _("System")),
    ("/admin/alerts", _("Alerts")),
    ("/admin/audit", _("Audit log")),
)


def in_words(door: str) -> str:
    """From the page New booking; empty where only technicians would know it."""
    if door.startswith("flask "):
        return str(gettext("By a command"))
    _method, _blank, path = door.partition(" ")
    if path.startswith("/api/"):
        return str(gettext("By a program"))
    page = next((name for address, name in PAGES if path.startswith(address)), None)
    return str(gettext("From the page %(page)s", page=page)) if page else ""
