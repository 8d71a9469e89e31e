"""Every request: its id, its log line and its metrics, its deadline, and who asks."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Sequence
from typing import cast

import structlog
from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import BadRequest

from booking.config import Settings
from booking.http import request_body
from booking.http.client_address import ProxiesTrusted, client_address, client_key
from booking.infra import callers, deadline, telemetry
from booking.infra.callers import Caller

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def install(app: Flask, settings: Settings) -> None:
    """Give every request an id, a log line and its metrics, and believe the proxies that the settings trust."""
    if settings.trusted_proxies:
        app.wsgi_app = ProxiesTrusted(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    request_body.configure(settings.granian_blocking_threads)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def request_id() -> str:
    """The id of this request, as in its log lines and in X-Request-Id."""
    return cast(str, g.get("request_id", ""))


def add_missing(response: Response, headers: Sequence[tuple[str, str]]) -> None:
    """Give the answer those of the headers that it does not have yet, in one pass."""
    there = {name.lower() for name, _ in response.headers}
    response.headers.extend([header for header in headers if header[0].lower() not in there])


def wall_clock() -> float:
    """Seconds since 1970 by this machine's clock, which is the one that limits are counted by."""
    return time.time()


def is_api(asked: Request) -> bool:
    """True for programs, whose errors are JSON."""
    return asked.path.startswith("/api/")


def _forget(_: BaseException | None) -> None:
    # What this thread does next has nothing to do with the request.
    deadline.end_request()
    callers.forget()
    structlog.contextvars.clear_contextvars()


def _begin() -> None:
    # The request itself instead of its proxy, which looks it up anew at every word.
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # its own method
    given = asked.headers.get("X-Request-Id", "")
    deadline.begin_request()
    this_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.request_id, g.began = this_id, time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=this_id)
    callers.bind(lambda: _caller(asked))
    callers.came_by(lambda: _door(asked))
    if not asked.host and asked.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":  # before 1.1 nobody had to name it
        raise BadRequest
    # Also because a body that nobody read makes the server hang up after a refusal (one in 200 requests).
    request_body.take(asked, is_form=not is_api(asked))


def _door(asked: Request) -> str:
    return f"{telemetry.method_label(asked.method)} {asked.url_rule.rule}" if asked.url_rule else ""


def _caller(asked: Request) -> Caller:
    address = client_address(asked)
    return Caller(address, client_key(address), asked.headers.get("User-Agent", ""))


def _end(response: Response) -> Response:
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # its own method
    rule = asked.url_rule
    route = rule.rule if rule else "(none)"
    began = g.get("began")
    seconds = time.perf_counter() - began if began else 0.0
    telemetry.count_request(asked.method, route, response.status_code, seconds)
    add_missing(response, [("X-Request-Id", request_id()), ("X-Content-Type-Options", "nosniff")])
    if not route.startswith(("/api/v1/health", "/metrics")):
        telemetry.log.info(
            "request",
            method=telemetry.method_label(asked.method),
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
    return response
