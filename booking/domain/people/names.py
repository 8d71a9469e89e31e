"""What accounts are called, for lists that name who did something."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select

from booking.domain.people.models import User
from booking.infra.db import db
from booking.infra.ids import decode


def of_actors(written: Collection[str]) -> dict[str, str]:
    """Name by actor, as logs write them ("staff:user_…"), inside the caller's transaction; only of accounts."""
    accounts = {actor: decode("user", actor.partition(":")[2]) for actor in written}
    known = of_accounts({account for account in accounts.values() if account})
    return {actor: known[account] for actor, account in accounts.items() if account and account in known}


def of_accounts(accounts: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The same by the accounts' ids; a deleted one has no name."""
    if not accounts:
        return {}
    rows = db.session.execute(select(User.id, User.full_name).where(User.id.in_(accounts), User.deleted_at.is_(None)))
    return {row.id: row.full_name for row in rows}
