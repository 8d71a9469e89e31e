"""People with an account."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import messages
from booking.domain.errors import AccountDisabled, EmailTaken, Invalid, InvalidCredentials
from booking.domain.people import email_verification, passwords, security_log
from booking.domain.people.email_verification import Addressee
from booking.domain.people.inputs import Registration
from booking.domain.people.models import User
from booking.domain.people.security_log import SecurityEventKind
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """Who is asking: a value, never a row."""

    id: uuid.UUID
    email: str
    full_name: str
    role: str
    region: str
    session_id: uuid.UUID


def email_key(email: str) -> str:
    """What makes an address somebody's: compared without case."""
    return email.lower()


def register(form: Registration, region: str, *, site: str = "", role: str = "guest") -> User:
    """Make an account in this copy's region; raises EmailTaken, and Invalid where the password is guessed soon."""
    if form.region not in (None, region):
        raise Invalid(details={"region": f"must be {region}: accounts of other regions are made there"})
    passwords.refuse_weak(form.password, "password", (form.email, form.full_name, site))
    password_hash, by_themselves = passwords.hashed(form.password), role == "guest"
    user = _create(form.email, password_hash, form.full_name, role, region, verify=by_themselves)
    if user is None:
        raise EmailTaken(details={"email": EmailTaken.message})
    return user


def ensure(*, email: str, password: str, full_name: str, role: str, region: str) -> User:
    """The account with this address, made if it does not exist; an existing one stays as it is."""
    return find(email) or _create(email, passwords.hashed(password), full_name, role, region) or _get(email)


def with_password(email: str, password: str) -> User:
    """The user who signs in. Unknown address or wrong password: InvalidCredentials, after the same time.

    Raises AccountDisabled where the password is right.
    """
    user = find(email)
    match = passwords.compared(user.password_hash if user else None, password)
    if user is None or not match.right:
        raise InvalidCredentials
    if match.outdated:
        _store_hash(user.id, passwords.hashed(password))
    if user.disabled_at is not None:  # said only to whoever knows the password
        raise AccountDisabled
    return user


@reading
def find(email: str) -> User | None:
    """The account with this address, in any case."""
    return db.session.scalars(select(User).where(User.email_key == email_key(email))).one_or_none()


@reading
def _get(email: str) -> User:
    return db.session.scalars(select(User).where(User.email_key == email_key(email))).one()


@transaction(isolation=READ_COMMITTED)
def _create(
    email: str, password_hash: str, full_name: str, role: str, region: str, *, verify: bool = False
) -> User | None:
    values = {
        "id": new_id(),
        "email": email,
        "email_key": email_key(email),
        "password_hash": password_hash,
        "full_name": full_name,
        "role": role,
        "region": region,
    }
    row = insert(User).values(values).on_conflict_do_nothing(index_elements=["email_key"]).returning(User)
    user = db.session.scalars(row).one_or_none()
    if user and email_verification.is_kept(user.email_key):
        raise EmailTaken(details={"email": EmailTaken.message})
    if user:
        security_log.record(SecurityEventKind.REGISTERED, user.id)
        messages.record("user.registered", {"userId": encode("user", user.id), "region": region})
        if verify:
            email_verification.begin(user)
    return user


def set_password(user_id: uuid.UUID, password_hash: str) -> None:
    """Inside the caller's transaction: another password from now on, of which the account's owner is told by mail."""
    db.session.get_one(User, user_id, with_for_update=True).password_hash = password_hash
    messages.record("password.changed", {"userId": encode("user", user_id)})
    security_log.record(SecurityEventKind.PASSWORD_CHANGED, user_id)


@reading
def addressee(user_id: uuid.UUID) -> Addressee | None:
    """Whom a mail about the account goes to, None where it does not exist (any more)."""
    user = db.session.get(User, user_id)
    return email_verification.addressee(user) if user and user.deleted_at is None else None


@reading
def stored_hash(user_id: uuid.UUID) -> str | None:
    """What the user's password is compared with."""
    return db.session.get_one(User, user_id).password_hash


@transaction(isolation=READ_COMMITTED)
def _store_hash(user_id: uuid.UUID, password_hash: str) -> None:
    db.session.get_one(User, user_id).password_hash = password_hash
