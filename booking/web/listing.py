"""What the results page says: how many, which filters apply, why nothing was found and what would be."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from booking.domain import search
from booking.domain.catalogue import Destination
from booking.domain.money import rounded
from booking.domain.search import MOST_COUNTED, SORTS, Found, NothingFound, RoomSearch, Suggestion, Unknown
from booking.http import date_format, number_format, words
from booking.pages import amenities, formats, options
from booking.pages.forms import Form
from booking.web import wishes

SHOWN_DESTINATIONS = 12
FILTERS = ("minPrice", "maxPrice", "amenities", "q", "kind", "freeCancellation")
NOT_CARRIED = ("location", "checkIn", "checkOut", "capacity", *wishes.BESIDE, "page", "pageSize")


def readable(asked: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without an order or a page that is none: nobody typed it into a field, where it could be put right."""
    page, sort = asked.get("page", [""]), asked.get("sort", [""])
    wrong = {"page"} if options.count(page[0]) == 0 or len(page) > 1 else set()
    wrong |= {"sort"} if sort[0] not in SORTS or len(sort) > 1 else set()
    return {name: values for name, values in asked.items() if name not in wrong}


def headline(total: int | None, place: Destination | None, form: Form) -> str:
    """How many rooms, where."""
    if total is None:
        return str(gettext("Destination not found") if form.problem("location") else gettext("Check your search"))
    if total == 0:
        return str(
            gettext("No rooms available in %(city)s", city=place.city) if place else gettext("No rooms available")
        )
    count = counted(total)
    if place:
        available = ngettext(
            "%(count)s room available in %(city)s",
            "%(count)s rooms available in %(city)s",
            total,
            count=count,
            city=place.city,
        )
        return str(available)
    return str(ngettext("%(count)s room available", "%(count)s rooms available", total, count=count))


def counted(total: int) -> str:
    """How many cards were found, or that they are more than are counted."""
    if total <= MOST_COUNTED:
        return number_format.number(total)
    return str(gettext("More than %(count)s", count=number_format.number(MOST_COUNTED)))


def pages(found: Found) -> int:
    """How many pages there are: where they are more than are counted, one after each that is full."""
    known = -(-found.total // found.page_size)
    if found.total <= MOST_COUNTED or not found.rooms:
        return known
    return max(known, found.page + (len(found.rooms) == found.page_size))


def address(form: Form, without: tuple[str, ...] = ("pageSize",), **changes: list[str]) -> str:
    """This search's address, without what is empty or usual."""
    asked: dict[str, Any] = {name: values for name, values in form.filled().items() if name not in without}
    return url_for("rooms.results", **asked | changes)  # a list repeats its parameter


def page_address(form: Form, page: int) -> str:
    """Another page of the same results."""
    return address(form, ("page", "pageSize"), **({"page": [str(page)]} if page > 1 else {}))


def address_of(wanted: RoomSearch) -> str:
    """The address of another search."""
    asked = wanted.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"page", "page_size"})
    return url_for("rooms.results", **{name: value for name, value in asked.items() if value})


def others(location: str, form: Form) -> str:
    """Other rooms of the place for the dates and guests of a room's form."""
    asked = {"checkIn": form.value("checkIn"), "checkOut": form.value("checkOut"), "capacity": form.value("guests")}
    filled: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for("rooms.results", location=location, **filled, **wishes.beside(form.values(wishes.AGES)))


def unknown_destination(asked: str, meant: list[Destination]) -> str:
    """What is wrong with a destination that there is none of, and which one it may be."""
    if not meant:
        return str(gettext("We don’t know a destination called “%(name)s”. Choose one from the list.", name=asked))
    return str(
        gettext(
            "We don’t know a destination called “%(name)s”. Did you mean %(choices)s?",
            name=asked,
            choices=words.either(place.city for place in meant),
        )
    )


def unknown_amenities(unknown: list[Unknown]) -> list[str]:
    """A sentence for each that no room has."""
    return [_unknown_amenity(one) for one in unknown if one.field == "amenities"]


def _unknown_amenity(one: Unknown) -> str:
    if not one.meant:
        return str(gettext("We don’t know an amenity called “%(name)s”.", name=one.said))
    choices = words.either(amenities.shown(slug).name for slug in one.meant)
    return str(
        gettext("We don’t know an amenity called “%(name)s”. Did you mean %(choices)s?", name=one.said, choices=choices)
    )


