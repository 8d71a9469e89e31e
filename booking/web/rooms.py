"""Finding a room, and looking at one."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for

from booking import demo
from booking.domain import catalogue, pricing, reservations, search
from booking.domain.catalogue import Destination
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.pricing import RoomView
from booking.domain.search import Found, RoomSearch
from booking.domain.stays import Stay, StayRules
from booking.http.services import current_services
from booking.infra.cache import reading_ahead
from booking.infra.ids import decode
from booking.pages import amenities, bills, options
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page, url_with, wants_part
from booking.pages.signed_in import actor, required
from booking.web import json_ld, listing, months, moved_dates, offers, photos, room_cards, wishes
from booking.web.photos import Photo

blueprint = Blueprint("rooms", __name__)

PAGE_SIZE, A_DAY = 12, 24 * 3600
SEARCH = {wishes.CHILDREN, *(field.alias or name for name, field in RoomSearch.model_fields.items())}
LIMITS = ("minPrice", "maxPrice")
PLACE_BOUND = (*LIMITS, "currency")  # what only means something in one currency


@blueprint.get("/rooms")
def results() -> Response:
    """Rooms that are free for exactly these dates, each with its total for the stay."""
    asked = _asked()
    with reading_ahead(_needed(asked)):
        return _results(asked)


def _results(asked: dict[str, list[str]]) -> Response:
    places = catalogue.list_destinations(_cache_seconds())
    form, place = _meant(asked, places)
    found = wanted = None
    meant: list[Destination] = []
    try:
        wishes.refuse_without_ages(form)
        wanted = search.with_known_place(form.accept(RoomSearch), _cache_seconds())
        if wanted.location and wanted.location != form.value("location"):
            return go_to(listing.address(form, location=[wanted.location]))
        rooms = search.find_rooms(wanted, _rules(), _search_seconds())
        if not rooms.total:
            search.require_known_place(wanted, places)
        found = rooms
    except catalogue.UnknownPlace as unknown:
        meant = unknown.meant
        form.problems["location"] = listing.unknown_destination(form.value("location"), meant)
    except Invalid as refusal:
        form.refuse(refusal)
    facts = _around(form, places, place, meant) | _listed(found, wanted, form, place)
    response = page("rooms/results.html", block="results", status=200 if found else 400, **facts)
    if wants_part():
        response.headers["HX-Push-Url"] = listing.address(form)
    return response


@blueprint.get("/rooms/<room_id>")
def show(room_id: str) -> Response:
    """One room: what it is like, when it is free, and what it costs for the dates asked for."""
    details = _details(room_id)
    moved = moved_dates.stay()
    form, quote, mine = _wished(moved), None, reservations.GuestClaim()
    wish: dict[str, Any] = {}
    try:
        wishes.refuse_without_ages(form)
        view = form.accept(RoomView)
        if stay := view.stay():
            quote, mine, wish = offers.offered(_id(room_id), stay, view, form)
        elif problem := pricing.too_many_guests(view.guests, details["capacity"]):
            raise Invalid(details={"guests": problem})
    except Invalid as refusal:
        form.refuse(refusal)
    refunds = offers.promises(quote) if quote else []  # first: its amounts say whether the others show decimals
    response = page(
        "rooms/show.html",
        block="offer",
        status=400 if form.problems else 200,
        room=details,
        form=form,
        quote=quote,
        lines=bills.of_quote(quote.price) if quote else [],
        nights=bills.nights(quote.price) if quote else [],
        refunds=refunds,
        mine=mine,
        wish=wish,
        chosen_plan="ratePlan" in request.args,
        moved=moved,
        nearest=offers.nearest(_id(room_id), quote, mine),
        **_about(details, form),
        **_calendar(room_id, details, form),
    )
    if wants_part():
        response.headers["HX-Push-Url"] = url_with()
    return response


@blueprint.get("/rooms/<room_id>/preview")
@required
def preview(room_id: str) -> Response:
    """A room as guests will see it, for its staff; one that is published is seen at its own address."""
    details = catalogue.preview_room(actor(), _id(room_id))
    if details["isPublished"]:
        return go_to(url_for(".show", room_id=room_id))
    return page("rooms/preview.html", room=details, **_about(details, Form()))


@blueprint.get("/rooms/<room_id>/picture.svg")
def picture(room_id: str) -> Response:
    """A demo room, drawn: known by its content, so that a browser fetches it anew only when the room has changed.

    Nobody has seen the other rooms, so they have one illustration that claims nothing.
    """
    details = _details(room_id)
    if not details["isDemo"]:
        return _neutral()
    drawing = demo.drawn_room(room_id, details["location"], _beds(details), details["capacity"])
    response = Response(drawing.svg, mimetype="image/svg+xml")
    response.headers["Cache-Control"] = f"public, max-age={A_DAY}, stale-while-revalidate={30 * A_DAY}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    response.set_etag(drawing.content_hash)
    response.make_conditional(request)
    return response


@blueprint.get("/rooms/<room_id>/picture")
def thumbnail(room_id: str) -> Response:
    """Where the room's picture is, for pages that know no more of the room than its id."""
    try:
        details = _details(room_id)
    except RoomNotFound:  # not sold any more, but still in somebody's bookings
        return _neutral()
    pictures = _photos(details)
    url = pictures[0].small if pictures else photos.drawing(details["id"], is_demo=details["isDemo"])
    response = make_response(redirect(url, 302))
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


