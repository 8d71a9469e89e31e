"""emails as they were sent, for as long as their events are kept, and what mail providers have told of them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0055"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "sent_emails",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("booking_id", sa.Uuid()),
        sa.Column("property_id", sa.Uuid()),
        sa.Column("to_address", sa.String(320), nullable=False),
        sa.Column("to_key", sa.String(320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", instant),
        sa.Column("delivered_at", instant),
        sa.Column("bounced_at", instant),
        sa.Column("bounce_code", sa.String(64)),
        sa.PrimaryKeyConstraint("event_id", name="pk_sent_emails"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_sent_emails_event_id", ondelete="CASCADE"),
        if_not_exists=True,
    )
    for columns in (["property_id", "event_id"], ["booking_id"], ["to_key", "event_id"]):
        op.create_index(f"ix_sent_emails_{columns[0]}", "sent_emails", columns, if_not_exists=True)
    op.create_index(
        "ix_sent_emails_bounced",
        "sent_emails",
        ["property_id", "event_id"],
        postgresql_where=sa.text("bounced_at IS NOT NULL"),
        if_not_exists=True,
    )
    op.create_table(
        "heard_mail_reports",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("heard_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_heard_mail_reports"),
        if_not_exists=True,
    )
    op.create_index("ix_heard_mail_reports_heard_at", "heard_mail_reports", ["heard_at"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("heard_mail_reports")
    op.drop_table("sent_emails")
