"""References of providers to attempts under way, in the attempts' own rows, each in a transaction of its own."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from booking.domain.payments.models import OPEN, Payment
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.provider import Noted

CLOSED = "none"  # in the place of a reference: the attempt ended before there was one


class ProviderReferences:
    """For providers that need to have their reference noted before money can move (provider.References)."""

    @staticmethod
    @transaction(isolation=READ_COMMITTED)
    def note(key: uuid.UUID, reference: str) -> bool:
        new = update(Payment).where(Payment.id == key, Payment.state.in_(OPEN), Payment.provider_reference.is_(None))
        noted = new.values(provider_reference=reference).returning(Payment.id)
        return db.session.scalar(noted.execution_options(synchronize_session=False)) is not None

    @staticmethod
    @reading
    def find(key: uuid.UUID) -> Noted | None:
        charge = aliased(Payment)
        wanted = select(Payment.provider_reference, charge.provider_reference.label("charge")).where(Payment.id == key)
        row = db.session.execute(wanted.outerjoin(charge, charge.id == Payment.charge_id)).one_or_none()
        return Noted(None if row.provider_reference == CLOSED else row.provider_reference, row.charge) if row else None

    @staticmethod
    @transaction(isolation=READ_COMMITTED)
    def close(key: uuid.UUID) -> str | None:
        reference = func.coalesce(Payment.provider_reference, CLOSED)
        closed = update(Payment).where(Payment.id == key).values(provider_reference=reference)
        options = {"synchronize_session": False}
        found = db.session.scalar(closed.returning(Payment.provider_reference), execution_options=options)
        return None if found in (None, CLOSED) else found
