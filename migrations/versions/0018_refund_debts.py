"""several charges and refunds of one order: attempts at the same refund share a debt; money that staff gives back

Refunds from before, and those that the version before writes meanwhile, name no debt: theirs is their booking's, of
which they know one. Nobody waits for this for longer than a moment.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LIVE = "state IN ('started', 'unknown', 'awaiting_staff', 'succeeded')"
LIVE_BEFORE = "state IN ('started', 'unknown', 'awaiting_guest', 'succeeded')"
STATES = "'started', 'succeeded', 'failed', 'unknown', 'awaiting_guest'"
BRIEFLY = "SET LOCAL lock_timeout = '10s'; LOCK TABLE payments IN SHARE UPDATE EXCLUSIVE MODE; SET LOCAL lock_timeout = '100ms';"


def _paid(open_states: str) -> str:
    """The sums of an order, as payments move; what staff is to give back is on its way, too."""
    return f"""
CREATE OR REPLACE FUNCTION keep_order_paid() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE was numeric := 0; was_open numeric := 0; now_is numeric := 0; now_open numeric := 0;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = 'succeeded' THEN was := OLD.amount; END IF;
    IF OLD.state IN ({open_states}) THEN was_open := OLD.amount; END IF;
  END IF;
  IF NEW.state = 'succeeded' THEN now_is := NEW.amount; END IF;
  IF NEW.state IN ({open_states}) THEN now_open := NEW.amount; END IF;
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


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"{BRIEFLY} ALTER TABLE payments ADD COLUMN IF NOT EXISTS debt_id uuid")
        op.execute(_paid("'started', 'unknown', 'awaiting_staff'"))
        _rule("ck_payments_state_known", f"CHECK (state IN ({STATES}, 'awaiting_staff'))")
        _rule("ck_payments_only_refund_awaits_staff", "CHECK (kind = 'refund' OR state <> 'awaiting_staff')")
        _rule("ck_payments_only_refund_has_debt", "CHECK (kind = 'refund' OR debt_id IS NULL)")
        _index("uq_payments_live_refund", [sa.text("coalesce(debt_id, booking_id)")], f"kind = 'refund' AND {LIVE}")
        # Two charges of one order under way are refused by uq_payments_open_charge, two that would be too much by its
        # sums; so the index that allowed a booking one charge and one refund goes.
        op.execute("SET lock_timeout = '10s'")
        op.drop_index("uq_payments_live", table_name="payments", postgresql_concurrently=True, if_exists=True)
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    """Refused where a booking has several charges or refunds: they have no place in the version before."""
    with op.get_context().autocommit_block():
        _index("uq_payments_live", ["booking_id", "kind"], LIVE_BEFORE)
        op.drop_index("uq_payments_live_refund", table_name="payments", postgresql_concurrently=True, if_exists=True)
        for name in ("ck_payments_only_refund_awaits_staff", "ck_payments_only_refund_has_debt"):
            op.execute(f"{BRIEFLY} ALTER TABLE payments DROP CONSTRAINT IF EXISTS {name}")
        _rule("ck_payments_state_known", f"CHECK (state IN ({STATES}))")
        op.execute(_paid("'started', 'unknown'"))
        op.execute(f"{BRIEFLY} ALTER TABLE payments DROP COLUMN IF EXISTS debt_id")


def _rule(name: str, rule: str) -> None:
    op.execute(
        f"{BRIEFLY} ALTER TABLE payments DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID"
    )
    op.execute(f"ALTER TABLE payments VALIDATE CONSTRAINT {name}")


def _index(name: str, columns: list, where: str) -> None:
    """What an interrupted run has left is not valid, and would be taken for done."""
    op.drop_index(name, table_name="payments", postgresql_concurrently=True, if_exists=True)
    op.create_index(
        name, "payments", columns, unique=True, postgresql_where=sa.text(where), postgresql_concurrently=True
    )
