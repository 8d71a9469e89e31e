"""Why nights were off sale that staff has put back: kept beside the log, which says nothing that may speak of a person,
for as long as they can be taken off sale again from it.
"""

from __future__ import annotations

import uuid

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain.inventory.models import STAFF, Block, LiftedBlock
from booking.infra.db import READ_COMMITTED, db, reading, transaction


def keep(gone: Block) -> None:
    """Inside the caller's transaction, which lifts the block."""
    if gone.source == STAFF and gone.reason:
        values = {"block_id": gone.id, "check_out": gone.check_out, "reason": gone.reason}
        db.session.execute(insert(LiftedBlock).values(values).on_conflict_do_nothing())


@reading
def reason_of(block_id: uuid.UUID) -> str:
    """Of a block that is gone; empty where it had none."""
    return db.session.scalar(select(LiftedBlock.reason).where(LiftedBlock.block_id == block_id)) or ""


@transaction(isolation=READ_COMMITTED)
def prune(portion: int) -> int:
    """Forget at most `portion` of those whose nights are over everywhere. Returns how many."""
    over = func.date(func.timezone("UTC", func.now())) - 1
    old = select(LiftedBlock.block_id).where(LiftedBlock.check_out <= over)
    ids = db.session.scalars(old.order_by(LiftedBlock.check_out).limit(portion).with_for_update(skip_locked=True)).all()
    if ids:
        db.session.execute(delete(LiftedBlock).where(LiftedBlock.block_id.in_(ids)))
    return len(ids)
