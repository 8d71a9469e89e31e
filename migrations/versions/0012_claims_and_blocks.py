"""every night has a claim: blocks are rows, and own the nights that are off sale

The version before writes blocked nights without a claim. While it runs beside this one, two triggers give each of them
a block of its own; they go with the contraction, one release later. Nobody waits for this migration for longer than
GIVES_UP: what needs the whole table asks for a moment, gives way where it gets none, and is tried again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0014"
branch_labels = None
depends_on = None

BATCH = 100  # rooms
GIVES_UP = "SET LOCAL lock_timeout = '150ms'"
# Autovacuum gives way to whoever has waited for a second. This waits beside readers and writers, so that what comes
# next in the transaction, for which they do have to wait, does not meet it.
NO_VACUUM = "LOCK TABLE availability IN SHARE UPDATE EXCLUSIVE MODE"

FILL = """
CREATE OR REPLACE FUNCTION fill_claim_of_night() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.claim_id := gen_random_uuid();
  RETURN NEW;
END $body$
"""

# After the row is in: one that is there already is not written, and must leave no block behind.
MAKE_BLOCK = """
CREATE OR REPLACE FUNCTION make_block_of_night() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  INSERT INTO blocks (id, room_id, check_in, check_out, reason, source, created_by)
  SELECT NEW.claim_id, NEW.room_id, NEW.night, NEW.night + 1, '', 'staff', 'system:the version before'
  WHERE NOT EXISTS (SELECT FROM blocks WHERE id = NEW.claim_id);
  RETURN NULL;
END $body$
"""

# Whoever may write nights may write blocks: the trigger does it in their name, before all migrations are done.
GRANTS = """
DO $body$ DECLARE role name; BEGIN
  FOR role IN SELECT DISTINCT pg_get_userbyid(acl.grantee) FROM pg_class AS t, aclexplode(t.relacl) AS acl
    WHERE t.oid = 'availability'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, t.relowner)
  LOOP EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON blocks TO %I', role); END LOOP;
END $body$
"""

TRIGGERS = (
    "CREATE OR REPLACE TRIGGER availability_claim BEFORE INSERT ON availability"
    " FOR EACH ROW WHEN (NEW.claim_id IS NULL) EXECUTE FUNCTION fill_claim_of_night()",
    "CREATE OR REPLACE TRIGGER availability_block AFTER INSERT ON availability"
    " FOR EACH ROW WHEN (NEW.state = 'blocked') EXECUTE FUNCTION make_block_of_night()",
)

WITHOUT_CLAIM = sa.text("SELECT DISTINCT room_id FROM availability WHERE claim_id IS NULL ORDER BY room_id")
# Nights in a row were blocked together, as far as anybody can tell.
BACKFILL = sa.text("""
WITH night AS (
  SELECT room_id, night, night - (row_number() OVER (PARTITION BY room_id ORDER BY night))::integer AS run
  FROM (SELECT room_id, night FROM availability WHERE room_id = ANY (:rooms) AND claim_id IS NULL FOR UPDATE) AS open
), made AS (
  INSERT INTO blocks (id, room_id, check_in, check_out, reason, source, created_by)
  SELECT gen_random_uuid(), room_id, min(night), max(night) + 1, '', 'staff', 'system:the version before'
  FROM night GROUP BY room_id, run RETURNING id, room_id, check_in, check_out
)
UPDATE availability SET claim_id = made.id FROM made
WHERE availability.room_id = made.room_id AND availability.night >= made.check_in
AND availability.night < made.check_out AND availability.claim_id IS NULL
""")

OF_BLOCKS = sa.text("SELECT DISTINCT room_id FROM blocks ORDER BY room_id")
FORGET_BLOCKS = sa.text("UPDATE availability SET claim_id = NULL WHERE room_id = ANY (:rooms) AND state = 'blocked'")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _make_blocks()
    for statement in (GRANTS, FILL, MAKE_BLOCK):
        op.execute(statement)
    op.execute(NO_VACUUM)
    for statement in (
        "ALTER TABLE availability DROP CONSTRAINT IF EXISTS ck_availability_claimed",
        *TRIGGERS,
        "ALTER TABLE availability ADD CONSTRAINT ck_availability_claimed CHECK (claim_id IS NOT NULL) NOT VALID",
    ):
        op.execute(f"{GIVES_UP}; {statement}")
    with op.get_context().autocommit_block():
        _room_by_room(WITHOUT_CLAIM, BACKFILL)
        op.execute("ALTER TABLE availability VALIDATE CONSTRAINT ck_availability_claimed")
    # The constraint proves it, so no row is read.
    op.execute(NO_VACUUM)
    op.execute(f"{GIVES_UP}; ALTER TABLE availability ALTER COLUMN claim_id SET NOT NULL")
    op.execute(f"{GIVES_UP}; ALTER TABLE availability DROP CONSTRAINT IF EXISTS ck_availability_claimed")


def downgrade() -> None:
    op.execute(NO_VACUUM)
    for statement in (
        "ALTER TABLE availability ALTER COLUMN claim_id DROP NOT NULL",
        "ALTER TABLE availability DROP CONSTRAINT IF EXISTS ck_availability_claimed",
        "DROP TRIGGER IF EXISTS availability_block ON availability",
        "DROP TRIGGER IF EXISTS availability_claim ON availability",
        "ALTER TABLE availability ADD CONSTRAINT ck_availability_claimed"
        " CHECK ((state = 'blocked') = (claim_id IS NULL)) NOT VALID",
    ):
        op.execute(f"{GIVES_UP}; {statement}")
    with op.get_context().autocommit_block():
        _room_by_room(OF_BLOCKS, FORGET_BLOCKS)
        op.execute("ALTER TABLE availability VALIDATE CONSTRAINT ck_availability_claimed")
    for function in ("make_block_of_night()", "fill_claim_of_night()"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    op.drop_table("blocks", if_exists=True)


def _make_blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("check_in", sa.Date(), nullable=False),
        sa.Column("check_out", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("uid", sa.String(255), nullable=True),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("check_in < check_out", name=op.f("ck_blocks_stay_has_nights")),
        sa.CheckConstraint("source IN ('staff', 'feed')", name=op.f("ck_blocks_source_known")),
        sa.CheckConstraint("source <> 'feed' OR uid IS NOT NULL", name=op.f("ck_blocks_feed_has_uid")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_blocks_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocks")),
        sa.UniqueConstraint("room_id", "source", "uid", name=op.f("uq_blocks_room_id_source_uid")),
        if_not_exists=True,
    )
    op.create_index("ix_blocks_check_out", "blocks", ["check_out"], if_not_exists=True)


def _room_by_room(which: sa.TextClause, statement: sa.TextClause) -> None:
    """So many rooms at a time, each time with a commit."""
    rooms = list(op.get_bind().scalars(which))
    for first in range(0, len(rooms), BATCH):
        op.get_bind().execute(statement, {"rooms": rooms[first : first + BATCH]})
