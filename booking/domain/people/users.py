"""People with an account."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import messages, spelling
from booking.domain.actors import Actor, ActorKind, Membership, Role
from booking.domain.errors import AccountDisabled, AccountNotFound, EmailTaken, Forbidden, Invalid, InvalidCredentials
from booking.domain.notices import Notice
from booking.domain.people import audit_log, email_verification, memberships, passwords, permissions, security_log
from booking.domain.people.audit_log import Personal
from booking.domain.people.email_verification import Addressee
from booking.domain.people.inputs import Registration
from booking.domain.people.models import StaffMembership, User
from booking.domain.people.permissions import Action
from booking.domain.people.security_log import SecurityEventKind
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

LIKE_ENOUGH = 0.3  # share of trigrams in common, before the @ and after it


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """Who is asking: a value, never a row."""

    id: uuid.UUID
    email: str
    full_name: str
    role: str
    region: str
    session_id: uuid.UUID
    memberships: tuple[Membership, ...] = ()
    lacks_second_factor: bool = False  # some memberships are left out until there is one

    @property
    def has_strong_role(self) -> bool:
        """Whether what they are is more than a password alone is enough for."""
        return self.lacks_second_factor or memberships.counting(self.memberships, strong=False) != self.memberships

    @property
    def is_staff(self) -> bool:
        """Whether they are anything in a house, also where it does not count in this sign-in."""
        return bool(self.memberships) or self.lacks_second_factor

    @property
    def actor(self) -> Actor:
        """As verbs know them."""
        return Actor.signed_in(self.id, self.memberships, self.session_id)


def email_key(email: str) -> str:
    """What makes an address somebody's: compared without case."""
    return email.lower()


def register(actor: Actor, form: Registration, region: str, *, site: str = "", role: str = "guest") -> User:
    """Make an account in this copy's region, for a visitor or, as an owner's, by an operator.

    Raises EmailTaken, Forbidden, and Invalid where the password is guessed soon.
    """
    _refuse_for_others(actor, role)
    if form.region not in (None, region):
        raise Invalid(details={"region": Notice("other_region", region=region)})
    passwords.refuse_weak(form.password, "password", (form.email, form.full_name, site))
    password_hash, by_themselves = passwords.hashed(form.password), role == "guest"
    user = _create(actor, form.email, password_hash, form.full_name, role=role, region=region, verify=by_themselves)
    if user is None:
        raise EmailTaken(details={"email": Notice("email_taken")})
    return user


def ensure(actor: Actor, *, email: str, password: str, full_name: str, role: str, region: str) -> User:
    """The account with this address, made if it does not exist; an existing one stays as it is. Raises Forbidden."""
    _refuse_for_others(actor, role)
    made = find(email) or _create(actor, email, passwords.hashed(password), full_name, role=role, region=region)
    return made or _get(email)


def _refuse_for_others(actor: Actor, role: str) -> None:
    if actor.kind is not ActorKind.GUEST or role != memberships.GUEST:
        permissions.require(actor, Action.MAKE_ACCOUNT_FOR_OTHERS, otherwise=Forbidden)


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


class UnknownAccount(AccountNotFound):
    """Nobody has this address; `hint` names those it looks like."""

    reason = "UNKNOWN_ACCOUNT"


def get_for(actor: Actor, email: str) -> User:
    """The account with this address, in any case. Raises UnknownAccount, also where the actor may not see it."""
    user, may_see = find(email), partial(permissions.may, actor, Action.SEE_ACCOUNT)
    if user and may_see(own=user.id):
        return user
    raise UnknownAccount(email=email, hint=spelling.perhaps_meant(_close(email) if may_see() else ()))


@reading
def _close(email: str) -> Sequence[str]:
    """Addresses like it, the likeliest first. Reads all accounts: for operators, who ask rarely."""
    key = email_key(email)
    before, _, after = key.partition("@")
    name = func.similarity(func.split_part(User.email_key, "@", 1), before)
    host = func.similarity(func.split_part(User.email_key, "@", 2), after)
    like = and_(name >= LIKE_ENOUGH, host >= LIKE_ENOUGH) if after else name >= LIKE_ENOUGH
    found = select(User.email).where(User.deleted_at.is_(None), like).order_by((name + host).desc(), User.email)
    return db.session.scalars(found.limit(spelling.MOST)).all()


@reading
def find(email: str) -> User | None:
    """The account with this address, for whoever asks nobody."""
    return db.session.scalars(select(User).where(User.email_key == email_key(email))).one_or_none()


@reading
def find_by_id(user_id: uuid.UUID) -> User | None:
    """The same by its id."""
    return db.session.get(User, user_id)


@reading
def _get(email: str) -> User:
    return db.session.scalars(select(User).where(User.email_key == email_key(email))).one()


@transaction(isolation=READ_COMMITTED)
def _create(
    actor: Actor, email: str, password_hash: str, full_name: str, *, role: str, region: str, verify: bool = False
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
        raise EmailTaken(details={"email": Notice("email_taken")})
    if user:
        _note_new(actor, user, verify=verify)
    return user


def _note_new(actor: Actor, user: User, *, verify: bool) -> None:
    if user.role == memberships.OWNER:
        owns = {"id": new_id(), "user_id": user.id, "role": Role.OWNER}
        db.session.execute(insert(StaffMembership).values(owns).on_conflict_do_nothing())
    shown = encode("user", user.id)
    security_log.record(SecurityEventKind.REGISTERED, user.id)
    personal = Personal(user.id, after={"email": user.email, "fullName": user.full_name})
    audit_log.record(actor, "account.made", shown, after={"role": user.role}, personal=personal)
    messages.record(actor, "user.registered", {"userId": shown, "region": user.region})
    if verify:
        email_verification.begin(actor, user)


def lock(user_id: uuid.UUID) -> User:
    """The account, locked inside the caller's transaction; raises AccountNotFound, also for a deleted one.

    It waits for a booking that is just being made, whose row refers to this one, and for whoever deletes the account.
    """
    user = db.session.get(User, user_id, with_for_update=True)
    if user is None or user.deleted_at is not None:
        raise AccountNotFound
    return user


def set_password(actor: Actor, user_id: uuid.UUID, password_hash: str) -> None:
    """Inside the caller's transaction: another password from now on, of which the account's owner is told by mail.

    Raises AccountNotFound.
    """
    lock(user_id).password_hash = password_hash
    audit_log.record(actor, "password.changed", encode("user", user_id))
    messages.record(actor, "password.changed", {"userId": encode("user", user_id)})
    security_log.record(SecurityEventKind.PASSWORD_CHANGED, user_id)


@reading
def addressee(user_id: uuid.UUID) -> Addressee | None:
    """Whom a mail about the account goes to, None where it does not exist (any more)."""
    user = db.session.get(User, user_id)
    return email_verification.addressee(user) if user and user.deleted_at is None else None


@reading
def own(actor: Actor) -> User:
    """The account in whose name the actor acts. Raises Unauthorized, AccountNotFound."""
    user = db.session.get(User, actor.account)
    if user is None or user.deleted_at is not None:
        raise AccountNotFound
    return user


@transaction(isolation=READ_COMMITTED)
def _store_hash(user_id: uuid.UUID, password_hash: str) -> None:
    db.session.get_one(User, user_id).password_hash = password_hash
