"""Links that are mailed: one per account and kind, good for a while and for one use.

A link's secret is stored nowhere. It is a keyed hash (HMAC-SHA256, 256 bits) of the row's id, made again by whoever
writes the mail and by whoever checks the link: neither the table nor the outbox nor a copy of them opens anything.

Whoever knows an address may ask for a link to be mailed there. So that nobody is flooded, and nobody can keep the
owner from their link: there is one mail a minute and MOST_MAILS a day, and every request makes the link that is
already in the mailbox good for its whole time again.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Sequence
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Uuid

from booking.domain.people.link_models import EmailVerification, PasswordReset
from booking.infra import secret_keys
from booking.infra.clock import sql_now
from booking.infra.db import db
from booking.infra.ids import decode, encode, new_id

PAUSE = dt.timedelta(minutes=1)
MOST_MAILS = 5
COUNTED_FOR = dt.timedelta(days=1)

Secrets = Sequence[str]  # SECRET_KEY, then its fallbacks


class LinkKind(Enum):
    """What a link does: the prefix of its id, and what is hashed with it so that no link passes for another's."""

    RESET = ("reset", b"password-reset:")
    VERIFY = ("verify", b"email-verification:")
    CHANGE = ("change", b"email-change:")
    KEEP = ("keep", b"email-keep:")
    INVITE = ("invitation", b"staff-invitation:")


def written(kind: LinkKind, row_id: uuid.UUID, secrets: Secrets) -> str:
    """What stands in the link: the row's id and the proof that we wrote it, with the first of the secrets."""
    return f"{encode(kind.value[0], row_id)}.{_proofs(kind, row_id, secrets)[0]}"


def proven(kind: LinkKind, link: str, secrets: Secrets) -> uuid.UUID | None:
    """The row that the link is about, None where we did not write it, with any of the secrets."""
    name, _, proof = link.partition(".")
    row_id = decode(kind.value[0], name)
    if row_id is None:
        return None
    proofs = _proofs(kind, row_id, secrets)
    return row_id if any(hmac.compare_digest(ours.encode(), proof.encode()) for ours in proofs) else None


def _proofs(kind: LinkKind, row_id: uuid.UUID, secrets: Secrets) -> list[str]:
    keys = secret_keys.ring(secrets, secret_keys.LINKS)
    return [hmac.digest(key, kind.value[1] + row_id.bytes, "sha256").hex() for key in keys]


def is_open(table: type[PasswordReset | EmailVerification]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Not used and not too old."""
    return table.used_at.is_(None), table.expires_at > sql_now()


def ask(
    table: type[PasswordReset | EmailVerification], user_id: uuid.UUID, good_for: dt.timedelta, **also: Any
) -> uuid.UUID | None:
    """Inside the caller's transaction: make the account's link, or make it good again. Its id where a mail is due."""
    now, row = sql_now(), {"id": new_id(), "user_id": user_id, **also}
    mailed, unused = func.coalesce(table.mailed_at, table.created_at), table.used_at.is_(None)
    due = or_(
        ~unused,
        and_(mailed <= now - PAUSE, or_(mailed <= now - COUNTED_FOR, table.mails < MOST_MAILS)),
    )
    # A link that nobody was mailed anew stays the one that is in the mailbox, also when its time was over.
    replaced = and_(due, or_(~unused, table.expires_at <= now))
    counted = case((or_(~unused, mailed <= now - COUNTED_FOR), 1), else_=table.mails + 1)
    renewed = {
        "id": case((replaced, literal(row["id"], Uuid)), else_=table.id),
        "created_at": case((replaced, now), else_=table.created_at),
        "expires_at": now + good_for,
        "used_at": None,
        "mails": case((due, counted), else_=table.mails),
        "mailed_at": case((due, now), else_=mailed),
        **also,
    }
    made = insert(table).values(**row, created_at=now, expires_at=now + good_for, mailed_at=now)
    asked = made.on_conflict_do_update(index_elements=["user_id"], set_=renewed).returning(
        table.id, (table.mailed_at == now).label("due")
    )
    link_id, is_due = db.session.execute(asked).one()
    return link_id if is_due else None
