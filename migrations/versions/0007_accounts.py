"""the life of an account: verified, changed, disabled, deleted; links that were mailed are counted"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CLOCK = sa.text("clock_timestamp()")


def upgrade() -> None:
    for column in ("email_verified_at", "disabled_at", "deleted_at"):
        op.add_column("users", sa.Column(column, INSTANT, nullable=True))
    op.execute(
        "ALTER TABLE users ADD CONSTRAINT ck_users_deleted_is_disabled"
        " CHECK (deleted_at IS NULL OR disabled_at IS NOT NULL) NOT VALID"
    )
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_deleted_is_disabled")
    op.add_column("password_resets", sa.Column("mails", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column("password_resets", sa.Column("mailed_at", INSTANT, nullable=True))
    _create_email_verifications()
    _create_email_changes()
    op.create_table(
        "farewells",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_farewells")),
    )


def _create_email_verifications() -> None:
    op.create_table(
        "email_verifications",
        sa.Column("email_key", sa.String(255), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("mails", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("mailed_at", INSTANT, nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_email_verifications_lasts")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_email_verifications_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_verifications")),
        sa.UniqueConstraint("user_id", name=op.f("uq_email_verifications_user_id")),
    )


def _create_email_changes() -> None:
    op.create_table(
        "email_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.String(255), nullable=False),
        sa.Column("old_email_key", sa.String(255), nullable=False),
        sa.Column("new_email", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("keeps_until", INSTANT, nullable=True),
        sa.Column("stopped_at", INSTANT, nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_email_changes_lasts")),
        sa.CheckConstraint(
            "(keeps_until IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_email_changes_confirmed_can_be_undone")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_email_changes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_changes")),
    )
    open_ones = sa.text("confirmed_at IS NULL AND stopped_at IS NULL")
    op.create_index("uq_email_changes_open", "email_changes", ["user_id"], unique=True, postgresql_where=open_ones)
    op.create_index("ix_email_changes_user_id", "email_changes", ["user_id", "created_at"])
    confirmed = sa.text("confirmed_at IS NOT NULL")
    op.create_index("ix_email_changes_old_email_key", "email_changes", ["old_email_key"], postgresql_where=confirmed)


def downgrade() -> None:
    for table in ("farewells", "email_changes", "email_verifications"):
        op.drop_table(table)
    op.drop_column("password_resets", "mailed_at")
    op.drop_column("password_resets", "mails")
    op.drop_constraint("ck_users_deleted_is_disabled", "users")
    for column in ("deleted_at", "disabled_at", "email_verified_at"):
        op.drop_column("users", column)
