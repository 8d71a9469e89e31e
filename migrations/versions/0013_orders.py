"""orders: what is bought in one go and the sums of its ledger; bookings are its lines, payments say what they are for

The version before goes on booking meanwhile and knows no orders: triggers give what it writes its order, which has the
booking's own id. Others keep the sums, whoever writes. Rows from before follow in portions, each committed by itself:
a run that was killed goes on where it was. No statement waits for a table for longer than others can bear.
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

SMALLEST, LARGEST = 100, 4000  # bookings of a portion
SECONDS = 0.1  # that a portion should take: so long may somebody wait who changes one of its bookings
FIRST = "00000000-0000-0000-0000-000000000000"

THREE, NONE = (
    "'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'",
    (
        "'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'"
    ),
)


def _decimals(column: str) -> str:
    digits = f"CASE WHEN currency IN ({NONE}) THEN 0 WHEN currency IN ({THREE}) THEN 3 ELSE 2 END"
    return f"{column} = round({column}, {digits})"


SUMS = ("owed", "paid", "refunded", "refunding")
ORDERS = f"""
CREATE TABLE IF NOT EXISTS orders (
  id uuid NOT NULL CONSTRAINT pk_orders PRIMARY KEY,
  reference varchar(16) NOT NULL CONSTRAINT uq_orders_reference UNIQUE,
  user_id uuid CONSTRAINT fk_orders_user_id REFERENCES users (id),
  contact_name varchar(255),
  contact_email varchar(255),
  contact_phone varchar(32),
  locale varchar(16) NOT NULL DEFAULT 'en',
  channel varchar(8) NOT NULL,
  property_id uuid NOT NULL,
  currency varchar(3) NOT NULL,
  owed numeric(15, 3) NOT NULL,
  paid numeric(15, 3) NOT NULL DEFAULT 0,
  refunded numeric(15, 3) NOT NULL DEFAULT 0,
  refunding numeric(15, 3) NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT ck_orders_channel_known CHECK (channel IN ('web', 'api', 'desk', 'import')),
  CONSTRAINT ck_orders_currency_code CHECK (currency ~ '^[A-Z]{{3}}$'),
  CONSTRAINT ck_orders_has_buyer
    CHECK (user_id IS NOT NULL OR (contact_name IS NOT NULL AND contact_email IS NOT NULL)),
  CONSTRAINT ck_orders_sums_not_negative CHECK (owed >= 0 AND paid >= 0 AND refunded >= 0 AND refunding >= 0),
  CONSTRAINT ck_orders_refunds_within_paid CHECK (refunded + refunding <= paid),
  CONSTRAINT ck_orders_sums_decimals CHECK ({" AND ".join(map(_decimals, SUMS))})
) WITH (fillfactor = 80)
"""

# Whoever may write bookings may write orders: the triggers do it in their name.
GRANTS = """
DO $body$ DECLARE role name; BEGIN
  FOR role IN SELECT DISTINCT pg_get_userbyid(acl.grantee) FROM pg_class AS t, aclexplode(t.relacl) AS acl
    WHERE t.oid = 'bookings'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, t.relowner)
  LOOP EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO %I', role); END LOOP;
END $body$
"""


def _owed(row: str) -> str:
    """What a booking costs as it is now."""
    return (
        f"CASE {row}.status WHEN 'EXPIRED' THEN 0"
        f" WHEN 'CANCELLED' THEN coalesce({row}.kept, {row}.total_price - coalesce({row}.refund_amount, {row}.total_price))"
        f" ELSE {row}.total_price END"
    )


COLUMNS = "id, reference, user_id, locale, channel, property_id, currency, owed, created_at"

# --- for the version before; they go with the next one

ORDER_OF_BOOKING = f"""
CREATE OR REPLACE FUNCTION give_booking_its_order() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.order_id := NEW.id;
  INSERT INTO orders ({COLUMNS}) SELECT NEW.id, NEW.reference, NEW.user_id, guest.locale, 'web', room.property_id,
    NEW.currency, {_owed("NEW")}, coalesce(NEW.created_at, clock_timestamp())
  FROM users AS guest, rooms AS room WHERE guest.id = NEW.user_id AND room.id = NEW.room_id;
  RETURN NEW;
END $body$
"""

ORDER_OF_PAYMENT = """
CREATE OR REPLACE FUNCTION give_payment_its_order() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  -- A booking that has none yet will have the one of its own id.
  NEW.order_id := coalesce((SELECT order_id FROM bookings WHERE id = NEW.booking_id), NEW.booking_id);
  RETURN NEW;
END $body$
"""

# --- for whoever writes

OWED = f"""
CREATE OR REPLACE FUNCTION keep_order_owed() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE orders SET owed = owed + ({_owed("NEW")}) - ({_owed("OLD")}), version = version + 1,
    updated_at = clock_timestamp() WHERE id = NEW.order_id;
  RETURN NULL;
