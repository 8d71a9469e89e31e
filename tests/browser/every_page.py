"""Every address that answers a GET: a page that somebody looks at, and as whom; or why it is none.

tests/test_every_route.py fails where one is in neither list, tests/browser/test_every_page.py opens each page.
`{names}` stand for what the test has made: `tests/browser/test_every_page.py` says what.
"""

from __future__ import annotations

STRANGER, GUEST, OWNER = "a stranger", "a guest", "the owner"

# By endpoint: who looks, and at which addresses.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "front.home": (STRANGER, ("/",)),
    "legal.contact": (STRANGER, ("/contact",)),
    "legal.privacy": (STRANGER, ("/privacy",)),
    "legal.terms": (STRANGER, ("/terms",)),
    "rooms.results": (STRANGER, ("/rooms", "/rooms?location=antwerp&{dates}", "/rooms?location=antwerp&minPrice=x")),
    "rooms.show": (STRANGER, ("/rooms/{room}", "/rooms/{room}?{dates}&guests=2", "/rooms/{room}?guests=99")),
    "account.sign_in": (STRANGER, ("/sign-in",)),
    "account.register": (STRANGER, ("/register",)),
    "account.forgot": (STRANGER, ("/forgot-password",)),
    "account.choose_password": (STRANGER, ("/reset-password/x",)),
    "emails.verify": (STRANGER, ("/verify-email/x",)),
    "emails.confirm_new": (STRANGER, ("/change-email/x",)),
    "emails.confirm_old": (STRANGER, ("/keep-email/x",)),
    "checkout.wish": (GUEST, ("/rooms/{other}/reserve?{dates}&guests=2",)),
    "checkout.show": (GUEST, ("/checkout/{held}",)),
    "bookings.index": (GUEST, ("/bookings", "/bookings?show=past")),
    "bookings.show": (GUEST, ("/bookings/{booking}",)),
    "bookings.receipt": (GUEST, ("/bookings/{booking}/receipt",)),
    "bookings.ask_to_cancel": (GUEST, ("/bookings/{booking}/cancel",)),
    "profile.show": (GUEST, ("/account",)),
    "leaving.close": (GUEST, ("/account/close",)),
    "leaving.data": (GUEST, ("/account/data",)),
    "leaving.ask_before_disabling": (GUEST, ("/account/disable",)),
    "two_step.show": (GUEST, ("/account/two-step",)),
    "invitations.show": (GUEST, ("/invitation/x",)),
    "demo_mails.index": (GUEST, ("/demo/mails",)),
    "admin.today.show": (OWNER, ("/admin/", "/admin/?day={day}")),
    "admin.today.ask": (OWNER, ("/admin/day/{arrived}/check-out",)),
    "admin.calendar.show": (OWNER, ("/admin/calendar/?property={house}", "/admin/calendar/?property={house}&days=90")),
    "admin.calendar.nights": (OWNER, ("/admin/calendar/nights?room={room}&{dates}",)),
    "admin.calendar.show_block": (OWNER, ("/admin/calendar/blocks/{block}",)),
    "admin.bookings.index": (OWNER, ("/admin/bookings", "/admin/bookings?q=alice", "/admin/bookings?q=nobody")),
    "admin.booking.show": (OWNER, ("/admin/bookings/{booking}", "/admin/bookings/{owing}")),
    "admin.booking.ask_to_cancel": (OWNER, ("/admin/bookings/{booking}/cancel",)),
    "admin.change.show": (
        OWNER,
        (
            "/admin/bookings/{booking}/change?checkOut={late}",
            "/admin/bookings/{booking}/change?guests=1&calendar=days%3D14",
            "/admin/bookings/{booking}/change?guests=99",
            "/admin/bookings/{booking}/change?part=1",
        ),
    ),
    "admin.register.show": (OWNER, ("/admin/bookings/{arrived}/register",)),
    "admin.new_booking.show": (OWNER, ("/admin/bookings/new", "/admin/bookings/new?property={house}&guests=2&{dates}")),
    "admin.imports.index": (OWNER, ("/admin/imports?property={house}",)),
    "admin.imports.show": (OWNER, ("/admin/imports/{file}",)),
    "admin.people.index": (OWNER, ("/admin/people",)),
    "admin.audit.index": (OWNER, ("/admin/audit",)),
}
# By endpoint: why nobody looks at it as a page of ours.
NO_PAGES = {
    "account.ask_for_code": "the second half of signing in, looked at in test_accounts",
    "account.emptied": "leads to the form",
    "account.link_sent": "after a form, looked at in test_booking",
    "admin.bookings.download": "a file",
    "bookings.calendar_entry": "a file",
    "changes.paid": "leads back from the provider",
    "checkout.paid": "leads back from the provider",
    "demo_mails.body": "an email, in the frame of its page",
    "demo_mails.show": "an email of the demo, looked at in test_looks",
    "emails.show_again": "leads to the form",
    "front.favicon": "a picture",
    "front.robots": "for programs",
    "front.sitemap": "for programs",
    "front.sitemap_of_places": "for programs",
    "front.sitemap_of_rooms": "for programs",
    "leaving.close_again": "leads to the form",
    "leaving.data_file": "a file",
    "operations.metrics": "for programs",
    "profile.change_password_here": "leads to the form",
    "profile.show_again": "leads to the form",
    "rest.paid": "leads back from the provider",
    "rest.show": "where a deposit was paid, looked at in test_money_pages",
    "rooms.picture": "a picture",
    "rooms.thumbnail": "a picture",
    "static": "files",
    "theme": "a style sheet",
    "two_step.ask_before_turning_off": "where the second step is on, looked at in test_accounts",
    "two_step.show_again": "leads to the form",
}
