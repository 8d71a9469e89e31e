"""Forms about properties and rooms: filled from what is kept, read as they were sent, compared where two have written.

A field of several parts has one name: beds are a number for each type, amenities are ticks and a line for new ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext, lazy_gettext

from booking.domain import catalogue
from booking.domain.catalogue import Property, Room
from booking.http import words
from booking.pages import amenities, beds
from booking.pages.forms import Form

_ = lazy_gettext

BEDS = {
    "single": _("Single beds"),
    "double": _("Double beds"),
    "queen": _("Queen beds"),
    "king": _("King beds"),
    "bunk": _("Bunk beds"),
    "sofa_bed": _("Sofa beds"),
    "cot": _("Cots"),
}
POLICIES = {
    "flexible": (_("Flexible"), _("Free until a day before check-in, no refund after that.")),
    "moderate": (_("Moderate"), _("Free until 5 days before, half until the day before, no refund after that.")),
    "strict": (_("Strict"), _("Free until 14 days before, half until 7 days before, no refund after that.")),
}
OF_ROOM = (
    "name", "kind", "capacity", "beds", "sizeM2", "description", "amenities", "pricePerNight", "minNights", "maxNights",
    "cancellationPolicy",
)  # fmt: skip
OF_PROPERTY = (
    "name", "slug", "street", "district", "city", "location", "country", "latitude", "longitude", "timeZone",
    "currency", "legalName", "contactEmail", "contactPhone", "checkInTime", "checkOutTime", "houseRules", "description",
)  # fmt: skip
TAKE, THEIRS, MINE = "take-", "theirs", "mine"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two people have written in their own way, as each would read it."""

    field: str
    label: str
    theirs: str
    mine: str


def of_room(room: Room) -> Form:
    """As it is kept."""
    form = Form.of(catalogue.room_as_said(room))
    for kind, count in catalogue.bed_counts(room.beds).items():
        form.put(f"bed-{kind}", [str(count)])
    return form


def new_room() -> Form:
    """What is usual."""
    return Form({"capacity": "2", "minNights": "1", "maxNights": "30", "cancellationPolicy": "moderate"})


def sent_room() -> Form:
    """As it was posted, each field of several parts by its one name."""
    form = Form.posted()
    named = [(kind, form.value(f"bed-{kind}").strip()) for kind in catalogue.BED_TYPES]
    form.put("beds", [", ".join(f"{count} {kind}" for kind, count in named if count not in ("", "0"))])
    form.put("amenities", [*form.values("amenities"), *form.values("moreAmenities")])
    return form


def of_property(house: Property) -> Form:
    """As it is kept."""
    return Form(catalogue.property_as_said(house))


def settled(mine: Form, theirs: Form, fields: Iterable[str]) -> Form:
    """What was sent, with theirs wherever its sender has chosen that."""
    for field in fields:
        if mine.value(TAKE + field) == THEIRS:
            mine.put(field, theirs.sent(field))
            if field == "beds":
                for kind in catalogue.BED_TYPES:
                    mine.put(f"bed-{kind}", theirs.sent(f"bed-{kind}"))
    return mine


def differences(mine: Form, theirs: Form, fields: Iterable[str]) -> list[Difference]:
    """The fields about which the two do not agree."""
    if not mine.value("cancellationPolicy"):  # as it is
        mine.put("cancellationPolicy", theirs.sent("cancellationPolicy"))
    pairs = ((field, _read(theirs, field), _read(mine, field)) for field in fields)
    return [Difference(field, words.label(field), was, now) for field, was, now in pairs if was != now]


def policies(room: Room | None = None) -> list[tuple[str, str]]:
    """To choose from; a room that has another one than these may keep it."""
    known = [(key, f"{name}: {terms}") for key, (name, terms) in POLICIES.items()]
    if room is None or catalogue.policy_name(room):
        return known
    return [("", gettext("As it is: %(name)s", name=room.cancellation_policy.get("name", ""))), *known]


def amenity_choices(form: Form) -> tuple[list[amenities.Amenity], list[amenities.Amenity]]:
    """What is asked for most, and all else that has a name, with what this room has of its own."""
    chosen = form.values("amenities")
    first = [amenities.shown(slug) for slug in amenities.WANTED]
    rest = [one for one in amenities.known() if one.slug not in amenities.WANTED]
    listed = {one.slug for one in (*first, *rest)}
    return first, [*rest, *(amenities.shown(slug) for slug in chosen if slug not in listed)]


def _read(form: Form, field: str) -> str:
    if field == "cancellationPolicy":
        return str(POLICIES[form.value(field)][0]) if form.value(field) in POLICIES else ""
    if field == "beds":
        return _beds(form.value(field))
    if field == "amenities":
        return ", ".join(sorted(amenities.shown(slug).name for slug in form.values(field)))
    written = form.value(field).replace("\r\n", "\n").strip()
    return str(Decimal(written)) if field == "pricePerNight" and _is_number(written) else written


def _beds(line: str) -> str:
    """In words, or as it was typed where that tells of none."""
    try:
        return beds.in_words(catalogue.read_beds(line))
    except catalogue.BadBeds:
        return line


def _is_number(written: str) -> bool:
    return written.replace(".", "", 1).isascii() and written.replace(".", "", 1).isdigit()
