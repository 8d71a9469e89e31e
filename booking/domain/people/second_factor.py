"""A second proof beside the password: a code from an authenticator app (TOTP, RFC 6238), or a recovery code.

Passkeys are the other one (passkeys.py); with the first of either, two-step sign-in is on, without the last it is off.
A code counts once, whoever sends it first. The app's secret is sealed with a key made from SECRET_KEY: the database
alone, or a copy of it, opens no account. Recovery codes are kept as passwords are.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets as random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import pyotp
from sqlalchemy import delete, exists, func, or_, select, update

from booking.domain import messages
from booking.domain.actors import VISITOR, Actor
from booking.domain.errors import (
    AccountNotFound,
    Forbidden,
    Invalid,
    SecondFactorIsOff,
    SecondFactorIsOn,
    WrongCode,
)
from booking.domain.notices import Notice
from booking.domain.people import audit_log, passwords, permissions, security_log, sessions, users
from booking.domain.people.models import User
from booking.domain.people.passkey_errors import LastFactor
from booking.domain.people.permissions import Action
from booking.domain.people.second_factor_models import Authenticator, Passkey, RecoveryCode
from booking.domain.people.security_log import SecurityEventKind
from booking.infra import clock, sealing, secret_keys
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

STEP = 30  # seconds for which a code is shown
SLACK = (0, -1, 1)  # steps that a phone's clock may be off (RFC 6238 §5.2)
RECOVERY_CODES = 10
BEGINS, LONG = 4, 12  # letters of a recovery code that find it, and all of them: 39 bits stay secret
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is taken for another
# The events for the account's owner.
TURNED_ON, TURNED_OFF, CODE_USED = "secondfactor.enabled", "secondfactor.disabled", "recoverycode.used"
APP_ADDED, APP_REMOVED = "authenticator.added", "authenticator.removed"

Secrets = Sequence[str]  # SECRET_KEY, then its fallbacks


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What an account has: on since when (none: off), whether an app is being set up, how many recovery codes.

    `app_since`: since when an app counts.
    """

    since: dt.datetime | None
    is_begun: bool
    codes_left: int
    app_since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """How the second step can be made; by neither: there is none."""

    app: bool = False
    passkey: bool = False


@dataclass(frozen=True, slots=True)
class AppSetup:
    """What an authenticator app needs: the secret to type, and the same as an address that a QR code holds."""

    secret: str
    uri: str


# --- turned on and off by the owner


@reading
def mine(actor: Actor) -> SecondFactor:
    """What one's account has."""
    app = _app(actor.account)
    unused = select(func.count()).where(RecoveryCode.user_id == actor.account, RecoveryCode.used_at.is_(None))
    app_since = app.confirmed_at if app else None
    is_begun = app is not None and app_since is None
    return SecondFactor(since_within(actor.account), is_begun, db.session.scalar(unused) or 0, app_since)


@transaction(isolation=READ_COMMITTED)
def begin(actor: Actor, secrets: Secrets) -> None:
    """A new secret for an app, which counts once `turn_on` has seen a code of it.

    Raises SignInTooOld; SecondFactorIsOn where an app counts already.
    """
    sessions.refuse_unless_recent(actor)
    user = users.lock(actor.account)
    app = _app(user.id)
    if app is not None and app.confirmed_at is not None:
        raise SecondFactorIsOn
    if app is not None:
        db.session.delete(app)
        db.session.flush()
    new = new_id()
    sealed = sealing.seal(pyotp.random_base32(), secret_keys.ring(secrets, secret_keys.SECOND_FACTOR)[0], new.bytes)
    db.session.add(Authenticator(id=new, user_id=user.id, secret=sealed))


@reading
def setup(actor: Actor, issuer: str, secrets: Secrets) -> AppSetup | None:
    """What to give the app that is being set up; none where none is. Raises SignInTooOld."""
    sessions.refuse_unless_recent(actor)
    app = _app(actor.account)
    if app is None or app.confirmed_at is not None:
        return None
    secret = _opened(app, secrets)
    name = db.session.get_one(User, actor.account).email
    return AppSetup(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))


def turn_on(actor: Actor, code: str, secrets: Secrets) -> list[str]:
    """The app counts from now on; the recovery codes, which are shown only this once. Other sign-ins end.

    No codes where there is a passkey: those from then stay good. Raises SignInTooOld; Invalid where the code is none of
    the app's; SecondFactorIsOn where an app counts already.
    """
    codes = new_codes()
    return codes if _turned_on(actor, code, secrets, hashed(codes)) else []


@transaction(isolation=READ_COMMITTED)
def _turned_on(actor: Actor, code: str, secrets: Secrets, codes: list[RecoveryCode]) -> bool:
    sessions.refuse_unless_recent(actor)
    users.lock(actor.account)
    was_on = is_on_within(actor.account)
    app = _app(actor.account)
    if app is None or app.confirmed_at is not None:
        raise SecondFactorIsOn
    step = _step_of(_opened(app, secrets), _plain(code))
    if step is None:
        raise Invalid(details={"code": Notice("wrong_code")})
    app.last_step, app.confirmed_at = step, sql_now()
    if was_on:
        _note(actor, actor.account, SecurityEventKind.AUTHENTICATOR_ADDED, APP_ADDED)
    else:
        begun_by(actor, "app", codes)
    return not was_on


