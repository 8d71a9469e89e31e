"""who may do what, and who did: memberships in place of a role, an audit log that nobody can edit, keys per person

The version before reads and writes users.role alone, and knows no keys. Triggers keep memberships in step with it and
destroy the key of whoever it erases; this version writes both. So the two may run side by side, and either may be gone
back to.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CLOCK = sa.text("clock_timestamp()")
YEARS = range(2026, 2036)  # what comes before or after goes into a partition of its own, and is never refused

FOLLOW_ROLE = """
CREATE OR REPLACE FUNCTION memberships_follow_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.role = 'owner' THEN
    INSERT INTO memberships (id, user_id, role) VALUES (gen_random_uuid(), NEW.id, 'owner')
    ON CONFLICT (user_id, property_id) DO UPDATE SET role = 'owner';
  ELSIF NEW.role = 'guest' THEN
    DELETE FROM memberships WHERE user_id = NEW.id;
  END IF;
  RETURN NULL;
END $$
"""
# Guests, who are nearly everybody, cost a comparison.
ON_INSERT = (
    "CREATE OR REPLACE TRIGGER memberships_of_new_user AFTER INSERT ON users"
    " FOR EACH ROW WHEN (NEW.role <> 'guest') EXECUTE FUNCTION memberships_follow_role()"
)
ON_UPDATE = (
    "CREATE OR REPLACE TRIGGER memberships_of_changed_user AFTER UPDATE OF role ON users"
    " FOR EACH ROW WHEN (OLD.role IS DISTINCT FROM NEW.role) EXECUTE FUNCTION memberships_follow_role()"
)
FORGET_PERSON = """
CREATE OR REPLACE FUNCTION forget_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO person_keys (user_id, key, destroyed_at) VALUES (NEW.id, NULL, clock_timestamp())
  ON CONFLICT (user_id) DO UPDATE SET key = NULL, destroyed_at = excluded.destroyed_at
  WHERE person_keys.key IS NOT NULL;
  RETURN NULL;
END $$
"""
ON_ERASURE = (
    "CREATE OR REPLACE TRIGGER key_of_erased_user AFTER UPDATE OF deleted_at ON users FOR EACH ROW"
    " WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION forget_person()"
)
# Nobody was ever made staff by a command; whoever is, by hand, does what a desk does.
BACKFILL = (
    "INSERT INTO memberships (id, user_id, role)"
    " SELECT gen_random_uuid(), id, CASE role WHEN 'owner' THEN 'owner' ELSE 'desk' END FROM users"
    " WHERE role <> 'guest' AND deleted_at IS NULL ON CONFLICT (user_id, property_id) DO NOTHING"
)

# Whoever may write users may write what the triggers write in their name: at once, not when all migrations are done.
GRANTS = """
DO $body$ DECLARE role name; BEGIN
  FOR role IN SELECT DISTINCT pg_get_userbyid(acl.grantee) FROM pg_class AS t, aclexplode(t.relacl) AS acl
    WHERE t.oid = 'users'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee NOT IN (0, t.relowner)
  LOOP EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON memberships, person_keys TO %I', role); END LOOP;
END $body$
"""

# There are no such roles before: back here again, they would be taken for a desk's, at all properties.
FORGET_NARROW_ROLES = """
UPDATE users SET role = 'guest' WHERE role = 'staff' AND NOT EXISTS (SELECT FROM memberships AS m
  WHERE m.user_id = users.id AND m.property_id IS NULL AND m.role IN ('owner', 'manager', 'desk'))
"""

REFUSE = """
CREATE OR REPLACE FUNCTION refuse_to_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    _create_audit_log()
    op.create_table(
        "person_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.Column("destroyed_at", INSTANT, nullable=True),
        sa.CheckConstraint("(key IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_person_keys_kept_or_destroyed")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_person_keys")),
        if_not_exists=True,
    )
    # What locks users comes last.
    _create_memberships()
    for statement in (GRANTS, FOLLOW_ROLE, ON_INSERT, ON_UPDATE, FORGET_PERSON, ON_ERASURE):
        op.execute(statement)
    # The triggers are committed, and their lock on users let go, before all of users is read.
    with op.get_context().autocommit_block():
        op.execute(BACKFILL)


def _create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'manager', 'desk', 'housekeeping')", name=op.f("ck_memberships_role_known")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "user_id",
            "property_id",
            name=op.f("uq_memberships_user_id_property_id"),
            postgresql_nulls_not_distinct=True,
        ),
        if_not_exists=True,
    )


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, server_default=CLOCK, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("request_id", sa.String(64), server_default="", nullable=False),
        sa.CheckConstraint("sealed IS NULL OR person_id IS NOT NULL", name=op.f("ck_audit_log_sealed_is_somebodys")),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_audit_log")),
        postgresql_partition_by="RANGE (at)",
        if_not_exists=True,
    )
    for name, column in (("subject", "subject"), ("actor_id", "actor_id"), ("person_id", "person_id")):
        where = None if name == "subject" else sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_audit_log_{name}", "audit_log", [column, "id"], postgresql_where=where, if_not_exists=True)
    op.execute(REFUSE)
    op.execute(
        "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_log"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_edit()"
    )
    for year in YEARS:
        bounds = f"FROM ('{year}-01-01 00:00:00+00') TO ('{year + 1}-01-01 00:00:00+00')"
        op.execute(f"CREATE TABLE IF NOT EXISTS audit_log_{year} PARTITION OF audit_log FOR VALUES {bounds}")
    op.execute("CREATE TABLE IF NOT EXISTS audit_log_other PARTITION OF audit_log DEFAULT")
    # A trigger for rows is inherited; one for TRUNCATE stands at each table.
    for table in ("audit_log", *(f"audit_log_{year}" for year in YEARS), "audit_log_other"):
        op.execute(
            f"CREATE OR REPLACE TRIGGER append_only_whole BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_edit()"
        )


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS memberships_of_changed_user ON users")
    op.execute("DROP TRIGGER IF EXISTS memberships_of_new_user ON users")
    op.execute("DROP TRIGGER IF EXISTS key_of_erased_user ON users")
    op.execute(FORGET_NARROW_ROLES)
    for function in ("memberships_follow_role", "forget_person"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}()")
    for table in ("person_keys", "audit_log", "memberships"):
        op.drop_table(table)
    op.execute("DROP FUNCTION IF EXISTS refuse_to_edit()")
