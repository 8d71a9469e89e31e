"""Before a change of rates is saved: what it would touch. Then the same form saves it, if nothing has changed since."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Response, request, session
from flask_babel import gettext

from booking.admin import rate_forms
from booking.domain import pricing
from booking.domain.errors import Invalid
from booking.domain.pricing import (
    DayEffect,
    DayRates,
    HouseRoom,
    RateEffects,
    RateModified,
    RatesModified,
    RateStep,
    Rule,
)
from booking.domain.reservations import front_desk
from booking.http import number_format
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.http.words import rate_rules
from booking.pages import formats
from booking.pages.forms import Form, carried
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

TOLD = "rates_told"  # in the cookie: what has been saved, told once
MOST_LINES, MOST_NIGHTS, MOST_NAMES, MOST_SHOWN = 60, 62, 20, 50
Show = Callable[[Form, int], Response]


@dataclass(frozen=True, slots=True)
class Line:
    """Nights on which the same becomes the same: how many, when, and each thing that differs."""

    when: str
    nights: int
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """Of rooms that are alike."""

    rooms: str
    names: str  # of the first of them, where they are several
    lines: tuple[Line, ...]
    nights: tuple[tuple[dt.date, tuple[str, ...]], ...]
    left_out: int


def answer(
    house: uuid.UUID,
    form: Form,
    steps: Callable[[], Sequence[RateStep]],
    *,
    show: Show,
    then: str,
    fields: Sequence[tuple[str, str]] | None = None,
) -> Response:
    """What would be touched; with `save`, save it and go on `then`; with `edit`, or where the form is wrong, the form.

    `fields`: what goes along until it is saved, where that is not what was sent.
    """
    if form.value("edit"):
        return show(form, 200)
    try:
        wanted = steps()
    except (Invalid, RateModified) as refusal:
        return show(form.refuse(refusal), status_of(refusal))
    rules = current_services().booking_context.rules
    change = Change(
        lambda: (pricing.preview_rates(actor(), house, wanted, rules), [], False),
        lambda seen: pricing.take_rates(actor(), house, wanted, seen=seen),
    )
    return decide(form, change, show=show, then=then, fields=fields)


@dataclass(frozen=True, slots=True)
class Change:
    """How one is shown: its effects, sentences about what else it does, and whether that is something; and saved, where
    the rates have the number that was seen: how many rules that were.
    """

    preview: Callable[[], tuple[RateEffects, Sequence[str], bool]]
    save: Callable[[int], int]


def decide(
    form: Form, change: Change, *, show: Show, then: str, fields: Sequence[tuple[str, str]] | None = None
) -> Response:
    """As answer(), of any change of rates."""
    if form.value("edit"):
        return show(form, 200)
    status = 200
    try:
        if form.value("save"):
            seen = form.number("seen")
            session[TOLD] = change.save(-1 if seen is None else seen)
            return go_to(then)
    except (Invalid, RateModified) as refusal:
        return show(form.refuse(refusal), status_of(refusal))
    except RatesModified as refusal:
        status = status_of(refusal)
        form.refuse(refusal)
    try:
        effects, beside, does_more = change.preview()
    except (Invalid, RateModified) as refusal:
        return show(form.refuse(refusal), status_of(refusal))
    facts = {"beside": beside, "does_more": does_more}
    return _page(effects, form, status, carried("seen", "save", "edit") if fields is None else fields, facts)


def taken() -> int | None:
    """How many rules have just been saved, told once."""
    told = session.pop(TOLD, None)
    return told if isinstance(told, int) else None


def _page(
    effects: RateEffects, form: Form, status: int, fields: Sequence[tuple[str, str]], more: dict[str, Any]
) -> Response:
    amounts = [rates.price for one in effects.rooms for day in one.days for rates in (day.before, day.after)]
    formats.alike(effects.currency, amounts[:2000])
    names = rate_forms.names_of(effects.all_rooms)
    facts: dict[str, Any] = {
        "effects": effects,
        "form": form,
        "rules": [_told(pair, effects.currency, names) for pair in effects.rules],
        "touched": [_touched(one.rooms, one.days, effects.currency) for one in effects.rooms],
        "summary": _summary(effects),
        "holds": front_desk.touched_holds(actor(), effects),
        "fields": fields,
        "here": request.path + (f"?{request.query_string.decode()}" if request.query_string else ""),
        "sample": _sample(effects),
        "most_shown": MOST_SHOWN,
        **more,
    }
    return page("admin/rates_check.html", block="main", status=status, **facts)


def _sample(effects: RateEffects) -> str:
    if effects.sample is None:
        return ""
    facts = {
        "nights": number_format.nights(effects.sample.nights),
        "guests": number_format.guests(effects.sample.guests),
    }
    return str(gettext("Totals are those of a stay of %(nights)s for %(guests)s, booked now.", **facts))


def _told(pair: tuple[Rule | None, Rule | None], currency: str, names: Any) -> dict[str, str]:
    """What becomes of a rule: its name, what it said and what it says."""
    was, now = pair
    named = now or was
    return {
        "name": named.name if named else "",
        "was": _sentence(was, currency, names) if was else "",
        "now": _sentence(now, currency, names) if now else "",
    }


def _sentence(rule: Rule, currency: str, names: Any) -> str:
    return f"{rate_rules.of_rule(rule, currency)} ({rate_rules.rooms(rule, names)})"


def _summary(effects: RateEffects) -> str:
    """3 nights of 12 rooms; from −€10 to +€45 a night."""
    if not effects.nights:
        return str(gettext("No night of any room becomes another one: other rules are stronger, or nothing differs."))
    differences = [day.after.price - day.before.price for one in effects.rooms for day in one.days]
    said = gettext(
        "%(nights)s of %(rooms)s",
        nights=number_format.nights(effects.nights),
        rooms=number_format.rooms(effects.room_count),
    )
    if not any(differences):
        return f"{said}."
    low, high = (_signed(one, effects.currency) for one in (min(differences), max(differences)))
    change = low if low == high else gettext("%(low)s to %(high)s", low=low, high=high)
    return str(gettext("%(what)s: %(change)s a night.", what=said, change=change))


def _touched(rooms: Sequence[HouseRoom], days: Sequence[DayEffect], currency: str) -> Touched:
    said = [(day.date, _changes(day.before, day.after, currency)) for day in days]
    groups: dict[tuple[str, ...], list[dt.date]] = {}
    for date, changes in said:
        groups.setdefault(changes, []).append(date)
    lines = [Line(_when(dates), len(dates), changes) for changes, dates in groups.items()]
    nights = tuple(said[:MOST_NIGHTS])
    names = ", ".join(room.name for room in rooms[:MOST_NAMES]) if len(rooms) > 1 else ""
    return Touched(label(rooms), names, tuple(lines[:MOST_LINES]), nights, max(0, len(lines) - MOST_LINES))


def label(rooms: Sequence[HouseRoom]) -> str:
    """The room's name, or the kind and how many."""
    if len(rooms) == 1:
        return rooms[0].name
    count = number_format.rooms(len(rooms))
    return f"{rooms[0].kind}, {count}" if rooms[0].kind else count


