"""why nights were off sale, until they can no longer be taken off sale again from the log"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lifted_blocks",
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("check_out", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("block_id", name="pk_lifted_blocks"),
        if_not_exists=True,
    )
    op.create_index("ix_lifted_blocks_check_out", "lifted_blocks", ["check_out"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("lifted_blocks")
