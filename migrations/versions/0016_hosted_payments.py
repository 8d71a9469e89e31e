"""payments that wait for a guest at the provider's own page; charges that a bank takes back

Nobody waits for this for longer than a moment: indexes are built beside what goes on, and take the others' names then.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BEFORE = "state IN ('started', 'unknown')"
OPEN = "state IN ('started', 'unknown', 'awaiting_guest')"
LIVE_BEFORE = "state IN ('started', 'unknown', 'succeeded')"
LIVE = "state IN ('started', 'unknown', 'awaiting_guest', 'succeeded')"
# name, unique, columns, where now, where before
INDEXES = (
    ("uq_payments_open_charge", True, ["order_id"], f"kind = 'charge' AND {OPEN}", f"kind = 'charge' AND {BEFORE}"),
    ("uq_payments_live", True, ["booking_id", "kind"], LIVE, LIVE_BEFORE),
    ("ix_payments_due", False, ["next_at"], OPEN, BEFORE),
)
STATES = "'started', 'succeeded', 'failed', 'unknown'"
RULES = {
    "ck_payments_state_known": f"CHECK (state IN ({STATES}, 'awaiting_guest'))",
    "ck_payments_only_charge_awaits": "CHECK (kind = 'charge' OR state <> 'awaiting_guest')",
}
BRIEFLY = "SET LOCAL lock_timeout = '10s'; LOCK TABLE payments IN SHARE UPDATE EXCLUSIVE MODE; SET LOCAL lock_timeout = '100ms';"

THREE, NONE = (
    "'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'",
    (
        "'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'"
    ),
)
DISPUTES = f"""
CREATE TABLE IF NOT EXISTS disputes (
  id uuid NOT NULL CONSTRAINT pk_disputes PRIMARY KEY,
  payment_id uuid NOT NULL CONSTRAINT fk_disputes_payment_id REFERENCES payments (id),
  reference varchar(255) NOT NULL CONSTRAINT uq_disputes_reference UNIQUE,
  amount numeric(15, 3) NOT NULL,
  currency varchar(3) NOT NULL,
  state varchar(8) NOT NULL,
  reason varchar(64) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT ck_disputes_state_known CHECK (state IN ('open', 'won', 'lost')),
  CONSTRAINT ck_disputes_amount_positive CHECK (amount > 0),
  CONSTRAINT ck_disputes_amount_decimals CHECK
    (amount = round(amount, CASE WHEN currency IN ({NONE}) THEN 0 WHEN currency IN ({THREE}) THEN 3 ELSE 2 END)),
  CONSTRAINT ck_disputes_currency_code CHECK (currency ~ '^[A-Z]{{3}}$')
);
CREATE INDEX IF NOT EXISTS ix_disputes_payment_id ON disputes (payment_id);
CREATE INDEX IF NOT EXISTS ix_disputes_open ON disputes (created_at) WHERE state = 'open'
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"{BRIEFLY} {DISPUTES}")
        for name, rule in RULES.items():
            _rule(name, rule)
        for name, unique, columns, where, _ in INDEXES:
            _replace(name, unique, columns, where)


def downgrade() -> None:
    """Refused while a guest is at the provider's page: such a payment has no place in the version before."""
    with op.get_context().autocommit_block():
        op.execute("DROP TABLE IF EXISTS disputes")
        for name, unique, columns, _, where in INDEXES:
            _replace(name, unique, columns, where)
        _rule("ck_payments_state_known", f"CHECK (state IN ({STATES}))")
        op.execute(f"{BRIEFLY} ALTER TABLE payments DROP CONSTRAINT IF EXISTS ck_payments_only_charge_awaits")


def _rule(name: str, rule: str) -> None:
    op.execute(
        f"{BRIEFLY} ALTER TABLE payments DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID"
    )
    op.execute(f"ALTER TABLE payments VALIDATE CONSTRAINT {name}")


def _replace(name: str, unique: bool, columns: list[str], where: str) -> None:
    """The same index over other rows, under the same name. What an interrupted run has left is built anew."""
    new = f"{name}_new"
    op.drop_index(new, table_name="payments", postgresql_concurrently=True, if_exists=True)
    op.create_index(
        new, "payments", columns, unique=unique, postgresql_where=sa.text(where), postgresql_concurrently=True
    )
    op.execute(f"{BRIEFLY} DROP INDEX IF EXISTS {name}; ALTER INDEX {new} RENAME TO {name}")
