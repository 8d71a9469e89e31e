"""two guests are never in one room: a unique index in the place of the one that only finds who is there

Where two are checked in to one room already, it cannot be built: then nothing changes, and the migration says so.
"""

import logging

from alembic import op
from sqlalchemy.exc import IntegrityError

revision = "0047"
down_revision = "0045"
branch_labels = None
depends_on = None

FINDS, REFUSES = "ix_bookings_in_house", "uq_bookings_in_house"
IN_HOUSE = "bookings (room_id) WHERE checked_in_at IS NOT NULL AND checked_out_at IS NULL"
UNIQUE = f"CREATE UNIQUE INDEX CONCURRENTLY {REFUSES} ON {IN_HOUSE}"
SAID = (
    "Two guests are checked in to one room, so Postgres cannot refuse that yet. `flask bookings verify` names them:"
    " check one of them out, and then, as the owner of the database: %s; DROP INDEX CONCURRENTLY %s"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _drop(REFUSES)  # one that a killed run has left half-built is of no use
        try:
            op.execute(UNIQUE)
        except IntegrityError:
            _drop(REFUSES)
            logging.getLogger("alembic.runtime.migration").warning(SAID, UNIQUE, FINDS)
        else:
            _drop(FINDS)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _drop(FINDS)
        op.execute(f"CREATE INDEX CONCURRENTLY {FINDS} ON {IN_HOUSE}")
        _drop(REFUSES)


def _drop(name: str) -> None:
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
