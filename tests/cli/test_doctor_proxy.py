"""`flask doctor` sees whether the proxy in front lets clients name their own address."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.cli.conftest import Ask

pytestmark = pytest.mark.slow


@pytest.fixture
def site() -> Iterator[Callable[[bool], str]]:
    """A site behind a proxy that passes names with underscores, or drops them; its URL."""
    with ExitStack() as running:

        def start(passes: bool) -> str:
            class Behind(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    given = self.headers.get("X_Request_Id") if passes else None
                    self.send_response(200)
                    self.send_header("X-Request-Id", given or "made-by-the-site")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

                def log_message(self, *_: object) -> None:
                    """Nobody reads it."""

            server = running.enter_context(HTTPServer(("127.0.0.1", 0), Behind))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            running.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}"

        yield start


def test_a_proxy_that_passes_names_with_underscores_is_a_problem(ask: Ask, site: Callable[[bool], str]) -> None:
    report = ask(TRUSTED_PROXIES="1", SITE_URL=site(True))
    assert "clients choose the address" in report.said("proxy")
    assert "proxy" in report.checks("problem")


def test_a_proxy_that_drops_them_is_not(ask: Ask, site: Callable[[bool], str]) -> None:
    assert ask(TRUSTED_PROXIES="1", SITE_URL=site(False)).states("proxy") == ["ok"]


def test_a_site_that_does_not_answer_here_is_a_warning(ask: Ask) -> None:
    assert ask(TRUSTED_PROXIES="1", SITE_URL="http://127.0.0.1:1").states("proxy") == ["warning"]


def test_without_a_proxy_nobody_is_asked(ask: Ask) -> None:
    assert ask().states("proxy") == []
