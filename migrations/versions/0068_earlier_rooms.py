"""a guest who moves in the middle of a stay keeps the nights before it: the rooms of those, and the night of the move"""

from alembic import op

revision = "0068"
down_revision = "0065"
branch_labels = None
depends_on = None

SOME, WITHIN = "ck_bookings_earlier_rooms_are_some", "ck_booking_changes_moves_within_stay"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("bookings", "ADD COLUMN IF NOT EXISTS earlier_rooms jsonb")
        _briefly(
            "booking_changes", "ADD COLUMN IF NOT EXISTS earlier_rooms jsonb, ADD COLUMN IF NOT EXISTS moves_on date"
        )
        _rule("bookings", SOME, "CHECK (jsonb_array_length(earlier_rooms) > 0)")
        _rule(
            "booking_changes",
            WITHIN,
            "CHECK (moves_on IS NULL OR (moves_on > check_in AND moves_on < check_out AND moves_on <= old_check_out"
            " AND check_in = old_check_in AND room_id <> old_room_id))",
        )


def downgrade() -> None:
    """Refused once somebody has moved in the middle of a stay: the version before does not know of their first room."""
    with op.get_context().autocommit_block():
        op.execute(
            "DO $$ BEGIN IF EXISTS (SELECT FROM bookings WHERE earlier_rooms IS NOT NULL)"
            " THEN RAISE 'guests have moved in the middle of a stay'; END IF; END $$"
        )
        for name, table in ((SOME, "bookings"), (WITHIN, "booking_changes")):
            _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}")
            _briefly(table, "DROP COLUMN IF EXISTS earlier_rooms")
        _briefly("booking_changes", "DROP COLUMN IF EXISTS moves_on")


def _rule(table: str, name: str, rule: str) -> None:
    _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
