"""cash of the desk: a movement for each payment that was entered as cash, and counts that close a drawer

The movement is written by a trigger, so that the version before, which may still run, writes it too. What was entered
until now gets one that belongs to no drawer. A card at the desk's terminal is a way to pay of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0046"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CLOCK = sa.text("clock_timestamp()")
BRIEFLY = "SET LOCAL lock_timeout = '2s'"


def _signed(ways: str) -> str:
    return (
        f"(provider IN ({ways}) AND state = 'succeeded') = (recorded_by IS NOT NULL)"
        " AND (recorded_by IS NULL) = (value_date IS NULL)"
    )


BEFORE, NOW = "'desk', 'transfer', 'elsewhere'", "'desk', 'terminal', 'transfer', 'elsewhere'"

# staff:user_01k5… -> the id; nobody's where a command or a program has entered it.
ACCOUNT = """
CREATE OR REPLACE FUNCTION account_of_actor(actor text) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT string_agg(to_hex(substr(bits, 3 + 4 * n, 4)::bit(4)::int), '' ORDER BY n)::uuid
  FROM (SELECT string_agg((strpos('0123456789abcdefghjkmnpqrstvwxyz', letter) - 1)::bit(5)::text, '' ORDER BY place)
        FROM regexp_split_to_table(substring(actor FROM '^[a-z]+\\:user_([0-7][0-9a-hjkmnp-tv-z]{25})$'), '')
        WITH ORDINALITY AS letters (letter, place)) AS written (bits),
  generate_series(0, 31) AS n
$$
"""
KEEP = """
CREATE OR REPLACE FUNCTION keep_cash_movement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE whose uuid := account_of_actor(NEW.recorded_by); corrected record;
BEGIN
  IF NEW.corrects_id IS NOT NULL THEN
    -- Whoever is closing its drawer goes first, or waits.
    SELECT user_id INTO corrected FROM cash_movements
    WHERE payment_id = NEW.corrects_id AND closing_id IS NULL AND NOT before_drawers FOR UPDATE;
    IF FOUND THEN whose := corrected.user_id; END IF;
  END IF;
  INSERT INTO cash_movements (payment_id, property_id, currency, user_id, amount)
  SELECT NEW.id, property_id, NEW.currency, whose, CASE NEW.kind WHEN 'charge' THEN NEW.amount ELSE -NEW.amount END
  FROM orders WHERE id = NEW.order_id;
  RETURN NULL;
END $$
"""
IS_CASH = "NEW.provider = 'desk' AND NEW.state = 'succeeded'"  # all that guests and their cards pay for this
ON_ENTRY = (
    "CREATE OR REPLACE TRIGGER cash_entered AFTER INSERT ON payments FOR EACH ROW"
    f" WHEN ({IS_CASH}) EXECUTE FUNCTION keep_cash_movement()"
)
ON_RETURN = (
    "CREATE OR REPLACE TRIGGER cash_returned AFTER UPDATE OF state ON payments FOR EACH ROW"
    f" WHEN (OLD.state <> 'succeeded' AND {IS_CASH}) EXECUTE FUNCTION keep_cash_movement()"
)
# The version before may write what the trigger writes in its name: at once, not when all migrations are done.
GRANTS = """
DO $body$ DECLARE role name; BEGIN
  FOR role IN SELECT DISTINCT pg_get_userbyid(acl.grantee) FROM pg_class AS t, aclexplode(t.relacl) AS acl
    WHERE t.oid = 'payments'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, t.relowner)
  LOOP EXECUTE format('GRANT SELECT, INSERT, UPDATE ON cash_movements TO %I', role); END LOOP;
END $body$
"""
FIXED = "payment_id, property_id, currency, user_id, amount, before_drawers, created_at"
REFUSED = {
    "cash_closings": ("UPDATE OR DELETE", ""),
    "cash_movements": (
        "UPDATE",
        "WHEN (OLD.closing_id IS NOT NULL OR"
        + f" ({', '.join('OLD.' + name for name in FIXED.split(', '))}) IS DISTINCT FROM"
        + f" ({', '.join('NEW.' + name for name in FIXED.split(', '))}))",
    ),
}
# By the state and the way, not by an index: once, and nobody waits for it.
FILL = """
INSERT INTO cash_movements (payment_id, property_id, currency, user_id, amount, before_drawers, created_at)
SELECT p.id, o.property_id, p.currency, account_of_actor(p.recorded_by),
  CASE p.kind WHEN 'charge' THEN p.amount ELSE -p.amount END, true, p.updated_at
