"""From a room to a paid booking in a real browser: every way there is, and whatever people do on it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from booking.domain.people import own_account
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra.ids import encode
from tests.browser.axe import violations
from tests.browser.conftest import PHONE
from tests.browser.steps import address, button, heading, pay, reserve, sign_in, the_stay
from tests.cast import DECLINED, PASSWORD, VISA, a_room, acting, count, later, order

Visit = Callable[..., Page]
TIMED = dt.timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _quick(desk: BookingContext) -> None:
    """The slow card answers after 0.2 s."""


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_the_whole_way(visit: Visit, room: Room, script: bool) -> None:
    page = visit(java_script_enabled=script)
    page.goto("/")
    page.get_by_label("Destination", exact=True).select_option("antwerp")
    page.get_by_label("Check-in").fill(the_stay().check_in.isoformat())
    page.get_by_label("Check-out").fill(the_stay().check_out.isoformat())
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Room with a view").click()
    button(page, "Reserve").click()
    # --- an account on the way
    new = page.locator("form[action='/register']")
    new.get_by_label("Name").fill("Carol")
    new.get_by_label("Email").fill("carol@example.com")
    new.get_by_label("Password").fill("three words here")
    button(page, "Create account").click()
    # --- pay
    expect(page.get_by_text("Time left to pay")).to_be_visible()
    pay(page)
    expect(heading(page, "You’re booked")).to_be_visible()
    expect(page.get_by_text("carol@example.com")).to_be_visible()
    with page.expect_download() as entry:
        page.get_by_role("link", name="Add to calendar").click()
    assert entry.value.suggested_filename.endswith(".ics")
    # --- and back out of it
    page.get_by_role("link", name="Your bookings").first.click()
    page.get_by_role("link", name="Room with a view").click()
    page.get_by_role("link", name="Cancel booking").click()
    expect(page.get_by_role("heading", name="You’ll get €360 back")).to_be_visible()
    button(page, "Cancel and get €360 back").click()
    expect(heading(page, "This booking has been cancelled")).to_be_visible()
    button(page, "Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_declined_card_then_one_that_works(page: Page, room: Room, alice: User) -> None:
    reserve(page, room, alice)
    pay(page, DECLINED)
    notice = page.locator(".notice-bad")
    expect(notice).to_contain_text("Your card was declined")
    expect(notice).to_be_focused()
    expect(page.get_by_text("Time left to pay")).to_be_visible()
    pay(page)
    expect(heading(page, "You’re booked")).to_be_visible()
    assert count(Payment) == 2


def test_double_clicks_book_and_charge_once(page: Page, room: Room, alice: User) -> None:
    page.goto("/sign-in")
    sign_in(page, alice)
    expect(heading(page, "Your bookings")).to_be_visible()
    page.goto(address(room))
    button(page, "Reserve").dblclick()
    expect(heading(page, "Review and pay")).to_be_visible()
    button(page, "Pay €360").dblclick()
    expect(heading(page, "You’re booked")).to_be_visible()
    assert (count(Booking), count(Payment)) == (1, 1)


def test_back_and_reload_at_each_step(page: Page, room: Room, alice: User) -> None:
    reserve(page, room, alice)
    checkout = page.url
    page.reload()
    expect(heading(page, "Review and pay")).to_be_visible()
    page.goto(address(room))
    expect(page.get_by_text("You’re holding these nights")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Review and pay").click()
    assert page.url == checkout
    pay(page, DECLINED)
    expect(page.get_by_text("Your card was declined")).to_be_visible()
    page.reload()  # asks nobody again
    expect(page.get_by_text("Time left to pay")).to_be_visible()
    assert count(Payment) == 1
    pay(page)
    expect(heading(page, "You’re booked")).to_be_visible()
    page.reload()
    expect(heading(page, "You’re booked")).to_be_visible()
    page.go_back()
    expect(heading(page, "You’re booked")).to_be_visible()
    page.goto(checkout)
    expect(heading(page, "You’re booked")).to_be_visible()
    assert (count(Booking), count(Payment, state="succeeded")) == (1, 1)


def test_back_after_a_wrong_password_asks_for_nothing_twice(page: Page, room: Room, alice: User) -> None:
    page.goto(address(room))
    button(page, "Reserve").click()
    sign_in(page, alice, "wrong")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("Email or password is wrong.")
    expect(problem).to_be_focused()
    sign_in(page, alice)
    expect(heading(page, "Review and pay")).to_be_visible()
    page.go_back()
    expect(heading(page, "Review and pay")).to_be_visible()  # signed in by now, so straight on
    assert count(Booking) == 1


def test_two_tabs_of_one_person(visit: Visit, room: Room, alice: User) -> None:
    first = visit()
    reserve(first, room, alice)
    second = first.context.new_page()
    second.goto(first.url)
    pay(first)
    expect(heading(first, "You’re booked")).to_be_visible()
    pay(second)
    expect(heading(second, "You’re booked")).to_be_visible()
    assert (count(Booking), count(Payment)) == (1, 1)


def test_two_people_race_for_one_room(visit: Visit, room: Room, alice: User, bob: User) -> None:
    a_room(name="The room next door")
    pages = []
    for person in (alice, bob):
        page = visit()
        page.goto("/sign-in")
        sign_in(page, person)
        expect(heading(page, "Your bookings")).to_be_visible()
        page.goto(address(room))
        pages.append(page)
    for page in pages:
        button(page, "Reserve").click(no_wait_after=True)
    outcomes = [page.locator("h1:visible") for page in pages]
    expect(outcomes[0]).to_have_text(re.compile("Review and pay|Someone else has just taken this room"))
    expect(outcomes[1]).to_have_text(re.compile("Review and pay|Someone else has just taken this room"))
    assert sorted(one.inner_text() for one in outcomes) == ["Review and pay", "Someone else has just taken this room"]
    loser = pages[0] if "quicker" in outcomes[0].inner_text() else pages[1]
    loser.get_by_role("link", name="The room next door").click()
    button(loser, "Reserve").click()
    expect(heading(loser, "Review and pay")).to_be_visible()
    assert count(Booking, status="PENDING") == 2


def test_without_a_script_paying_too_late_is_explained(
    visit: Visit, room: Room, alice: User, bob: User, desk: BookingContext
) -> None:
    page = visit(java_script_enabled=False)
    reserve(page, room, alice)
    expect(page.locator(".countdown [data-until]")).to_have_text("15 minutes")
    later(TIMED)
    holds.reserve(acting(bob), order(bob, room, the_stay()), desk)
    pay(page)
    expect(heading(page, "This reservation has ended")).to_be_visible()
    expect(page.get_by_text("Another guest has the room for these nights now.")).to_be_visible()
    assert count(Payment) == 0


def test_by_keyboard_alone(page: Page, room: Room, alice: User) -> None:
    page.goto(address(room))
    _press(page, "button", "Reserve")
    expect(heading(page, "Sign in")).to_be_visible()
    _type(page, "Email", alice.email)
    _type(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    expect(heading(page, "Review and pay")).to_be_visible()
    _tab_to(page, "input", "Test card: approved")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"input[value={DECLINED}]")).to_be_checked()
    _press(page, "button", "Pay €360")
    expect(page.get_by_text("Your card was declined")).to_be_visible()
    _press(page, "a", "Choose another card")
    _tab_to(page, "input", "Test card: declined")
    page.keyboard.press("ArrowUp")
    _press(page, "button", "Pay €360")
    expect(heading(page, "You’re booked")).to_be_visible()
    _press(page, "a", "Cancel booking")
    expect(heading(page, "Cancel this booking?")).to_be_visible()
    _press(page, "button", "Cancel and get €360 back")
    expect(heading(page, "This booking has been cancelled")).to_be_visible()


def _tab_to(page: Page, element: str, text: str) -> None:
    """With the tabulator, like somebody without a mouse; what has the focus is seen to have it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.localName, (e.labels?.[0] ?? e).textContent.trim(), s.outlineStyle] }"
        )
        if shown[0] == element and text in shown[1]:
            assert shown[2] != "none", f"{text} has the focus, and nobody sees it"
            return
    raise AssertionError(f"{text} cannot be reached")


