"""A program's connection to the product: kept alive, and no answer is an answer too."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode

PATIENCE = 15.0  # seconds for one answer
IDLE = 20.0  # seconds after which a connection is made anew: the server ends one that was silent for 30


@dataclass
class Reply:
    status: int  # 0: no answer at all
    text: bytes
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case

    @property
    def body(self) -> dict[str, Any]:
        """The JSON; a body that is none is kept, to be looked at."""
        try:
            return dict(json.loads(self.text or b"{}"))
        except ValueError:
            return {"error": "NOT JSON", "text": self.text.decode(errors="replace")[:500]}

    @property
    def error(self) -> str:
        """The code of the API; a page has none."""
        is_page = self.headers.get("content-type", "").startswith("text/html")
        return "" if self.status < 400 else "(page)" if is_page else str(self.body.get("error", ""))

    def __str__(self) -> str:
        return f"{self.status} {self.text[:300]!r}"


class Line:
    def __init__(self, port: int, token: str = "") -> None:
        self.port, self.token = port, token
        self._connection: HTTPConnection | None = None
        self._used = 0.0

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """One question to the API."""
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, f"/api/v1{path}", None if body is None else json.dumps(body).encode(), sent)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        began = time.monotonic()
        if began > self._used + IDLE:
            self.hang_up()
        try:
            connection = self._connection = self._connection or HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text, self._used = response.read(), time.monotonic()
        except (OSError, HTTPException):
            self.hang_up()
            return Reply(0, b"", time.monotonic() - began)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, text, time.monotonic() - began, found)

    def hang_up(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


class Browser:
    """A line with a cookie, which sends forms."""

    def __init__(self, line: Line) -> None:
        self.line, self._cookie, self._token = line, "", ""

    def sign_in(self, email: str, password: str, page: str) -> bool:
        """Whether that worked; `page` is one with a form, whose token is used from then on."""
        self._token = self._token_of(self._look("/sign-in"))
        entered = self.post("/sign-in", email=email, password=password)
        self._token = self._token_of(self._look(page))
        return entered.status == 303

    def post(self, path: str, **fields: object) -> Reply:
        return self.send(path, [("csrf_token", self._token), *fields.items()])

    def send(self, path: str, fields: Sequence[tuple[str, object]]) -> Reply:
        """A form whose token is among its fields."""
        return self._kept("POST", path, urlencode(fields).encode())

    def visit(self, path: str) -> Reply:
        return self._look(path)

    def _look(self, path: str) -> Reply:
        return self._kept("GET", path, None)

    def _kept(self, method: str, path: str, body: bytes | None) -> Reply:
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        reply = self.line.send(method, path, body, headers)
        if "set-cookie" in reply.headers:
            self._cookie = reply.headers["set-cookie"].partition(";")[0]
        return reply

    @staticmethod
    def _token_of(reply: Reply) -> str:
        return reply.text.decode().partition('name="csrf_token" value="')[2].partition('"')[0]
