"""Pages as they look to somebody who is signed in, at every width. `SHOTS=folder` keeps pictures."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from booking.domain.tables import User
from tests.browser.axe import violations
from tests.browser.steps import button, heading, sign_in

WIDTHS = (390, 768, 1280)
SHOTS = os.environ.get("SHOTS")  # a folder: what each page looks like, for whoever has changed one


class Looks:
    """All pages of a test are looked at in the same two browsers of each user, one of them without a script."""

    def __init__(self, visit: Callable[..., Page]) -> None:
        self._visit = visit
        self._browsers: dict[uuid.UUID, tuple[Page, Page]] = {}

    def right(self, who: User, address: str, name: str, title: str) -> Page:
        """No faults, nothing cut off at any width, and the same without a script; the page as it is on a desk."""
        page, plain = self._browsers_of(who)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.goto(address)
        expect(heading(page, title)).to_be_visible()
        assert violations(page) == []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            expect(heading(page, title)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == width
            shoot(page, f"{name}-{width}")
        plain.goto(address)
        expect(heading(plain, title)).to_be_visible()
        shoot(plain, f"{name}-{WIDTHS[0]}-noscript")
        return page

    def _browsers_of(self, who: User) -> tuple[Page, Page]:
        if who.id not in self._browsers:
            page = self._visit()
            page.goto("/sign-in")
            sign_in(page, who)
            expect(button(page, "Sign out")).to_be_visible()
            phone = {"viewport": {"width": WIDTHS[0], "height": 900}}
            plain = self._visit(java_script_enabled=False, storage_state=page.context.storage_state(), **phone)
            self._browsers[who.id] = page, plain
        return self._browsers[who.id]


def shoot(page: Page, name: str) -> None:
    for scheme in ("light", "dark") if SHOTS else ():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.screenshot(path=Path(str(SHOTS)) / f"{name}-{scheme}.png", full_page=True)