def begun_by(actor: Actor, what: str, codes: Sequence[RecoveryCode]) -> None:
    """Inside the caller's transaction: the account's first factor is an app or a passkey. Other sign-ins end."""
    _replace_codes(actor.account, codes)
    sessions.proved(actor, second_factor=True)
    sessions.end_all(actor.account, but=actor.session_id)
    sessions.changed(actor.account)
    _note(actor, actor.account, SecurityEventKind.SECOND_FACTOR_ON, TURNED_ON, by=what)


@transaction(isolation=READ_COMMITTED)
def remove_app(actor: Actor) -> None:
    """Passkeys stay. Twice is once. Raises SignInTooOld; LastFactor where there are none: `turn_off` is meant then."""
    sessions.refuse_unless_recent(actor)
    users.lock(actor.account)
    app = _app(actor.account)
    if app is None or app.confirmed_at is None:
        return
    if not ways_within(actor.account).passkey:
        raise LastFactor
    db.session.delete(app)
    _note(actor, actor.account, SecurityEventKind.AUTHENTICATOR_REMOVED, APP_REMOVED)


@transaction(isolation=READ_COMMITTED)
def turn_off(actor: Actor) -> None:
    """The password alone is enough again. Twice is once. Raises SignInTooOld."""
    sessions.refuse_unless_recent(actor)
    take_away(actor, actor.account)


def renew_codes(actor: Actor) -> list[str]:
    """Ten new recovery codes in place of all others. Raises SignInTooOld, SecondFactorIsOff."""
    codes = new_codes()
    _renewed(actor, hashed(codes))
    return codes


@transaction(isolation=READ_COMMITTED)
def _renewed(actor: Actor, codes: list[RecoveryCode]) -> None:
    sessions.refuse_unless_recent(actor)
    users.lock(actor.account)
    if not is_on_within(actor.account):
        raise SecondFactorIsOff
    _replace_codes(actor.account, codes)
    security_log.record(SecurityEventKind.RECOVERY_CODES_RENEWED, actor.account)
    audit_log.record(actor, "recoverycodes.renewed", encode("user", actor.account))


def reset(actor: Actor, user_id: uuid.UUID) -> bool:
    """Somebody who lost phone and codes signs in by password alone again, and is told. Whether it was on.

    Raises AccountNotFound, also where the actor may not.
    """
    permissions.require(actor, Action.RESET_SECOND_FACTOR, otherwise=AccountNotFound)
    return _reset(actor, user_id)


@transaction(isolation=READ_COMMITTED)
def _reset(actor: Actor, user_id: uuid.UUID) -> bool:
    was_on = take_away(actor, user_id)
    sessions.end_all(user_id)  # whoever has the phone may be signed in by it
    return was_on


def take_away(actor: Actor, user_id: uuid.UUID) -> bool:
    """Inside the caller's transaction: the password alone is enough again, and the owner is told. Whether it was on."""
    users.lock(user_id)
    was_on = is_on_within(user_id)
    forget(user_id)
    if was_on:
        sessions.changed(user_id)
        _note(actor, user_id, SecurityEventKind.SECOND_FACTOR_OFF, TURNED_OFF)
    return was_on


