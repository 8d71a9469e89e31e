"""Showing a page, or the one block of it that changes; the facts that every page needs."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from jinja2 import StrictUndefined
from jinja2_fragments.flask import render_block
from markupsafe import escape

from booking.config import Settings
from booking.domain import people
from booking.http import date_format, language, money_format, number_format, words
from booking.infra import clock
from booking.infra.ids import encode
from booking.pages import addresses, beds, colours, formats, options, security

GUEST_FRAME = "base.html"
A_YEAR = 365 * 24 * 3600
PARTIAL, RESTORE = "HX-Request-Type", "HX-History-Restore-Request"


def install(app: Flask, settings: Settings) -> None:
    """What templates may use."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=formats.money,
        decimal=money_format.decimal,
        currency_name=money_format.currency_name,
        day=date_format.day,
        day_long=date_format.day_long,
        day_short=date_format.day_short,
        month=date_format.month,
        month_name=date_format.month_name,
        weekday=date_format.weekday,
        moment=date_format.moment,
        moment_utc=date_format.moment_utc,
        local=date_format.local,
        ago=date_format.ago,
        time_left=date_format.time_left,
        nights=number_format.nights,
        guests=number_format.guests,
        room_count=number_format.rooms,
        number=number_format.number,
        percent=number_format.percent,
        refund_state=words.refund_state,
        zone_name=date_format.zone_name,
        beds=beds.in_words,
        typeid=lambda value, kind: encode(kind, value),
    )
    app.jinja_env.globals.update(
        wants_part=wants_part,
        charged_by=words.charged_by,
        **_CHOICES,
        weekdays=date_format.weekdays,
        later_day=formats.later_day,
        stay_dates=formats.stay_dates,
        wait_steps=formats.wait_steps,
        end_of_wait=formats.end_of_wait,
        nonce=security.nonce,
        language=language.tag,
        is_right_to_left=language.is_right_to_left,
        now=clock.now,
        url_for=addresses.url_for,
        url_with=url_with,
        shortest_password=people.SHORTEST_PASSWORD,
        site_name=settings.site_name,
        site_url=settings.site_url.rstrip("/"),
        demo=not settings.production,
        charges_nobody=settings.charges_nobody,
    )
    app.add_url_rule("/theme.css", "theme", lambda: _theme(settings.accent_color))
    default = Settings.__dataclass_fields__["accent_color"].default
    app.jinja_env.globals["themed"] = settings.accent_color != default
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None  # asked for anew each time, unless its address names its content
    app.url_defaults(_versioned)
    app.after_request(_kept_while_it_is_the_same)


_CHOICES = {
    "place_options": options.places,
    "guest_options": options.guests,
    "room_guest_options": options.room_guests,
    "children_options": options.children,
    "age_options": options.ages,
    "first_day": options.first_day,
    "kind_options": options.kinds,
    "sort_name": options.sort_name,
}


def page(template: str, block: str | None = None, status: int = 200, **facts: Any) -> Response:
    """The page; to htmx, when it asks for a part, only `block` of it with the page's title."""
    if block and wants_part():
        title = f"<title>{escape(render_block(template, 'title', **facts).strip())} – {escape(_site_name())}</title>"
        response = make_response(title + render_block(template, block, **facts))
    else:
        response = make_response(render_template(template, **facts))
    response.status_code = status
    response.vary.update((PARTIAL, RESTORE))
    return response


def more_of(template: str, block: str, **facts: Any) -> Response:
    """More of what a page shows already, as `block`: rows of a table, say, among which no title could stand."""
    response = make_response(render_block(template, block, **facts).strip())
    response.vary.update((PARTIAL, RESTORE))
    return response


def use_frame(template: str) -> None:
    """From here on, what goes wrong in this request is shown within this frame, not in that of guests."""
    g.frame = template


def frame() -> str:
    """The template around what goes wrong."""
    return str(g.get("frame", GUEST_FRAME))


def wants_part() -> bool:
    """True where htmx will swap a part of the page; going back in history wants all of it."""
    return request.headers.get(PARTIAL) == "partial" and RESTORE not in request.headers


def go_to(url: str) -> Response:
    """Answer a form with another page: 303, or what htmx needs to navigate."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": url})
    return make_response(redirect(url, 303))


def url_with(**changes: Any) -> str:
    """This page's URL with other parameters; None leaves one out, a list repeats one."""
    query: dict[str, Any] = {name: values for name, values in request.args.lists() if any(values)}
    query |= changes
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **query})


def _versioned(endpoint: str, values: dict[str, Any]) -> None:
    """A static file's URL carries its hash, so that it may be kept for a year."""
    if endpoint == "static" and "v" not in values:
        values["v"] = _hash(str(current_app.static_folder), values["filename"])


def _kept_while_it_is_the_same(answer: Response) -> Response:
    """For a year where the hash in the address is the file's; with any other, a wrong answer would stay for a year."""
    if request.endpoint == "static" and answer.status_code in {200, 206, 304}:
        name = (request.view_args or {})["filename"]
        if request.args.get("v") == _hash(str(current_app.static_folder), name):
            answer.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return answer


@cache
def _hash(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]


def _theme(accent: str) -> Response:
    """The chosen accent colour, as legible as it has to be."""
    response = Response(colours.stylesheet(accent), mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _site_name() -> str:
    return str(current_app.jinja_env.globals["site_name"])
