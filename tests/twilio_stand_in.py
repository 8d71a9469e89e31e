"""A Twilio of our own for tests, written from what Twilio publishes and sharing no code with the adapter.

Sources: www.twilio.com/docs/messaging/api/message-resource, /docs/usage/requests-to-twilio (basic authentication),
/docs/usage/security (signatures), /docs/api/errors (21211, 21610, 20003, 20429).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.loopback import OnLoopback

ACCOUNT, TOKEN, SENDER = "AC" + "0a" * 16, "1f" * 16, "+32460999999"
UNKNOWN_NUMBER, STOPPED_NUMBER = "+32470000000", "+32470000001"
# What may go wrong with the next request: nothing done, done and not told, or a status with an error's code.
DROPPED, DROPPED_AFTER = "dropped", "dropped after"


@dataclass
class TwilioStandIn(OnLoopback):
    """An account behind HTTP on loopback; `base` is where it is, `messages` what it has sent."""

    messages: list[dict[str, str]] = field(default_factory=list)
    troubles: list[str | tuple[int, int]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # GET or POST of each request

    def __post_init__(self) -> None:
        self.listen(_Handler)

    def send(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        to, body = form.get("To", ""), form.get("Body", "")
        if not (form.get("From") or form.get("MessagingServiceSid")):
            return 400, {"code": 21603, "message": "A 'From' or 'MessagingServiceSid' is required", "status": 400}
        if to == UNKNOWN_NUMBER or not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            return 400, {"code": 21211, "message": f"Invalid 'To' Phone Number: {to}", "status": 400}
        if to == STOPPED_NUMBER:
            return 400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}
        if not 0 < len(body) <= 1600:
            return 400, {"code": 21617, "message": "The concatenated message body exceeds 1600", "status": 400}
        sid = "SM" + hashlib.md5(f"{to}{len(self.messages)}".encode()).hexdigest()
        made = {
            "sid": sid,
            "to": to,
            "body": body,
            "status": "queued",
            "direction": "outbound-api",
            "date_created": format_datetime(datetime.now(UTC)),
            "callback": form.get("StatusCallback", ""),
        }
        self.messages.append(made)
        return 201, dict(made)


class _Handler(BaseHTTPRequestHandler):
    side: TwilioStandIn
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        self._answer("POST", lambda: self.side.send(form))

    def do_GET(self) -> None:
        if urlsplit(self.path).path.endswith(f"/{ACCOUNT}.json"):
            self._answer("GET", lambda: (200, {"sid": ACCOUNT, "status": "active"}))
            return
        wanted = dict(parse_qsl(urlsplit(self.path).query))
        found = [one for one in self.side.messages if one["to"] == wanted.get("To")]
        self._answer("GET", lambda: (200, {"messages": list(reversed(found))}))

    def _answer(self, method: str, done: Any) -> None:
        self.side.asked.append(method)
        trouble = self.side.troubles.pop(0) if self.side.troubles else None
        if trouble == DROPPED:
            self.close_connection = True
            return
        status, told = _refusal(*trouble) if isinstance(trouble, tuple) else self._if_ours(done)
        if trouble == DROPPED_AFTER:
            self.close_connection = True
            return
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _if_ours(self, done: Any) -> tuple[int, dict[str, Any]]:
        key = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != key:
            return _refusal(401, 20003)
        if not self.path.startswith(f"/2010-04-01/Accounts/{ACCOUNT}"):
            return _refusal(404, 20404)
        answer: tuple[int, dict[str, Any]] = done()
        return answer

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def _refusal(status: int, code: int) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "message": "no", "status": status}


def signature(url: str, fields: Mapping[str, str], token: str = TOKEN) -> str:
    """As Twilio signs: the whole address, then each name with its value, in the order of the names."""
    said = url
    for name in sorted(fields):
        said += name + fields[name]
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()
