"""guests are reminded of the rest of a deposit, and stays whose rest was not paid are cancelled where the policy says so

The emails about a booking are found with the reminders; the new index is built beside the old one, which serves until
then.
"""

from alembic import op

revision = "0080"
down_revision = "0078"
branch_labels = None
depends_on = None

BEFORE = (
    "'booking.confirmed', 'booking.changed', 'booking.cancelled', 'refund.declined', 'refund.returned',"
    " 'balance.declined', 'email.resent', 'payment.requested', 'message.answered'"
)
NOW = BEFORE.replace("'balance.declined'", "'balance.declined', 'balance.reminded'")
COLUMNS = {"cancel_after": "smallint", "cancel_at": "timestamptz", "reminded_at": "timestamptz"}
ONLY_BALANCE = "ck_payment_schedule_only_balance_is_cancelled"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        added = (f"ADD COLUMN IF NOT EXISTS {name} {kind}" for name, kind in COLUMNS.items())
        _briefly("payment_schedule", ", ".join(added))
        check = "purpose = 'balance' OR (cancel_after IS NULL AND cancel_at IS NULL)"
        _briefly(
            "payment_schedule",
            f"DROP CONSTRAINT IF EXISTS {ONLY_BALANCE}, ADD CONSTRAINT {ONLY_BALANCE} CHECK ({check}) NOT VALID",
        )
        op.execute(f"ALTER TABLE payment_schedule VALIDATE CONSTRAINT {ONLY_BALANCE}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payment_schedule_cancel_at")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_payment_schedule_cancel_at ON payment_schedule (cancel_at)"
            " WHERE cancel_at IS NOT NULL"
        )
    _rebuild(NOW)


def downgrade() -> None:
    _rebuild(BEFORE)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payment_schedule_cancel_at")
        _briefly("payment_schedule", f"DROP CONSTRAINT IF EXISTS {ONLY_BALANCE}")
        _briefly("payment_schedule", ", ".join(f"DROP COLUMN IF EXISTS {name}" for name in COLUMNS))


def _rebuild(types: str) -> None:
    with op.get_context().autocommit_block():
        # One that an interrupted run has left is not valid, and would be taken for done.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_events_booking_new")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_events_booking_new ON events ((payload ->> 'bookingId'))"
            f" WHERE type IN ({types})"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_events_booking")
        op.execute("ALTER INDEX ix_events_booking_new RENAME TO ix_events_booking")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
