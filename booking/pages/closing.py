"""While the house is closed for maintenance, guests find its notice; staff go on, and so does what they need for it."""

from __future__ import annotations

from flask import Flask, request

from booking.domain import system
from booking.domain.system import Maintenance
from booking.http.requests import is_api
from booking.pages import signed_in
from booking.pages.signed_in import current_user

# What goes on: the ways in, what protects an account, what the law asks for, pictures, and what machines send or ask.
OPEN_AREAS = frozenset(
    {
        "admin",
        "confirming",
        "demo_mails",
        "emails",
        "invitations",
        "legal",
        "operations",
        "passkey_sign_in",
        "passkeys",
        "photo_files",
        "provider_messages",
        "two_step",
    }
)
OPEN_PAGES = frozenset(
    {
        "account.ask_for_code",
        "account.ask_for_link",
        "account.choose_password",
        "account.enter",
        "account.enter_code",
        "account.forgot",
        "account.leave",
        "account.link_sent",
        "account.reset_password",
        "account.sign_in",
        "front.favicon",
        "front.robots",
        "rooms.picture",
        "rooms.thumbnail",
        "static",
        "theme",
    }
)
WEBHOOKS = "/webhooks/"


def install(app: Flask) -> None:
    """Before any other refusal: a form of a page that is closed need not be in date."""
    app.before_request(_refuse)
    app.jinja_env.globals.update(maintenance_ahead=ahead, closed_to_guests=closed)


def ahead() -> Maintenance | None:
    """What guests are told before it begins."""
    mode = system.current_maintenance()
    return mode if mode and not mode.is_on else None


def closed() -> Maintenance | None:
    """What staff are told while it lasts."""
    mode = system.current_maintenance()
    return mode if mode and mode.is_on else None


def _refuse() -> None:
    if system.is_closed() and not _goes_on() and not _is_staff():
        system.refuse_under_maintenance()


def _goes_on() -> bool:
    """The API decides for itself; what is no page at all is not found as ever."""
    if is_api(request) or not request.endpoint or request.path.startswith(WEBHOOKS):
        return True
    return (request.blueprint or "").partition(".")[0] in OPEN_AREAS or request.endpoint in OPEN_PAGES


def _is_staff() -> bool:
    """Whoever works here looks whether all is well before guests are let in again."""
    return signed_in.ask_if_possible() and bool(current_user.is_authenticated and current_user.is_staff)