# --- results


def _asked() -> dict[str, list[str]]:
    """The search as it was asked, with the usual dates where none are given."""
    asked = wishes.asked()
    asked.setdefault("capacity", asked.get("guests", [str(search.USUAL_GUESTS)]))  # as a room's address calls it
    asked = listing.readable({name: values for name, values in asked.items() if name in SEARCH})
    if moved := moved_dates.stay():
        asked["checkOut"] = [moved.check_out.isoformat()]
    if "checkIn" not in asked and "checkOut" not in asked:
        stay = search.usual_stay(_rules())
        asked |= {"checkIn": [stay.check_in.isoformat()], "checkOut": [stay.check_out.isoformat()]}
    return asked | {"pageSize": [str(PAGE_SIZE)]}


def _needed(asked: dict[str, list[str]]) -> tuple[str, ...]:
    """What the page will ask the cache for, as far as that can be said before its place is known."""
    [location, *_] = asked.get("location", [""])
    around = catalogue.cache_keys(location if catalogue.is_slug(location) else None, _cache_seconds())
    if asked.keys() & {*PLACE_BOUND, "sort"}:  # `_meant` decides about these
        return around
    try:
        wanted = Form.of(asked).accept(RoomSearch)
    except Invalid:
        return around
    return around + search.cache_keys(wanted, _rules(), _search_seconds())


def _meant(asked: dict[str, list[str]], places: list[Destination]) -> tuple[Form, Destination | None]:
    """The search, and its place. Prices are compared within one currency: a limit that was meant for another place is
    left out, but for one that is wrong at any place, which is told.
    """
    place = next((one for one in places if [one.slug] == asked.get("location")), None)
    currencies = place.currencies if place else ()
    meant = asked.get("currency", list(currencies))
    if len(currencies) != 1 or meant[0] not in currencies:
        kept = LIMITS if _are_wrong(asked) else ()
        asked = {name: value for name, value in asked.items() if name not in PLACE_BOUND or name in kept}
        if asked.get("sort") in (["price"], ["-price"]):
            del asked["sort"]
    elif "minPrice" in asked or "maxPrice" in asked:
        asked["currency"] = meant
    return Form.of(asked), place


def _are_wrong(asked: dict[str, list[str]]) -> bool:
    """Whether its limits are none at any place."""
    form = Form.of({name: value for name, value in asked.items() if name != "currency"})
    try:
        form.accept(RoomSearch)
    except Invalid:
        return not form.problems.keys().isdisjoint(LIMITS)
    return False


def _around(
    form: Form, places: list[Destination], place: Destination | None, meant: list[Destination]
) -> dict[str, Any]:
    """What the forms around the results show; `meant`: destinations that an unknown one may be."""
    chosen = form.values("amenities")
    present = catalogue.amenities_in(place.slug if place else None, _cache_seconds())
    return {
        "form": form,
        "places": places,
        "place": place,
        "chosen": chosen,
        "offered": amenities.offered(present, chosen),
        "ways_out": listing.destinations(form, places, meant) if form.problem("location") else [],
        "sort_options": listing.sort_options(place),
        "sort": form.value("sort"),
        "carried": listing.carried(form),
        "kept": _kept(form),
        "moved": moved_dates.stay(),
    }


def _listed(found: Found | None, wanted: RoomSearch | None, form: Form, place: Destination | None) -> dict[str, Any]:
    """The results themselves; nothing of them where the search could not be made."""
    nothing = (
        search.suggest_instead(wanted, place, _rules(), _search_seconds())
        if found and wanted and not found.total
        else None
    )
    return {
        "found": found,
        "wanted": wanted if found else None,
        "cards": room_cards.shown(found.rooms, wanted.check_in) if found and wanted else [],
        "pages": listing.pages(found) if found else 0,
        "headline": listing.headline(found.total if found else None, place, form),
        "without_words": bool(found and wanted and search.says_nothing(wanted.q)),
        "chips": listing.chips(form, wanted),
        "without_filters": listing.without_filters(form),
        "nothing": nothing,
        "why": listing.why(nothing, wanted, place) if nothing and wanted else "",
        "unknown": listing.unknown_amenities(found.unknown) if found else [],
        "page_url": partial(listing.page_address, form),
        "way": listing.way,
        "address_of": listing.address_of,
        "counted": listing.counted,
    }


