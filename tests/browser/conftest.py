"""A real browser before the real pages: the application in threads of this process, on a port of its own.

In this process, so that a test can let time pass (`cast.later`) and look into the database.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.browser.looking import Looks

# The first one has no windows, and takes half of the processor's time.
BROWSERS = ("chromium-headless-shell", "chromium")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 320, "height": 640}}

expect.set_options(timeout=8_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium rather than one that Playwright downloads."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium-headless-shell, or set CHROMIUM")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox", "--disable-gpu"]}


@pytest.fixture(scope="session")
def base_url(application: Flask) -> Iterator[str]:
    """Where the pages are."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)


@pytest.fixture
def visit(browser: Browser, base_url: str, empty: None) -> Iterator[Callable[..., Page]]:
    """Open a browser of its own: `visit(java_script_enabled=False)`, `visit(**PHONE)`. Its faults fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(base_url=base_url, locale="en-GB", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: _note(faults, message.text, message.type))
        page.on("request", lambda request: _stay_here(faults, request.url, base_url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, faults


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """A browser on a desk, with JavaScript."""
    return visit()


@pytest.fixture
def looks(visit: Callable[..., Page]) -> Looks:
    """Whoever looks at pages of somebody at every width."""
    return Looks(visit)


def _note(faults: list[str], text: str, kind: str) -> None:
    # A refused form or a missing page is an error to the console, and meant.
    if kind == "error" and "Failed to load resource" not in text:
        faults.append(text)


def _stay_here(faults: list[str], url: str, base_url: str) -> None:
    if not url.startswith((base_url, "data:", "about:", "blob:")):
        faults.append(f"a request to another host: {url}")
