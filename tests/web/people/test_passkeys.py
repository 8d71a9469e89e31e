"""Passkeys on pages: added, renamed, removed, signed in by. A device in Python stands in for script and browser."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain.actors import Role
from booking.domain.people import account_closing, sessions, staff
from booking.domain.tables import User
from tests.cast import PASSWORD, SYSTEM, acting, later
from tests.domain.people.devices import Device
from tests.domain.people.second_factors import turned_on
from tests.web.people.test_two_step import half_way
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
ORIGIN = "http://localhost:8000"  # SITE_URL of the application under test
TWO_STEP, PASSKEYS = "/account/two-step", "/account/two-step/passkeys"
ALONE, AFTER_PASSWORD = "/sign-in/passkey", "/sign-in/code/passkey"


@pytest.fixture
def device() -> Device:
    return Device(ORIGIN)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def options(visitor: Visitor, path: str) -> dict[str, Any]:
    """What the page's script asks for, with the fields of the form."""
    answer = visitor.client.post(f"{path}/options", data={"csrf_token": visitor.token(), "name": "Phone"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    found: dict[str, Any] = answer.get_json()
    return found


def add(visitor: Visitor, device: Device, **typed: str) -> Visitor:
    visitor.go(f"{PASSKEYS}/new")
    return visitor.send(PASSKEYS, {"credential": device.create(options(visitor, PASSKEYS)), **typed})


def enter(visitor: Visitor, device: Device, path: str = ALONE) -> Visitor:
    return visitor.send(path, credential=device.sign(options(visitor, path)))


def test_the_first_one_brings_recovery_codes_and_is_listed(guest: Visitor, device: Device) -> None:
    assert f"{PASSKEYS}/new" in guest.go(TWO_STEP).links()
    add(guest, device, name="Phone")
    assert (guest.heading, len(guest.page.select(".codes li"))) == ("Your recovery codes", 10)
    assert guest.go(PASSKEYS).url == TWO_STEP
    assert "Phone" in guest.text
    assert "not used yet" in guest.text
    add(guest, device, name="Laptop")
    assert (guest.url, guest.page.select(".codes li")) == (TWO_STEP, [])
    assert "Your passkey has been added." in guest.text


def test_without_a_name_or_an_answer_the_form_comes_back(guest: Visitor, device: Device) -> None:
    assert guest.go(f"{PASSKEYS}/new").send(PASSKEYS, name="Phone").problems == []
    assert (guest.status, guest.heading) == (200, "Add a passkey")
    # A name that cannot be is said before the device is asked.
    refused = guest.client.post(f"{PASSKEYS}/options", data={"csrf_token": guest.token(), "name": " "})
    assert (refused.status_code, refused.is_json) == (400, False)
    guest.send(PASSKEYS, name=" ")
    assert (guest.status, guest.problems) == (400, ["Name must not be empty."])
    guest.send(PASSKEYS, name="Phone", credential="{}")
    assert (guest.status, guest.problems) == (401, ["That took too long. Try again."])
    options(guest, PASSKEYS)
    guest.send(PASSKEYS, name="Phone", credential="{}")
    assert guest.problems == ["Your device’s answer can’t be used, so no passkey was added. Try again."]


def test_an_answer_that_is_sent_twice_is_taken_once(guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    guest.go(f"{PASSKEYS}/new")
    fields = {"credential": device.create(options(guest, PASSKEYS)), "name": "Laptop"}
    before = guest.copy()
    token = guest.token()
    assert guest.send(PASSKEYS, fields).url == TWO_STEP
    assert guest.go(f"{PASSKEYS}/new").send(PASSKEYS, fields).problems == ["That took too long. Try again."]
    # A copy of the cookie brings the challenge back, and the key is there already.
    again = before.post(PASSKEYS, data={**fields, "csrf_token": token})
    assert (again.status_code, "belongs to an account already" in again.text) == (409, True)


def test_after_a_while_the_password_is_asked_for_first(guest: Visitor) -> None:
    later(dt.timedelta(hours=1))
    guest.go(f"{PASSKEYS}/new")
    assert guest.heading == "Confirm it’s you"
    guest.send("/account/confirm", confirmPassword=PASSWORD)
    assert (guest.heading, guest.url) == ("Add a passkey", f"{PASSKEYS}/new")
    later(dt.timedelta(hours=1))
    answer = guest.client.post(f"{PASSKEYS}/options", data={"csrf_token": guest.token(), "name": "Phone"})
    assert (answer.status_code, answer.is_json) == (401, False)  # the script then sends the form, which brings the page


def test_renamed_and_removed_after_a_question(guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    add(guest, device, name="Laptop")
    guest.go(TWO_STEP)
    [first, last] = [one["action"] for one in guest.page.select("form[action$='/name']")]
    guest.send(str(first), name="Old <phone>")
    assert "Old <phone>" in guest.text
    assert guest.send(str(first), name="").problems == ["Name is missing."]
    assert guest.go(str(first)).url == TWO_STEP
    gone, left = (str(action).replace("/name", "/remove") for action in (first, last))
    assert "Old <phone>" in guest.go(gone).text
    guest.send(gone)
    assert "The passkey has been removed." in guest.text
    assert guest.go(gone).status == 404
    assert "two-step sign-in will be off" in guest.go(left).text
    guest.send(left)
    assert "Two-step sign-in is off." in guest.text


def test_what_became_the_last_one_after_the_question_is_asked_about_again(guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    add(guest, device, name="Laptop")
    gone, left = (str(one["href"]) for one in guest.page.select("a[href$='/remove']"))
    guest.go(left)
    other = guest.copy()
    assert other.post(gone, data={"csrf_token": guest.token()}).status_code == 303
    guest.send(left)
    assert (guest.status, "two-step sign-in will be off" in guest.text) == (409, True)
    guest.send(left)
    assert "Two-step sign-in is off." in guest.text
    assert guest.go(left).status == 404


def test_the_app_goes_and_passkeys_stay(app: Flask, alice: User, device: Device) -> None:
    codes = turned_on(acting(sessions.start_web(alice.id)), app.extensions["services"].settings.secret_keys)
    guest = half_way(app).send("/sign-in/code", code=codes[0])
    assert guest.go(f"{TWO_STEP}/app/remove").url == f"{TWO_STEP}/off"
    add(guest, device, name="Phone")
    guest.go(f"{TWO_STEP}/app/remove").send(f"{TWO_STEP}/app/remove")
    assert "Your authenticator app has been removed." in guest.text
    assert guest.go(f"{TWO_STEP}/app/remove").url == TWO_STEP
    assert half_way(app).heading == "One more step"


# --- signing in


def test_alone_it_leads_to_what_was_wanted(app: Flask, guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    visitor = Visitor(app).go("/sign-in?next=/account")
    enter(visitor, device)
    assert (visitor.url, visitor.heading) == ("/account", "Your account")
    assert visitor.client.get_cookie("device") is not None


def test_after_the_password_it_takes_the_place_of_a_code(app: Flask, guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    visitor = half_way(app, "/sign-in?next=/account")
    assert "Use your passkey, or enter one of your recovery codes." in visitor.text
    enter(visitor, device, AFTER_PASSWORD)
    assert visitor.url == "/account"


def test_a_recovery_code_works_beside_it(app: Flask, guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    [code, *_] = [one.get_text() for one in guest.page.select(".codes code")]
    assert half_way(app).send("/sign-in/code", code=code).url == "/bookings"


def test_what_is_no_passkey_of_this_house_is_said(app: Flask, guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    for path, visitor in ((ALONE, Visitor(app).go("/sign-in")), (AFTER_PASSWORD, half_way(app))):
        asked = options(visitor, path)
        visitor.send(path, credential=device.sign(asked, origin="https://evil.example"))
        assert visitor.problems == ["This passkey doesn’t work here. Try another one, or sign in with your password."]
        assert visitor.status == 401
        assert visitor.send(path).problems == ["Your passkey wasn’t asked for. Try again, or sign in another way."]
        assert visitor.send(path, credential=device.sign(asked)).problems == ["That took too long. Try again."]


def test_what_was_asked_for_one_step_counts_for_no_other(app: Flask, guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    visitor = half_way(app)
    asked = options(visitor, AFTER_PASSWORD)
    visitor.go("/sign-in").send(ALONE, credential=device.sign(asked))
    assert visitor.problems == ["That took too long. Try again."]


def test_an_answer_that_comes_with_a_copied_cookie_is_refused(app: Flask, guest: Visitor, device: Device) -> None:
    device.counts = False
    add(guest, device, name="Phone")
    visitor = Visitor(app).go("/sign-in")
    answer, token = device.sign(options(visitor, ALONE)), visitor.token()
    copy = visitor.copy()
    assert visitor.send(ALONE, credential=answer).url == "/bookings"
    again = copy.post(ALONE, data={"credential": answer, "csrf_token": token})
    assert (again.status_code, "That took too long" in again.text) == (401, True)


def test_whoever_takes_too_long_begins_again(app: Flask, guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    visitor = half_way(app)
    asked = options(visitor, AFTER_PASSWORD)
    later(dt.timedelta(minutes=10))
    visitor.send(AFTER_PASSWORD, credential=device.sign(asked))
    assert (visitor.status, visitor.problems) == (401, ["That took too long. Sign in again."])
    assert visitor.go(AFTER_PASSWORD).url == "/sign-in"
    assert visitor.go(ALONE).url == "/sign-in"


def test_a_disabled_account_is_told(app: Flask, guest: Visitor, alice: User, device: Device) -> None:
    add(guest, device, name="Phone")
    account_closing.disable(SYSTEM, alice.id)
    visitor = enter(Visitor(app).go("/sign-in"), device)
    assert (visitor.status, visitor.problems) == (403, ["This account is disabled. Contact us to use it again."])


def test_a_made_up_challenge_is_none(app: Flask, guest: Visitor, device: Device) -> None:
    add(guest, device, name="Phone")
    visitor = Visitor(app).go("/sign-in")
    answer = device.sign(options(visitor, ALONE))
    for made_up in (["add", "AAAA", 1.0], ["enter"], "enter", 7, None):
        with visitor.client.session_transaction() as cookie:
            cookie["passkey"] = made_up
        assert visitor.send(ALONE, credential=answer).problems == ["That took too long. Try again."]


def test_a_stranger_finds_the_sign_in(app: Flask) -> None:
    for path in ("", "/new", "/passkey_01h455vb4pex5vsknk084sn02q/remove"):
        assert Visitor(app).go(f"{PASSKEYS}{path}").heading == "Sign in"
    assert Visitor(app).go("/sign-in").client.post(f"{PASSKEYS}/options").status_code in {302, 303, 400}


def test_an_owner_who_came_by_passkey_has_their_role(environ: dict[str, str], alice: User, device: Device) -> None:
    strict = create_app(Settings.from_env(environ | {"STAFF_SECOND_FACTOR": "required"}))
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    add(Visitor(strict).signed_in(alice), device, name="Phone")
    assert enter(Visitor(strict).go("/sign-in"), device).url == "/admin/"


def test_a_site_without_a_name_says_so_and_offers_none(environ: dict[str, str], alice: User) -> None:
    nameless = create_app(Settings.from_env(environ | {"SITE_URL": "http://127.0.0.1:8000"}))
    visitor = Visitor(nameless).go("/sign-in")
    assert visitor.page.select("[data-passkey]") == []
    visitor = visitor.signed_in(alice).go(TWO_STEP)
    assert "Passkeys need a site with a name and a secure connection." in visitor.text
    assert "use an authenticator app" in visitor.go(f"{PASSKEYS}/new").text
    answer = visitor.client.post(
        f"{PASSKEYS}/options", data={"csrf_token": visitor.go("/account").token(), "name": "x"}
    )
    assert answer.status_code == 404