def _when(dates: Sequence[dt.date]) -> str:
    """The first and the last, and the weekdays where these are only some."""
    weekdays = {date.isoweekday() for date in dates}
    period = rate_rules.between(dates[0], dates[-1])
    if len(dates) == 1 or len(weekdays) > 4:
        return period
    return f"{rate_rules.on_weekdays(frozenset(weekdays))}, {period}"


def _changes(was: DayRates, now: DayRates, currency: str) -> tuple[str, ...]:
    """Each thing that differs: €100 → €120 (+€20)."""
    said = [_money(gettext("Night"), was.price, now.price, currency)]
    if was.total is not None and now.total is not None:
        said.append(_money(gettext("Total"), was.total, now.total, currency))
    for name, before, after in (
        (gettext("Shortest stay"), was.least, now.least),
        (gettext("Longest stay"), was.most, now.most),
    ):
        if before != after:
            said.append(f"{name}: {number_format.nights(before)} → {number_format.nights(after)}")
    said += _openings(was, now)
    return tuple(one for one in said if one)


def _openings(was: DayRates, now: DayRates) -> list[str]:
    said = []
    for name, before, after in (
        (gettext("Arrival"), was.closed_to_arrival, now.closed_to_arrival),
        (gettext("Departure"), was.closed_to_departure, now.closed_to_departure),
    ):
        if before != after:
            said.append(f"{name}: {gettext('closed') if after else gettext('open')}")
    for name, earlier, later in (
        (gettext("Booked at least before arrival"), was.notice, now.notice),
        (gettext("Booked at most before arrival"), was.horizon, now.horizon),
    ):
        if earlier != later:
            said.append(f"{name}: {_days(earlier)} → {_days(later)}")
    return said


def _days(count: int | None) -> str:
    return "–" if count is None else number_format.days(count)


def _money(name: str, was: Decimal, now: Decimal, currency: str) -> str:
    if was == now:
        return ""
    before, after = formats.money(was, currency), formats.money(now, currency)
    return f"{name}: {before} → {after} ({_signed(now - was, currency)})"


def _signed(amount: Decimal, currency: str) -> str:
    return ("+\N{WORD JOINER}" if amount > 0 else "") + formats.money(amount, currency)
