"""Headers, cookies, form tokens, redirects and error pages."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from booking import create_app
from booking.config import Settings
from booking.domain import catalogue, errors
from booking.domain.catalogue.models import DEMO
from booking.infra import provider, providers
from booking.infra.ids import encode
from booking.pages import colours, security
from tests.cases import each
from tests.cast import a_room
from tests.web.visitor import Visitor

STATUSES = [400, 403, 404, 405, 409, 413, 429, 500, 503]


@pytest.fixture
def production(environ: dict[str, str]) -> FlaskClient:
    settings = dataclasses.replace(Settings.from_env(environ), app_env="production", site_url="https://rooms.example")
    return create_app(settings).test_client()


@pytest.fixture
def broken(application: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], FlaskClient]:
    """Call it with an exception, and the first page raises that."""

    def breaks(error: Exception) -> FlaskClient:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(catalogue, "list_destinations", fail)
        return application.test_client()

    return breaks


def test_scripts_and_styles_come_from_here_only(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy != client.get("/").headers["Content-Security-Policy"], "a nonce is used once"


@each("path", ["/", "/rooms", "/nowhere", "/sign-in"])
def test_no_inline_style_or_script_stands_on_a_page(client: FlaskClient, path: str) -> None:
    text = client.get(path).text
    assert " style=" not in text
    assert "<style" not in text
    assert " onclick=" not in text
    assert not re.search(r"<script(?![^>]*(src=|ld\+json))", text)


def test_every_page_carries_the_headers(client: FlaskClient) -> None:
    headers = client.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


@each(
    "path",
    [
        "/static/app.css",
        "/static/icons.svg",
        "/robots.txt",
        "/api/v1/health",
        "/api/v1/me",
        "/api/nowhere",
        "/metrics",
        "/nowhere",
    ],
)
def test_nothing_can_be_put_into_a_frame(client: FlaskClient, path: str) -> None:
    assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"]


def test_a_picture_keeps_its_own_policy_and_is_in_no_frame(app: Flask) -> None:
    room, client = a_room(source=DEMO, source_id="antwerp-1"), app.test_client()
    policy = client.get(f"/rooms/{encode('room', room.id)}/picture.svg").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def test_what_is_refused_before_anything_begins_has_a_nonce_too(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data=b"x" * 2_000_000)
    assert answer.status_code == 413
    (nonce,) = re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert set(re.findall(r'<script[^>]* nonce="([^"]*)"', answer.text)) == {nonce}


def test_production_insists_on_https(production: FlaskClient) -> None:
    answer = production.get("/sign-in", base_url="https://rooms.example")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_stranger_gets_no_cookie_for_looking(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/").headers
    assert client.get("/").headers["Cache-Control"] == "no-cache"


def test_a_form_without_its_token_is_refused_in_the_look_of_the_site(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "a@example.com", "password": "x"})
    assert answer.status_code == 400
    assert "Please allow cookies" in answer.text  # nothing came along


def test_programs_need_no_form_token(client: FlaskClient) -> None:
    answer = client.post("/api/v1/auth/login", json={"email": "a@example.com", "password": "x"})
    assert answer.status_code == 401


@each(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        None,
        "evil",
        "/a\nb",
        "/\t/x",
    ],
)
def test_nobody_is_sent_elsewhere(wanted: str | None) -> None:
    assert security.safe_path(wanted, "/home") == "/home"


def test_a_place_on_this_site_is_kept() -> None:
    assert security.safe_path("/rooms/x?checkIn=2026-01-01&next=//y") == "/rooms/x?checkIn=2026-01-01&next=//y"


@each("status", STATUSES)
def test_every_error_has_a_page_with_a_way_on(
    application: Flask, broken: Callable[[Exception], FlaskClient], status: Any
) -> None:
    try:
        abort(status)
    except Exception as error:  # noqa: BLE001 whatever Flask raises for it
        answer = broken(error).get("/")
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'href="/"' in answer.text
    assert "<h1" in answer.text


@each(
    ("error", "status", "said"),
    [
        (errors.RoomNotAvailable(), 409, "no longer available"),
        (errors.Unavailable(), 503, "in a moment"),
        (RuntimeError("a secret"), 500, "Something went wrong"),
    ],
)
def test_refusals_of_the_domain_have_pages_too(
    broken: Callable[[Exception], FlaskClient], error: Any, status: int, said: str
) -> None:
    answer = broken(error).get("/")
    assert answer.status_code == status
    assert said in answer.text
    assert "a secret" not in answer.text


def test_an_error_in_a_part_replaces_the_content(broken: Callable[[Exception], FlaskClient]) -> None:
    answer = broken(errors.Unavailable()).get("/rooms", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.status_code == 503
    assert answer.headers["HX-Retarget"] == "#main"
    assert "<html" not in answer.text
    assert answer.headers["Retry-After"]


def test_what_needs_an_account_leads_to_signing_in_and_back(app: Flask) -> None:
    visitor = Visitor(app)
    assert visitor.go("/bookings?page=2").url == "/sign-in?next=%2Fbookings%3Fpage%3D2"


def test_files_may_be_kept_for_ever_under_their_hash(client: FlaskClient) -> None:
    address = re.search(r'href="(/static/app\.css\?v=\w+)"', client.get("/").text)
    assert address
    assert "max-age=31536000" in client.get(address[1]).headers["Cache-Control"]
    assert client.get(address[1], headers={"Accept-Encoding": "br"}).headers["Content-Encoding"] == "br"


@each("accent", ["#0e6655", "#ffee00", "#000000", "#ffffff", "#ff66aa", "nonsense"])
def test_any_accent_colour_is_legible(accent: str) -> None:
    light, dark = re.findall(r"--accent: light-dark\((#\w{6}), (#\w{6})\)", colours.stylesheet(accent))[0]
    assert colours.contrast(colours._rgb(light), colours._rgb(colours.PAPER)) >= 4.5
    assert colours.contrast(colours._rgb(dark), colours._rgb(colours.NIGHT)) >= 4.5
    assert colours.contrast(colours._rgb(light), (1.0, 1.0, 1.0)) >= 4.5


def test_the_accent_colour_is_a_setting(environ: dict[str, str]) -> None:
    settings = dataclasses.replace(Settings.from_env(environ), accent_color="#8a2be2")
    client = create_app(settings).test_client()
    assert 'href="/theme.css"' in client.get("/nowhere").text
    assert "--accent:" in client.get("/theme.css").text


@pytest.mark.slow
@pytest.mark.parametrize("app_env", ["development", "production"])
def test_pages_say_so_where_no_card_is_charged(
    environ: dict[str, str], empty: None, app_env: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(providers.REGISTRY, "bank", provider.SimulatedProvider)
    settings = dataclasses.replace(Settings.from_env(environ), app_env=app_env, site_url="https://rooms.example")
    for payments, said in (("simulated", True), ("bank", False)):
        pages = create_app(dataclasses.replace(settings, payments=payments)).test_client()
        assert ("no cards are charged" in pages.get("/", base_url="https://rooms.example").text) is said
