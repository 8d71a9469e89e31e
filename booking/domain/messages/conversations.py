"""Conversations about bookings, for whoever looks after what is kept about a guest."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import delete

from booking.domain.messages.conversation_models import GuestMessage
from booking.infra.db import db


def forget(booking_ids: Collection[uuid.UUID]) -> None:
    """Inside the caller's transaction: whoever wrote is being erased, and what was written to them goes with them."""
    gone = delete(GuestMessage).where(GuestMessage.booking_id.in_(booking_ids))
    db.session.execute(gone.execution_options(synchronize_session=False))