END $body$
"""

PAID = """
CREATE OR REPLACE FUNCTION keep_order_paid() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE was numeric := 0; was_open numeric := 0; now_is numeric := 0; now_open numeric := 0;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = 'succeeded' THEN was := OLD.amount; END IF;
    IF OLD.state IN ('started', 'unknown') THEN was_open := OLD.amount; END IF;
  END IF;
  IF NEW.state = 'succeeded' THEN now_is := NEW.amount; END IF;
  IF NEW.state IN ('started', 'unknown') THEN now_open := NEW.amount; END IF;
  IF NEW.kind = 'charge' THEN
    UPDATE orders SET paid = paid + now_is - was, version = version + 1, updated_at = clock_timestamp()
    WHERE id = coalesce(NEW.order_id, NEW.booking_id);
  ELSE
    UPDATE orders SET refunded = refunded + now_is - was, refunding = refunding + now_open - was_open,
      version = version + 1, updated_at = clock_timestamp()
    WHERE id = coalesce(NEW.order_id, NEW.booking_id);
  END IF;
  RETURN NULL;
END $body$
"""

GONE = """
CREATE OR REPLACE FUNCTION drop_order_without_bookings() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  DELETE FROM orders WHERE id = OLD.order_id AND NOT EXISTS (SELECT FROM bookings WHERE order_id = OLD.order_id);
  RETURN NULL;
END $body$
"""

# The sums are kept before the first order is there, so that none misses a payment.
TRIGGERS = (
    (
        "payments",
        "payments_order",
        "BEFORE INSERT ON payments FOR EACH ROW WHEN (NEW.order_id IS NULL) EXECUTE FUNCTION give_payment_its_order()",
    ),
    (
        "payments",
        "payments_begun",
        "AFTER INSERT ON payments FOR EACH ROW WHEN (NEW.kind = 'refund' OR NEW.state = 'succeeded')"
        " EXECUTE FUNCTION keep_order_paid()",
    ),
    (
        "payments",
        "payments_moved",
        "AFTER UPDATE OF state, amount ON payments FOR EACH ROW"
        " WHEN ((OLD.state, OLD.amount) IS DISTINCT FROM (NEW.state, NEW.amount)"
        " AND (NEW.kind = 'refund' OR 'succeeded' IN (OLD.state, NEW.state))) EXECUTE FUNCTION keep_order_paid()",
    ),
    (
        "bookings",
        "bookings_owed",
        "AFTER UPDATE OF status, total_price, refund_amount, kept ON bookings FOR EACH ROW"
        f" WHEN (({_owed('OLD')}) <> ({_owed('NEW')})) EXECUTE FUNCTION keep_order_owed()",
    ),
    (
        "bookings",
        "bookings_gone",
        "AFTER DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION drop_order_without_bookings()",
    ),
    (
        "bookings",
        "bookings_order",
        "BEFORE INSERT ON bookings FOR EACH ROW WHEN (NEW.order_id IS NULL) EXECUTE FUNCTION give_booking_its_order()",
    ),
)

# One portion. Its bookings are locked, then their payments: whatever moves either waits, or was done before and is read
# by the statements that follow. (Not against those who only refer to the rows: they need not wait.)
FILL = f"""
CREATE OR REPLACE FUNCTION fill_orders(after uuid, portion integer) RETURNS uuid LANGUAGE plpgsql AS $body$
DECLARE ids uuid[];
BEGIN
  SELECT array_agg(b.id ORDER BY b.id) INTO ids FROM (SELECT id FROM bookings WHERE id > after AND order_id IS NULL
    ORDER BY id LIMIT portion FOR NO KEY UPDATE) AS b;
  PERFORM FROM payments WHERE booking_id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  UPDATE payments AS p SET order_id = p.booking_id, charge_id = CASE WHEN p.kind = 'refund' THEN coalesce(p.charge_id,
    (SELECT c.id FROM payments AS c WHERE c.booking_id = p.booking_id AND c.kind = 'charge' AND c.state = 'succeeded'))
    END WHERE p.booking_id = ANY (ids);
  UPDATE bookings SET order_id = id WHERE id = ANY (ids);
  INSERT INTO orders ({COLUMNS}, paid, refunded, refunding)
  SELECT b.id, b.reference, b.user_id, guest.locale, 'web', room.property_id, b.currency, {_owed("b")}, b.created_at,
    coalesce(moved.paid, 0), coalesce(moved.refunded, 0), coalesce(moved.refunding, 0)
  FROM bookings AS b JOIN users AS guest ON guest.id = b.user_id JOIN rooms AS room ON room.id = b.room_id
  LEFT JOIN (
    SELECT booking_id, sum(amount) FILTER (WHERE kind = 'charge' AND state = 'succeeded') AS paid,
      sum(amount) FILTER (WHERE kind = 'refund' AND state = 'succeeded') AS refunded,
      sum(amount) FILTER (WHERE kind = 'refund' AND state IN ('started', 'unknown')) AS refunding
    FROM payments WHERE booking_id = ANY (ids) GROUP BY booking_id
  ) AS moved ON moved.booking_id = b.id WHERE b.id = ANY (ids);
  RETURN ids[array_upper(ids, 1)];
