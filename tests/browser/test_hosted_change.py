"""A change that is to be paid at the provider's own page, in a real browser: on the booking's page, there and back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from booking.domain.errors import ChangeActionRequired
from booking.domain.reservations import PaymentLinks, bookings, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.browser.axe import violations
from tests.browser.steps import button, sign_in
from tests.cast import VISA, acting, in_days, order, reload
from tests.stripe_stand_in import StandIn

pytest_plugins = ["tests.stripe_stand_in.fixtures"]


@pytest.fixture
def booked(
    app: Flask, stripe_desk: BookingContext, stand_in: StandIn, base_url: str, alice: User, room: Room
) -> Iterator[Booking]:
    """Three nights, paid; two more are to be paid at the page."""
    services = app.extensions["services"]
    stand_in.shows_pages()
    stripe_desk.provider.page_origin = stand_in.base  # type: ignore[attr-defined]  # Stripe has it
    app.extensions["services"] = replace(
        services, booking_context=stripe_desk, settings=replace(services.settings, site_url=base_url)
    )
    booking = bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)
    here = f"{base_url}/bookings/{encode('booking', booking.id)}"
    links = PaymentLinks(f"{here}/change/paid", here)
    agreed = Agreed(StayChange(check_out=in_days(30, 5).check_out), Decimal(240), links=links)
    with pytest.raises(ChangeActionRequired):
        stay_changes.change(acting(alice), booking.id, agreed, stripe_desk)
    yield booking
    app.extensions["services"] = services


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_there_and_back(browser: Browser, base_url: str, booked: Booking, alice: User, script: bool) -> None:
    context = browser.new_context(base_url=base_url, locale="en-GB", java_script_enabled=script)
    faults: list[str] = []
    try:
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto(f"/bookings/{encode('booking', booked.id)}")
        sign_in(page, alice)
        _there_and_back(page, script)
    finally:
        context.close()
    assert faults == []
    assert reload(booked).total_price == 600


def _there_and_back(page: Page, script: bool) -> None:
    expect(page.get_by_role("heading", name="Your change isn’t paid yet")).to_be_visible()
    if script:
        assert violations(page) == []
        _pictures(page)
    button(page, "Continue to payment: €240").click()
    expect(page).to_have_title("Pay")
    page.get_by_role("link", name="Back").click()
    button(page, "Continue to payment: €240").click()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("5 nights").first).to_be_visible()


def _pictures(page: Page) -> None:
    folder = os.environ.get("PICTURES")
    if not folder:
        return
    for width in (390, 768, 1280):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=Path(folder) / f"change-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
