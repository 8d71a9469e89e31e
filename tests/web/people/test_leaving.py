"""The end of an account: disabled, or deleted with everything personal."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect

from booking.config import Settings
from booking.domain.actors import VISITOR
from booking.domain.errors import (
    AccountInUse,
    AccountNotFound,
    InvalidCredentials,
    InvalidToken,
    LastOwner,
    PaymentUnknown,
    Unauthorized,
)
from booking.domain.maintenance.messages_again import retry
from booking.domain.messages import outbox
from booking.domain.people import (
    account_closing,
    email_changes,
    email_verification,
    password_resets,
    sessions,
    users,
)
from booking.domain.people.inputs import Registration
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, Farewell, Payment, Room, User
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode
from booking.jobs import mails
from tests.api.program import program_of
from tests.cast import (
    DECLINED,
    PASSWORD,
    SYSTEM,
    VISA,
    acting,
    count,
    in_days,
    interrupted,
    later,
    order,
    payments_of,
    reload,
    silent,
)
from tests.jobs.letters_sent import newest, recipient, sent, text
from tests.jobs.stories import time_passes
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ALICE = "alice@example.com"


@pytest.fixture
def guest(app: Flask, alice: User, mail_dir: Path) -> Visitor:
    return Visitor(app).sign_in("alice")


def is_in(visitor: Visitor) -> bool:
    return visitor.go("/account").heading == "Your account"


def booked(alice: User, room: Room, desk: BookingContext, start: int = 30) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(start)), VISA, desk)


def delete(guest: Visitor, typed: str = ALICE) -> Visitor:
    return guest.go("/account/close").send("/account/delete", confirmEmail=typed)


# --- disabled


def test_a_disabled_account_is_signed_out_everywhere_at_once(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    program = sessions.start_api(alice.id)
    asking = program_of(app, alice)
    assert asking.get("/me").status_code == 200
    phone = Visitor(app).sign_in("alice")
    guest.go("/account/disable").send("/account/disable")
    assert guest.heading == "Your account is disabled"
    assert (is_in(guest), is_in(phone), asking.get("/me").status_code) == (False, False, 401)
    with pytest.raises(InvalidToken):
        sessions.refresh(program.refresh_token)
    told = newest(mail_dir, "Your account at")
    assert recipient(told) == ALICE
    assert "disabled" in str(told["Subject"])


def test_disabling_asks_first_and_says_what_it_means(guest: Visitor, alice: User) -> None:
    guest.go("/account/close")
    assert guest.page.find("form", action="/account/disable") is None
    assert "/account/disable" in guest.links()
    guest.go("/account/disable")
    assert guest.heading == "Disable your account?"
    assert "signed out everywhere" in guest.text
    assert ALICE in guest.text
    assert {"/account/close", "/account"} <= set(guest.links())
    assert is_in(guest)


def test_only_the_right_password_is_told_that_it_is_disabled(app: Flask, alice: User) -> None:
    account_closing.disable(SYSTEM, alice.id)
    visitor = Visitor(app).sign_in("alice")
    assert visitor.status == 403
    assert visitor.problems == ["This account is disabled. Contact us to use it again."]
    visitor.go("/sign-in").send("/sign-in", email=ALICE, password="a wrong one")
    assert visitor.problems == ["Email or password is wrong."]
    answer = app.test_client().post("/api/v1/auth/login", json={"email": ALICE, "password": PASSWORD})
    assert (answer.status_code, answer.json["error"]) == (403, "ACCOUNT_DISABLED")


def test_a_sign_in_that_began_before_is_no_way_in(alice: User) -> None:
    account_closing.disable(SYSTEM, alice.id)
    who = sessions.start_web(alice.id)  # its password was right a moment before
    with pytest.raises(Unauthorized):
        sessions.current(who.session_id, alice.id)


def test_no_link_opens_it(app: Flask, alice: User, mail_dir: Path) -> None:
    password_resets.request(ALICE)
    account_closing.disable(SYSTEM, alice.id)
    assert [str(mail["Subject"]) for mail in sent(mail_dir)] == ["Your account at Room Booking was disabled"]
    later(dt.timedelta(minutes=5))
    password_resets.request(ALICE)
    assert len(sent(mail_dir)) == 1


def test_it_is_enabled_again_with_everything(alice: User, room: Room, desk: BookingContext) -> None:
    booking = booked(alice, room, desk)
    account_closing.disable(SYSTEM, alice.id)
    account_closing.disable(SYSTEM, alice.id)  # twice is once
    account_closing.enable(SYSTEM, alice.id)
    assert users.with_password(ALICE, PASSWORD).id == alice.id
    assert reload(booking).status == "CONFIRMED"


def test_the_only_owner_stays(app: Flask, alice: User, bob: User) -> None:
    promote(alice)
    for end in (account_closing.disable, account_deletion.remove):
        with pytest.raises(LastOwner):
            end(SYSTEM, alice.id)
    visitor = Visitor(app).sign_in("alice").go("/account/disable").send("/account/disable")
    assert visitor.problems == ["This is the only owner. Make somebody else an owner first."]
    promote(bob)
    account_closing.disable(SYSTEM, alice.id)
    with pytest.raises(LastOwner):
        account_closing.disable(SYSTEM, bob.id)


@transaction
def promote(user: User) -> None:
    db.session.get_one(User, user.id).role = "owner"


# --- deleted


def test_everything_personal_goes_and_the_books_stay(
    app: Flask, guest: Visitor, alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booking = booked(alice, room, desk)
    later(40 * DAY)
    guest = Visitor(app).sign_in("alice")
    email_changes.request(acting(sessions.start_web(alice.id, "Firefox")), "alice@new.example")
    password_resets.request(ALICE)
    sent(mail_dir)
    assert delete(guest).heading == "Your account is deleted"
    everything = whole_database(but=("farewells",))
    for personal in (ALICE, "alice@new.example", "Alice", "Firefox"):
        assert personal not in everything
    kept = reload(booking)
    assert (kept.status, kept.user_id) == ("CONFIRMED", alice.id)
    assert [payment.state for payment in payments_of(booking)] == ["succeeded"]
    assert not is_in(guest)
    with pytest.raises(InvalidCredentials):
        users.with_password(ALICE, PASSWORD)


@transaction
def whole_database(but: tuple[str, ...]) -> str:
    names = inspect(db.session.connection()).get_table_names()
    tables = [name for name in names if name not in but and not name.startswith("audit_log_")]  # years of the whole
    return str([db.session.execute(db.text(f'TABLE "{table}"')).all() for table in tables])


def test_its_owner_is_told_once_and_then_the_address_is_nowhere(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    delete(guest)
    assert ALICE not in whole_database(but=("farewells",)), "the outbox holds no address"
    (told,) = [mail for mail in sent(mail_dir) if "deleted" in str(mail["Subject"])]
    assert recipient(told) == ALICE
    assert "Alice" not in text(told)
    assert ALICE not in whole_database(but=())
    retry(SYSTEM)
    assert len(sent(mail_dir)) == 1


def test_a_mail_that_cannot_be_sent_keeps_the_address_for_a_day(guest: Visitor, alice: User) -> None:
    delete(guest)
    later(DAY - HOUR)
    assert (account_closing.prune(100), count(Farewell)) == (0, 1)
    later(2 * HOUR)
    assert (account_closing.prune(100), count(Farewell)) == (1, 0)


def test_emails_about_bookings_that_are_owed_come_first_and_then_the_address_is_nowhere(
    guest: Visitor, alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booking = booked(alice, room, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    password_resets.request(ALICE)
    delete(guest)
    assert ALICE not in whole_database(but=("farewells",))
    letters = sent(mail_dir)
    assert [str(mail["Subject"]).split(" (")[0] for mail in letters] == [
        f"{booking.reference}: your booking is confirmed",
        f"{booking.reference}: your booking has been cancelled",
        "Your account at Room Booking was deleted",
    ]
    assert {recipient(mail) for mail in letters} == {ALICE}
    _, cancelled, _ = letters
    assert "€360 of the €360 you paid goes back" in " ".join(text(cancelled).split())
    assert "/bookings/" not in text(cancelled) + text(cancelled, "html"), "nobody can sign in to see it"
    [entry] = cancelled.iter_attachments()
    assert "METHOD:CANCEL" in str(entry.get_content())
    assert ALICE not in whole_database(but=())
    told_of(booking, "refund.returned")
    assert len(sent(mail_dir)) == 3


@transaction(isolation=READ_COMMITTED)
def told_of(booking: Booking, kind: str) -> None:
    facts = {"bookingId": encode("booking", booking.id), "amount": "360", "currency": "EUR"}
    outbox.record(SYSTEM, kind, facts)


def test_a_deletion_while_an_email_is_being_written_loses_none_and_the_last_one_waits(
    alice: User, room: Room, desk: BookingContext, app: Flask, mail_dir: Path
) -> None:
    booking = booked(alice, room, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    outbox.relay()
    events = [event_id for consumer, event_id in outbox.due() if consumer == "mail"]
    claimed = outbox.claim("mail", events)
    account_deletion.remove(SYSTEM, alice.id)
    told_of(booking, "refund.returned")  # begins afterwards
    assert sent(mail_dir) == [], "the others come first"
    letters = [message for task in claimed if (message := mails.WRITERS[task.type](task, "<a@b>", settings(app)))]
    assert [letter.to.addr_spec for letter in letters] == [ALICE, ALICE]
    outbox.finish(claimed)
    time_passes(60)
    assert [str(mail["Subject"]) for mail in sent(mail_dir)] == ["Your account at Room Booking was deleted"]


def settings(app: Flask) -> Settings:
    of_app: Settings = app.extensions["services"].settings
    return of_app


def test_the_address_can_be_registered_anew_by_somebody_else(guest: Visitor, alice: User) -> None:
    delete(guest)
    fields = {"email": ALICE, "password": "a window by the sea", "fullName": "Another Person"}
    another = users.register(VISITOR, Registration.model_validate(fields), "eu")
    assert another.id != alice.id
    assert not email_verification.is_verified(acting(another))


def test_stays_to_come_keep_it_and_are_named_with_links(
    app: Flask, guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    booking = booked(alice, room, desk)
    guest.go("/account/close")
    assert booking.reference in guest.text
    assert f"/bookings/{encode('booking', booking.id)}" in guest.links()
    assert guest.page.find("form", action="/account/delete") is None
    with pytest.raises(AccountInUse):
        account_deletion.remove(SYSTEM, alice.id)
    bookings.cancel(acting(alice), booking.id, desk)
    assert delete(guest).heading == "Your account is deleted"


def test_what_is_to_be_cancelled_is_told_from_what_is_to_be_released(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    paid, held = booked(alice, room, desk), holds.reserve(acting(alice), order(alice, room, in_days(40)), desk)
    guest.go("/account/close")
    texts = [" ".join(one.get_text(" ").split()) for one in guest.page.select(".notice-warn :is(p:not(.heading), li)")]
    assert [text.partition(".")[0] for text in texts[::2]] == [
        "You still have these bookings",
        "You still have these unpaid reservations",
    ]
    assert [paid.reference in texts[1], held.reference in texts[3]] == [True, True]


def test_what_is_being_paid_is_waited_for(guest: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, silent))
    guest.go("/account/close")
    assert "We’re still checking these payments." in guest.text
    assert ("Cancel them first" in guest.text, "Release them first" in guest.text) == (False, False)
    assert f"/checkout/{encode('booking', held.id)}" in guest.links()


def test_a_running_hold_keeps_it(guest: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    guest.go("/account/close")
    assert "You still have these unpaid reservations. Release them first" in guest.text
    assert "Cancel them first" not in guest.text
    assert f"/checkout/{encode('booking', held.id)}" in guest.links()
    with pytest.raises(AccountInUse):
        account_deletion.remove(SYSTEM, alice.id)
    later(HOUR)
    account_deletion.remove(SYSTEM, alice.id)


@pytest.mark.parametrize(
    ("state", "kept"), [("started", True), ("unknown", True), ("failed", True), ("succeeded", False)]
)
def test_money_under_way_or_owed_keeps_it(
    guest: Visitor, alice: User, room: Room, desk: BookingContext, state: str, kept: bool
) -> None:
    booking = booked(alice, room, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    refund_is(booking, state)
    guest.go("/account/close")
    assert ("A payment or refund is still in progress." in guest.text) is (kept and state != "failed")
    assert ("Your bank declined a refund. We still owe you this money" in guest.text) is (state == "failed")
    assert (f"{room.name} €360, {booking.reference}" in guest.text) is kept
    if kept:
        with pytest.raises(AccountInUse):
            account_deletion.remove(SYSTEM, alice.id)
    else:
        account_deletion.remove(SYSTEM, alice.id)


@transaction
def refund_is(booking: Booking, state: str) -> None:
    refund = db.session.query(Payment).filter_by(booking_id=booking.id, kind="refund").one()
    refund.state = state


@pytest.mark.parametrize(
    ("typed", "said"), [("", "Your email is missing."), ("alice", "Your email is not the address of this account.")]
)
def test_the_address_is_typed_to_confirm(guest: Visitor, typed: str, said: str) -> None:
    delete(guest, typed)
    assert (guest.status, guest.problems) == (400, [said])
    assert is_in(guest)


def test_typed_in_another_case_it_is_the_address(guest: Visitor) -> None:
    assert delete(guest, " ALICE@example.com ").heading == "Your account is deleted"


def test_deleted_twice_is_deleted_once(guest: Visitor, alice: User) -> None:
    delete(guest)
    with pytest.raises(AccountNotFound):
        account_deletion.remove(SYSTEM, alice.id)
    with pytest.raises(AccountNotFound):
        account_closing.enable(SYSTEM, alice.id)


@pytest.mark.parametrize("path", ["/account/disable", "/account/delete"])
def test_long_after_the_sign_in_the_password_is_asked_for_first(guest: Visitor, alice: User, path: str) -> None:
    later(HOUR)
    guest.go("/account/disable" if path == "/account/disable" else "/account/close").send(path, confirmEmail=ALICE)
    assert guest.status == 401
    guest.send(path, confirmPassword=PASSWORD)
    assert guest.heading in {"Your account is disabled", "Your account is deleted"}


@pytest.mark.parametrize("path", ["/account/disable", "/account/delete", "/account/email", "/account/email/verify"])
def test_a_form_of_another_site_does_nothing(guest: Visitor, path: str) -> None:
    assert guest.post(path, confirmEmail=ALICE).status == 400
    assert is_in(guest)


def test_a_declined_card_keeps_nothing(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(Exception, match="PAYMENT_FAILED"):
        bookings.book(acting(alice), order(alice, room), DECLINED, replace(desk))
    account_deletion.remove(SYSTEM, alice.id)
