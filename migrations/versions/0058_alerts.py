"""alerts: what is wrong since when, who wants to be told of what; and what the system last noted of itself"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def _one_of(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


KINDS = ("money", "emails", "system", "backups", "bookings", "messages")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")  # the foreign key asks for a lock of users
    op.create_table(
        "alert_choices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("how", sa.String(8), nullable=False),
        sa.Column("told_until", sa.Uuid(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_alert_choices"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_alert_choices_user_id", ondelete="CASCADE"),
        sa.CheckConstraint(_one_of("kind", *KINDS), name="ck_alert_choices_kind_known"),
        sa.CheckConstraint(_one_of("how", "off", "at_once", "daily"), name="ck_alert_choices_how_known"),
        if_not_exists=True,
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(255), nullable=False),
        sa.Column("property_id", sa.Uuid()),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.CheckConstraint(_one_of("kind", *KINDS), name="ck_alerts_kind_known"),
        sa.CheckConstraint("cause <> ''", name="ck_alerts_cause_given"),
        if_not_exists=True,
    )
    op.create_table(
        "noted_facts",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_noted_facts"),
        sa.CheckConstraint("name <> ''", name="ck_noted_facts_named"),
        if_not_exists=True,
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["cause"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_alerts_closed_at",
        "alerts",
        ["closed_at"],
        postgresql_where=sa.text("closed_at IS NOT NULL"),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("noted_facts")
    op.drop_table("alerts")
    op.drop_table("alert_choices")
