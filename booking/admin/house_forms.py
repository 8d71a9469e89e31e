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
    "non-refundable": (_("Non-refundable"), _("No refund after booking.")),
}
INVOICE_AT = {
    "confirmation": _("When a stay is confirmed"),
    "check_out": _("When the guest checks out"),
    "request": _("When somebody asks for it"),
}
OF_ROOM = (
    "name", "kind", "capacity", "beds", "sizeM2", "description", "amenities", "pricePerNight", "minNights", "maxNights",
    "cancellationPolicy",
)  # fmt: skip
OF_PROPERTY = (
    "name", "slug", "street", "district", "city", "location", "country", "latitude", "longitude", "timeZone",
    "currency", "legalName", "taxNumber", "invoiceAt", "contactEmail", "contactPhone", "checkInTime", "checkOutTime",
    "babiesUnder", "houseRules", "description",
)  # fmt: skip
TAKE, THEIRS, MINE = "take-", "theirs", "mine"
WAS = "was-"  # before a field's name: what it said when the form was opened


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two people have written in their own way, as each would read it."""

    field: str
    label: str
    theirs: str
    mine: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What has become of a form whose subject somebody else has changed meanwhile: what both have changed is to be
    chosen from, and `taken` (labels) are the fields that are now as somebody else has them.
    """

    differing: list[Difference]
    taken: list[str]


UNTOUCHED = Merged([], [])


def of_room(room: Room) -> Form:
    """As it is kept."""
    form = Form.of(catalogue.room_as_said(room))
    for kind, count in catalogue.bed_counts(room.beds).items():
        form.put(f"bed-{kind}", [str(count)])
    return form


def new_room() -> Form:
    """What is usual."""
    usual = {"capacity": "2", "minNights": "1", "maxNights": "30", "cancellationPolicy": "moderate"}
    return Form(usual | {"units": "1", "firstNumber": "1"})


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
            _take(mine, theirs, field)
    return mine


def opened(form: Form, fields: Iterable[str]) -> dict[str, str]:
    """What a page sends along, so that `merge` knows what its reader has changed: by hidden field."""
    return {WAS + field: ",".join(form.sent(field)) for field in fields}


def merge(mine: Form, theirs: Form, version: int, fields: Iterable[str]) -> Merged:
    """Put into `mine`, which was opened at an older version, what somebody else has changed since and it has not.

    What both have changed stays as in `mine`, to be asked about. From then on it counts as opened at this version.
    """
    if mine.number("version") in (None, version):
        return UNTOUCHED
    found = Merged([], [])
    for field in fields:
        _merge_field(found, mine, theirs, field)
        mine.put(WAS + field, [",".join(theirs.sent(field))])
    mine.put("version", [str(version)])
    return found


def _merge_field(found: Merged, mine: Form, theirs: Form, field: str) -> None:
    was, here, there = _opened_with(mine, field), _compared(mine, field), _compared(theirs, field)
    is_left = here == was or (field == "cancellationPolicy" and not here)  # empty: as it is
    if there in (here, was):
        return
    if is_left:
        _take(mine, theirs, field)
        found.taken.append(str(words.label(field)))
    else:
        found.differing.append(Difference(field, words.label(field), _read(theirs, field), _read(mine, field)))


def _opened_with(mine: Form, field: str) -> str | None:
    """None for a page that does not say: then whatever differs is asked about."""
    said = mine.sent(WAS + field)
    return _compared(Form.of({field: said}), field) if said else None


def _take(mine: Form, theirs: Form, field: str) -> None:
    mine.put(field, theirs.sent(field))
    if field == "beds":
        for kind in catalogue.BED_TYPES:
            mine.put(f"bed-{kind}", theirs.sent(f"bed-{kind}"))
    if field == "amenities":  # among which those are by now
        mine.put("moreAmenities", [])


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


def _compared(form: Form, field: str) -> str:
    """Alike for what means the same: 95 is 95.00."""
    read = _read(form, field)
    return f"{Decimal(read).normalize():f}" if field == "pricePerNight" and _is_number(read) else read


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
