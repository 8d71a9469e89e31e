"""a function that ends the transaction where a statement has touched another number of rows than it must

What a statement must find is demanded where it runs, so that it can go to Postgres in one message with others.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION require_rows(touched bigint, wanted bigint, mark text) RETURNS void
        LANGUAGE plpgsql AS $$
        BEGIN
            IF touched IS DISTINCT FROM wanted THEN
                RAISE EXCEPTION USING ERRCODE = 'RR001', MESSAGE = mark;
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION require_rows(bigint, bigint, text)")
