"""Another address for an account: asked for here, confirmed by the new mailbox, stopped or undone by the old one."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from booking.domain.errors import ChangeLinkOver, EmailTaken, InvalidCredentials, Unauthorized
from booking.domain.people import email_changes, email_verification, own_account, password_resets, sessions, users
from booking.domain.people.users import CurrentUser
from booking.domain.tables import EmailChange, User
from tests.cast import PASSWORD, acting, all_at_once, count, later, person
from tests.jobs.letters_sent import newest, path_in, recipient, sent, text
from tests.web.people.email_changes_asked import (
    AFTER,
    DAY,
    HOUR,
    MINE,
    NEW,
    OLD,
    TO_NEW,
    TO_OLD,
    agreed,
    ask,
    confirmed,
    has,
    is_in,
    register,
    undone,
)
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def guest(app: Flask, alice: User, mail_dir: Path) -> Visitor:
    return Visitor(app).sign_in("alice")


def test_both_mailboxes_are_asked_and_nothing_changes_yet(guest: Visitor, alice: User, mail_dir: Path) -> None:
    ask(guest)
    assert "We’ve emailed a link to your new address." in guest.text
    assert NEW in guest.go("/account").text
    mails = {recipient(mail): mail for mail in sent(mail_dir)}
    assert set(mails) == {OLD, NEW}
    assert NEW in text(mails[OLD])
    for part in (text(mails[NEW]), text(mails[NEW], "html"), mails[NEW].as_string()):
        assert OLD not in part, "whoever reads the new mailbox may be a stranger"
        assert "Alice" not in part
    assert has(OLD, alice)


def test_the_new_mailbox_confirms_and_other_sign_ins_end(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    phone = Visitor(app).sign_in("alice")
    ask(guest)
    assert confirmed(app, mail_dir).heading == "Your email address has been changed"
    assert has(NEW, alice)
    assert not has(OLD, alice)
    assert users.with_password(NEW, PASSWORD).id == alice.id
    assert (is_in(guest), is_in(phone)) == (True, False)
    assert NEW in guest.text
    assert "Not confirmed yet" not in guest.text
    told = newest(mail_dir, AFTER)
    assert recipient(told) == OLD


def test_looking_at_any_of_the_links_changes_nothing(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    ask(guest)
    for subject, page in ((TO_NEW, "change-email"), (TO_OLD, "keep-email")):
        assert Visitor(app).go(path_in(newest(mail_dir, subject), page)).status == 200
    assert has(OLD, alice)
    assert is_in(guest)


def test_a_second_click_says_that_it_is_done(app: Flask, guest: Visitor, mail_dir: Path) -> None:
    ask(guest)
    path = path_in(newest(mail_dir, TO_NEW), "change-email")
    visitor = Visitor(app).go(path).send(path)
    assert visitor.go(path).heading == "Your email address has been changed"
    assert len([mail for mail in sent(mail_dir) if str(mail["Subject"]).startswith(AFTER)]) == 1


def test_the_old_mailbox_stops_it(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    ask(guest)
    assert undone(app, mail_dir, TO_OLD).heading == "Your address is safe"
    assert has(OLD, alice)
    assert not is_in(guest)
    with pytest.raises(InvalidCredentials):
        users.with_password(OLD, PASSWORD)
    assert Visitor(app).go(path_in_sent(mail_dir, TO_NEW, "change-email")).status == 404
    link = path_in(newest(mail_dir, "Reset your password"), "reset-password")
    Visitor(app).go(link).send(link, newPassword="another horse battery")
    assert users.with_password(OLD, "another horse battery").id == alice.id


def path_in_sent(mail_dir: Path, subject: str, page: str) -> str:
    return path_in(newest(mail_dir, subject), page)


def test_the_old_mailbox_undoes_it_for_a_week_also_after_further_changes(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    ask(guest)
    confirmed(app, mail_dir)
    path = path_in(newest(mail_dir, AFTER), "keep-email")
    ask(guest, "third@example.org")
    confirmed(app, mail_dir)
    agreed(app, mail_dir)
    assert has("third@example.org", alice)
    thiefs = path_in(newest(mail_dir, AFTER), "keep-email")
    later(6 * DAY)
    assert Visitor(app).go(path).send(path).heading == "Your address is safe"
    assert has(OLD, alice)
    assert not is_in(guest)
    assert Visitor(app).go(thiefs).status == 404, "what came later is undone with it"
    assert Visitor(app).go(path).status == 404


def test_after_a_week_it_stands(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    ask(guest)
    confirmed(app, mail_dir)
    path = path_in(newest(mail_dir, AFTER), "keep-email")
    later(8 * DAY)
    assert Visitor(app).go(path).status == 404
    assert has(NEW, alice)
    assert register(OLD)


def test_the_old_address_is_kept_from_others_while_it_can_be_undone(app: Flask, guest: Visitor, mail_dir: Path) -> None:
    ask(guest)
    confirmed(app, mail_dir)
    with pytest.raises(EmailTaken):
        register(OLD)
    with pytest.raises(EmailTaken):
        person("alice")
    ask(guest, OLD)  # but its owner may go back
    confirmed(app, mail_dir)
    agreed(app, mail_dir)
    assert users.find(OLD)


def test_it_waits_for_a_day(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    ask(guest)
    path = path_in(newest(mail_dir, TO_NEW), "change-email")
    later(25 * HOUR)
    assert (Visitor(app).go(path).status, has(OLD, alice)) == (404, True)


def test_a_newer_request_takes_its_place(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    ask(guest)
    first = path_in(newest(mail_dir, TO_NEW), "change-email")
    ask(guest, "other@example.org")
    assert Visitor(app).go(first).status == 404
    confirmed(app, mail_dir)
    assert has("other@example.org", alice)


def test_it_is_given_up_on_the_account_page(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    ask(guest).send("/account/email/cancel")
    assert "Your email address stays as it is." in guest.text
    assert NEW not in guest.go("/account").text
    assert is_in(guest)
    assert sent(mail_dir) == [], "what was given up before it was mailed is not mailed"


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("nobody", "New email must be an email address."),
        ("", "New email is missing."),
        (OLD, "New email is your address already."),
        ("BOB@example.com", "An account with this email already exists."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(guest: Visitor, bob: User, email: str, said: str) -> None:
    ask(guest, email)
    assert 400 <= guest.status < 500
    assert guest.problems == [said]
    assert guest.form("/account/email").find("input", attrs={"name": "newEmail"})["value"] == email  # type: ignore[index]  # a tag
    assert count(EmailChange) == 0


def test_it_is_asked_for_a_few_times_a_day(guest: Visitor) -> None:
    for number in range(5):
        ask(guest, f"a{number}@example.org")
        assert guest.status == 200
    ask(guest, "once-more@example.org")
    assert guest.problems == ["New email has been changed too often today. Try again tomorrow."]


def test_long_after_the_sign_in_the_password_is_asked_for_first(guest: Visitor, alice: User, mail_dir: Path) -> None:
    later(HOUR)
    ask(guest)
    assert guest.status == 401
    assert count(EmailChange) == 0
    guest.send("/account/email", confirmPassword=PASSWORD)
    assert "We’ve emailed a link to your new address." in guest.text


def test_somebody_who_registers_the_address_first_keeps_it(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    ask(guest)
    quicker = register(NEW)
    assert confirmed(app, mail_dir).heading == "This address is in use"
    assert (has(NEW, quicker), has(OLD, alice)) == (True, True)
    assert is_in(guest)


def test_a_change_and_a_registration_at_once_leave_one_owner(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    ask(guest)
    link = path_in(newest(mail_dir, TO_NEW), "change-email").rpartition("/")[2]
    results = all_at_once(app, [lambda: email_changes.confirm(link, (MINE,)), lambda: register(NEW)])
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in refused] == [EmailTaken]
    assert has(NEW, alice) != has(OLD, alice)


def test_a_change_and_a_registration_of_the_old_address_at_once(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    ask(guest)
    link = path_in(newest(mail_dir, TO_NEW), "change-email").rpartition("/")[2]
    results = all_at_once(app, [lambda: email_changes.confirm(link, (MINE,)), lambda: register(OLD)])
    assert [type(result) for result in results] == [type(None), EmailTaken]


def test_clicked_twice_at_once_it_is_one_change(app: Flask, guest: Visitor, mail_dir: Path) -> None:
    ask(guest)
    link = path_in(newest(mail_dir, TO_NEW), "change-email").rpartition("/")[2]
    assert all_at_once(app, [lambda: email_changes.confirm(link, (MINE,))] * 3) == [None] * 3
    assert len([mail for mail in sent(mail_dir) if str(mail["Subject"]).startswith(AFTER)]) == 1


def test_links_that_went_to_the_old_address_open_nothing_any_more(
    app: Flask, guest: Visitor, alice: User, mail_dir: Path
) -> None:
    password_resets.request(OLD)
    link = path_in(newest(mail_dir, "Reset your password"), "reset-password")
    ask(guest)
    confirmed(app, mail_dir)
    assert Visitor(app).go(link).status == 404


def test_one_link_is_none_for_the_other_end(app: Flask, guest: Visitor, mail_dir: Path) -> None:
    ask(guest)
    path = path_in(newest(mail_dir, TO_OLD), "keep-email")
    assert Visitor(app).go(path.replace("keep-email", "change-email").replace("keep_", "change_")).status == 404
    for link in ("", "x", "change_01jdq6q8ztf2nvg7e8dh1w4m5k." + "0" * 64):
        with pytest.raises(ChangeLinkOver):
            email_changes.confirm(link, (MINE,))


def test_a_session_of_another_kind_ends_too(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    program: CurrentUser = sessions.start_api(alice.id).user
    ask(guest)
    confirmed(app, mail_dir)
    with pytest.raises(Unauthorized):
        sessions.current(program.session_id, alice.id)


def test_addresses_are_forgotten_when_nothing_can_be_undone(app: Flask, guest: Visitor, mail_dir: Path) -> None:
    ask(guest)
    confirmed(app, mail_dir)
    later(7 * DAY - HOUR)
    assert email_changes.prune(100) == 0
    later(2 * DAY)
    assert email_changes.prune(100) == 1
    assert count(EmailChange) == 0


def test_a_changed_address_is_confirmed(app: Flask, guest: Visitor, alice: User, mail_dir: Path) -> None:
    assert not email_verification.is_verified(acting(alice))
    ask(guest)
    confirmed(app, mail_dir)
    assert email_verification.is_verified(acting(alice))
    own_account.rename(acting(alice), "Alice L.")
