"""What happened to accounts: sign-ins, failures, what was changed and from where. Append-only; never a secret.

Each entry is a line of the log, under a name that stays, and a row: the owner sees theirs on the account page. Rows,
and the addresses in them, are kept for SECURITY_EVENTS_DAYS. An address that nobody has an account for is kept as a
keyed hash only.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sqlalchemy import delete, select

from booking.domain.actors import Actor
from booking.domain.people.models import SecurityEvent
from booking.infra import callers, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, after_commit, db, reading, transaction
from booking.infra.ids import encode

SHOWN = 20  # entries on the account page
NETWORK_KNOWN = dt.timedelta(days=90)


class SecurityEventKind(StrEnum):
    """Names of entries. Alerts are built on them: they never change."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    THROTTLED = "throttled"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    REFRESH_REUSED = "refresh_reused"
    IDENTITY_CONFIRMED = "identity_confirmed"
    IDENTITY_REFUSED = "identity_refused"
    REGISTERED = "registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 a name
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    SECOND_FACTOR_FAILED = "second_factor_failed"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    AUTHENTICATOR_ADDED = "authenticator_added"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_REFUSED = "passkey_refused"
    EMAIL_CHANGED = "email_changed"
    ROLE_CHANGED = "role_changed"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_DELETED = "account_deleted"
    DATA_DOWNLOADED = "data_downloaded"
    FORBIDDEN = "forbidden"
    LIMIT_HIT = "limit_hit"


COMMAND = "flask "  # how doors of commands begin
BAD = frozenset(
    {
        SecurityEventKind.SIGN_IN_FAILED,
        SecurityEventKind.SECOND_FACTOR_FAILED,
        SecurityEventKind.PASSKEY_REFUSED,
        SecurityEventKind.THROTTLED,
        SecurityEventKind.REFRESH_REUSED,
        SecurityEventKind.IDENTITY_REFUSED,
        SecurityEventKind.FORBIDDEN,
        SecurityEventKind.LIMIT_HIT,
    }
)


@dataclass(frozen=True, slots=True)
class SecurityEntry:
    """Something that happened to an account, as its owner sees it."""

    kind: str
    at: dt.datetime
    client: str
    address: str


def record(kind: SecurityEventKind, user_id: uuid.UUID | None, *, account: str = "") -> None:
    """Inside the caller's transaction: a row, and a line once it has committed.

    `account` is the keyed hash of an address that was typed, for where nobody has it.
    """
    caller = callers.current()
    db.session.add(
        SecurityEvent(
            at=sql_now(),
            kind=kind,
            user_id=user_id,
            account=account,
            address=caller.address[:64],
            network=caller.network[:64],
            client=caller.client[:255],
            request_id=telemetry.request_id()[:64],
        )
    )
    after_commit(partial(note, kind, user_id, account=account))


@transaction(isolation=READ_COMMITTED)
def record_now(kind: SecurityEventKind, user_id: uuid.UUID | None, *, account: str = "") -> None:
    """`record` where nothing else is written."""
    record(kind, user_id, account=account)


def note(kind: SecurityEventKind, user_id: uuid.UUID | None = None, **facts: str) -> None:
    """A line of the log alone: for what strangers may cause as often as they like.

    What a command did well is no line: it would stand among the sentences that whoever typed it reads.
    """
    telemetry.count_security(kind)
    if kind not in BAD and callers.door().startswith(COMMAND):
        return
    who = encode("user", user_id) if user_id else ""
    say = telemetry.log.warning if kind in BAD else telemetry.log.info
    told = {name: value for name, value in facts.items() if value}
    say(str(kind), security=True, user=who, address=callers.current().address, **told)


@reading
def recent(actor: Actor, limit: int = SHOWN) -> list[SecurityEntry]:
    """What happened to one's account, the latest first."""
    rows = db.session.execute(
        select(SecurityEvent.kind, SecurityEvent.at, SecurityEvent.client, SecurityEvent.address)
        .where(SecurityEvent.user_id == actor.account)
        .order_by(SecurityEvent.at.desc(), SecurityEvent.id.desc())
        .limit(limit)
    )
    return [SecurityEntry(*row) for row in rows]


@reading
def has_signed_in_from(user_id: uuid.UUID, network: str) -> bool:
    """True where the user has signed in from this network lately."""
    known = (
        SecurityEvent.user_id == user_id,
        SecurityEvent.kind == SecurityEventKind.SIGN_IN,
        SecurityEvent.network == network,
        SecurityEvent.at > sql_now() - NETWORK_KNOWN,
    )
    return network != "" and db.session.scalar(select(SecurityEvent.id).where(*known).limit(1)) is not None


@transaction(isolation=READ_COMMITTED)
def prune(keep: dt.timedelta, limit: int) -> int:
    """Delete entries older than `keep`, at most `limit` of them. Returns how many."""
    old = select(SecurityEvent.id).where(SecurityEvent.at < sql_now() - keep).order_by(SecurityEvent.at).limit(limit)
    gone = db.session.execute(delete(SecurityEvent).where(SecurityEvent.id.in_(old)).returning(SecurityEvent.id))
    return len(gone.all())
