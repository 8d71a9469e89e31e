"""The pages of an account in a browser: readable for everybody, and working without a script."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.domain.people import email_changes, email_verification, mailed_links, password_resets, sessions
from booking.domain.people.mailed_links import LinkKind
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import EmailChange, EmailVerification, Room, User
from booking.infra.db import db, transaction
from tests.browser.axe import violations
from tests.browser.conftest import PHONE
from tests.browser.steps import button, heading, sign_in
from tests.cast import VISA, acting, in_days, order
from tests.web.people.test_own_account import link

SECRETS = ("a-secret-for-tests-only-0123456789abcdef",)


@pytest.fixture
def paths(app: Flask, alice: User, room: Room, desk: BookingContext) -> list[str]:
    """Every new page, each with something on it."""
    bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    email_changes.request(acting(sessions.start_web(alice.id, "Firefox")), "alice@new.example")
    email_verification.ask_again(acting(alice))
    verify, change = mailed()
    return ["/account", "/account/close", "/account/data", verify, *change]


@transaction
def mailed() -> tuple[str, list[str]]:
    verification, change = db.session.query(EmailVerification).one(), db.session.query(EmailChange).one()
    ends = (("change-email", LinkKind.CHANGE), ("keep-email", LinkKind.KEEP))
    return (
        f"/verify-email/{mailed_links.written(LinkKind.VERIFY, verification.id, SECRETS)}",
        [f"/{page}/{mailed_links.written(kind, change.id, SECRETS)}" for page, kind in ends],
    )


def test_the_pages_of_an_account_are_accessible(visit: Callable[..., Page], paths: list[str], alice: User) -> None:
    page = visit(**PHONE)
    page.goto("/sign-in?next=/account")
    sign_in(page, alice)
    expect(heading(page, "Your account")).to_be_visible()
    for path in paths:
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_the_pages_of_two_step_sign_in_are_accessible(visit: Callable[..., Page], alice: User) -> None:
    page = visit(**PHONE)
    page.goto("/sign-in?next=/account/two-step")
    sign_in(page, alice)
    expect(heading(page, "Two-step sign-in")).to_be_visible()
    look(page, "off")
    button(page, "Set up").click()
    page.get_by_text("Can’t scan it?").click()
    secret = page.locator("details code").inner_text().replace(" ", "")
    look(page, "set up")
    page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(secret).now())
    button(page, "Turn on two-step sign-in").click()
    expect(heading(page, "Your recovery codes")).to_be_visible()
    look(page, "recovery codes")
    code = page.locator(".codes code").first.inner_text()
    for path in ("/account/two-step", "/account/two-step/off"):
        page.goto(path)
        look(page, path)
    page = visit(**PHONE)
    page.goto("/sign-in?next=/account")
    sign_in(page, alice)
    expect(heading(page, "Enter your code")).to_be_visible()
    look(page, "code")
    page.get_by_role("textbox", name="Code").fill(code)
    button(page, "Continue").click()
    expect(heading(page, "Your account")).to_be_visible()


def test_an_account_is_deleted_without_a_script(visit: Callable[..., Page], app: Flask, alice: User) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/sign-in?next=/account/close")
    sign_in(page, alice)
    page.get_by_label("Type your email address to confirm").fill("alice@example.com")
    button(page, "Delete my account").click()
    expect(heading(page, "Your account is deleted")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_what_was_typed_outlives_the_end_of_the_sign_in(visit: Callable[..., Page], alice: User, script: bool) -> None:
    page = visit(**PHONE, java_script_enabled=script)
    page.goto("/sign-in?next=/account")
    sign_in(page, alice)
    expect(heading(page, "Your account")).to_be_visible()
    transaction(sessions.end_all)(alice.id)
    page.get_by_role("textbox", name="Name").fill("Alice Pleasance Liddell")
    button(page, "Save name").click()
    expect(page.get_by_text("You’ve been signed out")).to_be_visible()
    expect(page.get_by_text("Alice Pleasance Liddell")).to_be_visible()
    if script:  # axe needs it
        look(page, "out")
    sign_in(page, alice)
    expect(heading(page, "You’re signed in again")).to_be_visible()
    if script:
        look(page, "again")
    button(page, "Send it now").click()
    expect(page.get_by_text("Your name has been changed.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Alice Pleasance Liddell")


@pytest.mark.parametrize("script", [True, False])
def test_what_was_typed_outlives_a_forgotten_password(visit: Callable[..., Page], alice: User, script: bool) -> None:
    page = visit(**PHONE, java_script_enabled=script)
    page.goto("/sign-in?next=/account")
    sign_in(page, alice)
    expect(heading(page, "Your account")).to_be_visible()
    transaction(sessions.end_all)(alice.id)
    page.get_by_role("textbox", name="Name").fill("Alice Pleasance Liddell")
    button(page, "Save name").click()
    page.get_by_label("Email").fill("alic@example.com")
    page.get_by_label("Password", exact=True).fill("I do not know")
    ways = (("Forgot your password?", "Send link"), ("Try another address", "Send link"))
    for first, then in ways:
        button(page, first).click()
        expect(heading(page, "Forgot your password?")).to_be_visible()
        expect(page.get_by_label("Email")).to_have_value("alic@example.com")
        button(page, then).click()
        expect(heading(page, "Check your email")).to_be_visible()
        expect(page.get_by_text("Alice Pleasance Liddell")).to_be_visible()
        if script:
            look(page, first)
    beside = page.context.new_page()
    password_resets.request(alice.email)
    beside.goto(link())
    beside.get_by_label("New password", exact=True).fill("another horse battery")
    button(beside, "Change password").click()
    expect(beside.get_by_label("Email")).to_have_value("alice@example.com")
    button(page, "Back to sign in").click()
    expect(page.get_by_label("Email")).to_have_value("alic@example.com")
    sign_in(page, alice, "another horse battery")
    expect(heading(page, "You’re signed in again")).to_be_visible()
    button(page, "Send it now").click()
    expect(page.get_by_text("Your name has been changed.")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_an_outdated_form_of_a_stranger_keeps_what_was_typed(
    visit: Callable[..., Page], alice: User, script: bool
) -> None:
    page = visit(**PHONE, java_script_enabled=script)
    page.goto("/register")
    beside = page.context.new_page()
    beside.goto("/sign-in")
    sign_in(beside, alice)
    expect(heading(beside, "Your bookings")).to_be_visible()
    page.get_by_label("Name").fill("Carol")
    page.get_by_label("Email").fill("carol@example.com")
    page.get_by_label("Password", exact=True).fill("three words here")
    button(page, "Create account").click()
    expect(page.get_by_text("This form was out of date")).to_be_visible()
    if script:
        look(page, "form")
    expect(page.get_by_label("Name")).to_have_value("Carol")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    page.get_by_label("Password", exact=True).fill("three words here")
    button(page, "Create account").click()
    expect(heading(page, "Your bookings")).to_be_visible()


def look(page: Page, name: str) -> None:
    assert violations(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
