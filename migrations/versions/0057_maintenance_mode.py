"""maintenance mode: since when or from when the house is closed to guests, and what they are told"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "maintenance_mode",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("notice", sa.String(500), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_mode"),
        sa.CheckConstraint("id = 1", name="ck_maintenance_mode_only_one"),
        sa.CheckConstraint("notice <> ''", name="ck_maintenance_mode_notice_given"),
        sa.CheckConstraint("until > begins_at", name="ck_maintenance_mode_in_order"),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("maintenance_mode")
