"""The document is valid, complete and shown; every path answers in one envelope, under both prefixes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from booking.api import endpoint as endpoints
from booking.api import health
from booking.domain.errors import BookingError
from booking.domain.tables import Room
from tests.api.contract import OUTSIDE
from tests.api.program import Program, dates, refused
from tests.cases import each

HEALTH = ("/health", "/health/ready")


def test_the_document_is_valid_openapi_3_1(anonymous: Program) -> None:
    document = anonymous.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    validate(document or {}, cls=OpenAPIV31SpecValidator)


def test_every_route_is_in_the_document(application: Flask, anonymous: Program) -> None:
    paths = anonymous.get("/openapi.json").json["paths"]
    documented = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    routes = set()
    for rule in application.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            path = re.sub(r"<(\w+)>", lambda found: "{" + camel(found[1]) + "}", rule.rule.removeprefix("/api/v1"))
            routes |= {(method, path) for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert {route for route in routes if route[1] not in OUTSIDE} == documented
    assert {path for _, path in routes} >= OUTSIDE


def camel(name: Any) -> Any:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def test_the_contract_names_every_endpoint(anonymous: Program) -> None:
    paths = anonymous.get("/openapi.json").json["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == {
        "GET /bookings/{bookingId}/invoices",
        "GET /bookings/{bookingId}/messages",
        "POST /bookings/{bookingId}/messages",
        "POST /auth/register",
        "POST /auth/login",
        "POST /auth/refresh",
        "POST /auth/logout",
        "GET /me",
        "GET /rooms",
        "GET /rooms/{roomId}",
        "GET /rooms/{roomId}/availability",
        "GET /rooms/{roomId}/calendar",
        "POST /quotes",
        "POST /bookings",
        "GET /bookings",
        "GET /bookings/{bookingId}",
        "POST /bookings/{bookingId}/cancel",
        "POST /bookings/{bookingId}/changes",
        "POST /bookings/{bookingId}/changes/quote",
        "POST /holds",
        "POST /holds/{orderId}/pay",
        "DELETE /holds/{orderId}",
        "POST /orders",
        "GET /orders",
        "GET /orders/{orderId}",
        "GET /places",
        "GET /amenities",
        "GET /health",
        "GET /health/ready",
    }


def test_the_document_says_which_endpoints_need_a_token(anonymous: Program) -> None:
    paths = anonymous.get("/openapi.json").json["paths"]
    public = {path for path, methods in paths.items() for told in methods.values() if told["security"] == []}
    assert public == {"/auth/register", "/auth/login", "/auth/refresh", "/places", "/amenities", *HEALTH}


def test_people_can_read_the_contract_without_javascript(anonymous: Program) -> None:
    page = anonymous.get("/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for path, methods in anonymous.get("/openapi.json").json["paths"].items():
        for method in methods:
            assert f"{method.upper()}" in page.text
            assert path in page.text
    assert "<noscript" not in page.text  # nothing is missing without
    assert "style=" not in page.text
    assert "curl" in page.text


# --- one envelope


@each("path", ["/nothing", "/rooms/a/b/c", "/auth", "/v1/me", "/"])
def test_an_unknown_path_is_404_in_the_envelope(anonymous: Program, path: str) -> None:
    refused(anonymous.get(path), 404, "NOT_FOUND")


def test_a_wrong_method_is_405_and_says_which_are_right(anonymous: Program) -> None:
    answer = anonymous.ask("DELETE", "/rooms")
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]
    answer = anonymous.get("/auth/login")
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["Allow"]


def test_both_prefixes_answer_alike(standing: tuple[Program, Room]) -> None:
    api, _ = standing
    for path in ("/me", "/rooms", "/bookings", "/health/ready"):
        query = dates() if path == "/rooms" else {}
        short, canonical = api.get(f"/api{path}", **query), api.get(f"/api/v1{path}", **query)
        assert (short.status_code, canonical.status_code) == (200, 200)
        assert without_uptime(short.json) == without_uptime(canonical.json)


def without_uptime(body: Any) -> Any:
    return {name: value for name, value in body.items() if name != "uptimeSeconds"}


@each("given", ["trace-0123456789", "a.b_c-12", "X" * 64])
def test_a_good_request_id_is_kept(anonymous: Program, given: str) -> None:
    assert anonymous.ask("GET", "/health", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@each("given", ["short", "X" * 65, "with space1", "ä" * 10, "<script>alert", ""])
def test_a_strange_request_id_is_replaced(anonymous: Program, given: str) -> None:
    answer = anonymous.ask("GET", "/health", headers={"X-Request-Id": given.encode().decode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_refusals_carry_the_request_id_too(anonymous: Program) -> None:
    for path in ("/nothing", "/me", "/rooms"):
        answer = anonymous.ask("GET", path, headers={"X-Request-Id": "mine-0001"})
        assert answer.headers["X-Request-Id"] == "mine-0001"


def test_nothing_may_be_kept_in_between(standing: tuple[Program, Room]) -> None:
    api, _ = standing
    for path in ("/me", "/bookings", "/nothing"):
        answer = api.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "fault",
    [ZeroDivisionError("SELECT secret FROM users"), BookingError(of="psycopg2"), KeyError("session")],
)
def test_a_fault_of_ours_tells_its_request_id_and_nothing_else(
    application: Flask, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    def fail(_: Any) -> None:
        raise fault

    monkeypatch.setattr(health, "_facts", fail)
    answer = Program(application).ask("GET", "/health", headers={"X-Request-Id": "find-me-again"})
    assert answer.status_code == 500
    assert answer.json["error"] == "INTERNAL_ERROR"
    assert answer.json["details"] == {"requestId": "find-me-again"}
    for leak in ("SELECT", "psycopg2", "Error:", "Traceback", "KeyError", "ZeroDivision"):
        assert leak not in answer.text


def test_the_endpoints_are_declared_once() -> None:
    named = [operation.name for operation in endpoints.OPERATIONS]
    assert len(named) == len(set(named))


def test_the_document_knows_every_field_of_its_answers(anonymous: Program) -> None:
    """An open object would let any answer pass."""
    schemas = anonymous.get("/openapi.json").json["components"]["schemas"]
    assert schemas["Refusal"]["required"] == ["error", "message"]
    assert [name for name, schema in schemas.items() if not schema.get("properties")] == []