END $body$
"""

RULES = (
    ("bookings", "ck_bookings_kept_within_price", f"CHECK (kept BETWEEN 0 AND total_price AND {_decimals('kept')})"),
    ("bookings", "ck_bookings_only_cancelled_keeps", "CHECK (kept IS NULL OR status = 'CANCELLED')"),
    ("bookings", "ck_bookings_has_order", "CHECK (order_id IS NOT NULL)"),
    ("payments", "ck_payments_has_order", "CHECK (order_id IS NOT NULL)"),
    ("payments", "ck_payments_refund_has_charge", "CHECK (charge_id IS NOT NULL OR kind <> 'refund')"),
    ("payments", "ck_payments_purpose_known", "CHECK (purpose IN ('stay', 'change', 'deposit', 'balance'))"),
    ("payments", "fk_payments_order_id", "FOREIGN KEY (order_id) REFERENCES orders (id)"),
)
INDEXES = (
    ("ix_bookings_order_id", "bookings", False, None),
    ("ix_payments_order_id", "payments", False, None),
    ("uq_payments_open_charge", "payments", True, sa.text("kind = 'charge' AND state IN ('started', 'unknown')")),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("users", ORDERS)
        for statement in (GRANTS, ORDER_OF_BOOKING, ORDER_OF_PAYMENT, OWED, PAID, GONE, FILL):
            op.execute(statement)
        _briefly(
            "bookings",
            "ALTER TABLE bookings ADD COLUMN IF NOT EXISTS order_id uuid, ADD COLUMN IF NOT EXISTS kept numeric(15, 3)",
        )
        _briefly(
            "payments",
            "ALTER TABLE payments ADD COLUMN IF NOT EXISTS order_id uuid,"
            " ADD COLUMN IF NOT EXISTS purpose varchar(8) NOT NULL DEFAULT 'stay'",
        )
        for table, name, rule in TRIGGERS:
            _briefly(table, f"CREATE OR REPLACE TRIGGER {name} {rule}")
        _fill()
        op.execute("ANALYZE orders")
        for name, table, unique, where in INDEXES:
            # One that an interrupted run has left is not valid, and would be taken for done.
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
            op.create_index(
                name, table, ["order_id"], unique=unique, postgresql_where=where, postgresql_concurrently=True
            )
        _rules()


def _briefly(table: str, change: str) -> None:
    """A change that nobody can work beside, and so hardly waits: everybody else would wait behind it. One transaction.

    What may hold it up for longer, a vacuum, is sent away first, by a lock that is in nobody's way.
    """
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; {change}"
    )


def _fill() -> None:
    """All bookings that have no order, in the order of time, as many at once as are done in a moment."""
    last, portion = FIRST, SMALLEST
    while last:
        began = time.monotonic()
        last = op.get_bind().scalar(
            sa.text("SELECT fill_orders(:after, :portion)"), {"after": last, "portion": portion}
        )
        pace = SECONDS / max(time.monotonic() - began, 0.001)
        portion = max(SMALLEST, min(LARGEST, round(portion * min(pace, 2))))
    op.execute("DROP FUNCTION fill_orders(uuid, integer)")


def _rules() -> None:
    for table, name, rule in RULES:
        _briefly(table, f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID")
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
    for table in ("bookings", "payments"):
        # What the rule has proved need not be looked at row by row.
        _briefly(table, f"ALTER TABLE {table} ALTER COLUMN order_id SET NOT NULL")
        _briefly(table, f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_has_order")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, _, _ in INDEXES:
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
        for table, name, _ in reversed(TRIGGERS):
            _briefly(table, f"DROP TRIGGER IF EXISTS {name} ON {table}")
        _briefly(
            "payments",
            "ALTER TABLE payments DROP CONSTRAINT IF EXISTS ck_payments_refund_has_charge,"
            " DROP COLUMN IF EXISTS order_id, DROP COLUMN IF EXISTS purpose",
        )
        _briefly("bookings", "ALTER TABLE bookings DROP COLUMN IF EXISTS order_id, DROP COLUMN IF EXISTS kept")
        op.execute("DROP TABLE IF EXISTS orders")
        for function in (
            "give_booking_its_order",
            "give_payment_its_order",
            "keep_order_owed",
            "keep_order_paid",
            "drop_order_without_bookings",
        ):
            op.execute(f"DROP FUNCTION IF EXISTS {function}()")
        op.execute("DROP FUNCTION IF EXISTS fill_orders(uuid, integer)")
