"""The account's address, confirmed from its mailbox: by a button, never by looking, and never needed to book."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from flask import Flask

from booking.domain.people import email_verification, own_account, password_resets, sessions, users
from booking.domain.tables import EmailVerification, Event, User
from booking.infra.db import db, transaction
from tests.api.program import program_of
from tests.cases import each
from tests.cast import PASSWORD, acting, count, later
from tests.jobs.letters_sent import newest, path_in, recipient, sent, text
from tests.web.visitor import Visitor

DAY = dt.timedelta(days=1)
SUBJECT = "Confirm your email address"
CAROL = {"fullName": "Carol", "email": "carol@example.com", "password": PASSWORD}


@pytest.fixture
def carol(app: Flask, mail_dir: Path) -> Visitor:
    return Visitor(app).go("/register").send("/register", CAROL)


def verified(email: str = "carol@example.com") -> bool:
    user = users.find(email)
    assert user is not None
    return user.email_verified_at is not None


def test_the_mails_button_confirms_the_address(carol: Visitor, mail_dir: Path, app: Flask) -> None:
    mail = newest(mail_dir, SUBJECT)
    assert recipient(mail) == "carol@example.com"
    assert "Not confirmed yet" in carol.go("/account").text
    mailbox = Visitor(app)  # another browser, where nobody has signed in
    path = path_in(mail, "verify-email")
    assert mailbox.go(path).heading == SUBJECT
    mailbox.send(path)
    assert mailbox.heading == "Your email address is confirmed"
    assert verified()
    assert "Not confirmed yet" not in carol.go("/account").text


def test_a_scanner_that_opens_every_link_confirms_nothing(carol: Visitor, mail_dir: Path, app: Flask) -> None:
    path = path_in(newest(mail_dir, SUBJECT), "verify-email")
    for _ in range(3):
        assert Visitor(app).go(path).status == 200
        assert app.test_client().head(path).status_code == 200
    assert not verified()
    assert Visitor(app).go(path).send(path).heading == "Your email address is confirmed"


def test_a_second_click_says_that_it_is_done(carol: Visitor, mail_dir: Path) -> None:
    path = path_in(newest(mail_dir, SUBJECT), "verify-email")
    carol.go(path).send(path)
    assert carol.go(path).heading == "Your email address is confirmed"


def test_the_button_needs_the_forms_token(carol: Visitor, mail_dir: Path) -> None:
    path = path_in(newest(mail_dir, SUBJECT), "verify-email")
    assert carol.post(path).status == 400
    assert not verified()


def test_an_old_link_says_so_and_the_account_page_sends_a_new_one(carol: Visitor, mail_dir: Path) -> None:
    old = path_in(newest(mail_dir, SUBJECT), "verify-email")
    later(8 * DAY)
    assert (carol.go(old).status, carol.heading) == (404, "This link no longer works")
    carol.go("/account").send("/account/email/verify")
    assert "We’ve emailed you a link." in carol.text
    new = path_in(newest(mail_dir, SUBJECT), "verify-email")
    assert new != old
    assert carol.go(new).send(new).heading == "Your email address is confirmed"


def test_asked_for_again_at_once_nothing_is_mailed_and_the_page_says_so(carol: Visitor, mail_dir: Path) -> None:
    carol.go("/account").send("/account/email/verify")
    assert "We’ve emailed you a link already." in carol.text
    assert len(sent(mail_dir)) == 1


@pytest.mark.slow
def test_there_are_five_mails_a_day(carol: Visitor, mail_dir: Path) -> None:
    for _ in range(8):
        later(dt.timedelta(minutes=2))
        carol.go("/account").send("/account/email/verify")
    assert len(sent(mail_dir)) == 5


@each("link", ["x", "verify_01jdq6q8ztf2nvg7e8dh1w4m5k", "verify_01jdq6q8ztf2nvg7e8dh1w4m5k." + "0" * 64])
def test_what_we_did_not_write_confirms_nothing(app: Flask, link: str) -> None:
    assert Visitor(app).go(f"/verify-email/{link}").status == 404


def test_a_link_for_one_purpose_is_none_for_another(carol: Visitor, mail_dir: Path) -> None:
    verify = path_in(newest(mail_dir, SUBJECT), "verify-email")
    assert carol.go(verify.replace("verify-email", "reset-password")).status == 404
    password_resets.request("carol@example.com")
    reset = path_in(newest(mail_dir, "Reset your password"), "reset-password")
    assert carol.go(reset.replace("reset-password", "verify-email")).status == 404


def test_nobody_needs_it_and_the_api_says_whether_it_is(carol: Visitor, app: Flask) -> None:
    user = users.find("carol@example.com")
    assert user is not None
    program = program_of(app, user)
    assert program.get("/me").json["emailVerified"] is False
    mark_verified(user)
    assert program.get("/me").json["emailVerified"] is True


@transaction
def mark_verified(user: User) -> None:
    email_verification.verified(user.id)


def test_a_password_that_was_set_by_link_confirms_the_address_too(app: Flask, alice: User, mail_dir: Path) -> None:
    password_resets.request(alice.email)
    link = path_in(newest(mail_dir, "Reset your password"), "reset-password")
    Visitor(app).go(link).send(link, newPassword="another horse battery")
    assert verified(alice.email)


def test_accounts_that_the_house_makes_get_no_mail_unasked(alice: User, mail_dir: Path) -> None:
    assert sent(mail_dir) == []
    assert count(EmailVerification) == 0


def test_the_outbox_holds_neither_address_nor_secret(carol: Visitor, mail_dir: Path, app: Flask) -> None:
    _, _, proof = path_in(newest(mail_dir, SUBJECT), "verify-email").partition(".")
    payloads = transaction(lambda: str([event.payload for event in db.session.query(Event)]))()
    assert "carol@example.com" not in payloads
    assert proof not in payloads


# --- what a mail says to whom


def stranger(app: Flask) -> None:
    """Somebody who makes an account with another's address, and a name that is a message."""
    name = "You won 500 EUR Claim Now"
    fields = {"fullName": name, "email": "victim@example.com", "password": PASSWORD}
    Visitor(app).go("/register").send("/register", fields)


