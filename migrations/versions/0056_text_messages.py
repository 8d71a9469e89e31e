"""text messages: who has agreed to them, what was sent, which arrivals were told"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0056"
down_revision = "0068"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    # Each statement by itself, so that none keeps one table while it waits for another.
    with op.get_context().autocommit_block():
        _consents()
        _sent()
        _told()


def _told() -> None:
    op.create_table(
        "told_arrivals",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("check_in", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "check_in", name="pk_told_arrivals"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_told_arrivals_order_id", ondelete="CASCADE"),
        if_not_exists=True,
    )
    op.create_index("ix_told_arrivals_check_in", "told_arrivals", ["check_in"], if_not_exists=True)


def _consents() -> None:
    op.create_table(
        "text_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("arrivals", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("alerts", sa.String(8), nullable=False, server_default="off"),
        sa.Column("given_where", sa.String(8), nullable=False),
        sa.Column("given_at", INSTANT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("withdrawn_how", sa.String(8)),
        sa.PrimaryKeyConstraint("id", name="pk_text_consents"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_text_consents_user_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "given_where IN ('checkout', 'account', 'alerts', 'reply')", name="ck_text_consents_place_known"
        ),
        sa.CheckConstraint(
            "withdrawn_how IN ('page', 'stop', 'number', 'staff')", name="ck_text_consents_withdrawal_known"
        ),
        sa.CheckConstraint("alerts IN ('off', 'day', 'always')", name="ck_text_consents_alerts_known"),
        sa.CheckConstraint(r"number ~ '^\+[1-9][0-9]{6,14}$'", name="ck_text_consents_number_e164"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_how IS NULL)", name="ck_text_consents_withdrawal_complete"
        ),
        if_not_exists=True,
    )
    op.create_index(
        "uq_text_consents_standing",
        "text_consents",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        if_not_exists=True,
    )
    op.create_index("ix_text_consents_user_id", "text_consents", ["user_id"], if_not_exists=True)
    op.create_index("ix_text_consents_number", "text_consents", ["number"], if_not_exists=True)


def _sent() -> None:
    op.create_table(
        "sent_texts",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid()),
        sa.Column("property_id", sa.Uuid()),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(16)),
        sa.Column("reference", sa.String(64)),
        sa.Column("sent_at", INSTANT),
        sa.Column("delivered_at", INSTANT),
        sa.Column("failed_at", INSTANT),
        sa.Column("code", sa.String(16)),
        sa.PrimaryKeyConstraint("event_id", name="pk_sent_texts"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_sent_texts_event_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sent_texts_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("segments > 0", name="ck_sent_texts_segments_positive"),
        if_not_exists=True,
    )
    for columns in (["property_id", "event_id"], ["booking_id"], ["user_id"], ["number", "event_id"]):
        op.create_index(f"ix_sent_texts_{columns[0]}", "sent_texts", columns, if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in ("told_arrivals", "sent_texts", "text_consents"):
            op.drop_table(table, if_exists=True)
