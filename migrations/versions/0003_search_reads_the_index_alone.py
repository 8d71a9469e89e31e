"""search reads the index alone: the total of a place touched the row of every room in it"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = ["location", "price_per_night", "id"]
PUBLISHED = sa.text("published")


def upgrade() -> None:
    _replace(["capacity", "min_nights", "max_nights"])


def downgrade() -> None:
    _replace(["capacity"])


def _replace(included: list[str]) -> None:
    # Beside the old one and without a lock: searches go on while it is built. Killed anywhere, it may be run again.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_rooms_search_new",
            "rooms",
            KEY,
            postgresql_include=included,
            postgresql_where=PUBLISHED,
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index("ix_rooms_search", table_name="rooms", postgresql_concurrently=True, if_exists=True)
        op.execute("ALTER INDEX ix_rooms_search_new RENAME TO ix_rooms_search")
