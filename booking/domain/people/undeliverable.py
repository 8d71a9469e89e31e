"""Addresses that take no mail: noted where a mail server refused one for good, forgotten when one takes a mail again.

What is noted is a time and a short code such as "550 5.1.1", never the server's words: they quote the address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import cast

from sqlalchemy import ARRAY, Table, Text, any_, bindparam, exists, func, select, update

from booking.domain.actors import Actor
from booking.domain.people.models import User
from booking.domain.people.users import email_key
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, db, execute, reading, transaction
from booking.infra.prepared import often

LONGEST_CODE = 32


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
    .where(User.email_key == any_(bindparam("keys", type_=ARRAY(Text))), User.email_undeliverable_at.is_not(None))
    .values(email_undeliverable_at=None, email_undeliverable_code=None)
)


@reading
def since(actor: Actor) -> dt.datetime | None:
    """When the address of one's account was first found to take no mail; None while it takes some."""
    return db.session.scalar(select(User.email_undeliverable_at).where(User.id == actor.account))


def is_known(email: str) -> bool:
    """Whether this address was found to take no mail, inside the caller's transaction."""
    noted = User.email_key == email_key(email), User.email_undeliverable_at.is_not(None)
    return bool(db.session.scalar(select(exists().where(*noted))))


@reading
def count() -> int:
    """How many accounts get no mail."""
    noted = select(func.count()).select_from(User).where(User.email_undeliverable_at.is_not(None))
    return db.session.scalar(noted) or 0
