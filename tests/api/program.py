"""A program that uses the API as its contract says, and checks that every answer does so too."""

from __future__ import annotations

import contextvars
import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from booking.domain.people import sessions
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.api import contract
from tests.cast import VISA, in_days

PREFIX = "/api/v1"
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Program:
    """Asks below /api/v1, with one user's token or none."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.app, self.token = app, token

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.ask("GET", path, query_string=query)

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, headers=named, **sent)

    def ask(self, method: str, path: str, **request: Any) -> TestResponse:
        """The answer, checked against the document. Each request has a context of its own, as on a server."""
        headers = dict(request.pop("headers", {}))
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        full = path if path.startswith("/api") else PREFIX + path
        client = self.app.test_client()
        answer = contextvars.Context().run(client.open, full, method=method, headers=headers, **request)
        contract.check(self.app, method, full, answer)
        return answer

    def with_token(self, token: str | None) -> Program:
        return Program(self.app, token)


def program_of(app: Flask, user: User) -> Program:
    """Signed in without the slow password."""
    return Program(app, token_of(app, user, sessions.start_api(user.id).user.session_id))


def token_of(app: Flask, user: User, session_id: Any) -> str:
    keys = app.extensions["services"].keys
    return str(
        keys.issue(sub=encode("user", user.id), email=user.email, region=user.region, sid=encode("session", session_id))
    )


def an_order(room: Room, stay: Stay | None = None, **changes: Any) -> dict[str, Any]:
    """The body of POST /bookings: three nights for two in a month, paid by Visa."""
    stay = stay or in_days(30)
    wanted = {
        "roomId": encode("room", room.id),
        "checkIn": stay.check_in.isoformat(),
        "checkOut": stay.check_out.isoformat(),
        "guests": 2,
        "paymentMethodId": VISA,
    }
    return wanted | changes


def dates(stay: Stay | None = None) -> dict[str, str]:
    """checkIn and checkOut, for a query string."""
    stay = stay or in_days(30)
    return {"checkIn": stay.check_in.isoformat(), "checkOut": stay.check_out.isoformat()}


def refused(answer: TestResponse, status: int, code: str) -> dict[str, str]:
    """Assert that this is the refusal; its details."""
    assert (answer.status_code, answer.json["error"]) == (status, code), answer.text
    details: dict[str, str] = answer.json.get("details", {})
    return details


def fields(answer: TestResponse) -> set[str]:
    """Assert 400 VALIDATION_ERROR; the fields at fault."""
    return set(refused(answer, 400, "VALIDATION_ERROR"))
