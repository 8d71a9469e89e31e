"""Paying at the provider's own page, in a real browser under our content security policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from tests.browser.axe import violations
from tests.browser.steps import button, heading, reserve
from tests.cast import count
from tests.stripe_stand_in import StandIn

pytest_plugins = ["tests.stripe_stand_in.fixtures"]


@pytest.fixture
def selling(app: Flask, stripe_desk: BookingContext, stand_in: StandIn, base_url: str) -> Iterator[None]:
    """The pages sell with Stripe, whose page is the stand-in's."""
    services = app.extensions["services"]
    stand_in.shows_pages()
    stripe_desk.provider.page_origin = stand_in.base  # type: ignore[attr-defined]  # Stripe has it
    app.extensions["services"] = replace(
        services, booking_context=stripe_desk, settings=replace(services.settings, site_url=base_url)
    )
    yield
    app.extensions["services"] = services


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_there_and_back(
    browser: Browser, base_url: str, selling: None, alice: User, room: Room, stand_in: StandIn, script: bool
) -> None:
    context = browser.new_context(base_url=base_url, locale="en-GB", java_script_enabled=script)
    faults: list[str] = []
    try:
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        _there_and_back(page, room, alice, stand_in, script)
    finally:
        context.close()
    assert faults == []


def _there_and_back(page: Page, room: Room, who: User, stand_in: StandIn, script: bool) -> None:
    reserve(page, room, who)
    expect(page.get_by_text("payment provider’s page")).to_be_visible()
    if script:
        assert violations(page) == []
    button(page, "Continue to payment: €360").click()
    expect(page).to_have_title("Pay")
    assert page.url.startswith(stand_in.base)
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("Your payment page is open")).to_be_visible()
    button(page, "Go back to payment").click()
    page.get_by_role("button", name="Pay").click()
    expect(heading(page, "You’re booked")).to_be_visible()
    assert (count(Booking, status="CONFIRMED"), len(stand_in.account.sessions)) == (1, 1)
