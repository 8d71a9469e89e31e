"""Finding and looking at rooms."""

from __future__ import annotations

import uuid

from flask import Response

from booking.api import price_schemas, quote_schemas, room_facts, schemas
from booking.api.endpoint import endpoint, json_response, to_json
from booking.domain import catalogue, pricing, reservations, search
from booking.domain.errors import RoomNotAvailable, RoomNotFound
from booking.domain.people import CurrentUser
from booking.domain.pricing import NightsView, RatesView, RoomView
from booking.domain.reservations import QuoteOrder
from booking.domain.search import Found, RoomSearch
from booking.http import limits
from booking.http.services import current_services


def _asked(query: RoomSearch) -> tuple[str, ...]:
    services = current_services()
    return search.cache_keys(query, services.booking_context.rules, services.settings.search_cache_seconds)


@endpoint("GET", "/rooms", tag="Rooms", query=RoomSearch, schema=schemas.RoomPage, ahead=_asked)
def search_rooms(user: CurrentUser, query: RoomSearch) -> Response:  # noqa: ARG001 any signed-in user
    """Rooms available for exactly these dates, with the total for the stay."""
    services = current_services()
    seconds = services.settings.search_cache_seconds
    return json_response(search.rendered_answer(query, services.booking_context.rules, seconds, _found_as_text), 200)


@endpoint("GET", "/rooms/<room_id>", tag="Rooms", query=RoomView, schema=schemas.Room, refusals=(RoomNotFound,))
def show_room(user: CurrentUser, query: RoomView, room_id: uuid.UUID) -> schemas.Room:  # noqa: ARG001 any user
    """A room with its rules and cancellation policy, and a quote where dates are given."""
    services, stay = current_services(), query.stay()
    rules = services.booking_context.rules
    details = catalogue.get_room_details(room_id, services.settings.room_cache_seconds)
    children, extras = query.children_ages, query.extras
    quoted = (
        pricing.quote_stay(room_id, stay, query.guests, rules, query.plan, children=children, extras=extras)
        if stay
        else None
    )
    return schemas.room(details, room_facts.images(details, services.settings), quoted)


@endpoint(
    "POST",
    "/quotes",
    tag="Rooms",
    body=QuoteOrder,
    schema=quote_schemas.StayQuote,
    refusals=(RoomNotFound, RoomNotAvailable),
)
def quote_stay(user: CurrentUser, body: QuoteOrder) -> quote_schemas.StayQuote:
    """What a stay costs, line by line, and why. Nothing is held, and no code is used."""
    if body.code:
        limits.count_code()
    rules, party = current_services().booking_context.rules, (body.guests, body.children)
    quoted = pricing.quote_stay(body.room, body.stay, party[0], rules, body.plan, children=party[1], extras=body.extras)
    if not quoted.is_available:
        raise RoomNotAvailable
    if body.code:
        quoted = reservations.quote_with_promotion(user.actor, body.room, quoted, body.code, rules)
    return quote_schemas.stay_quote(body.room_id, quoted)


@endpoint(
    "GET",
    "/rooms/<room_id>/availability",
    tag="Rooms",
    query=NightsView,
    schema=price_schemas.Calendar,
    refusals=(RoomNotFound,),
)
def show_availability(user: CurrentUser, query: NightsView, room_id: uuid.UUID) -> price_schemas.Calendar:  # noqa: ARG001
    """The room's nights one by one, from `from` until before `to`."""
    return price_schemas.calendar(
        pricing.nights_of_room(room_id, query.first, query.end, current_services().booking_context.rules)
    )


@endpoint(
    "GET",
    "/rooms/<room_id>/calendar",
    tag="Rooms",
    query=RatesView,
    schema=price_schemas.RatedCalendar,
    refusals=(RoomNotFound,),
)
def show_calendar(user: CurrentUser, query: RatesView, room_id: uuid.UUID) -> price_schemas.RatedCalendar:  # noqa: ARG001
    """The same with what a stay that begins on the night is held to, priced for a number of guests."""
    rules = current_services().booking_context.rules
    return price_schemas.rated_calendar(pricing.nights_of_room(room_id, query.first, query.end, rules, query.guests))


def _found_as_text(found: Found) -> str:
    return to_json(schemas.room_page(found)).decode()
