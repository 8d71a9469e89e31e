"""callers who leave a phone number and no email; contacts that were erased, of guests without an account

The index for staff's search is made anew beside the old one, because an address may be missing now.
"""

from alembic import op

revision = "0038"
down_revision = "0034"
branch_labels = None
depends_on = None

WORDS = "ix_orders_contact_words"
NOBODYS = "ix_orders_contact_of_nobody"
ON_WORDS = (
    "orders USING gin (folded(contact_name || ' ' || {email} || ' '"
    " || coalesce(regexp_replace(contact_phone, '[^0-9]', '', 'g'), '')) gin_trgm_ops) WHERE contact_name IS NOT NULL"
)
RULES = {
    "has_buyer": "user_id IS NOT NULL OR contact_name IS NOT NULL OR contact_erased_at IS NOT NULL",
    "contact_complete": "CASE WHEN contact_name IS NULL"
    " THEN num_nonnulls(contact_email, contact_phone, contact_arrival_time, contact_requests) = 0"
    " ELSE contact_email IS NOT NULL OR contact_phone IS NOT NULL END",
    "erased_contact_is_gone": "contact_erased_at IS NULL OR contact_name IS NULL",
}
BEFORE = {
    "has_buyer": "user_id IS NOT NULL OR (contact_name IS NOT NULL AND contact_email IS NOT NULL)",
    "contact_complete": "(contact_name IS NULL) = (contact_email IS NULL) AND (contact_name IS NOT NULL"
    " OR (contact_phone IS NULL AND contact_arrival_time IS NULL AND contact_requests IS NULL))",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("ADD COLUMN IF NOT EXISTS contact_erased_at timestamptz")
        _rule(RULES)
        _index(WORDS, ON_WORDS.format(email="coalesce(contact_email, '')"))
        _index(NOBODYS, "orders (id) WHERE user_id IS NULL AND contact_name IS NOT NULL")


def downgrade() -> None:
    """Refused by Postgres once there are such contacts: the version before has nobody to turn to."""
    with op.get_context().autocommit_block():
        _briefly("DROP CONSTRAINT IF EXISTS ck_orders_erased_contact_is_gone")
        _rule(BEFORE)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NOBODYS}")
        _index(WORDS, ON_WORDS.format(email="contact_email"))
        _briefly("DROP COLUMN IF EXISTS contact_erased_at")


def _rule(rules: dict[str, str]) -> None:
    for name, rule in rules.items():
        _briefly(
            f"DROP CONSTRAINT IF EXISTS ck_orders_{name}, ADD CONSTRAINT ck_orders_{name} CHECK ({rule}) NOT VALID"
        )
        op.execute(f"ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_{name}")


def _index(name: str, what: str) -> None:
    """In the place of the one of that name; what an interrupted run has left is not valid, and made again."""
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_new")
    op.execute(f"CREATE INDEX CONCURRENTLY {name}_new ON {what}")
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")


def _briefly(change: str) -> None:
    op.execute(
        "SET LOCAL lock_timeout = '10s'; LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE orders {change}"
    )
