"""A person's own account: name, password, sign-ins, and a forgotten password."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from flask import Flask

from booking.domain.errors import (
    Invalid,
    InvalidCredentials,
    ResetLinkOver,
    SessionNotFound,
    Unauthorized,
)
from booking.domain.people import own_account, password_resets, sessions, users
from booking.domain.tables import Event, PasswordReset, User
from booking.infra.db import db, transaction
from booking.infra.ids import decode
from tests.cast import PASSWORD, acting, all_at_once, count, later

NEW = "another horse battery"
SECRET = ("a-key-for-tests-0123456789abcdef0",)
MINUTE = dt.timedelta(minutes=1)


def signed_in(user: Any) -> Any:
    return sessions.start_web(user.id, "Mozilla/5.0 (X11; Linux) Firefox/150.0")


def is_live(who: Any) -> Any:
    try:
        return bool(sessions.current(who.session_id, who.id))
    except Unauthorized:
        return False


@transaction
def last_request() -> Any:
    """The id of the reset that the last request brought about."""
    event = db.session.query(Event).filter_by(type="password.requested").order_by(Event.id.desc()).first()
    return event.payload["resetId"] and decode("reset", event.payload["resetId"])


@transaction
def requests() -> Any:
    return [event.payload for event in db.session.query(Event).filter_by(type="password.requested")]


def asked(email: Any = "alice@example.com") -> Any:
    password_resets.request(email)
    reset_id = last_request()
    return reset_id and password_resets.token(reset_id, SECRET)


# --- name and password


def test_a_new_name_shows_at_once(alice: User) -> None:
    who = signed_in(alice)
    own_account.rename(acting(alice), "Alice Liddell")
    assert sessions.current(who.session_id, who.id).full_name == "Alice Liddell"


def test_a_new_password_ends_every_other_sign_in(alice: User) -> None:
    here, phone, program = signed_in(alice), signed_in(alice), sessions.start_api(alice.id)
    assert own_account.change_password(acting(here), PASSWORD, NEW) == 2
    assert (is_live(here), is_live(phone), is_live(program.user)) == (True, False, False)
    assert users.with_password("alice@example.com", NEW).id == alice.id
    with pytest.raises(InvalidCredentials):
        users.with_password("alice@example.com", PASSWORD)


def test_the_present_password_is_asked_for(alice: User) -> None:
    here, phone = signed_in(alice), signed_in(alice)
    with pytest.raises(Invalid) as refused:
        own_account.change_password(acting(here), "a wrong one", NEW)
    assert set(refused.value.details) == {"currentPassword"}
    assert is_live(phone)


# --- sign-ins


def test_ones_own_sign_ins_are_listed_with_this_one_marked(alice: User, bob: User) -> None:
    here, _, _ = signed_in(alice), sessions.start_api(alice.id, "curl/8"), signed_in(bob)
    listed = sessions.mine(acting(here))
    assert [(one.kind, one.is_this) for one in listed] == [("api", False), ("web", True)]
    assert listed[1].client.startswith("Mozilla")


def test_one_of_them_is_ended(alice: User) -> None:
    here, phone = signed_in(alice), signed_in(alice)
    sessions.end_mine(acting(alice), phone.session_id)
    assert (is_live(here), is_live(phone)) == (True, False)


def test_a_strangers_sign_in_does_not_exist(alice: User, bob: User) -> None:
    bobs = signed_in(bob)
    with pytest.raises(SessionNotFound):
        sessions.end_mine(acting(alice), bobs.session_id)
    assert is_live(bobs)


def test_ended_twice_is_over_already(alice: User) -> None:
    phone = signed_in(alice)
    sessions.end_mine(acting(alice), phone.session_id)
    with pytest.raises(SessionNotFound):
        sessions.end_mine(acting(alice), phone.session_id)


def test_all_others_are_ended(alice: User, bob: User) -> None:
    here, phone, bobs = signed_in(alice), signed_in(alice), signed_in(bob)
    assert sessions.end_others(acting(here)) == 1
    assert [is_live(who) for who in (here, phone, bobs)] == [True, False, True]


def test_a_browser_that_was_not_used_for_a_month_is_signed_out(alice: User) -> None:
    here = signed_in(alice)
    later(dt.timedelta(days=29))
    assert is_live(here)  # and is seen
    later(dt.timedelta(days=29))
    assert is_live(here)
    later(dt.timedelta(days=31))
    assert not is_live(here)
    assert sessions.mine(acting(signed_in(alice)))[0].is_this


# --- a forgotten password


def test_the_link_sets_a_new_password_and_ends_every_sign_in(alice: User) -> None:
    phone, link = signed_in(alice), asked()
    password_resets.email_of(link, SECRET)
    password_resets.reset(link, NEW, SECRET)
    assert not is_live(phone)
    assert users.with_password("alice@example.com", NEW).id == alice.id


def test_it_works_once(alice: User) -> None:
    link = asked()
    password_resets.reset(link, NEW, SECRET)
    with pytest.raises(ResetLinkOver):
        password_resets.reset(link, "yet another battery", SECRET)
    assert users.with_password("alice@example.com", NEW)


def test_it_works_once_also_for_many_at_once(app: Flask, alice: User) -> None:
    link = asked()
    results = all_at_once(app, [partial(password_resets.reset, link, f"password number {n}", SECRET) for n in range(4)])
    assert sorted(type(result).__name__ for result in results) == [*["ResetLinkOver"] * 3, "str"]


def test_it_works_for_an_hour(alice: User) -> None:
    link = asked()
    later(59 * MINUTE)
    password_resets.email_of(link, SECRET)
    later(2 * MINUTE)
    with pytest.raises(ResetLinkOver):
        password_resets.reset(link, NEW, SECRET)


def test_whoever_asks_again_earlier_links_live_their_hour(alice: User) -> None:
    older = asked()
    for _ in range(3):
        later(15 * MINUTE)
        newer = asked()
    password_resets.email_of(newer, SECRET)
    later(14 * MINUTE)
    password_resets.reset(older, NEW, SECRET)
    assert users.with_password("alice@example.com", NEW)


def test_a_link_of_another_day_is_another_link(alice: User) -> None:
    older = asked()
    later(61 * MINUTE)
    newer = asked()
    assert newer != older
    with pytest.raises(ResetLinkOver):
        password_resets.email_of(older, SECRET)


def test_there_are_five_mails_a_day_and_yet_nobody_is_kept_from_resetting(alice: User) -> None:
    links = [asked()]
    for _ in range(8):
        later(59 * MINUTE)
        links.append(asked())
    assert [link is not None for link in links] == [True] * 5 + [False] * 4
    later(5 * 60 * MINUTE)
    with pytest.raises(ResetLinkOver):
        password_resets.email_of(links[4], SECRET)
    assert asked() is None  # the sixth that is not mailed; the one in the mailbox is good again
    assert password_resets.email_of(links[4], SECRET) == "alice@example.com"
    later(24 * 60 * MINUTE)
    assert asked()


def test_after_a_reset_the_count_begins_anew(alice: User) -> None:
    for _ in range(5):
        link = asked()
        later(2 * MINUTE)
    assert asked() is None
    password_resets.reset(link, NEW, SECRET)
    again = asked()
    assert again
    assert again != link
    password_resets.reset(again, "yet another battery", SECRET)


def test_many_who_ask_at_once_bring_about_one_mail(app: Flask, alice: User) -> None:
    all_at_once(app, [lambda: password_resets.request("alice@example.com") for _ in range(5)])
    assert len([event for event in requests() if event["resetId"]]) == 1
    assert count(PasswordReset) == 1


def test_asked_for_again_at_once_sends_nothing_new(alice: User) -> None:
    link = asked()
    assert asked() is None
    password_resets.email_of(link, SECRET)


def test_nobodys_address_is_answered_like_anybodys(alice: User) -> None:
    assert asked("nobody@example.com") is None
    assert count(Event, type="password.requested") == 1
    assert count(PasswordReset) == 0


def test_an_address_in_other_case_is_the_same_and_the_stored_one_gets_the_mail(alice: User) -> None:
    password_resets.request("ALICE@Example.com")
    notice = password_resets.notice(last_request())
    assert notice is not None
    assert notice.to.email == "alice@example.com"


def test_changing_the_password_withdraws_the_link(alice: User) -> None:
    link = asked()
    own_account.change_password(acting(signed_in(alice)), PASSWORD, NEW)
    with pytest.raises(ResetLinkOver):
        password_resets.email_of(link, SECRET)


def test_no_other_link_opens_it(alice: User) -> None:
    link = asked()
    name, _, proof = link.partition(".")
    for forged in (name, f"{name}.", f"{name}.{'0' * 64}", f"{name}.é", f".{proof}", "", "…", link[:-1], link + "0"):
        with pytest.raises(ResetLinkOver):
            password_resets.email_of(forged, SECRET)
    with pytest.raises(ResetLinkOver):
        password_resets.email_of(link, ("another-key",))


def test_a_link_from_before_the_secret_was_exchanged_still_opens_it(alice: User) -> None:
    link = asked()
    assert password_resets.email_of(link, ("a-new-key", *SECRET)) == "alice@example.com"


def test_neither_table_nor_outbox_holds_the_links_secret(alice: User) -> None:
    _, _, proof = asked().partition(".")
    with_everything = transaction(
        lambda: [
            str(row) for table in ("password_resets", "events") for row in db.session.execute(db.text(f"TABLE {table}"))
        ]
    )
    assert all(proof not in row for row in with_everything())
