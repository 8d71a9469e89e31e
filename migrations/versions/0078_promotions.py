"""promotions: codes that take something off a stay, and the bookings that use them"""

from alembic import op

revision = "0078"
down_revision = "0079"
branch_labels = None
depends_on = None

# The app's role may do with promotions what it may do with orders.
GRANTS = """
DO $$ DECLARE role text; BEGIN
  FOR role IN SELECT DISTINCT pg_get_userbyid(acl.grantee) FROM pg_class AS t, aclexplode(t.relacl) AS acl
    WHERE t.oid = 'orders'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, t.relowner)
  LOOP EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON promotions TO %I', role); END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute("""
        CREATE TABLE promotions (
          id uuid NOT NULL,
          code varchar(40) NOT NULL,
          name varchar(255) NOT NULL,
          percent numeric(5, 2),
          amount numeric(15, 3),
          currency varchar(3),
          property_ids uuid[] NOT NULL DEFAULT '{}',
          min_nights smallint,
          valid_from date,
          valid_to date,
          stays_from date,
          stays_to date,
          most_uses integer,
          most_per_guest integer,
          ended_at timestamptz,
          version integer NOT NULL DEFAULT 1,
          created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          CONSTRAINT pk_promotions PRIMARY KEY (id),
          CONSTRAINT ck_promotions_code_plain CHECK (code ~ '^[A-Z0-9_-]{3,40}$'),
          CONSTRAINT ck_promotions_named CHECK (name <> ''),
          CONSTRAINT ck_promotions_percent_or_amount CHECK (num_nonnulls(percent, amount) = 1),
          CONSTRAINT ck_promotions_percent_within CHECK (percent > 0 AND percent <= 100),
          CONSTRAINT ck_promotions_amount_has_currency CHECK ((amount IS NULL) = (currency IS NULL) AND amount > 0),
          CONSTRAINT ck_promotions_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
          CONSTRAINT ck_promotions_amount_decimals CHECK (amount = round(amount, minor_units(currency))),
          CONSTRAINT ck_promotions_use_in_order CHECK (valid_to >= valid_from),
          CONSTRAINT ck_promotions_stays_in_order CHECK (stays_to >= stays_from),
          CONSTRAINT ck_promotions_min_nights_within CHECK (min_nights BETWEEN 1 AND 365),
          CONSTRAINT ck_promotions_limits_positive CHECK (most_uses >= 1 AND most_per_guest >= 1)
        )
    """)
    op.execute("CREATE UNIQUE INDEX uq_promotions_code ON promotions (code) WHERE ended_at IS NULL")
    op.execute(GRANTS)
    with op.get_context().autocommit_block():
        _briefly("bookings", "ADD COLUMN IF NOT EXISTS promotion_id uuid")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_promotion_id")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_bookings_promotion_id ON bookings (promotion_id, status)"
            " WHERE promotion_id IS NOT NULL"
        )


def downgrade() -> None:
    """What was sold keeps its lines; which promotion it used is lost."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_promotion_id")
        _briefly("bookings", "DROP COLUMN IF EXISTS promotion_id")
    op.execute("DROP TABLE promotions")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
