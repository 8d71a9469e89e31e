"""staff finds bookings by who stays, at a property by arrival, and the emails about one

All are built beside what goes on. The contacts and the names stand in indexes of their own, which no booking of a guest
who books for themselves touches.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

EMAILS = (
    "'booking.confirmed', 'booking.changed', 'booking.cancelled', 'refund.declined', 'refund.returned',"
    " 'balance.declined'"
)
INDEXES = {
    "ix_users_words": "users USING gin (folded(full_name || ' ' || email) gin_trgm_ops)",
    "ix_orders_contact_words": "orders USING gin (folded(contact_name || ' ' || contact_email || ' '"
    " || coalesce(regexp_replace(contact_phone, '[^0-9]', '', 'g'), '')) gin_trgm_ops) WHERE contact_name IS NOT NULL",
    "ix_bookings_property_id_check_in": "bookings (property_id, check_in, id)",
    "ix_events_booking": f"events ((payload ->> 'bookingId')) WHERE type IN ({EMAILS})",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            # One that an interrupted run has left is not valid, and would be taken for done.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
