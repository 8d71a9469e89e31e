"""When a sign-in ends by itself, and when it is too old for something sensitive."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask

from booking.domain.errors import Invalid, InvalidToken, SignInTooOld, Unauthorized
from booking.domain.notices import Notice
from booking.domain.people import own_account, sessions, users
from booking.domain.people.sessions import SessionEnds
from booking.domain.people.users import CurrentUser
from booking.domain.tables import Session, User
from booking.infra.db import db, transaction
from tests.cast import PASSWORD, SYSTEM, acting, later

DAY, HOUR, MINUTE, SECOND = (
    dt.timedelta(days=1),
    dt.timedelta(hours=1),
    dt.timedelta(minutes=1),
    dt.timedelta(seconds=1),
)
ENDS = SessionEnds(idle=10 * DAY, longest=25 * DAY, staff_idle=2 * HOUR, staff_longest=1 * DAY)


@pytest.fixture
def owner(app: Flask) -> User:
    return users.ensure(
        SYSTEM, email="olga@example.com", password=PASSWORD, full_name="Olga", role="owner", region="eu"
    )


def is_live(who: CurrentUser) -> bool:
    try:
        return bool(sessions.current(who.session_id, who.id, ends=ENDS))
    except Unauthorized:
        return False


@transaction
def stored(who: CurrentUser) -> Session:
    return db.session.get_one(Session, who.session_id)


# --- ends


@pytest.mark.parametrize("kind", ["browser", "program"])
def test_a_session_that_is_used_ends_all_the_same_some_day(alice: User, kind: str) -> None:
    who = sessions.start_web(alice.id) if kind == "browser" else sessions.start_api(alice.id).user
    for _ in range(3):
        later(8 * DAY)
        assert is_live(who)
    later(DAY + MINUTE)
    assert not is_live(who)


@pytest.mark.parametrize("kind", ["browser", "program"])
def test_a_session_that_nobody_uses_ends_sooner(alice: User, kind: str) -> None:
    who = sessions.start_web(alice.id) if kind == "browser" else sessions.start_api(alice.id).user
    later(10 * DAY + MINUTE)
    assert not is_live(who)


def test_an_owner_is_signed_out_sooner_than_a_guest(alice: User, owner: User) -> None:
    guest, boss = sessions.start_web(alice.id), sessions.start_web(owner.id)
    later(2 * HOUR - 6 * MINUTE)
    assert is_live(boss)
    later(2 * HOUR + MINUTE)
    assert (is_live(guest), is_live(boss)) == (True, False)


def test_an_owner_who_never_pauses_is_signed_out_after_a_day(owner: User) -> None:
    boss = sessions.start_web(owner.id)
    for _ in range(13):
        later(110 * MINUTE)
        assert is_live(boss)
    later(11 * MINUTE)
    assert not is_live(boss)


def test_a_refresh_does_not_outlast_the_session(alice: User) -> None:
    token = sessions.start_api(alice.id).refresh_token
    for _ in range(3):
        later(8 * DAY)
        token = sessions.refresh(token, ENDS).refresh_token
    later(2 * DAY)
    with pytest.raises(InvalidToken):
        sessions.refresh(token, ENDS)


def test_what_is_over_is_not_listed(alice: User) -> None:
    sessions.start_web(alice.id)
    later(11 * DAY)
    here = sessions.start_web(alice.id)
    assert [one.is_this for one in sessions.mine(acting(here), ENDS)] == [True]


# --- fresh enough


def test_a_new_sign_in_is_recent_for_a_quarter_of_an_hour(alice: User) -> None:
    here = sessions.start_web(alice.id)
    later(14 * MINUTE)
    sessions.require_recent(acting(here))
    later(2 * MINUTE)
    with pytest.raises(SignInTooOld):
        sessions.require_recent(acting(here))


def test_the_password_makes_it_recent_again_and_only_here(alice: User) -> None:
    here, phone = sessions.start_web(alice.id), sessions.start_web(alice.id)
    later(HOUR)
    own_account.confirm(acting(here), PASSWORD)
    sessions.require_recent(acting(here))
    with pytest.raises(SignInTooOld):
        sessions.require_recent(acting(phone))


def test_a_wrong_password_does_not(alice: User) -> None:
    here = sessions.start_web(alice.id)
    later(HOUR)
    with pytest.raises(Invalid) as refused:
        own_account.confirm(acting(here), "not the password")
    assert refused.value.details == {"confirmPassword": Notice("wrong")}
    with pytest.raises(SignInTooOld):
        sessions.require_recent(acting(here))


def test_using_the_session_does_not_make_it_recent(alice: User) -> None:
    program = sessions.start_api(alice.id)
    later(HOUR)
    again = sessions.refresh(program.refresh_token)
    with pytest.raises(SignInTooOld):
        sessions.require_recent(acting(again.user))


def test_changing_the_password_proves_who_one_is(alice: User) -> None:
    here = sessions.start_web(alice.id)
    later(HOUR)
    own_account.change_password(acting(here), PASSWORD, "another horse battery")
    sessions.require_recent(acting(here))


def test_a_session_from_before_counts_from_its_beginning(alice: User) -> None:
    here = sessions.start_web(alice.id)
    forget_the_proof(here)
    sessions.require_recent(acting(here))
    later(HOUR)
    with pytest.raises(SignInTooOld):
        sessions.require_recent(acting(here))


@transaction
def forget_the_proof(who: CurrentUser) -> None:
    db.session.get_one(Session, who.session_id).authenticated_at = None


# --- refresh tokens


@transaction
def as_before(session_id: object, secret_hash: bytes) -> None:
    """As the last version left it."""
    row = db.session.get_one(Session, session_id)
    row.refresh_seed, row.refresh_hash = None, secret_hash


def test_a_token_from_before_is_exchanged_and_graced_like_any(alice: User) -> None:
    from booking.domain.people import refresh_tokens

    program = sessions.start_api(alice.id)
    old = refresh_tokens.written(program.user.session_id, "o" * 43)
    as_before(program.user.session_id, refresh_tokens.hashed("o" * 43))
    following = sessions.refresh(old)
    assert sessions.refresh(old).refresh_token == following.refresh_token
    later(11 * SECOND)
    with pytest.raises(InvalidToken):
        sessions.refresh(old)
    assert not is_live(program.user)


def test_neither_the_hash_nor_the_seed_is_a_secret_of_the_token(alice: User) -> None:
    program = sessions.start_api(alice.id)
    row, secret = stored(program.user), program.refresh_token.partition(".")[2]
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", secret)
    assert row.refresh_seed is not None
    assert secret.encode() not in bytes(row.refresh_seed) + bytes(row.refresh_hash or b"")
