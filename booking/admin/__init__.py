"""The pages for staff, under /admin. Each area is a module with a blueprint: parse, call one verb, show."""

from __future__ import annotations

from flask import Flask

from booking.admin import (
    alerts,
    answers,
    audit,
    booking,
    booking_invoices,
    bookings,
    calendar,
    cash,
    change,
    data_requests,
    emails,
    entrance,
    figures,
    guest,
    imports,
    invoices,
    maintenance,
    messages,
    new_booking,
    new_room,
    notes,
    people,
    photos,
    policies,
    properties,
    rate_ranges,
    rate_rules,
    rate_sheets,
    rates,
    registers,
    room,
    room_list,
    room_sheets,
    room_units,
    sent_emails,
    sent_texts,
    set_up,
    system,
    today,
    views,
)

AREAS = (
    today.blueprint,
    room_list.blueprint,
    new_room.blueprint,
    room_sheets.blueprint,
    room.blueprint,
    room_units.blueprint,
    properties.blueprint,
    set_up.blueprint,
    calendar.blueprint,
    rates.blueprint,
    rate_ranges.blueprint,
    rate_sheets.blueprint,
    rate_rules.blueprint,
    bookings.blueprint,
    views.blueprint,
    new_booking.blueprint,
    booking.blueprint,
    booking_invoices.blueprint,
    change.blueprint,
    guest.blueprint,
    data_requests.blueprint,
    imports.blueprint,
    registers.blueprint,
    notes.blueprint,
    emails.blueprint,
    answers.blueprint,
    messages.blueprint,
    sent_emails.blueprint,
    sent_texts.blueprint,
    cash.blueprint,
    policies.blueprint,
    invoices.blueprint,
    figures.blueprint,
    people.blueprint,
    system.blueprint,
    maintenance.blueprint,
    alerts.blueprint,
    photos.blueprint,
    audit.blueprint,
)

for area in AREAS:
    entrance.blueprint.register_blueprint(area)


def register(app: Flask) -> None:
    """Hang the pages into the application."""
    app.register_blueprint(entrance.blueprint)
