"""The first page, and what machines read about the site."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, render_template, url_for
from werkzeug import Response as File

from booking.domain import catalogue, search
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.web import room_cards

blueprint = Blueprint("front", __name__)

SHOWN_PLACES = 12


@blueprint.get("/")
def home() -> Response:
    """Where a guest begins."""
    services = current_services()
    stay = search.usual_stay(services.booking_context.rules)
    places = catalogue.list_destinations(services.settings.room_cache_seconds)
    few = search.a_few_rooms(places, stay, services.booking_context.rules, services.settings.search_cache_seconds)
    fields = {
        "checkIn": stay.check_in.isoformat(),
        "checkOut": stay.check_out.isoformat(),
        "capacity": search.USUAL_GUESTS,
    }
    return page(
        "home.html",
        form=Form({name: str(value) for name, value in fields.items()}),
        search=fields,
        stay=stay,
        places=places,
        shown=sorted(places, key=lambda place: (-place.rooms, place.city))[:SHOWN_PLACES],
        few=room_cards.shown(few, stay.check_in),
        total=sum(place.rooms for place in places),
        hold_minutes=services.settings.hold_minutes,
    )


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines may look at."""
    # Checkouts need no mention: whoever is not their guest is sent to sign in, which is mentioned.
    private = ("/account", "/bookings", "/sign-in", "/register", "/forgot-password", "/demo", "/api/", "/*month=")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in private), "", f"Sitemap: {_absolute('.sitemap')}", ""]
    return Response("\n".join(lines), mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """All sitemaps: one of the places, as many of rooms as it takes."""
    parts = -(-catalogue.count_published_rooms() // catalogue.SITEMAP_ROOMS)
    addresses = [_absolute(".sitemap_of_places"), *(_absolute(".sitemap_of_rooms", part=part) for part in range(parts))]
    return _xml("sitemaps/index.xml", addresses=addresses)


@blueprint.get("/sitemap-places.xml")
def sitemap_of_places() -> Response:
    """The first page, and the results of every place."""
    places = catalogue.list_destinations(current_services().settings.room_cache_seconds)
    addresses = [_absolute(".home"), *(_absolute("rooms.results", location=place.slug) for place in places)]
    return _xml("sitemaps/urls.xml", entries=[(address, None) for address in addresses])


@blueprint.get("/sitemap-rooms-<int:part>.xml")
def sitemap_of_rooms(part: int) -> Response:
    """Rooms, each with the day of its last change."""
    rooms = catalogue.room_changes(part) if part < 1000 else []
    if not rooms:
        abort(404)
    return _xml("sitemaps/urls.xml", entries=[(_room(room_id), changed.date()) for room_id, changed in rooms])


@blueprint.get("/favicon.ico")
def favicon() -> File:
    """For whoever asks without having read the page."""
    return current_app.send_static_file("favicon.ico")


def _room(room_id: uuid.UUID) -> str:
    return _absolute("rooms.show", room_id=encode("room", room_id))


def _absolute(endpoint: str, **values: Any) -> str:
    return str(current_app.jinja_env.globals["site_url"]) + url_for(endpoint, **values)


def _xml(template: str, **facts: object) -> Response:
    response = make_response(render_template(template, **facts))
    response.mimetype = "application/xml"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
