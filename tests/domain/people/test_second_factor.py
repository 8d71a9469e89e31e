"""A second proof beside the password: what counts, how often, and what of it can be read in the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.domain.actors import Actor
from booking.domain.errors import (
    AccountNotFound,
    Invalid,
    InvalidCredentials,
    SecondFactorIsOff,
    SecondFactorIsOn,
    SecondFactorNeeded,
    SessionOver,
    SignInTooOld,
    TooManyAttempts,
    WrongCode,
)
from booking.domain.people import account_closing, own_account, second_factor, sessions, signing_in
from booking.domain.people.sign_in_throttle import SignInGuard
from booking.domain.people.signing_in import PasswordProved
from booking.domain.tables import Authenticator, Event, RecoveryCode, SecurityEvent, Session, User
from booking.infra import clock
from booking.infra.db import db, reading
from tests.cast import PASSWORD, SYSTEM, acting, all_at_once, later
from tests.domain.people.second_factors import SECRETS, app_of, turned_on

pytestmark = pytest.mark.slow

GUARD = SignInGuard(b"test")
EMAIL = "alice@example.com"


def half() -> PasswordProved:
    with pytest.raises(SecondFactorNeeded) as needed:
        signing_in.with_password(EMAIL, PASSWORD, GUARD)
    proved = needed.value.proved
    assert isinstance(proved, PasswordProved)
    return proved


def sign_in(code: str) -> bool:
    return signing_in.with_password(EMAIL, PASSWORD, GUARD, code=code, secrets=SECRETS).by_second_factor


@reading
def events() -> Sequence[str]:
    return db.session.scalars(select(Event.type).order_by(Event.id)).all()


@reading
def secured(kind: str) -> int:
    return db.session.scalar(select(func.count()).where(SecurityEvent.kind == kind)) or 0


# --- set up


def test_without_one_a_password_is_enough(me: Actor) -> None:
    assert not signing_in.with_password(EMAIL, PASSWORD, GUARD).by_second_factor
    assert second_factor.mine(me) == second_factor.SecondFactor(None, is_begun=False, codes_left=0)


def test_what_is_only_begun_asks_nobody_for_a_code(me: Actor) -> None:
    second_factor.begin(me, SECRETS)
    assert second_factor.mine(me).is_begun
    signing_in.with_password(EMAIL, PASSWORD, GUARD)


def test_it_counts_once_a_code_of_the_app_was_seen(me: Actor) -> None:
    second_factor.begin(me, SECRETS)
    with pytest.raises(Invalid) as wrong:
        second_factor.turn_on(me, "000000", SECRETS)
    assert wrong.value.details["code"].code == "wrong_code"
    assert second_factor.mine(me).since is None
    codes = second_factor.turn_on(me, app_of(me).now(), SECRETS)
    found = second_factor.mine(me)
    assert (len(set(codes)), found.codes_left, found.is_begun) == (10, 10, False)
    assert found.since is not None


def test_begun_again_the_former_secret_is_void(me: Actor) -> None:
    second_factor.begin(me, SECRETS)
    former = app_of(me)
    second_factor.begin(me, SECRETS)
    assert app_of(me).secret != former.secret
    with pytest.raises(Invalid):
        second_factor.turn_on(me, former.now(), SECRETS)


def test_what_is_on_is_not_begun_again(me: Actor) -> None:
    turned_on(me)
    with pytest.raises(SecondFactorIsOn):
        second_factor.begin(me, SECRETS)
    with pytest.raises(SecondFactorIsOn):
        second_factor.turn_on(me, "123456", SECRETS)
    assert second_factor.setup(me, "Rooms", SECRETS) is None


def test_the_secret_is_shown_only_while_it_is_set_up_and_to_whoever_signed_in_lately(me: Actor) -> None:
    second_factor.begin(me, SECRETS)
    shown = second_factor.setup(me, "Rooms by the sea", SECRETS)
    assert shown is not None
    assert pyotp.parse_uri(shown.uri).issuer == "Rooms by the sea"
    assert shown.uri.startswith("otpauth://totp/")
    later(dt.timedelta(minutes=16))
    with pytest.raises(SignInTooOld):
        second_factor.setup(me, "Rooms", SECRETS)


def test_every_change_asks_for_a_recent_sign_in(me: Actor) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=16))
    for change in (second_factor.turn_off, second_factor.renew_codes):
        with pytest.raises(SignInTooOld):
            change(me)
    with pytest.raises(SignInTooOld):
        second_factor.begin(me, SECRETS)
    with pytest.raises(SignInTooOld):
        second_factor.turn_on(me, "123456", SECRETS)


def test_turned_on_it_ends_other_sign_ins_and_tells_the_owner(me: Actor, alice: User) -> None:
    sessions.start_web(alice.id, "Safari")
    turned_on(me)
    assert [one.client for one in sessions.mine(me)] == ["Firefox"]
    assert second_factor.TURNED_ON in events()
    assert secured("second_factor_on") == 1


# --- signing in


def test_the_right_password_alone_is_told_that_a_code_is_needed_and_a_wrong_one_is_not(me: Actor) -> None:
    turned_on(me)
    assert half().user_id == me.account
    with pytest.raises(InvalidCredentials):
        signing_in.with_password(EMAIL, "wrong password", GUARD, code="123456", secrets=SECRETS)


def test_a_code_signs_in_once(me: Actor) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=2))
    code = app_of(me).at(clock.now())
    assert sign_in(code)
    with pytest.raises(WrongCode):
        sign_in(code)
    assert secured("second_factor_failed") == 1


def test_the_code_that_turned_it_on_signs_nobody_in(me: Actor) -> None:
    second_factor.begin(me, SECRETS)
    code = app_of(me).at(clock.now())
    second_factor.turn_on(me, code, SECRETS)
    with pytest.raises(WrongCode):
        sign_in(code)


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_half_a_minute_off(me: Actor, steps: int, is_good: bool) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=5))
    code = app_of(me).at(clock.now(), counter_offset=steps)
    if is_good:
        assert sign_in(code)
    else:
        with pytest.raises(WrongCode):
            sign_in(code)


def test_an_older_code_is_void_once_a_newer_one_was_used(me: Actor) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=5))
    app = app_of(me)
    older, newer = app.at(clock.now(), counter_offset=-1), app.at(clock.now())
    assert sign_in(newer)
    with pytest.raises(WrongCode):
        sign_in(older)


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1} {2}", "{1}-{2}"])
def test_a_code_is_taken_however_it_is_grouped(me: Actor, typed: str) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=5))
    code = app_of(me).at(clock.now())
    assert sign_in(typed.format(code, code[:3], code[3:]))


def test_of_those_who_send_the_same_code_at_once_one_is_signed_in(app: Flask, me: Actor) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=5))
    code = app_of(me).at(clock.now())
    found = all_at_once(app, [lambda: second_factor.accept(me.account, code, SECRETS)] * 4)
    assert sorted(type(one).__name__ for one in found) == ["NoneType", *["WrongCode"] * 3]


def test_a_recovery_code_signs_in_once_and_its_owner_is_told(me: Actor) -> None:
    codes = turned_on(me)
    assert sign_in(codes[3].lower())
    assert second_factor.mine(me).codes_left == 9
    with pytest.raises(WrongCode):
        sign_in(codes[3])
    assert second_factor.CODE_USED in events()
    assert secured("recovery_code_used") == 1


def test_of_those_who_send_the_same_recovery_code_at_once_one_is_signed_in(app: Flask, me: Actor) -> None:
    code = turned_on(me)[0]
    found = all_at_once(app, [lambda: second_factor.accept(me.account, code, SECRETS)] * 3)
    assert sorted(type(one).__name__ for one in found) == ["NoneType", *["WrongCode"] * 2]


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EFGH-JKMN", "1", "１２３４５６", "12345", "1234567", "½½½½½½"])
def test_what_is_no_code_is_wrong(me: Actor, typed: str) -> None:
    turned_on(me)
    with pytest.raises(WrongCode):
        sign_in(typed)


def test_another_persons_codes_open_nothing(me: Actor, bob: User) -> None:
    turned_on(me)
    theirs = acting(sessions.start_web(bob.id, ""))
    codes = turned_on(theirs)
    later(dt.timedelta(minutes=5))
    for code in (codes[0], app_of(theirs).at(clock.now())):
        with pytest.raises(WrongCode):
            sign_in(code)


def test_new_recovery_codes_replace_the_old_ones(me: Actor) -> None:
    old = turned_on(me)
    new = second_factor.renew_codes(me)
    with pytest.raises(WrongCode):
        sign_in(old[0])
    assert sign_in(new[0])


def test_where_it_is_off_there_are_no_recovery_codes_to_renew(me: Actor) -> None:
    with pytest.raises(SecondFactorIsOff):
        second_factor.renew_codes(me)


# --- in two steps


def test_the_second_step_signs_in(me: Actor) -> None:
    codes = turned_on(me)
    found = signing_in.finish(half(), codes[0], GUARD, SECRETS)
    assert (found.user.id, found.by_second_factor) == (me.account, True)


def test_the_second_step_comes_within_ten_minutes(me: Actor) -> None:
    codes, proved = turned_on(me), half()
    later(dt.timedelta(minutes=10))
    with pytest.raises(SessionOver):
        signing_in.finish(proved, codes[0], GUARD, SECRETS)


def test_the_second_step_ends_with_the_password_that_was_right(me: Actor) -> None:
    codes, proved = turned_on(me), half()
    own_account.change_password(me, PASSWORD, "another horse battery")
    with pytest.raises(SessionOver):
        signing_in.finish(proved, codes[0], GUARD, SECRETS)


def test_the_second_step_is_no_way_in_for_who_was_disabled(me: Actor, alice: User) -> None:
    codes, proved = turned_on(me), half()
    account_closing.disable(SYSTEM, alice.id)
    with pytest.raises(SessionOver):
        signing_in.finish(proved, codes[0], GUARD, SECRETS)


def test_turned_off_in_the_meantime_the_password_was_enough(me: Actor) -> None:
    turned_on(me)
    proved = half()
    second_factor.reset(SYSTEM, me.account)
    assert not signing_in.finish(proved, "", GUARD, SECRETS).by_second_factor


# --- guessing


def test_codes_are_not_guessed_and_the_owners_browser_waits_for_nobody(me: Actor) -> None:
    codes = turned_on(me)
    for _ in range(5):
        with pytest.raises(WrongCode):
            sign_in("000000")
    with pytest.raises(TooManyAttempts):
        sign_in(codes[0])
    found = signing_in.with_password(EMAIL, PASSWORD, GUARD, device="mine", code=codes[0], secrets=SECRETS)
    assert found.by_second_factor


def test_a_guesser_waits_longer_and_longer(me: Actor) -> None:
    turned_on(me)
    waits = []
    for _ in range(16):
        try:
            sign_in("000000")
        except TooManyAttempts as wait:
            waits.append(wait.retry_after)
            later(dt.timedelta(seconds=wait.retry_after))
        except WrongCode:
            pass
    assert waits == sorted(waits)
    assert waits[-1] >= 16


# --- off


def test_turned_off_the_password_is_enough_and_nothing_is_left(me: Actor) -> None:
    turned_on(me)
    second_factor.turn_off(me)
    second_factor.turn_off(me)
    signing_in.with_password(EMAIL, PASSWORD, GUARD)
    assert events().count(second_factor.TURNED_OFF) == 1
    assert left() == [0, 0, 0]


@reading
def left() -> list[int]:
    proved = select(func.count()).where(Session.second_factor_at.is_not(None))
    kept = [select(func.count()).select_from(table) for table in (Authenticator, RecoveryCode)]
    return [db.session.scalar(counted) or 0 for counted in (*kept, proved)]


def test_an_operator_takes_it_from_who_lost_everything_and_their_sign_ins_end(me: Actor, bob: User) -> None:
    turned_on(me)
    assert second_factor.reset(SYSTEM, me.account)
    assert not second_factor.reset(SYSTEM, me.account)
    signing_in.with_password(EMAIL, PASSWORD, GUARD)
    assert sessions.mine(me) == []
    with pytest.raises(AccountNotFound):
        second_factor.reset(acting(sessions.start_web(bob.id, "")), me.account)


# --- what is kept


def test_neither_secret_nor_recovery_code_can_be_read_in_the_database(me: Actor) -> None:
    codes = turned_on(me)

    @reading
    def kept() -> tuple[bytes, list[RecoveryCode]]:
        [app] = db.session.scalars(select(Authenticator)).all()
        return app.secret, list(db.session.scalars(select(RecoveryCode)))

    sealed, rows = kept()
    assert app_of(me).secret.encode() not in sealed
    assert all(row.code_hash.startswith("$argon2id$") for row in rows)
    assert sorted(row.begins for row in rows) == sorted(code[:4] for code in codes)


def test_with_another_secret_key_its_fallback_still_opens_it(me: Actor) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=5))
    code = app_of(me).at(clock.now())
    assert signing_in.with_password(EMAIL, PASSWORD, GUARD, code=code, secrets=("new", *SECRETS)).by_second_factor


def test_sealed_with_a_key_that_is_lost_it_is_a_fault_and_never_a_way_in(me: Actor) -> None:
    turned_on(me)
    with pytest.raises(ValueError, match="another SECRET_KEY"):
        signing_in.with_password(EMAIL, PASSWORD, GUARD, code="123456", secrets=("new",))


def test_sealed_anew_the_former_secret_key_may_go(me: Actor) -> None:
    turned_on(me)
    later(dt.timedelta(minutes=5))
    code = app_of(me).at(clock.now())
    assert second_factor.seal_anew(SYSTEM, ("new", *SECRETS)) == 1
    assert second_factor.seal_anew(SYSTEM, ("new", *SECRETS)) == 0
    assert signing_in.with_password(EMAIL, PASSWORD, GUARD, code=code, secrets=("new",)).by_second_factor


def test_where_a_key_is_lost_nothing_is_sealed_anew(me: Actor) -> None:
    turned_on(me)
    with pytest.raises(ValueError, match="another SECRET_KEY"):
        second_factor.seal_anew(SYSTEM, ("new",))
    assert app_of(me).secret
