"""Addresses that take no mail: noted where a mail server refused one for good, forgotten when one takes a mail again.

What is noted is a time and a short code such as "550 5.1.1", never the server's words: they quote the address. Where a
mail provider tells what becomes of emails, only what it tells counts: its server takes every email first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Table,
    Text,
    any_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    update,
)

from booking.domain.actors import Actor
from booking.domain.messages import COMPLAINT, SentEmail
from booking.domain.people.models import User
from booking.domain.people.users import email_key
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, db, execute, reading, transaction
from booking.infra.prepared import often

LONGEST_CODE = 32
REPORTED = "reported "  # how a code begins that a mail provider has told
COMPLAINED = f"{REPORTED}{COMPLAINT}"


@transaction(isolation=READ_COMMITTED)
def note(email: str, code: str) -> None:
    """No mail reaches this address; the first time it was noted stays."""
    db.session.execute(
        update(User)
        .where(User.email_key == email_key(email))
        .values(
            email_undeliverable_at=func.coalesce(User.email_undeliverable_at, sql_now()),
            email_undeliverable_code=code[:LONGEST_CODE],
        )
        .execution_options(synchronize_session=False)
    )


@transaction(isolation=AUTOCOMMIT)
def forget(emails: Iterable[str]) -> None:
    """An email has reached each of them."""
    execute(_FORGET, {"keys": sorted({email_key(email) for email in emails})})


_FORGET = often(
    update(cast(Table, User.__table__))
    .where(
        User.email_key == any_(bindparam("keys", type_=ARRAY(Text))),
        User.email_undeliverable_at.is_not(None),
        ~User.email_undeliverable_code.startswith(literal_column(f"'{REPORTED}'")),
    )
    .values(email_undeliverable_at=None, email_undeliverable_code=None)
)


def note_bounced(email: str, code: str, at: dt.datetime) -> None:
    """An email came back, or was called spam (COMPLAINT), as its provider tells; inside the caller's transaction.

    What was called spam once stays so, whatever comes back later.
    """
    noted = {"email_undeliverable_at": at, "email_undeliverable_code": f"{REPORTED}{code}"[:LONGEST_CODE]}
    mine = update(User).where(
        User.email_key == email_key(email), User.email_undeliverable_code.is_distinct_from(COMPLAINED)
    )
    db.session.execute(mine.values(noted).execution_options(synchronize_session=False))


def note_delivered(email: str, at: dt.datetime) -> None:
    """An email was delivered after all, as its provider tells; inside the caller's transaction. A complaint stays."""
    wrong = (User.email_key == email_key(email), User.email_undeliverable_at < at)
    mine = update(User).where(*wrong, User.email_undeliverable_code != COMPLAINED)
    gone = {"email_undeliverable_at": None, "email_undeliverable_code": None}
    db.session.execute(mine.values(gone).execution_options(synchronize_session=False))


@reading
def since(actor: Actor) -> dt.datetime | None:
    """When the address of one's account was first found to take no mail; None while it takes some."""
    return db.session.scalar(select(User.email_undeliverable_at).where(User.id == actor.account))


def is_known(email: str) -> bool:
    """Whether this address was found to take no mail, inside the caller's transaction."""
    key = email_key(email)
    noted = exists().where(User.email_key == key, User.email_undeliverable_at.is_not(None))
    return bool(db.session.scalar(select(or_(noted, _came_back(key)))))


def _came_back(key: str) -> ColumnElement[bool]:
    """Whether what its provider told last of emails to this address is that one came back; also without an account."""
    told = SentEmail.to_key == key
    bounced, delivered = func.max(SentEmail.bounced_at), func.max(SentEmail.delivered_at)
    last = select(bounced >= func.coalesce(delivered, bounced)).where(told).scalar_subquery()
    complained = exists().where(told, SentEmail.bounced_at.is_not(None), SentEmail.bounce_code == COMPLAINT)
    return or_(func.coalesce(last, false()), complained)


@reading
def count() -> int:
    """How many accounts get no mail."""
    noted = select(func.count()).select_from(User).where(User.email_undeliverable_at.is_not(None))
    return db.session.scalar(noted) or 0
