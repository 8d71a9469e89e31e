"""Forms behind proxies and https: token and cookie decide, and where the browser says that the form came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from booking import create_app
from booking.config import Settings
from booking.domain.tables import Booking, Room
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cast import PASSWORD, a_room, in_days, person
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

SITE = "https://rooms.example"
Asked = Callable[..., TestResponse]


def at(environ: dict[str, str], **settings: Any) -> Flask:
    """A site at SITE_URL behind one proxy."""
    changes: dict[str, Any] = {"app_env": "production", "site_url": SITE, "trusted_proxies": 1} | settings
    return create_app(dataclasses.replace(Settings.from_env(environ), **changes))


def token_and_cookie(app: Flask, url: str, base: str) -> tuple[Any, str]:
    """A browser that has the form at `url` open, and the token that stands in it."""
    visitor = Visitor(app)
    visitor.client.environ_base["HTTP_X_FORWARDED_PROTO"] = base.partition(":")[0]
    visitor.response = visitor.client.get(url, base_url=base)
    token = visitor.page.find("input", attrs={"name": "csrf_token"})
    assert token
    return visitor.client, str(token["value"])


@pytest.fixture
def signs_in(environ: dict[str, str], app: Flask) -> Asked:
    """Signs in through a proxy: how the site is set up, what the browser's request looks like when it arrives."""
    person("alice")

    def ask(headers: dict[str, str], *, base: str = SITE, host: str | None = None, **settings: Any) -> TestResponse:
        client, token = token_and_cookie(at(environ, **settings), "/sign-in", base)
        told = {"X-Forwarded-Proto": "https"} | headers
        data = {"email": "alice@example.com", "password": PASSWORD, "csrf_token": token}
        arrives = {"base_url": base, "environ_overrides": {"HTTP_HOST": host}} if host else {"base_url": base}
        answer: TestResponse = client.post("/sign-in", data=data, headers=told, **arrives)
        return answer

    return ask


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": SITE},
        {"Origin": "https://ROOMS.example:443"},
        {"Origin": "null"},
        {"Referer": "https://elsewhere.example/"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://preview.example"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-site", "Origin": SITE},
    ],
    ids=str,
)
def test_a_right_form_is_accepted_with_or_without_origin_and_referer(signs_in: Asked, headers: dict[str, str]) -> None:
    answer = signs_in(headers)
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/bookings"), answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "web", "rooms.example:8443"])
def test_a_proxy_may_send_its_own_host(signs_in: Asked, host: str) -> None:
    # The cookie belongs to the browser's host, and is sent on all the same.
    answer = signs_in({"Origin": SITE}, base=f"https://{host}")
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://rooms.example"},
        {"Origin": "https://rooms.example:8443"},
        {"Origin": "https://rooms.example.evil.example"},
        {"Origin": "https://other.rooms.example", "Sec-Fetch-Site": "same-site"},
        {"Origin": SITE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "not a url"},
        {"Origin": ""},
    ],
    ids=str,
)
def test_a_form_that_another_site_sent_is_refused_even_with_the_token(signs_in: Asked, headers: dict[str, str]) -> None:
    answer = signs_in(headers)
    assert answer.status_code == 400
    assert "sent from another address" in answer.text
    assert SITE in answer.text


def test_an_international_site_knows_itself(signs_in: Asked) -> None:
    answer = signs_in({"Origin": "https://xn--gstehaus-0za.example"}, site_url="https://gästehaus.example")
    assert answer.status_code == 303, answer.text


def test_in_development_the_host_that_was_asked_counts_too(environ: dict[str, str], app: Flask) -> None:
    person("alice")
    client, token = token_and_cookie(app, "/sign-in", "http://192.168.1.20:8000")
    data = {"email": "alice@example.com", "password": PASSWORD, "csrf_token": token}
    for origin, status in (("http://evil.example", 400), ("http://192.168.1.20:8000", 303)):
        answer = client.post("/sign-in", data=data, headers={"Origin": origin}, base_url="http://192.168.1.20:8000")
        assert answer.status_code == status