def destinations(form: Form, places: list[Destination], meant: list[Destination]) -> list[tuple[str, str, int]]:
    """The same search in the destinations that are meant, then in the largest, by name: name, address, rooms; last of
    all, in all of them.
    """
    base: tuple[str, ...] = (
        "page",
        "pageSize",
        "location",
        "currency",
        "minPrice",
        "maxPrice",
    )  # limits of price were another's
    if form.value("sort") in {"price", "-price"}:
        base = (*base, "sort")
    largest = sorted(places, key=lambda place: -place.rooms)[:SHOWN_DESTINATIONS]
    rest = sorted((place for place in largest if place not in meant), key=lambda place: place.city)
    named = [(place.city, address(form, base, location=[place.slug]), place.rooms) for place in (*meant, *rest)]
    total = sum(place.rooms for place in places)
    return [*named, (str(gettext("Search all destinations")), address(form, base), total)] if places else []


def carried(form: Form) -> list[tuple[str, str]]:
    """Filters and order go along when somebody searches anew."""
    return [(name, value) for name, values in form.filled().items() if name not in NOT_CARRIED for value in values]


def chips(form: Form, wanted: RoomSearch | None) -> list[tuple[str, str]]:
    """Each filter that applies, and the address without it."""
    if wanted is None:
        return []
    base = ("page", "pageSize")
    shown = [
        (amenities.shown(slug).name, address(form, base, amenities=[one for one in wanted.amenities if one != slug]))
        for slug in wanted.amenities
    ]
    for name, limit in (("minPrice", wanted.min_price), ("maxPrice", wanted.max_price)):
        if limit is not None and wanted.currency:
            amount = formats.money(rounded(limit, wanted.currency), wanted.currency)
            text = (
                gettext("from %(price)s", price=amount)
                if name == "minPrice"
                else gettext("up to %(price)s", price=amount)
            )
            shown.append((text, address(form, (*base, name))))
    if wanted.free_cancellation:
        shown.append((gettext("Free cancellation"), address(form, (*base, "freeCancellation"))))
    if wanted.kind:
        shown.append((options.kind_name(wanted.kind), address(form, (*base, "kind"))))
    if wanted.q:
        shown.append((wanted.q, address(form, (*base, "q"))))
    return shown


def without_filters(form: Form) -> str:
    """The address with all filters off."""
    return address(form, ("page", "pageSize", *FILTERS))


def sort_options(place: Destination | None) -> list[tuple[str, str]]:
    """Prices are an order only within one currency."""
    if place is None or len(place.currencies) > 1:
        return [("", options.sort_name("")), *((sort, options.sort_name(sort)) for sort in ("name", "capacity"))]
    return [(sort, options.sort_name(sort)) for sort in SORTS]


def why(nothing: NothingFound, wanted: RoomSearch, place: Destination | None) -> str:
    """Why there is nothing to show."""
    city = place.city if place else gettext("any destination")
    if nothing.reason == search.TOO_MANY:
        return str(
            gettext(
                "No room in %(city)s sleeps that many: the largest is for %(guests)s.",
                city=city,
                guests=number_format.guests(nothing.largest),
            )
        )
    if nothing.reason == search.TOO_PICKY:
        return str(
            ngettext(
                "%(count)s room is available in %(city)s on these dates, but it doesn’t match all your filters.",
                "%(count)s rooms are available in %(city)s on these dates, but none matches all your filters.",
                nothing.without_filters,
                count=counted(nothing.without_filters),
                city=city,
            )
        )
    nights = number_format.nights(wanted.stay.nights)
    return str(gettext("No room in %(city)s is available for all of these %(nights)s.", city=city, nights=nights))


def way(suggestion: Suggestion) -> str:
    """What to do differently."""
    wanted = suggestion.wanted
    texts: dict[str, Any] = {
        "guests": lambda: number_format.guests(wanted.capacity or 0, wanted.children_ages),
        "words": lambda: gettext("Without “%(words)s”", words=suggestion.dropped),
        "kind": lambda: gettext("Any type of place"),
        "prices": lambda: gettext("At any price"),
        "refundable": lambda: gettext("With any cancellation terms"),
        "amenity": lambda: gettext("Without: %(amenity)s", amenity=amenities.shown(suggestion.dropped).name),
        "amenities": lambda: gettext("Any amenities"),
        "filters": lambda: gettext("Without filters"),
        "dates": lambda: date_format.stay(wanted.check_in, wanted.check_out),
        "anywhere": lambda: (
            gettext("Search all destinations, at any price")
            if suggestion.dropped
            else gettext("Search all destinations")
        ),
    }
    return str(texts[suggestion.kind]())