def _kept(form: Form) -> dict[str, str]:
    """Dates, guests and whether it must be free to cancel, which go with the guest from results to room."""
    named = {"checkIn": "checkIn", "checkOut": "checkOut", "capacity": "guests", "freeCancellation": "freeCancellation"}
    kept = {name: form.value(field) for field, name in named.items() if form.value(field)}
    return kept | wishes.beside(form.values(wishes.AGES))


# --- one room


def _id(room_id: str) -> uuid.UUID:
    decoded = decode("room", room_id)
    if decoded is None:
        raise RoomNotFound
    return decoded


def _wished(moved: Stay | None) -> Form:
    """Dates and guests as they were asked, in a room's words."""
    asked = wishes.first(wishes.asked())
    if "guests" not in asked and asked.get("capacity"):
        asked["guests"] = asked["capacity"]  # as a search's address calls it
    if moved:
        asked["checkOut"] = moved.check_out.isoformat()
    return Form.of(asked)


def _details(room_id: str) -> dict[str, Any]:
    return catalogue.get_room_details(_id(room_id), _cache_seconds())


def _photos(details: dict[str, Any]) -> list[Photo]:
    return photos.of(catalogue.shown_photos(details["photos"]), details["images"], details["name"])


def _about(details: dict[str, Any], form: Form) -> dict[str, Any]:
    """Where the room is, and the ways from it."""
    house, room_id = details["property"], details["id"]
    base = details["pricePerNight"]
    price = pricing.per_night(Decimal(base), details["currency"]) if base else None
    country, site = house["address"].get("country", ""), current_services().settings.site_url.rstrip("/")
    city = house["address"].get("city") or house["name"]
    has, more = amenities.at_a_glance(details["amenities"])
    pictures = _photos(details)
    linked_pictures = [photo.linked for photo in pictures]
    if details["isDemo"] and not pictures:
        linked_pictures = [site + url_for(".picture", room_id=room_id)]
    return {
        "city": city,
        "house_name": "" if house["name"] == city else house["name"],  # of a host whose name nobody told
        "country": country,
        "has": has,
        "has_more": more,
        "room_price": price,
        "linked": price and json_ld.room(details, price, site + url_for(".show", room_id=room_id), linked_pictures),
        "photos": pictures,
        "house_photos": photos.of(catalogue.shown_photos(house["photos"]), [], house["name"]),
        "drawing": photos.drawing(room_id, is_demo=details["isDemo"]),
        "is_demo": details["isDemo"],
        "others": listing.others(details["location"], form),
        "guests": min(options.count(form.value("guests")) or 1, _most_guests(details, form)),
    }


def _most_guests(details: dict[str, Any], form: Form) -> int:
    """With the babies, who need no place."""
    babies = [age for age in form.values(wishes.AGES) if options.count(age) < details["property"].get("babiesUnder", 0)]
    return int(details["capacity"]) + len(babies)


def _calendar(room_id: str, details: dict[str, Any], form: Form) -> dict[str, Any]:
    """Two months, from the one asked for, or of the arrival, or this one."""
    rules = _rules()
    today = rules.today(details["property"]["timeZone"])
    last = today + dt.timedelta(days=rules.horizon_days)
    first = months.chosen(request.args.get("month"), form.value("checkIn"), today, last)
    nights = pricing.nights_of_room(_id(room_id), first, months.after(first, months.SHOWN), rules).nights
    stay = months.stay_of(form.value("checkIn"), form.value("checkOut"))
    asked: dict[str, Any] = {name: form.value(name) for name in ("checkIn", "checkOut", "guests") if form.value(name)}
    asked |= wishes.beside(form.values(wishes.AGES), form.values(wishes.EXTRAS))
    return {
        "month_url": lambda month: url_for(".show", room_id=room_id, **asked, month=month.isoformat()[:7]),
        "beside": wishes.beside(form.values(wishes.AGES), form.values(wishes.EXTRAS)),
        "calendar": months.tables(nights, today, stay),
        "earlier": months.after(first, -months.SHOWN) if first > today else None,
        "later": months.after(first, months.SHOWN) if months.after(first, months.SHOWN) <= last else None,
        "today": today,
        "last": last,
        "stay_nights": stay.nights if stay else details["minNights"],
        "has_other_months": "month" in request.args,
    }


def _neutral() -> Response:
    return make_response(redirect(url_for("static", filename="illustration.svg"), 302))


def _beds(details: dict[str, Any]) -> int:
    """How many beds to draw: two people share one, unless it is a twin room."""
    return 2 if "twin" in (details["kind"] or "").lower() else max(1, min(4, -(-details["capacity"] // 2)))


def _rules() -> StayRules:
    return current_services().booking_context.rules


def _search_seconds() -> int:
    return current_services().settings.search_cache_seconds


def _cache_seconds() -> int:
    return current_services().settings.room_cache_seconds