FROM payments AS p JOIN orders AS o ON o.id = p.order_id
WHERE p.provider = 'desk' AND p.state = 'succeeded' ON CONFLICT (payment_id) DO NOTHING
"""


def upgrade() -> None:
    op.execute(BRIEFLY)
    _create_closings()
    _create_movements()
    for statement in (ACCOUNT, KEEP, GRANTS):
        op.execute(statement)
    for table, (what, when) in REFUSED.items():
        op.execute(
            f"CREATE OR REPLACE TRIGGER append_only BEFORE {what} ON {table} FOR EACH ROW {when}"
            " EXECUTE FUNCTION refuse_to_edit()"
        )
    op.execute(
        "CREATE OR REPLACE TRIGGER append_only_whole BEFORE TRUNCATE ON cash_closings"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_edit()"
    )
    op.execute(
        "CREATE OR REPLACE TRIGGER never_deleted BEFORE DELETE ON cash_movements"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_edit()"
    )
    # What locks payments comes last, and is let go before anything is read.
    for statement in (ON_ENTRY, ON_RETURN):
        op.execute(statement)
    _rule(NOW)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE payments VALIDATE CONSTRAINT ck_payments_by_hand_is_signed")
        op.execute(FILL)


def downgrade() -> None:
    """The version before knows no terminal at the desk: such a payment was made elsewhere for it."""
    with op.get_context().autocommit_block():
        op.execute(
            "UPDATE payments SET provider = 'elsewhere', method = CASE WHEN kind = 'charge' THEN 'elsewhere' END"
            " WHERE provider = 'terminal'"
        )
    op.execute(BRIEFLY)
    for trigger in ("cash_entered", "cash_returned"):
        op.execute(f"DROP TRIGGER IF EXISTS {trigger} ON payments")
    _rule(BEFORE)
    op.drop_table("cash_movements")
    op.drop_table("cash_closings")
    for function in ("keep_cash_movement()", "account_of_actor(text)"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE payments VALIDATE CONSTRAINT ck_payments_by_hand_is_signed")


def _rule(ways: str) -> None:
    op.execute(
        "ALTER TABLE payments DROP CONSTRAINT IF EXISTS ck_payments_by_hand_is_signed,"
        f" ADD CONSTRAINT ck_payments_by_hand_is_signed CHECK ({_signed(ways)}) NOT VALID"
    )


def _money(name: str) -> sa.Column:
    return sa.Column(name, sa.Numeric(15, 3), nullable=False)


def _decimals(*columns: str) -> str:
    return " AND ".join(f"{column} = round({column}, minor_units(currency))" for column in columns)


def _create_closings() -> None:
    op.create_table(
        "cash_closings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("previous_id", sa.Uuid()),
        *map(_money, ("opening", "expected", "counted", "kept")),
        sa.Column("note", sa.String(255)),
        sa.Column("closed_by", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cash_closings"),
        sa.ForeignKeyConstraint(["previous_id"], ["cash_closings.id"], name="fk_cash_closings_previous_id"),
        sa.UniqueConstraint(
            "property_id",
            "currency",
            "user_id",
            "previous_id",
            name="uq_cash_closings_after",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="ck_cash_closings_currency_code"),
        sa.CheckConstraint("opening >= 0", name="ck_cash_closings_opening_not_negative"),
        sa.CheckConstraint("kept >= 0 AND kept <= counted", name="ck_cash_closings_kept_within_counted"),
        sa.CheckConstraint("counted = expected OR note IS NOT NULL", name="ck_cash_closings_difference_has_note"),
        sa.CheckConstraint(_decimals("opening", "expected", "counted", "kept"), name="ck_cash_closings_decimals"),
        if_not_exists=True,
    )
    op.create_index("ix_cash_closings_property_id", "cash_closings", ["property_id", "id"], if_not_exists=True)


def _create_movements() -> None:
    op.create_table(
        "cash_movements",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        _money("amount"),
        sa.Column("before_drawers", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("closing_id", sa.Uuid()),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.PrimaryKeyConstraint("payment_id", name="pk_cash_movements"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_cash_movements_payment_id"),
        sa.ForeignKeyConstraint(["closing_id"], ["cash_closings.id"], name="fk_cash_movements_closing_id"),
        sa.CheckConstraint("amount <> 0", name="ck_cash_movements_amount_not_zero"),
        sa.CheckConstraint(_decimals("amount"), name="ck_cash_movements_amount_decimals"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="ck_cash_movements_currency_code"),
        sa.CheckConstraint("closing_id IS NULL OR NOT before_drawers", name="ck_cash_movements_only_of_drawer_closed"),
        if_not_exists=True,
    )
    for name, columns, where in (
        ("open", ["property_id", "currency", "user_id"], "closing_id IS NULL AND NOT before_drawers"),
        ("closing_id", ["closing_id"], "closing_id IS NOT NULL"),
    ):
        op.create_index(
            f"ix_cash_movements_{name}", "cash_movements", columns, postgresql_where=sa.text(where), if_not_exists=True
        )
