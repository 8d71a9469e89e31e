"""flask users: owners made and revoked, passwords set, from the command line."""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain.errors import InvalidCredentials, PaymentUnknown
from booking.domain.people import second_factor, sessions, users
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Event, Room, Session, User
from tests.cast import PASSWORD, SYSTEM, VISA, acting, count, in_days, interrupted, order, silent
from tests.domain.people.second_factors import turned_on
from tests.domain.reservations.test_refund_debts import cancelled

NEW = "a much longer horse battery 4711"


def run(app: Flask, *words: str, text: str = "") -> Result:
    return app.test_cli_runner().invoke(args=["users", *words], input=text)


def role(name: str) -> str:
    user = users.find(f"{name}@example.com")
    assert user
    return user.role


def disabled_at(name: str) -> dt.datetime | None:
    user = users.find(f"{name}@example.com")
    assert user
    return user.disabled_at


def open_sessions(user: User) -> int:
    return count(Session, user_id=user.id, ended_at=None)


def test_a_guest_becomes_an_owner_and_a_guest_again(app: Flask, alice: User) -> None:
    sessions.start_api(alice.id)
    made = run(app, "make-owner", "ALICE@example.com")
    assert (made.exit_code, made.output) == (0, "alice@example.com is an owner.\n")
    assert role("alice") == "owner"
    assert open_sessions(alice) == 0
    assert run(app, "make-owner", "alice@example.com").output == "alice@example.com is an owner already.\n"
    refused = run(app, "revoke-owner", "alice@example.com")
    assert (refused.exit_code, role("alice")) == (1, "owner")
    revoked = run(app, "revoke-owner", "alice@example.com", "--force")
    assert revoked.exit_code == 0
    assert "alice@example.com is a guest." in revoked.stdout
    assert "Nobody is an owner now" in revoked.stderr
    assert role("alice") == "guest"


def test_another_role_in_place_of_the_last_owners_is_given_with_a_warning(app: Flask, alice: User) -> None:
    run(app, "make-owner", "alice@example.com")
    for words in (("give-role", "desk"), ("disable", "--yes"), ("delete", "--yes"), ("take-role",)):
        refused = run(app, words[0], "alice@example.com", *words[1:])
        assert (refused.exit_code, "This is the only owner." in refused.output) == (1, True)
    given = run(app, "give-role", "alice@example.com", "desk", "--force")
    assert (given.exit_code, given.stdout) == (0, "alice@example.com is desk at all properties.\n")
    assert "Nobody is an owner now" in given.stderr
    assert run(app, "give-role", "alice@example.com", "manager").stderr == ""


def test_the_sign_ins_of_others_stay(app: Flask, alice: User, bob: User) -> None:
    sessions.start_api(bob.id)
    run(app, "make-owner", "alice@example.com")
    assert open_sessions(bob) == 1


def test_who_is_no_owner_cannot_be_revoked(app: Flask, alice: User) -> None:
    said = run(app, "revoke-owner", "alice@example.com")
    assert said.exit_code == 1
    assert "alice@example.com is no owner." in said.output


@pytest.mark.parametrize("command", ["make-owner", "revoke-owner", "set-password"])
def test_an_account_that_is_not_there_is_named(app: Flask, command: str) -> None:
    said = run(app, command, "nobody@example.com")
    assert said.exit_code == 1
    assert "There is no account for nobody@example.com." in said.output


@pytest.mark.parametrize("ending", ["\n", "\r\n", "", "\r"])
@pytest.mark.parametrize("beginning", ["", "\ufeff"])
def test_a_password_is_set_however_its_line_ends(app: Flask, alice: User, beginning: str, ending: str) -> None:
    sessions.start_api(alice.id)
    said = run(app, "set-password", "alice@example.com", "--password-stdin", text=f"{beginning}{NEW}{ending}")
    assert said.exit_code == 0, said.output
    assert users.with_password("alice@example.com", NEW).id == alice.id
    with pytest.raises(InvalidCredentials):
        users.with_password("alice@example.com", PASSWORD)
    assert open_sessions(alice) == 0
    assert count(Event, type="password.changed") == 1
    assert NEW not in said.output


def test_a_weak_password_is_refused_with_the_reason(app: Flask, alice: User) -> None:
    said = run(app, "set-password", "alice@example.com", "--password-stdin", text="password123\n")
    assert said.exit_code == 1
    assert said.output.startswith("Error: password ")
    assert users.with_password("alice@example.com", PASSWORD).id == alice.id


def test_no_password_is_refused(app: Flask, alice: User) -> None:
    said = run(app, "set-password", "alice@example.com", "--password-stdin", text="\r\n")
    assert said.exit_code == 1
    assert "Standard input holds no password." in said.output


def test_a_password_can_be_typed_twice(app: Flask, alice: User) -> None:
    said = run(app, "set-password", "alice@example.com", text=f"{NEW}\n{NEW}\n")
    assert said.exit_code == 0
    assert users.with_password("alice@example.com", NEW).id == alice.id


