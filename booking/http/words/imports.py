"""What is wrong with a file of rooms: said after the name of a cell's column, or by itself."""

from __future__ import annotations

from booking.http.words.templates import Templates, _

IMPORTS: Templates = {
    # --- cells, after their column's name
    "cell_missing": _("is missing"),
    "cell_empty": _("is empty"),
    "cell_too_long": _("has %(length)s characters; at most %(most)s fit"),
    "cell_name_too_long": _("has more than %(most)s characters"),
    "cell_not_storable": _("has characters that cannot be stored"),
    "cell_no_text": _("is not UTF-8 text"),
    "cell_no_price": _("%(cell)s is not a price; write it like 1,309.00"),
    "cell_ambiguous_price": _(
        "%(cell)s may be %(point)s or %(joined)s: %(currency)s has three decimals; write %(point)s or %(joined)s"
    ),
    "cell_not_positive": _("%(cell)s is not more than zero"),
    "cell_too_large": _("%(cell)s is more than %(most)s"),
    "cell_too_exact": _("%(cell)s has more than the %(decimals)s decimals of %(currency)s"),
    "cell_no_whole_number": _("%(cell)s is not a whole number"),
    "cell_out_of_range": _("%(cell)s is not between %(lowest)s and %(highest)s"),
    "cell_no_truth": _("%(cell)s is neither true nor false"),
    "cell_no_time": _("%(cell)s is not a time like 15:00"),
    "cell_no_half_day": _("%(cell)s is not a time: before AM or PM stands an hour from 1 to 12"),
    "cell_no_json_list": _("%(cell)s is not a JSON list"),
    "cell_no_json_object": _("%(cell)s is not a JSON object"),
    "cell_no_id": _("must not have a space or a letter with an accent; use letters, digits and signs such as - and _"),
    "cell_id_to_write": _(
        "is empty; for a new room write an id of your own, such as double-102, and leave source empty"
    ),
    "cell_rounded_id": _("%(cell)s was rounded by a spreadsheet; use the file as it was downloaded"),
    "cell_no_room_id": _("%(cell)s is no id of a room; leave source empty if the room is new"),
    "cell_no_slug": _("%(cell)s is not a slug"),
    "cell_shortest_over_longest": _("%(shortest)s nights is more than the longest stay, %(longest)s"),
    "cell_no_names": _("is not a list of names"),
    "cell_no_objects": _("is not a list of objects"),
    "cell_open_brace": _("begins with { and does not end with }"),
    "cell_no_list": _("cannot be read as a list (%(problem)s)"),
    "cell_no_url": _("%(cell)s is no https URL; write it percent-encoded"),
    "cell_no_policy": _("has no name or no tiers of daysBefore (0 to 365) and percent (0 to 100)"),
    "cell_not_as_asked": _("is %(cell)s here, and %(asked)s was asked for"),
    # --- rows
    "row_twice": _("line %(earlier)s has this id already"),
    "row_of_other_width": _("has %(cells)s cells; the header has %(columns)s"),
    "row_no_csv": _("cannot be read as CSV (%(problem)s)"),
    "row_open_quote": _("opens a quote that is never closed; nothing after it could be read"),
    # --- files of reservations
    "file_packed": _("%(name)s is packed, or a spreadsheet; save it as CSV (UTF-8)"),
    "file_utf_16": _("%(name)s is not UTF-8 text; save it as CSV (UTF-8)"),
    "file_too_large": _("%(name)s has more than %(most)s MB"),
    "rows_too_many": _("%(name)s has more than %(most)s rows; import it in parts, or by “flask bookings import”"),
    "room_rows_too_many": _("%(name)s has more than %(most)s rows; import it in parts, or by “flask rooms import”"),
    "columns_missing": _("%(name)s lacks these columns: %(columns)s"),
    "columns_twice": _("%(name)s has these columns twice: %(columns)s"),
    "currency_of_another": _("%(name)s must be %(currency)s, as at this property"),
    "paid_beyond_total": _("more is paid than the stay costs"),
    "no_room_of_that_name": _("no room of this property is called %(room)s"),
    "rooms_of_that_name": _("several rooms of this property are called %(room)s; give the room’s id"),
    "nights_in_file": _("line %(earlier)s has the same night of this room"),
    "nights_booked": _("the night of %(first)s is booked already (%(reference)s)"),
    "nights_held": _("the night of %(first)s is being booked at this moment (%(reference)s)"),
    "nights_blocked": _("the night of %(first)s is off sale (%(reason)s)"),
    "imported_otherwise": _("it is here already with another stay: %(room)s, %(first)s to %(last)s"),
    # --- rooms and properties
    "room_without_price": _("no price"),
    "room_stay_too_long": _("shortest stay over %(most)s nights"),
    "room_elsewhere": _("this room belongs to another property, in %(location)s; an import does not move rooms"),
    "house_archived": _("the property %(slug)s is archived; publish it first"),
    "house_not_yours": _("there is no such property that you run, and only an owner of all adds one"),
    "property_differs": _("the property %(slug)s exists already and its %(column)s is %(there)s, not %(here)s"),
    "property_name": _("The property’s name %(problem)s."),
    # --- what the caller says
    "no_location": _(
        "%(text)s is not a location: lower-case letters and digits joined by hyphens, such as tel-aviv.%(hint)s"
    ),
    "no_time_zone": _("%(text)s is not a time zone: an IANA name, such as Europe/Brussels.%(hint)s"),
    "no_currency": _("%(text)s is not a currency: an ISO 4217 code of three letters, such as EUR."),
    "no_country": _("%(text)s is not a country: its English name or its ISO code, such as Belgium or BE.%(hint)s"),
    "currency_gone": _("%(code)s is no longer in use: %(instead)s came instead."),
    "perhaps_meant": _(" Did you mean %(choices)s?"),
    # --- headers
    "header_without_commas": _("Its columns have to be separated by commas."),
    "header_empty": _("The first line is empty."),
    "header_says": _("The first line says: %(columns)s"),
    "header_goes_on": _("The first line says: %(columns)s …"),
}