def _press(page: Page, element: str, text: str) -> None:
    _tab_to(page, element, text)
    page.keyboard.press("Enter")


def _type(page: Page, label: str, text: str) -> None:
    _tab_to(page, "input", label)
    page.keyboard.type(text)


def test_a_long_name_fits_a_small_phone(visit: Visit, room: Room, alice: User, desk: BookingContext) -> None:
    own_account.rename(acting(alice), "-".join(["Hohenzollernsigmaringen"] * 3) + " " + "W" * 50)
    paid = bookings.book(acting(alice), order(alice, room, the_stay()), VISA, desk)
    page = visit(**PHONE)
    page.goto("/sign-in")
    sign_in(page, alice)
    expect(heading(page, "Your bookings")).to_be_visible()
    for path in (f"/bookings/{encode('booking', paid.id)}", "/bookings", "/account"):
        page.goto(path)
        assert fits(page), path


def test_every_state_of_the_way_is_sound_on_a_small_phone(
    visit: Visit, room: Room, alice: User, bob: User, desk: BookingContext
) -> None:
    """320 px wide: nothing to scroll sideways, nothing that axe objects to. Without doing anything: test_every_page."""
    page = visit(**PHONE)
    seen: list[str] = []

    def look(name: str) -> None:
        expect(page.locator("h1:visible")).to_have_text(name)
        seen.append(name)
        assert fits(page), name
        assert violations(page) == [], name

    page.goto("/forgot-password")
    page.get_by_label("Email").fill(alice.email)
    button(page, "Send link").click()
    look("Check your email")
    page.goto(address(room))
    button(page, "Reserve").click()
    sign_in(page, alice, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    look("Sign in or create an account")
    sign_in(page, alice)
    expect(heading(page, "Review and pay")).to_be_visible()
    checkout = page.url
    pay(page, DECLINED)
    expect(page.get_by_text("Your card was declined")).to_be_visible()
    look("Review and pay")
    pay(page)
    look("You’re booked")
    page.goto(checkout)
    page.get_by_role("link", name="Cancel booking").click()
    button(page, "Cancel and get €360 back").click()
    look("This booking has been cancelled")
    page.goto(address(room))
    button(page, "Reserve").click()
    expect(heading(page, "Review and pay")).to_be_visible()
    given_back = page.url
    button(page, "Release the room").click()
    expect(heading(page, room.name)).to_be_visible()
    page.goto(given_back)
    look("This reservation has ended")
    holds.reserve(acting(bob), order(bob, room, the_stay()), desk)
    page.goto(address(room).replace("?", "/reserve?"))
    look("Someone else has just taken this room")
    assert len(seen) == 7
