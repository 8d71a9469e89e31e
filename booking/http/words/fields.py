"""What is wrong with a field, and what fields are called on pages.

%(field)s is the name of the field at fault. Programs get it as the key, so their text does without; %(name)s stands in
both. Neither capital nor full stop: what is said on a page gets them.
"""

from __future__ import annotations

from booking.http.words.templates import Templates, _, _n

PROBLEMS: Templates = {
    "missing": _("%(field)s is missing"),
    "empty": _("%(field)s must not be empty"),
    "given_twice": _("%(field)s must be given once"),
    "not_accepted": _("%(field)s is not accepted"),
    # --- its kind
    "no_whole_number": _("%(field)s must be a whole number"),
    "no_number": _("%(field)s must be a number"),
    "no_text": _("%(field)s must be text"),
    "no_list": _("%(field)s must be a list"),
    "no_object": _("%(field)s must be a JSON object"),
    "no_date": _("%(field)s must be a date such as 2026-12-01"),
    "no_such_date": _("%(field)s is a date that does not exist"),
    "no_email": _("%(field)s must be an email address"),
    "no_phone": _("%(field)s must be a phone number such as +32 3 123 45 67"),
    "no_clock_time": _("%(field)s must be a time such as 18:30"),
    "no_key": _("%(field)s must be 1 to 255 visible ASCII characters"),
    "no_room_id": _("%(field)s must be the id of a room"),
    "unexpected_form": _("%(field)s has an unexpected form"),
    "control_characters": _("%(field)s must not contain control characters"),
    "has_link": _("%(field)s must not contain a link or an email address"),
    "wrong_code": _("%(field)s is wrong, expired or already used"),
    # --- its size
    "too_small": _("%(field)s must be at least %(least)s"),
    "too_large": _("%(field)s must be at most %(most)s"),
    "not_above": _("%(field)s must be above %(least)s"),
    "below": _("%(field)s must not be below %(least)s"),
    "too_short": _("%(field)s must have at least %(least)s characters"),
    "too_long": _("%(field)s must have at most %(most)s characters"),
    "too_many_digits": _("%(field)s has too many digits"),
    "too_many_decimals": _("%(field)s has too many decimals"),
    "too_many_entries": _("%(field)s has too many entries"),
    # --- what there is to choose from
    "not_one_of": _("%(field)s must be one of %(choices)s"),
    "unknown_place": _("%(field)s is not a destination we know; choose one of %(places)s"),
    "unknown_place_of_many": _(
        "%(field)s is not a destination we know; choose one of %(places)s and %(more)s more (GET /places)"
    ),
    "currency_needed": _("%(name)s is needed: prices are compared only within one"),
    # --- dates and guests
    "not_in_order": _("%(first)s must be before %(then)s"),
    "other_date_missing": _("%(date)s is missing"),
    "in_the_past": _("%(name)s is in the past"),
    "in_the_future": _("%(name)s is in the future"),
    "too_far_ahead": _("%(name)s may be at most %(most)s days ahead"),
    "stay_too_long": _("a stay may have at most %(most)s nights"),
    "block_too_long": _("a block may have at most %(most)s nights"),
    "stay_below_room": _("this room asks for at least %(least)s nights"),
    "stay_above_room": _("this room allows at most %(most)s nights"),
    "stay_has_begun": _("%(name)s can no longer be changed: the stay has begun"),
    "night_is_used": _("%(name)s can be %(first)s at the earliest: the nights before are used"),
    "other_property": _("this room is at another property"),
    "too_many_guests": _n("this room sleeps %(capacity)s guest", "this room sleeps %(capacity)s guests", "capacity"),
    "no_such_room": _("this room does not exist"),
    "room_taken": _("this room is no longer available for these dates"),
    "room_twice": _("%(field)s is the same room twice for some of the nights"),
    "not_one_property": _("all rooms of an order must be of one property"),
    "calendar_too_long": _("at most %(most)s nights are shown at once"),
    # --- accounts
    "wrong": _("%(field)s is wrong"),
    "email_taken": _("An account with this email already exists."),
    "other_region": _("%(field)s must be %(region)s: accounts of other regions are made there"),
    "own_address": _("%(field)s is your address already"),
    "changed_too_often": _("%(field)s has been changed too often today. Try again tomorrow"),
    "not_this_account": _("%(field)s is not the address of this account"),
    # --- passwords
    "password_most_common": _("%(field)s is one of the most common passwords; please choose another"),
    "password_easy": _("%(field)s is too easy to guess; try a few random words"),
    "password_easy_because": _("%(field)s is too easy to guess: %(reason)s; try a few random words"),
    "password_of_own_name": _(
        "%(field)s is too easy to guess: it is made of your name, your email or the name of this site"
    ),
    "password_repeats": _("it repeats itself"),
    "password_sequence": _("its characters follow one another"),
    "password_keys": _("its keys lie side by side"),
    "password_dates": _("years and dates are tried early"),
    "password_is_common": _("it is a common password"),
    "password_near_common": _("it is close to a common password"),
    "password_names": _("names are tried early"),
    "password_word": _("it is a single word"),
}

LABELS = {
    "checkIn": _("Check-in"),
    "checkOut": _("Check-out"),
    "guests": _("Guests"),
    "capacity": _("Guests"),
    "location": _("Destination"),
    "minPrice": _("Minimum price"),
    "maxPrice": _("Maximum price"),
    "currency": _("Currency"),
    "amenities": _("Amenities"),
    "sort": _("Sort by"),
    "kind": _("Type of place"),
    "q": _("Keyword"),
    "page": _("Page"),
    "email": _("Email"),
    "password": _("Password"),
    "code": _("Code"),
    "fullName": _("Name"),
    "currentPassword": _("Current password"),
    "confirmEmail": _("Your email"),
    "newEmail": _("New email"),
    "newPassword": _("New password"),
    "confirmPassword": _("Your password"),
    "paymentMethodId": _("Card"),
    "shownTotal": _("Total"),
    "version": _("Version"),
    "shownRefund": _("Refund"),
    "shownDifference": _("Price difference"),
    "roomId": _("Room"),
}
