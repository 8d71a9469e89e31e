"""The stand-in's door: HTTP, keys of idempotency, and the troubles that a test orders."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.loopback import OnLoopback
from tests.stripe_stand_in.account import Account, Form, Thing
from tests.stripe_stand_in.events import Post
from tests.stripe_stand_in.refusals import Refusal

SECRET, WEBHOOK_SECRET = "sk_test_standIn0123456789", "whsec_standIn0123456789"
HEAD = "<!doctype html><title>Pay</title><link rel=icon href=data:,>"
A_DAY = 24 * 3600.0
# What may go wrong with a request, in the order of its way: nothing done, or done and not told.
BEFORE, AFTER, SILENT_BEFORE, SILENT_AFTER = "dropped", "dropped after", "silent", "silent after"
Answer = tuple[int, dict[str, Any]]


@dataclass
class Kept:
    """The first answer under a key; none while it is being made."""

    path: str
    form: Form
    since: float
    answer: Answer | None = None


@dataclass
class Trouble:
    """`what`: one of the four above, or a status with an error's code (429, "lock_timeout")."""

    path: re.Pattern[str]
    what: str | tuple[int, str]
    times: int = 1


@dataclass
class StandIn(OnLoopback):
    """An account behind HTTP on loopback; `base` is where it is."""

    silence: float = 3.0  # seconds that a silent answer takes
    account: Account = field(init=False)
    post: Post = field(init=False)
    requests: list[tuple[str, str, Form]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    mood: Callable[[Form], str | tuple[int, str] | None] = lambda _: None  # what else may go wrong
    _kept: dict[str, Kept] = field(default_factory=dict)
    _troubles: list[Trouble] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.post = Post(WEBHOOK_SECRET)
        self.account = Account(self.post.happened)
        self.listen(_Handler)

    def order(self, what: str | tuple[int, str], path: str = ".*", times: int = 1) -> None:
        """The next request to such a path (or the next `times`) meets this trouble."""
        self._troubles.append(Trouble(re.compile(path), what, times))

    def shows_pages(self) -> None:
        """Sessions to come lead to a page of our own, for browsers."""
        self.account.pages = self.base

    def calm(self) -> None:
        """No trouble any more."""
        self._troubles.clear()

    def asked(self, path: str) -> int:
        """How many requests came to such a path."""
        return sum(1 for _, came, _ in self.requests if re.fullmatch(path, came))

    # --- a request

    def trouble(self, path: str, form: Form) -> str | tuple[int, str] | None:
        with self.account.lock:
            for one in self._troubles:
                if one.times and one.path.fullmatch(path):
                    one.times -= 1
                    return one.what
            return self.mood(form)

    def answer(self, method: str, path: str, form: Form, key: str | None) -> Answer:
        """docs.stripe.com/api/idempotent_requests: kept once the endpoint has begun, 24 hours, errors too."""
        if method != "POST" or key is None:
            return self._done(method, path, form)[0]
        with self.account.lock:
            kept = self._kept.get(key)
            if kept and self.account.clock() - kept.since < A_DAY:
                return _replayed(kept, path, form)
            self._kept[key] = mine = Kept(path, form, self.account.clock())
        answer, executed = self._done(method, path, form)
        with self.account.lock:
            mine.answer = answer
            if not executed:
                del self._kept[key]
        return answer

    def fail(self, status: int, code: str, path: str, form: Form, key: str | None) -> Answer:
        """An error of Stripe's own; a 500 is kept like any other answer, a refusal to begin is not."""
        kind = "api_error" if status >= 500 else "invalid_request_error"
        answer: Answer = status, {"error": {"type": kind, "code": code, "message": "Try again later."}}
        if status == 500 and key:
            with self.account.lock:
                self._kept[key] = Kept(path, form, self.account.clock(), answer)
        return answer

    def _done(self, method: str, path: str, form: Form) -> tuple[Answer, bool]:
        with self.account.lock:
            try:
                return (200, json.loads(json.dumps(self._route(method, path)(form)))), True
            except Refusal as refusal:
                return (refusal.status, refusal.body), refusal.executed

    def _route(self, method: str, path: str) -> Callable[[Form], Thing]:
        account, (name, verb) = self.account, _parts(path)
        routes: dict[tuple[str, str], Callable[[Form], Thing]] = {
            ("POST", "/v1/payment_intents"): account.create_intent,
            ("GET", "/v1/payment_intents/*"): lambda _: account.intent(name),
            ("POST", "/v1/payment_intents/*/confirm"): lambda form: account.confirm_intent(name, form),
            ("POST", "/v1/payment_intents/*/cancel"): lambda form: account.cancel_intent(name, form),
            ("POST", "/v1/customers"): account.create_customer,
            ("POST", "/v1/refunds"): account.create_refund,
            ("GET", "/v1/refunds"): account.list_refunds,
            ("GET", "/v1/disputes"): account.list_disputes,
            ("GET", "/v1/disputes/*"): lambda form: account.get_dispute(name, form),
            ("POST", "/v1/checkout/sessions"): account.create_session,
            ("GET", "/v1/checkout/sessions/*"): lambda _: account.session(name),
            ("POST", "/v1/checkout/sessions/*/expire"): lambda form: account.expire_session(name, form),
        }
        found = routes.get((method, verb))
        if found is None:
            said = f"Unrecognized request URL ({method}: {path})."
            raise Refusal(404, "invalid_request_error", said, executed=False)
        return found


def _parts(path: str) -> tuple[str, str]:
    """The object's id in a path, and the path with a star in its place."""
    found = re.search(r"/((?:pi|re|dp|cs_test)_\w+)", path)
    return (found[1], path.replace(found[1], "*")) if found else ("", path)


def _replayed(kept: Kept, path: str, form: Form) -> Answer:
    if (kept.path, kept.form) != (path, form):
        said = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        return 400, {"error": {"type": "idempotency_error", "message": said}}
    if kept.answer is None:
        said = "There is currently another in-progress request using this Idempotency-Key."
        return 409, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": said}}
    return kept.answer


def nested(text: str) -> Form:
    """a[b][0]=c as Stripe reads it."""
    form: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *path, last = re.findall(r"[^\[\]]+", name)
        inner = form
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return form


class _Handler(BaseHTTPRequestHandler):
    side: StandIn
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/c/pay/"):
            return self._page(url.path)
        return self._serve("GET", url.path, nested(url.query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/c/pay/"):
            return self._paid(self.path)
        return self._serve("POST", urlsplit(self.path).path, nested(body.decode()))

    def _serve(self, method: str, path: str, form: Form) -> None:
        side, key = self.side, self.headers.get("Idempotency-Key")
        side.requests.append((method, path, form))
        side.headers.append(dict(self.headers))
        if self.headers.get("Authorization") != f"Bearer {SECRET}":
            said = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_****"}}
            return self._send(401, said)
        trouble = side.trouble(path, form)
        if trouble in (BEFORE, SILENT_BEFORE):
            return self._leave(trouble == SILENT_BEFORE)
        if isinstance(trouble, tuple):
            return self._send(*side.fail(*trouble, path, form, key))
        answer = side.answer(method, path, form, key)
        return self._leave(trouble == SILENT_AFTER) if trouble else self._send(*answer)

    def _page(self, path: str) -> None:
        """The hosted page, for a browser: one button, and the way back."""
        with self.side.account.lock:
            session = self.side.account.session(path.rpartition("/")[2])
        back = f'<a href="{session["cancel_url"]}">Back</a>'
        form = '<form method="post"><button>Pay</button></form>' if session["status"] == "open" else "<p>Expired</p>"
        self._write(
            200,
            f"{HEAD}{form}{back}".encode(),
            "text/html; charset=utf-8",
        )

    def _paid(self, path: str) -> None:
        session = self.side.account.guest_pays(path.rpartition("/")[2])
        self.send_response(303)
        self.send_header("Location", session["success_url"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _leave(self, slowly: bool) -> None:
        """No answer: the line breaks, at once or after a silence."""
        if slowly:
            time.sleep(self.side.silence)
        self.close_connection = True

    def _send(self, status: int, body: dict[str, Any]) -> None:
        self._write(status, json.dumps(body).encode(), "application/json")

    def _write(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Request-Id", f"req_{len(self.side.requests)}")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests say what they expect; nobody reads a log."""
