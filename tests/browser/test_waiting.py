"""Pages on which time passes: a hold that runs out, a bank that does not answer. And the mails of a copy to try out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.domain.errors import TooManyAttempts
from booking.domain.messages import outbox
from booking.domain.people import users
from booking.domain.reservations import bookings, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.jobs import deliver
from booking.jobs.mail_deliveries import MAIL
from tests.browser.axe import violations
from tests.browser.conftest import PHONE
from tests.browser.steps import button, heading, pay, reserve, sign_in
from tests.cast import AN_HOUR, PASSWORD, SLOW, SYSTEM, VISA, acting, later, order

Visit = Callable[..., Page]
TIMED = dt.timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _quick(desk: BookingContext) -> None:
    """The slow card answers after 0.2 s."""


# --- asked to wait


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_try_again_can_be_pressed_when_the_wait_is_over(
    visit: Visit, alice: User, monkeypatch: pytest.MonkeyPatch, script: bool
) -> None:
    def refused(*_: object, **__: object) -> Any:
        raise TooManyAttempts(6)

    page = visit(**PHONE, java_script_enabled=script)
    page.goto("/sign-in?next=/account")
    sign_in(page, alice)
    page.get_by_role("textbox", name="Name").fill("Alice Liddell")
    with monkeypatch.context() as trouble:
        trouble.setattr("booking.domain.people.change_name", refused)
        button(page, "Save name").click()
        expect(heading(page, "Too many attempts")).to_be_visible()
    again = page.locator("[data-waits]", has_text="Try again")
    if script:
        expect(again).to_be_disabled()
        expect(page.get_by_role("timer")).to_have_text(re.compile(r"^Try again in 0:0[1-5]\.$"))
        again.focus()
        page.keyboard.press("Enter")
        expect(heading(page, "Too many attempts")).to_be_visible()
        assert violations(page) == []
        expect(page.get_by_role("status").filter(has_text="You can try again now.")).to_be_visible()
    else:
        expect(again).to_be_hidden()
        expect(page.get_by_text("Try again in 6 seconds.")).to_be_visible()
    button(page, "Try again").click()
    expect(page.get_by_text("Your name has been changed.")).to_be_visible()


# --- a hold


def test_the_hold_runs_out_before_ones_eyes(page: Page, room: Room, alice: User) -> None:
    page.clock.install()
    reserve(page, room, alice)
    expect(page.locator(".countdown [data-until]")).to_have_text(re.compile(r"^14:5\d$"))
    page.clock.fast_forward("12:45")
    page.clock.run_for(15_000)
    expect(page.get_by_role("status").filter(has_text="Two minutes")).to_be_attached()
    later(TIMED)
    page.clock.fast_forward("02:01")
    over = heading(page, "This reservation has ended")
    expect(over).to_be_focused()  # by itself
    expect(page.get_by_text("Still available")).to_be_visible()
    button(page, "Reserve again").click()
    expect(page.get_by_text("Time left to pay")).to_be_visible()


def test_two_minutes_are_not_announced_when_fewer_are_left(page: Page, room: Room, alice: User) -> None:
    page.clock.install()
    reserve(page, room, alice)
    page.clock.fast_forward("14:00")
    expect(page.locator(".countdown [data-until]")).to_have_text(re.compile(r"^0:5\d$"))
    expect(page.get_by_text("Two minutes")).not_to_be_attached()


def test_while_a_payment_is_on_its_way_its_answer_decides_and_not_the_clock(
    page: Page, room: Room, alice: User
) -> None:
    page.clock.install()
    reserve(page, room, alice)
    asked: list[str] = []
    # 204: the answer that lets a browser stay where it is, as it does until a slow one comes.
    page.route("**/checkout/*", lambda route: asked.append(route.request.method) or route.fulfill(status=204))
    page.clock.fast_forward("14:50")
    button(page, "Pay €360").click(no_wait_after=True)
    expect(page.locator("form[data-sent]")).to_be_attached()
    page.clock.fast_forward("00:12")
    expect(page.locator(".countdown [data-until]")).to_have_text("0:00")
    page.clock.run_for(1_000)
    assert asked == ["POST"]


def test_the_end_of_the_hold_is_told_by_the_readers_own_clock(visit: Visit, room: Room, alice: User) -> None:
    page = visit(timezone_id="Asia/Tokyo")
    reserve(page, room, alice)
    shown = page.locator(".countdown time")
    until = dt.datetime.fromisoformat(str(shown.get_attribute("datetime"))).astimezone(
        dt.timezone(dt.timedelta(hours=9))
    )
    around = {f"{until + dt.timedelta(seconds=shift):%H:%M} by your clock" for shift in (-2, 0, 2)}
    assert shown.inner_text() in around


def test_without_a_script_the_end_of_the_hold_names_its_zone_and_the_page_asks_again(
    visit: Visit, room: Room, alice: User, app: Flask
) -> None:
    before = app.extensions["services"]
    app.extensions["services"] = replace(
        before, booking_context=replace(before.booking_context, hold_for=dt.timedelta(seconds=4))
    )
    try:
        page = visit(java_script_enabled=False)
        reserve(page, room, alice)
        expect(page.get_by_text(re.compile(r"until \d\d:\d\d \(Brussels time\)"))).to_be_visible()
        expect(heading(page, "This reservation has ended")).to_be_visible()  # by itself
    finally:
        app.extensions["services"] = before


# --- a bank that does not answer


def test_a_bank_that_answers_late_is_waited_for(
    page: Page, app: Flask, room: Room, alice: User, desk: BookingContext
) -> None:
    reserve(page, room, alice)
    pay(page, SLOW)
    expect(heading(page, "We’re checking your payment")).to_be_visible()
    page.reload()
    expect(heading(page, "We’re checking your payment")).to_be_visible()
    page.wait_for_timeout(300)  # the late charge
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    expect(heading(page, "You’re booked")).to_be_visible()  # by itself


def test_without_a_script_the_page_looks_by_itself(visit: Visit, room: Room, alice: User, desk: BookingContext) -> None:
    page = visit(java_script_enabled=False)
    reserve(page, room, alice)
    pay(page, SLOW)
    expect(heading(page, "We’re checking your payment")).to_be_visible()
    page.wait_for_timeout(300)  # the late charge
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    expect(heading(page, "You’re booked")).to_be_visible(timeout=15_000)


def test_the_page_that_waits_is_sound_and_has_ways_on(visit: Visit, room: Room, alice: User) -> None:
    page = visit(**PHONE)
    reserve(page, room, alice)
    pay(page, SLOW)
    expect(heading(page, "We’re checking your payment")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Check again").click()
    expect(heading(page, "We’re checking your payment")).to_be_visible()
    page.locator("main").get_by_role("link", name="Your bookings").click()
    expect(page.get_by_text("Checking payment")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Room with a view").click()
    expect(heading(page, "We’re checking your payment")).to_be_visible()


# --- passwords


def test_a_password_can_be_looked_at_while_it_is_typed(page: Page, alice: User) -> None:
    page.goto("/sign-in")
    page.get_by_label("Password").fill(PASSWORD)
    show = button(page, "Show password")
    show.click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "text")
    expect(show).to_have_attribute("aria-pressed", "true")
    assert violations(page) == []
    show.click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "password")
    sign_in(page, alice)
    expect(heading(page, "Your bookings")).to_be_visible()


def test_without_a_script_nothing_offers_to_show_it(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/sign-in")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.locator("[data-reveals]")).to_be_hidden()


# --- the mails of a copy to try out


@pytest.fixture
def mails(app: Flask, tmp_path: Path) -> Iterator[None]:
    """The application writes its mails into files."""
    before = app.extensions["services"]
    app.extensions["services"] = replace(before, settings=replace(before.settings, mail_dir=str(tmp_path)))
    yield
    app.extensions["services"] = before


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_the_mails_are_sound(
    visit: Visit, options: dict[str, Any], room: Room, alice: User, desk: BookingContext, mails: None
) -> None:
    users.ensure(SYSTEM, email="olga@example.com", password=PASSWORD, full_name="Olga", role="owner", region="eu")
    page = visit(**options)
    page.goto("/sign-in?next=/demo/mails")
    page.get_by_label("Email").fill("olga@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("No emails yet")).to_be_visible()
    assert violations(page) == []
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    outbox.relay()
    deliver.deliver(MAIL, [str(event_id) for name, event_id in outbox.due() if name == MAIL])
    page.reload()
    assert violations(page) == []
    page.get_by_role("link", name="your booking is confirmed").click()
    expect(page.frame_locator("iframe").get_by_text("Your booking is confirmed").first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