def test_reserving_behind_https_without_referer_holds_the_room(environ: dict[str, str], app: Flask) -> None:
    person("alice")
    room = a_room()
    site = at(environ)
    client, token = token_and_cookie(site, "/sign-in", SITE)
    client.post(
        "/sign-in", base_url=SITE, data={"email": "alice@example.com", "password": PASSWORD, "csrf_token": token}
    )
    stay = in_days(30)
    dates = {"checkIn": stay.check_in.isoformat(), "checkOut": stay.check_out.isoformat(), "guests": 2}
    visitor = Visitor(site)
    visitor.response = client.get(f"/rooms/{encode('room', room.id)}", query_string=dates, base_url=SITE)
    field = visitor.form(f"/rooms/{encode('room', room.id)}/reserve").find("input", attrs={"name": "csrf_token"})
    answer = client.post(
        f"/rooms/{encode('room', room.id)}/reserve", data=dates | {"csrf_token": field["value"]}, base_url=SITE
    )
    assert answer.headers["Location"].startswith("/checkout/booking_")


def reserving(app: Flask) -> tuple[Visitor, Room, dict[str, Any]]:
    room, stay = a_room(), in_days(30)
    fields = {"checkIn": stay.check_in, "checkOut": stay.check_out, "guests": 2}
    person("alice")
    return Visitor(app).sign_in("alice"), room, fields


def test_an_outdated_form_is_asked_once_more_and_says_why_never_for_ever(app: Flask) -> None:
    guest, room, fields = reserving(app)
    url = f"/rooms/{encode('room', room.id)}/reserve"
    guest.post(url, **fields, csrf_token="of another session")
    assert guest.heading == "Reserve this room?"
    assert "out of date" in guest.text
    guest.send(url, csrf_token="of another session")
    assert (guest.status, guest.heading) == (400, "This form is out of date")
    assert db.session.query(Booking).count() == 0
    guest.post(url, **fields)
    guest.send(url)
    assert guest.heading == "Review and pay"


def test_a_browser_that_refuses_cookies_is_told_so_at_once(app: Flask) -> None:
    guest, room, fields = reserving(app)
    for name in ("session", "device"):
        guest.client.delete_cookie(name)
    guest.post(f"/rooms/{encode('room', room.id)}/reserve", **fields)
    assert (guest.status, guest.heading) == (400, "Please allow cookies for this site")


def test_a_refused_form_of_who_knows_where_leads_back_to_its_page_and_shows_nothing_that_it_held(app: Flask) -> None:
    told: tuple[dict[str, str], ...]
    told = ({}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"})
    for headers in told:
        visitor = Visitor(app).go("/register")
        fields = {"csrf_token": "of another session", "fullName": "Carol"}
        visitor.response = visitor.client.post("/register", data=fields, headers=headers)
        assert (visitor.status, visitor.heading) == (400, "This form is out of date")
        assert "/register" in visitor.links()
        assert "Carol" not in visitor.response.text


@pytest.mark.parametrize("wanted", ["/sign-out", "/rooms/room_x/nowhere", "//evil.example", "https://evil.example", ""])
def test_after_signing_in_nobody_is_led_to_a_page_that_cannot_be_opened(app: Flask, wanted: str) -> None:
    person("alice")
    visitor = Visitor(app).go("/sign-in")
    visitor.send("/sign-in", email="alice@example.com", password=PASSWORD, next=wanted)
    assert (visitor.status, visitor.url) == (200, "/bookings")


def test_https_for_subdomains_is_the_operators_choice(environ: dict[str, str], app: Flask) -> None:
    for choice, header in ((True, "max-age=31536000; includeSubDomains"), (False, "max-age=31536000")):
        client = at(environ, hsts_include_subdomains=choice).test_client()
        assert client.get("/sign-in").headers["Strict-Transport-Security"] == header
