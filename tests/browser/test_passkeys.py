"""Passkeys in a browser with a device of its own (Chromium's virtual authenticator), at the name that SITE_URL says."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from werkzeug.serving import make_server

from booking import create_app
from booking.config import Settings
from booking.domain.tables import User
from tests.browser.axe import violations
from tests.browser.steps import button, heading, sign_in

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def address(environ: dict[str, str], empty: None) -> Iterator[str]:
    """The application, where SITE_URL says that it is: browsers take no IP address."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    url = f"http://localhost:{server.server_port}"
    server.app = create_app(Settings.from_env(environ | {"SITE_URL": url}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield url
    server.shutdown()
    thread.join(timeout=5)


def device_of(page: Page) -> tuple[CDPSession, str]:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]


def look(page: Page, what: str) -> None:
    assert violations(page) == [], what
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, what


def test_a_passkey_is_made_signs_in_and_is_removed(browser: Browser, address: str, alice: User) -> None:
    context = browser.new_context(base_url=address, locale="en-GB", viewport={"width": 320, "height": 640})
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    session, device = device_of(page)
    page.goto("/sign-in?next=/account/two-step")
    sign_in(page, alice)
    page.get_by_role("link", name="Add a passkey").click()
    look(page, "new")
    # Whoever closes the device's dialog is told so, and stays where they are.
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    button(page, "Create a passkey").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing was done")
    look(page, "cancelled")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    page.get_by_label("Name").fill("A phone whose name is as long as anybody would ever care to")
    button(page, "Create a passkey").click()
    expect(heading(page, "Your recovery codes")).to_be_visible()
    page.goto("/account/two-step/passkeys/new")
    button(page, "Create a passkey").click()
    expect(page.get_by_role("status")).to_have_text("This device has a passkey for your account already.")
    page.goto("/account/two-step")
    look(page, "listed")
    _signed_out(page)
    page.goto("/sign-in?next=/account/two-step")
    button(page, "Sign in with a passkey").click()
    expect(heading(page, "Two-step sign-in")).to_be_visible()
    _signed_out(page)
    page.goto("/sign-in?next=/account/two-step")
    sign_in(page, alice)
    expect(heading(page, "One more step")).to_be_visible()
    look(page, "second step")
    button(page, "Use a passkey").click()
    expect(heading(page, "Two-step sign-in")).to_be_visible()
    page.get_by_role("link", name="Remove: A phone").click()
    look(page, "remove")
    button(page, "Remove it and turn off").click()
    expect(page.get_by_text("Two-step sign-in is off.")).to_be_visible()
    assert session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    _signed_out(page)
    page.goto("/sign-in")
    button(page, "Sign in with a passkey").click()
    expect(page.get_by_text("This passkey doesn’t work here.")).to_be_visible()
    assert not faults, faults
    context.close()


def _signed_out(page: Page) -> None:
    menu = page.get_by_text("Menu", exact=True)
    if menu.is_visible():
        menu.click()
    button(page, "Sign out").click()
    page.wait_for_url("**/")


def test_without_a_script_or_in_an_old_browser_other_ways_stay(browser: Browser, address: str, alice: User) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in?next=/account/two-step")
    expect(button(page, "Sign in with a passkey")).to_be_hidden()
    sign_in(page, alice)
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(page.get_by_role("link", name="Add a passkey")).to_be_hidden()
    button(page, "Set up").click()
    expect(page.get_by_role("textbox", name="Code")).to_be_visible()
    context.close()
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.add_init_script("delete PublicKeyCredential.parseRequestOptionsFromJSON")
    page.goto("/sign-in")
    button(page, "Sign in with a passkey").click()
    expect(page.get_by_role("status")).to_contain_text("This browser can’t use passkeys here.")
    context.close()
