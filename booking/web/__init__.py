"""The pages for guests. Each area is a module with a blueprint: parse, call one verb of the domain, show."""

from __future__ import annotations

from flask import Flask

from booking.config import Settings
from booking.domain import people
from booking.pages import amenities
from booking.web import (
    account,
    bookings,
    changes,
    checkout,
    codes,
    demo_mails,
    emails,
    front,
    invitations,
    invoices,
    leaving,
    legal,
    mail_reports,
    messages,
    passkey_sign_in,
    passkeys,
    payment_links,
    photo_files,
    profile,
    provider_messages,
    rest,
    rooms,
    texts,
    two_step,
)

AREAS = (
    front.blueprint,
    legal.blueprint,
    rooms.blueprint,
    photo_files.blueprint,
    checkout.blueprint,
    codes.blueprint,
    bookings.blueprint,
    changes.blueprint,
    rest.blueprint,
    payment_links.blueprint,
    messages.blueprint,
    invoices.blueprint,
    account.blueprint,
    profile.blueprint,
    emails.blueprint,
    leaving.blueprint,
    two_step.blueprint,
    passkeys.blueprint,
    passkey_sign_in.blueprint,
    invitations.blueprint,
    provider_messages.blueprint,
    mail_reports.blueprint,
    texts.blueprint,
    demo_mails.blueprint,
)


def register(app: Flask, settings: Settings) -> None:
    """Hang the pages into the application."""
    app.jinja_env.globals.update(amenity=amenities.shown, card_amenities=amenities.on_card)
    legal.install(app, settings)
    has_passkeys = people.passkey_site(settings.site_url, settings.site_name) is not None
    app.jinja_env.globals["has_passkeys"] = has_passkeys
    for area in AREAS:
        app.register_blueprint(area)