def test_an_owner_is_created_from_a_script_on_windows(app: Flask, runner: FlaskCliRunner) -> None:
    words = ("create-owner", "anna@hotel.example", "--name", "Anna Berg", "--password-stdin")
    assert run(app, *words, text=f"{NEW}\r\n").exit_code == 0
    user = users.with_password("anna@hotel.example", NEW)
    assert user.role == "owner"
    again = run(app, *words, text=f"{NEW}\r\n")
    assert again.exit_code == 1
    assert "flask users make-owner anna@hotel.example" in again.output


def test_operators_are_told_what_keeps_an_account(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    refused = run(app, "delete", "alice@example.com", "--yes")
    assert refused.exit_code == 1
    assert refused.output == f"Error: These bookings are not over, cancel them first: {booking.reference}.\n"


def test_holds_that_keep_an_account_are_to_be_released(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    refused = run(app, "delete", "alice@example.com", "--yes")
    assert (refused.exit_code, "cancel" in refused.output) == (1, False)
    assert f"release them first or wait until they have run out: {held.reference}." in refused.output
    booking = bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    both = run(app, "delete", "alice@example.com", "--yes").output
    assert f"cancel them first: {booking.reference}. These holds" in both
    assert both.endswith(f": {held.reference}.\n")


def test_a_payment_under_way_is_waited_for(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, silent))
    refused = run(app, "delete", "alice@example.com", "--yes").output
    assert ("cancel them" in refused, "release them" in refused) == (False, False)
    assert f"wait until they have an outcome: 360.00 EUR of booking {held.reference}." in refused


def test_a_refund_that_keeps_an_account_is_named_with_what_to_do(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    owed = cancelled(alice, desk)
    refused = run(app, "delete", "alice@example.com", "--yes")
    assert refused.exit_code == 1
    assert refused.output == (
        "Error: These refunds were declined and are owed, see `flask payments list` and send them again first:"
        f" 360.00 EUR of booking {owed.reference}.\n"
    )
    waiting = cancelled(alice, desk, silent=True)
    both = run(app, "delete", "alice@example.com", "--yes").output
    assert f"wait until they have an outcome: 360.00 EUR of booking {waiting.reference}." in both
    assert owed.reference in both


@pytest.mark.parametrize(("answer", "is_disabled"), [("n\n", False), ("", False), ("y\n", True)])
def test_disabling_asks_first(app: Flask, alice: User, answer: str, is_disabled: bool) -> None:
    asked = run(app, "disable", "ALICE@example.com", text=answer)
    assert "Sign alice@example.com out everywhere and disable the account? [y/N]" in asked.output
    assert (asked.exit_code == 0) is is_disabled
    assert (disabled_at("alice") is not None) is is_disabled


def test_disabling_does_not_ask_where_it_is_told_not_to_or_has_nothing_to_do(app: Flask, alice: User) -> None:
    assert "[y/N]" not in run(app, "disable", "alice@example.com", "--yes").output
    assert disabled_at("alice")
    again = run(app, "disable", "alice@example.com")
    assert (again.exit_code, again.output) == (0, "This account is disabled already.\n")
    assert "There is no account for" in run(app, "disable", "nobody@example.com", "--yes").output


def test_two_step_sign_in_is_taken_from_who_lost_phone_and_codes(app: Flask, alice: User) -> None:
    turned_on(acting(sessions.start_web(alice.id)), app.extensions["services"].settings.secret_keys)
    asked = run(app, "reset-second-factor", "alice@example.com", text="n\n")
    assert (asked.exit_code, open_sessions(alice)) == (1, 1)
    done = run(app, "reset-second-factor", "alice@example.com", "--yes")
    assert (done.exit_code, done.output) == (0, "Two-step sign-in is off, and an email says so.\n")
    assert open_sessions(alice) == 0
    again = run(app, "reset-second-factor", "alice@example.com", "--yes")
    assert again.output == "Two-step sign-in was off already.\n"
    stranger = run(app, "reset-second-factor", "nobody@example.com", "--yes")
    assert (stranger.exit_code, "There is no account for nobody@example.com." in stranger.output) == (1, True)


def test_second_factors_are_sealed_anew_after_an_exchange_of_keys(app: Flask, alice: User) -> None:
    turned_on(acting(sessions.start_web(alice.id)), ("the former one",))
    lost = run(app, "seal-second-factors")
    assert (lost.exit_code, "Nothing was changed." in lost.output) == (1, True)
    second_factor.seal_anew(SYSTEM, ("another", "the former one"))
    second_factor.seal_anew(SYSTEM, (*app.extensions["services"].settings.secret_keys, "another"))
    done = run(app, "seal-second-factors")
    assert (done.exit_code, done.output.startswith("Encrypted anew: 0.")) == (0, True)