def forget(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: app, passkeys and recovery codes are gone, and no sign-in was proved by them."""
    for table in (Authenticator, Passkey, RecoveryCode):
        db.session.execute(delete(table).where(table.user_id == user_id))
    sessions.unprove(user_id)


def _note(actor: Actor, user_id: uuid.UUID, kind: SecurityEventKind, told: str, **facts: str) -> None:
    shown = encode("user", user_id)
    security_log.record(kind, user_id)
    audit_log.record(actor, told, shown)
    messages.record(actor, told, {"userId": shown, **facts})


# --- asked at every sign-in


@reading
def is_on(user_id: uuid.UUID) -> bool:
    """Whether a password alone is not enough."""
    return is_on_within(user_id)


def is_on_within(user_id: uuid.UUID) -> bool:
    """The same, inside the caller's transaction."""
    return since_within(user_id) is not None


def since_within(user_id: uuid.UUID) -> dt.datetime | None:
    """Inside the caller's transaction: since when the oldest of its factors counts; None: a password is enough."""
    app = select(Authenticator.confirmed_at).where(Authenticator.user_id == user_id).scalar_subquery()
    passkey = select(func.min(Passkey.created_at)).where(Passkey.user_id == user_id).scalar_subquery()
    since: dt.datetime | None = db.session.scalar(select(func.least(app, passkey)))
    return since


@reading
def ways(user_id: uuid.UUID) -> Ways:
    """By what the account can make the second step."""
    return ways_within(user_id)


def ways_within(user_id: uuid.UUID) -> Ways:
    """The same, inside the caller's transaction."""
    app = exists().where(Authenticator.user_id == user_id, Authenticator.confirmed_at.is_not(None))
    passkey = exists().where(Passkey.user_id == user_id)
    return Ways(*db.session.execute(select(app, passkey)).one())


def accept(user_id: uuid.UUID, typed: str, secrets: Secrets) -> None:
    """Use up a code of the app, or a recovery code, with which somebody signs in. Raises WrongCode, TooBusy."""
    code = _plain(typed)
    if not (_app_code_taken(user_id, code, secrets) if code.isdigit() else _recovery_code_taken(user_id, code)):
        raise WrongCode


@transaction(isolation=READ_COMMITTED)
def _app_code_taken(user_id: uuid.UUID, code: str, secrets: Secrets) -> bool:
    app = _app(user_id)
    step = _step_of(_opened(app, secrets), code) if app and app.confirmed_at else None
    if step is None:
        return False
    newer = Authenticator.user_id == user_id, or_(Authenticator.last_step.is_(None), Authenticator.last_step < step)
    taken = update(Authenticator).where(*newer).values(last_step=step).returning(Authenticator.id)
    return db.session.scalar(taken.execution_options(synchronize_session=False)) is not None


def _recovery_code_taken(user_id: uuid.UUID, code: str) -> bool:
    found = _find_code(user_id, code[:BEGINS])
    return passwords.matches(found.code_hash if found else None, code) and found is not None and _used(found)


@reading
def _find_code(user_id: uuid.UUID, begins: str) -> RecoveryCode | None:
    this = RecoveryCode.user_id == user_id, RecoveryCode.begins == begins, RecoveryCode.used_at.is_(None)
    return db.session.scalars(select(RecoveryCode).where(*this)).one_or_none()


@transaction(isolation=READ_COMMITTED)
def _used(code: RecoveryCode) -> bool:
    this = RecoveryCode.id == code.id, RecoveryCode.used_at.is_(None)
    used = update(RecoveryCode).where(*this).values(used_at=sql_now()).returning(RecoveryCode.id)
    if db.session.scalar(used.execution_options(synchronize_session=False)) is None:
        return False
    security_log.record(SecurityEventKind.RECOVERY_CODE_USED, code.user_id)
    messages.record(VISITOR, CODE_USED, {"userId": encode("user", code.user_id)})
    return True


# --- codes and secrets


@transaction(isolation=READ_COMMITTED)
def seal_anew(actor: Actor, secrets: Secrets) -> int:
    """After SECRET_KEY was exchanged: no authenticator needs its fallbacks any more. Returns how many did.

    Raises Forbidden; ValueError where none of the keys has sealed one: then nothing is changed.
    """
    permissions.require(actor, Action.SEAL_SECRETS_ANEW, otherwise=Forbidden)
    keys, number = secret_keys.ring(secrets, secret_keys.SECOND_FACTOR), 0
    for app in db.session.scalars(select(Authenticator).order_by(Authenticator.id).with_for_update()):
        if anew := sealing.sealed_anew(app.secret, keys, app.id.bytes):
            app.secret, number = anew, number + 1
    audit_log.record(actor, "secondfactors.sealed", "authenticators", after={"authenticators": number})
    return number


def _app(user_id: uuid.UUID) -> Authenticator | None:
    return db.session.scalars(select(Authenticator).where(Authenticator.user_id == user_id)).one_or_none()


def _opened(app: Authenticator, secrets: Secrets) -> str:
    """The secret; raises ValueError where none of the keys has sealed it."""
    keys = secret_keys.ring(secrets, secret_keys.SECOND_FACTOR)
    return str(sealing.opened_by_any(app.secret, keys, app.id.bytes))


def _step_of(secret: str, code: str) -> int | None:
    """The time step whose code this is, of those that a phone may show now."""
    app, now = pyotp.TOTP(secret, interval=STEP), int(clock.now().timestamp()) // STEP
    steps = [now + slack for slack in SLACK]
    return next((step for step in steps if hmac.compare_digest(app.generate_otp(step), code)), None)


def _plain(typed: str) -> str:
    """Without what people put between the parts of a code."""
    return "".join(sign for sign in typed.upper() if sign.isascii() and sign.isalnum())


def new_codes() -> list[str]:
    """Recovery codes as they are shown: three groups of four letters, no two codes with the same first group."""
    codes: dict[str, str] = {}
    while len(codes) < RECOVERY_CODES:
        code = "".join(random.choice(LETTERS) for _ in range(LONG))
        codes[code[:BEGINS]] = f"{code[:4]}-{code[4:8]}-{code[8:]}"
    return list(codes.values())


def hashed(codes: Sequence[str]) -> list[RecoveryCode]:
    """The same as they are kept: of no account yet."""
    plain = map(_plain, codes)
    return [RecoveryCode(id=new_id(), begins=code[:BEGINS], code_hash=passwords.hashed(code)) for code in plain]


def _replace_codes(user_id: uuid.UUID, codes: Sequence[RecoveryCode]) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    for code in codes:
        code.user_id = user_id
        db.session.add(code)