def test_before_the_address_is_confirmed_no_mail_holds_the_name(app: Flask, mail_dir: Path) -> None:
    stranger(app)
    user = users.find("victim@example.com")
    assert user is not None
    password_resets.request("victim@example.com")
    own_account.change_password(acting(sessions.start_web(user.id, "")), PASSWORD, "another horse battery")
    later(dt.timedelta(minutes=2))
    password_resets.request("victim@example.com")
    mails = sent(mail_dir)
    assert len(mails) >= 3
    for mail in mails:
        whole = mail.as_string() + text(mail) + text(mail, "html")
        assert "You won" not in whole
        assert "Hello," in text(mail)


def test_afterwards_mails_greet_by_name(app: Flask, alice: User, mail_dir: Path) -> None:
    mark_verified(alice)
    password_resets.request(alice.email)
    (mail,) = sent(mail_dir)
    assert text(mail).startswith("Hello Alice,")
    assert mail["To"].addresses[0].display_name == "Alice"


def test_a_name_that_could_become_a_link_stands_in_no_mail(app: Flask, alice: User, mail_dir: Path) -> None:
    own_account.rename(acting(alice), "Claim at evil.example")
    mark_verified(alice)
    password_resets.request(alice.email)
    (mail,) = sent(mail_dir)
    assert "evil" not in mail.as_string() + text(mail) + text(mail, "html")


# --- password managers


def test_the_reset_form_names_the_account(app: Flask, alice: User, mail_dir: Path) -> None:
    password_resets.request(alice.email)
    link = path_in(newest(mail_dir, "Reset your password"), "reset-password")
    visitor = Visitor(app).go(link)
    for _ in range(2):  # also where it was refused
        field = visitor.form(link).find("input", attrs={"autocomplete": "username"})
        assert field is not None
        assert field["value"] == "alice@example.com"  # type: ignore[index]  # a tag
        visitor.send(link, newPassword="short")
        assert visitor.status == 400


def test_password_managers_find_the_page(app: Flask, alice: User) -> None:
    answer = app.test_client().get("/.well-known/change-password")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account#password"
    assert Visitor(app).sign_in("alice").go("/account").page.find(id="password")
