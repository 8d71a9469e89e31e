"""What is kept about a person and their sign-ins, for themselves: in the words of the API, without secrets."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select

from booking.domain.actors import Actor
from booking.domain.people import alert_choices, audit_log, second_factor
from booking.domain.people.link_models import EmailChange
from booking.domain.people.models import SecurityEvent, Session, User
from booking.domain.people.saved_view_models import SavedView
from booking.domain.people.second_factor_models import Passkey
from booking.infra.db import db
from booking.infra.ids import encode

Entry = dict[str, Any]


def about(actor: Actor) -> Entry:
    """What is kept of the actor's own account: as of_account()."""
    return of_account(actor.account)


def of_account(user_id: uuid.UUID) -> Entry:
    """account, sessions, passkeys, securityEvents, emailChanges, auditLog, savedViews, alerts, weeklyFigures.

    Inside the caller's transaction. Lists newest first.
    """
    return {
        "account": _account(db.session.get_one(User, user_id)),
        "sessions": _sessions(user_id),
        "passkeys": _passkeys(user_id),
        "securityEvents": _security_events(user_id),
        "emailChanges": _email_changes(user_id),
        "auditLog": _audit_log(user_id),
        "savedViews": _saved_views(user_id),
        "alerts": alert_choices.of_person(user_id),
        "weeklyFigures": alert_choices.gets_figures(user_id),
    }


def _account(user: User) -> Entry:
    return {
        "id": encode("user", user.id),
        "email": user.email,
        "emailVerifiedAt": instant(user.email_verified_at),
        "secondFactorSince": instant(second_factor.since_within(user.id)),
        "fullName": user.full_name,
        "role": user.role,
        "region": user.region,
        "locale": user.locale,
        "createdAt": instant(user.created_at),
    }


def _saved_views(user_id: uuid.UUID) -> list[Entry]:
    rows = db.session.scalars(select(SavedView).where(SavedView.user_id == user_id).order_by(SavedView.id.desc()))
    return [{"name": row.name, "filter": row.filter, "createdAt": instant(row.created_at)} for row in rows]


def _sessions(user_id: uuid.UUID) -> list[Entry]:
    rows = db.session.scalars(select(Session).where(Session.user_id == user_id).order_by(Session.id.desc()))
    return [
        {
            "id": encode("session", row.id),
            "kind": row.kind,
            "client": row.client,
            "createdAt": instant(row.created_at),
            "lastSeenAt": instant(row.last_seen_at),
            "endedAt": instant(row.ended_at),
        }
        for row in rows
    ]


def _passkeys(user_id: uuid.UUID) -> list[Entry]:
    rows = db.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id.desc()))
    return [
        {
            "id": encode("passkey", row.id),
            "name": row.name,
            "transports": row.transports,
            "createdAt": instant(row.created_at),
            "lastUsedAt": instant(row.last_used_at),
        }
        for row in rows
    ]


def _security_events(user_id: uuid.UUID) -> list[Entry]:
    mine = select(SecurityEvent).where(SecurityEvent.user_id == user_id).order_by(SecurityEvent.at.desc())
    return [
        {"at": instant(row.at), "kind": row.kind, "address": row.address, "client": row.client}
        for row in db.session.scalars(mine)
    ]


def _email_changes(user_id: uuid.UUID) -> list[Entry]:
    mine = select(EmailChange).where(EmailChange.user_id == user_id).order_by(EmailChange.created_at.desc())
    return [
        {
            "from": row.old_email,
            "to": row.new_email,
            "createdAt": instant(row.created_at),
            "newConfirmedAt": instant(row.new_confirmed_at),
            "oldConfirmedAt": instant(row.old_confirmed_at),
            "confirmedAt": instant(row.confirmed_at),
            "stoppedAt": instant(row.stopped_at),
        }
        for row in db.session.scalars(mine)
    ]


def _audit_log(user_id: uuid.UUID) -> list[Entry]:
    """What staff or the system changed about the person; by whom is the house's business."""
    return [
        {
            "at": instant(entry.at),
            "action": entry.action,
            "before": entry.was,
            "after": entry.now,
            **({"unreadable": True} if entry.unreadable else {}),
        }
        for entry in audit_log.about(user_id)
    ]


def instant(moment: dt.datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
