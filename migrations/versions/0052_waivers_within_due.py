"""nobody is let off more than is due: Postgres refuses it, too, whoever writes at the same time"""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

KEEP = """
CREATE OR REPLACE FUNCTION keep_order_waived() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE orders SET waived = waived + CASE WHEN NEW.corrects_id IS NULL THEN NEW.amount ELSE -NEW.amount END,
    version = version + 1, updated_at = clock_timestamp() WHERE id = NEW.order_id%(rule)s;%(refuse)s
  RETURN NULL;
END $body$
"""
RULE = """
    AND (NEW.corrects_id IS NOT NULL OR waived + NEW.amount <= owed - (paid - refunded - refunding))"""
REFUSE = """
  IF NOT FOUND THEN
    RAISE EXCEPTION 'order % is let off more than is due', NEW.order_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'waived_within_due', TABLE = 'waivers';
  END IF;"""


def upgrade() -> None:
    op.execute(KEEP % {"rule": RULE, "refuse": REFUSE})


def downgrade() -> None:
    op.execute(KEEP % {"rule": "", "refuse": ""})
