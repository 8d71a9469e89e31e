"""guests without an account agree to text messages at the desk: consents of orders, and texts to nobody's account"""

from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

PLACE, SOMEBODYS = "ck_text_consents_place_known", "ck_text_consents_somebodys"
TO_SOMEBODY = "ck_sent_texts_to_somebody"
PLACES = "'checkout', 'account', 'alerts', 'reply'"
# Some rules have got the name of their table twice.
NAMED_ONCE = r"""
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conrelid::regclass AS of_table, conname FROM pg_constraint
    WHERE conrelid IN ('text_consents'::regclass, 'sent_texts'::regclass) AND conname ~ '^ck_(.+)_ck_\1_'
  LOOP
    EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', one.of_table, one.conname,
      regexp_replace(one.conname, '^ck_(.+)_ck_\1_', 'ck_\1_'));
  END LOOP;
END $$"""


def upgrade() -> None:
    # Each statement by itself, so that none keeps one table while it waits for another.
    with op.get_context().autocommit_block():
        op.execute(NAMED_ONCE)
        _change("text_consents", "ALTER COLUMN user_id DROP NOT NULL, ADD COLUMN IF NOT EXISTS order_id uuid")
        _rule(
            "text_consents", "fk_text_consents_order_id", "FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE"
        )
        _rule("text_consents", SOMEBODYS, "CHECK (num_nonnulls(user_id, order_id) = 1)")
        _rule("text_consents", PLACE, f"CHECK (given_where IN ({PLACES}, 'desk'))")
        op.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS uq_text_consents_standing_order ON text_consents (order_id)"
            " WHERE withdrawn_at IS NULL"
        )
        op.execute(
            "CREATE INDEX IF NOT EXISTS ix_text_consents_order_id ON text_consents (order_id)"
            " WHERE order_id IS NOT NULL"
        )
        _change("sent_texts", "ALTER COLUMN user_id DROP NOT NULL")
        _rule("sent_texts", TO_SOMEBODY, "CHECK (num_nonnulls(user_id, booking_id) > 0)")


def downgrade() -> None:
    """What guests without an account have agreed to is lost: the version before knows nothing of it."""
    with op.get_context().autocommit_block():
        op.execute("DELETE FROM sent_texts WHERE user_id IS NULL")
        _change("sent_texts", f"DROP CONSTRAINT IF EXISTS {TO_SOMEBODY}, ALTER COLUMN user_id SET NOT NULL")
        op.execute("DELETE FROM text_consents WHERE user_id IS NULL")
        _rule("text_consents", PLACE, f"CHECK (given_where IN ({PLACES}))")
        _change(
            "text_consents",
            f"DROP CONSTRAINT IF EXISTS {SOMEBODYS}, DROP COLUMN IF EXISTS order_id, ALTER COLUMN user_id SET NOT NULL",
        )


def _change(table: str, change: str) -> None:
    op.execute(f"SET LOCAL lock_timeout = '10s'; ALTER TABLE {table} {change}")


def _rule(table: str, name: str, rule: str) -> None:
    """Held to from now on; then what is there is looked through, without keeping anybody out."""
    _change(table, f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
