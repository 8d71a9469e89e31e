"""One person with a browser who has signed in: asks for one page after the other over HTTP, and waits for each."""

from __future__ import annotations

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass

from bench.clients import Connection

TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"|value="([^"]+)"[^>]* name="csrf_token"')


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one request: seconds until all of it was there, its status, bytes as they came."""

    seconds: float
    status: int
    size: int


class Browser:
    """`cookie` is what it sends with every request."""

    def __init__(self, port: int, email: str, password: str) -> None:
        self.port, self.cookie = port, _signed_in(f"http://127.0.0.1:{port}", email, password)
        self._connection = Connection(port)

    def look(self, path: str, *, part: bool = False) -> Answer:
        """A page; or the `part` of it that htmx asks for."""
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n"
        head += "HX-Request: true\r\nHX-Request-Type: partial\r\n" if part else ""
        began = time.perf_counter()
        status, size = self._connection.ask(f"{head}\r\n".encode())
        return Answer(time.perf_counter() - began, status, size)

    def text(self, path: str) -> str:
        """What a page says, for whoever looks for addresses in it."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Cookie": self.cookie})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return str(answer.read().decode())


def _signed_in(site: str, email: str, password: str) -> str:
    """Through the page and its form, as people do."""
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    with opener.open(f"{site}/sign-in", timeout=60) as page:
        found = TOKEN.search(page.read().decode())
    if found is None:
        raise SystemExit("The page for signing in has no form.")
    fields = {"email": email, "password": password, "csrf_token": found[1] or found[2]}
    sent = urllib.request.Request(f"{site}/sign-in", urllib.parse.urlencode(fields).encode())
    sent.add_header("Referer", f"{site}/sign-in")
    with opener.open(sent, timeout=60) as answer:
        if not urllib.parse.urlsplit(answer.url).path.startswith("/admin"):
            raise SystemExit(f"{email} could not sign in: {answer.url}")
    return "; ".join(f"{one.name}={one.value}" for one in cookies)


def percentile(answers: Iterable[Answer], share: float) -> float:
    """In ms."""
    ordered = sorted(answer.seconds for answer in answers)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]
