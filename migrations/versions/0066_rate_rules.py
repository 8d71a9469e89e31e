"""rate rules and what dynamic ones decide; versions are added and ended, never changed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0066"
down_revision = "0056"
branch_labels = None
depends_on = None

KINDS = (
    "'price', 'adjust', 'dynamic', 'guests', 'length', 'early_bird', 'last_minute', 'min_nights', 'max_nights',"
    " 'closed_to_arrival', 'notice', 'horizon', 'closed_to_departure'"
)
# What was once in force stays as it was: only its end is written, once.
ONLY_ENDED = """
CREATE OR REPLACE FUNCTION only_ended() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.until IS NOT NULL OR NEW.until IS NULL
    OR to_jsonb(NEW) - '{until,ended_at,ended_by}'::text[] <> to_jsonb(OLD) - '{until,ended_at,ended_by}'::text[] THEN
    RAISE EXCEPTION '% is only added to and ended', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $body$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column(
        "properties",
        sa.Column("rates_version", sa.Integer(), nullable=False, server_default="0"),
        if_not_exists=True,
    )
    _rules()
    _decisions()
    op.execute(ONLY_ENDED)
    for table in ("rate_rules", "rate_decisions"):
        op.execute(
            f"CREATE OR REPLACE TRIGGER {table}_only_ended BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION only_ended()"
        )


def _rules() -> None:
    op.create_table(
        "rate_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("room_kind", sa.String(120)),
        sa.Column("room_id", sa.Uuid()),
        sa.Column("unit_group_id", sa.Uuid()),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date()),
        sa.Column("last_day", sa.Date()),
        sa.Column("weekdays", postgresql.ARRAY(sa.SmallInteger())),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        *_validity(),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("ended_by", sa.String(255)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_rate_rules"),
        sa.ForeignKeyConstraint(["property_id"], ["properties.id"], name="fk_rate_rules_property_id"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_rate_rules_room_id"),
        sa.UniqueConstraint("rule_id", "version", name="uq_rate_rules_rule_id_version"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_rate_rules_kind_known"),
        sa.CheckConstraint("name <> ''", name="ck_rate_rules_named"),
        sa.CheckConstraint("num_nonnulls(room_kind, room_id) <= 1", name="ck_rate_rules_one_scope"),
        sa.CheckConstraint("last_day >= first_day", name="ck_rate_rules_days_in_order"),
        sa.CheckConstraint(
            "weekdays <@ '{1,2,3,4,5,6,7}' AND cardinality(weekdays) > 0", name="ck_rate_rules_weekdays_known"
        ),
        sa.CheckConstraint("version >= 1 AND since >= 1 AND until > since", name="ck_rate_rules_versions_in_order"),
        sa.CheckConstraint("num_nulls(until, ended_at, ended_by) IN (0, 3)", name="ck_rate_rules_end_complete"),
        if_not_exists=True,
    )
    op.create_index("ix_rate_rules_property_id", "rate_rules", ["property_id", "since"], if_not_exists=True)
    op.create_index(
        "uq_rate_rules_in_force",
        "rate_rules",
        ["rule_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
        if_not_exists=True,
    )


def _decisions() -> None:
    op.create_table(
        "rate_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("percent", sa.Numeric(6, 2), nullable=False),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        *_validity(),
        sa.PrimaryKeyConstraint("id", name="pk_rate_decisions"),
        sa.ForeignKeyConstraint(["property_id"], ["properties.id"], name="fk_rate_decisions_property_id"),
        sa.CheckConstraint("percent BETWEEN -90 AND 500", name="ck_rate_decisions_percent_within"),
        sa.CheckConstraint("since >= 1 AND until > since", name="ck_rate_decisions_versions_in_order"),
        if_not_exists=True,
    )
    op.create_index("ix_rate_decisions_property_id", "rate_decisions", ["property_id", "night"], if_not_exists=True)
    op.create_index(
        "uq_rate_decisions_in_force",
        "rate_decisions",
        ["rule_id", "night"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
        if_not_exists=True,
    )


def _validity() -> list[sa.Column]:
    return [
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    ]


def downgrade() -> None:
    op.drop_table("rate_decisions")
    op.drop_table("rate_rules")
    op.execute("DROP FUNCTION only_ended()")
    op.drop_column("properties", "rates_version")
