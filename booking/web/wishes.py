"""What a guest wishes for, as forms and addresses say it: dates, guests and their children, a rate, extras.

How many of the guests are children, and how old each is, are fields of their own: without a script the ages are asked
for on the page after.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from booking.domain.errors import Invalid
from booking.domain.inputs import OLDEST_CHILD
from booking.domain.notices import Notice
from booking.domain.reservations import BookingDetails, BookingRequest
from booking.pages import options
from booking.pages.forms import Form

CHILDREN, AGES, EXTRAS = BESIDE = ("children", "childrenAges", "extras")
FIELDS = ("checkIn", "checkOut", "guests", "ratePlan", *BESIDE)


def with_ages(asked: dict[str, list[str]]) -> dict[str, list[str]]:
    """What was asked for, with an age for each child, empty where it was not said. How many there are stays only where
    one is missing.
    """
    ages = [age.strip() for one in asked.get(AGES, []) for age in one.split(",")]
    said = asked.get(CHILDREN)
    count = min(options.count(said[0]), OLDEST_CHILD) if said else len(ages := [age for age in ages if age])
    ages = (ages + [""] * count)[:count]
    rest = {name: values for name, values in asked.items() if name not in (CHILDREN, AGES)}
    whole = {AGES: ages} if ages else {}
    return rest | whole | ({} if all(ages) else {CHILDREN: [str(count)]})


def asked() -> dict[str, list[str]]:
    """The query string of this request, in the same way."""
    return with_ages({name: values for name, values in request.args.lists() if any(values) or name in (AGES, CHILDREN)})


def refuse_without_ages(form: Form) -> None:
    """Raise Invalid where somebody's age was not said."""
    if not all(form.sent(AGES)):
        raise Invalid(details={AGES: Notice("ages_missing")})


def posted() -> Form:
    """The body of this request, in the same way; of each other field what came first."""
    return _whole(request.form)


def opened() -> Form:
    """The query string of this request, in the same way."""
    return _whole(request.args)


def _whole(sent: MultiDict[str, str]) -> Form:
    none = {CHILDREN: "0"} if sent.get(CHILDREN) in ("", "0") else {}
    return Form.of(first(with_ages(dict(sent.lists()))) | none)


def first(sent: dict[str, list[str]]) -> dict[str, str | list[str]]:
    """Of each field but those that come several times what came first."""
    once: dict[str, str | list[str]] = {name: values if name == AGES else values[0] for name, values in sent.items()}
    if EXTRAS in sent:  # an empty one says that there was something to choose
        once[EXTRAS] = [one for one in sent[EXTRAS] if one] or [""]
    return once


def says_nothing_beside(sent: Collection[str]) -> bool:
    """Whether none of these fields is of children or extras: they are as a hold has them then."""
    return not set(BESIDE) & set(sent)


def sent(form: Form) -> dict[str, Any]:
    """The fields of a form that say what is wished for, for an address or another form."""
    found = {name: ",".join(form.values(name)) for name in FIELDS}
    nothing = {EXTRAS: ""} if form.sent(EXTRAS) else {}
    return nothing | {name: value for name, value in found.items() if value}


def of(wanted: BookingRequest, plan: str | None = None, *, said: bool = False) -> dict[str, Any]:
    """The same of what is wanted; of children and extras also that there are none, where that was `said`."""
    stay = {"checkIn": wanted.stay.check_in, "checkOut": wanted.stay.check_out, "guests": wanted.guests}
    return stay | ({"ratePlan": plan} if plan else {}) | beside(wanted.children, wanted.extras, said=said)


def of_trip(trip: BookingDetails) -> dict[str, Any]:
    """The same of what was held or booked; without its rate, which may be another's by now."""
    stay = {"checkIn": trip.stay.check_in, "checkOut": trip.stay.check_out, "guests": trip.notice.guests}
    return stay | beside(trip.notice.children, trip.notice.extras)


def beside(children: Sequence[object], extras: Collection[str] = (), *, said: bool = False) -> dict[str, Any]:
    """Of children and extras the fields that say something, and where it was `said` that there are none, that."""
    ages = {AGES: ",".join(map(str, children))} if children else {CHILDREN: "0"} if said else {}
    chosen = {EXTRAS: ",".join(extras)} if extras or said else {}
    return ages | chosen
