"""The README's screenshots, taken from a running demo.

Start one with `make run PORT=8870`, then:

    .venv/bin/python docs/screenshots/make.py http://localhost:8870

Books a stay in that demo. Needs Chromium, and Pillow (`pip install pillow`) to keep the files small.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
GUEST, PASSWORD = "guest@example.com", "a-window-by-the-sea"
ROOM = "Double room over the Tejo"


def main(site: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=site, locale="en-GB", viewport={"width": 1280, "height": 900})
        look(page)
        book(page)
        browser.close()


def look(page: Page) -> None:
    """Home, the rooms of a city, and one of them."""
    arrival = _friday()
    page.goto("/")
    take(page, "home")
    page.goto(f"/rooms?location=lisbon&checkIn={arrival}&checkOut={arrival + dt.timedelta(days=3)}&capacity=2")
    take(page, "results")
    page.get_by_role("link", name=ROOM).first.click()
    expect(page.get_by_role("heading", name=ROOM, level=1)).to_be_visible()
    take(page, "room")


def book(page: Page) -> None:
    """From the room's page to the checkout, and to the confirmed booking."""
    page.get_by_role("button", name="Reserve").first.click()
    form = page.locator("form[action='/sign-in']")
    form.get_by_label("Email").fill(GUEST)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Review and pay")).to_be_visible()
    take(page, "checkout")
    page.get_by_role("button", name="Pay €").first.click()
    expect(page.get_by_role("heading", name="You’re booked")).to_be_visible()
    take(page, "booking")


def take(page: Page, name: str) -> None:
    """The top of the page as it is seen first, in 256 colours."""
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    path = HERE / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    with Image.open(path) as seen:
        few = seen.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def _friday() -> dt.date:
    """A Friday in about three months."""
    soon = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=90)
    return soon + dt.timedelta(days=(4 - soon.weekday()) % 7)


if __name__ == "__main__":
    main(sys.argv[1])
