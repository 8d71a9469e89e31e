"""changes of a stay, and how often and when a booking was changed

Only added to: the version before reads and writes bookings as ever, and makes no change. Nobody waits for this for
longer than a moment.
"""

from alembic import op

revision = "0020"
down_revision = "0021"
branch_labels = None
depends_on = None

BRIEFLY = "SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE; SET LOCAL lock_timeout = '100ms';"

THREE, NONE = (
    "'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'",
    (
        "'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'"
    ),
)
CHANGES = f"""
CREATE TABLE IF NOT EXISTS booking_changes (
  id uuid NOT NULL CONSTRAINT pk_booking_changes PRIMARY KEY,
  booking_id uuid NOT NULL CONSTRAINT fk_booking_changes_booking_id REFERENCES bookings (id) ON DELETE CASCADE,
  order_id uuid NOT NULL,
  payment_id uuid CONSTRAINT fk_booking_changes_payment_id REFERENCES payments (id),
  state varchar(16) NOT NULL,
  booking_version integer NOT NULL,
  old_room_id uuid NOT NULL,
  old_check_in date NOT NULL,
  old_check_out date NOT NULL,
  old_guests integer NOT NULL,
  old_total numeric(15, 3) NOT NULL,
  room_id uuid NOT NULL,
  location varchar(120) NOT NULL,
  room_name varchar(255) NOT NULL,
  room_kind varchar(120),
  check_in date NOT NULL,
  check_out date NOT NULL,
  guests integer NOT NULL,
  total_price numeric(15, 3) NOT NULL,
  difference numeric(15, 3) NOT NULL,
  currency varchar(3) NOT NULL,
  price_lines jsonb NOT NULL,
  policy jsonb NOT NULL,
  actor varchar(255) NOT NULL,
  held_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT ck_booking_changes_state_known CHECK (state IN ('pending', 'confirmed', 'failed', 'expired')),
  CONSTRAINT ck_booking_changes_stays_have_nights CHECK (check_in < check_out AND old_check_in < old_check_out),
  CONSTRAINT ck_booking_changes_guests_positive CHECK (guests >= 1),
  CONSTRAINT ck_booking_changes_only_pending_is_held CHECK (held_until IS NULL OR state = 'pending'),
  CONSTRAINT ck_booking_changes_totals_not_negative CHECK (total_price >= 0 AND old_total >= 0),
  CONSTRAINT ck_booking_changes_difference_of_totals CHECK (difference = total_price - old_total),
  CONSTRAINT ck_booking_changes_total_price_decimals CHECK
    (total_price = round(total_price, CASE WHEN currency IN ({NONE}) THEN 0 WHEN currency IN ({THREE}) THEN 3 ELSE 2 END)),
  CONSTRAINT ck_booking_changes_currency_code CHECK (currency ~ '^[A-Z]{{3}}$')
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_booking_changes_pending ON booking_changes (booking_id) WHERE state = 'pending';
CREATE UNIQUE INDEX IF NOT EXISTS uq_booking_changes_payment_id ON booking_changes (payment_id);
CREATE INDEX IF NOT EXISTS ix_booking_changes_booking_id ON booking_changes (booking_id);
CREATE INDEX IF NOT EXISTS ix_booking_changes_held ON booking_changes (held_until) WHERE held_until IS NOT NULL
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            f"{BRIEFLY.format(table='bookings')} ALTER TABLE bookings"
            " ADD COLUMN IF NOT EXISTS times_changed integer NOT NULL DEFAULT 0,"
            " ADD COLUMN IF NOT EXISTS changed_at timestamptz"
        )
        # Its foreign keys ask for a moment of both tables.
        op.execute(f"{BRIEFLY.format(table='payments')} {CHANGES}")


def downgrade() -> None:
    """Stays that were changed keep their price and their policy; the version before knows no parts of it."""
    with op.get_context().autocommit_block():
        op.execute("DROP TABLE IF EXISTS booking_changes")
        op.execute(
            f"{BRIEFLY.format(table='bookings')} ALTER TABLE bookings"
            " DROP COLUMN IF EXISTS changed_at, DROP COLUMN IF EXISTS times_changed"
        )
