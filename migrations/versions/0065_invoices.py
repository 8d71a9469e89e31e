"""invoices: documents that nobody changes or deletes, numbered without gaps by the database itself

The number is given by a trigger that runs as the owner of the tables: the application can neither choose nor skip one.
Who an invoice is for stands in a row of its own, which may be deleted once the books need not be kept any longer.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0065"
down_revision = "0062"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CLOCK = sa.text("clock_timestamp()")

# One row for each series: whoever issues locks it, so that numbers follow each other, and none is lost with a
# transaction that is rolled back.
NUMBER = """
CREATE OR REPLACE FUNCTION number_invoice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO invoice_series AS s (issuer_id, region, year, last) VALUES (NEW.issuer_id, NEW.region, NEW.year, 1)
  ON CONFLICT (issuer_id, region, year) DO UPDATE SET last = s.last + 1 RETURNING s.last INTO NEW.number;
  NEW.reference := upper(NEW.region) || '-' || NEW.issuer_id || '-' || NEW.year || '-'
    || lpad(NEW.number::text, greatest(5, length(NEW.number::text)), '0');
  RETURN NEW;
END $$
"""
# Whatever changes what a booking that was confirmed is sold for, whoever writes it: its order is looked at by the worker.
MARK = """
CREATE OR REPLACE FUNCTION mark_for_invoices() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO invoices_due (order_id) VALUES (NEW.order_id)
  ON CONFLICT (order_id) DO UPDATE SET marked_at = clock_timestamp(), next_at = clock_timestamp();
  RETURN NULL;
END $$
"""
SOLD = "status, total_price, price_lines, kept, refund_amount, checked_out_at, no_show_at"
# Its name is the last: an order is locked before its mark.
ON_SALE = (
    f"CREATE OR REPLACE TRIGGER z_invoices_due AFTER UPDATE OF {SOLD} ON bookings FOR EACH ROW"
    " WHEN (NEW.confirmed_at IS NOT NULL AND"
    f" ({', '.join('OLD.' + name for name in SOLD.split(', '))}) IS DISTINCT FROM"
    f" ({', '.join('NEW.' + name for name in SOLD.split(', '))})) EXECUTE FUNCTION mark_for_invoices()"
)
KEEP_BUYER = """
CREATE OR REPLACE FUNCTION refuse_to_forget_early() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.kept_until < current_date THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is kept until %', TG_TABLE_NAME, OLD.kept_until USING ERRCODE = 'insufficient_privilege';
END $$
"""
APPEND_ONLY = ("invoices", "invoice_lines")


def upgrade() -> None:
    # Each statement by itself: whoever held orders while it waited for bookings would meet guests who hold them the
    # other way round. Run again after a kill, each finds its work done.
    with op.get_context().autocommit_block():
        for make in (_create_issuers, _create_invoices, _create_lines, _create_buyers, _create_billing, _create_due):
            make()
        for statement in (NUMBER, KEEP_BUYER, MARK):
            op.execute(statement)
        _add_triggers()
        op.execute(ON_SALE)
        # A constant default writes no row.
        op.execute(
            "ALTER TABLE properties ADD COLUMN IF NOT EXISTS tax_number varchar(64),"
            " ADD COLUMN IF NOT EXISTS invoice_at varchar(16) NOT NULL DEFAULT 'confirmation'"
        )
        op.execute(
            "ALTER TABLE properties DROP CONSTRAINT IF EXISTS ck_properties_invoice_at_known,"
            " ADD CONSTRAINT ck_properties_invoice_at_known"
            " CHECK (invoice_at IN ('confirmation', 'check_out', 'request')) NOT VALID"
        )
        op.execute("ALTER TABLE properties VALIDATE CONSTRAINT ck_properties_invoice_at_known")


def _add_triggers() -> None:
    """Of the new tables."""
    op.execute(
        "CREATE OR REPLACE TRIGGER numbered BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION number_invoice()"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_to_edit()"
        )
    op.execute(
        "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE ON invoice_buyers"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_edit()"
    )
    op.execute(
        "CREATE OR REPLACE TRIGGER kept_for_the_books BEFORE DELETE ON invoice_buyers"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_forget_early()"
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP TRIGGER IF EXISTS z_invoices_due ON bookings")
        op.execute("ALTER TABLE properties DROP COLUMN IF EXISTS tax_number, DROP COLUMN IF EXISTS invoice_at")
        for table in (
            "invoices_due",
            "order_billing",
            "invoice_buyers",
            "invoice_lines",
            "invoices",
            "invoice_series",
            "invoice_issuers",
        ):
            op.drop_table(table, if_exists=True)
        for function in ("mark_for_invoices()", "number_invoice()", "refuse_to_forget_early()"):
            op.execute(f"DROP FUNCTION IF EXISTS {function}")


def _money(name: str) -> sa.Column:
    return sa.Column(name, sa.Numeric(15, 3), nullable=False)


def _create_issuers() -> None:
    op.create_table(
        "invoice_issuers",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("tax_key", sa.String(64)),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_issuers"),
        sa.UniqueConstraint("tax_key", name="uq_invoice_issuers_tax_key"),
        if_not_exists=True,
    )
    op.create_index("ix_invoice_issuers_name_key", "invoice_issuers", ["name_key"], if_not_exists=True)
    op.create_table(
        "invoice_series",
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("issuer_id", "region", "year", name="pk_invoice_series"),
        sa.ForeignKeyConstraint(["issuer_id"], ["invoice_issuers.id"], name="fk_invoice_series_issuer_id"),
        sa.CheckConstraint("last >= 1", name="ck_invoice_series_last_positive"),
        if_not_exists=True,
    )


def _create_invoices() -> None:
    jsonb = postgresql.JSONB()
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reference", sa.String(64), server_default="", nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("credits_id", sa.Uuid()),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *map(_money, ("total", "paid", "due")),
        sa.Column("seller", jsonb, nullable=False),
        sa.Column("stays", jsonb, nullable=False),
        sa.Column("payments", jsonb, nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(255)),
        sa.Column("issued_by", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoices"),
        sa.UniqueConstraint("issuer_id", "region", "year", "number", name="uq_invoices_number"),
        sa.UniqueConstraint("reference", name="uq_invoices_reference"),
        sa.ForeignKeyConstraint(["issuer_id"], ["invoice_issuers.id"], name="fk_invoices_issuer_id"),
        sa.ForeignKeyConstraint(["credits_id"], ["invoices.id"], name="fk_invoices_credits_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_invoices_order_id"),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name="ck_invoices_kind_known"),
        sa.CheckConstraint("(kind = 'credit_note') = (credits_id IS NOT NULL)", name="ck_invoices_credit_has_invoice"),
        sa.CheckConstraint("number >= 1", name="ck_invoices_number_positive"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="ck_invoices_currency_code"),
        sa.CheckConstraint("paid >= 0 AND due >= 0", name="ck_invoices_sums_not_negative"),
        sa.CheckConstraint(
            " AND ".join(f"{one} = round({one}, minor_units(currency))" for one in ("total", "paid", "due")),
            name="ck_invoices_decimals",
        ),
        if_not_exists=True,
    )
    for name, columns, where in (
        ("order_id", ["order_id", "id"], None),
        ("property_id", ["property_id", "id"], None),
        ("credits_id", ["credits_id"], sa.text("credits_id IS NOT NULL")),
    ):
        op.create_index(f"ix_invoices_{name}", "invoices", columns, postgresql_where=where, if_not_exists=True)


def _create_lines() -> None:
    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("date", sa.Date()),
        _money("amount"),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("included", sa.Boolean(), nullable=False),
        sa.Column("line", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("invoice_id", "position", name="pk_invoice_lines"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_invoice_lines_invoice_id"),
        sa.CheckConstraint("kind IN ('night', 'fee', 'tax', 'discount')", name="ck_invoice_lines_kind_known"),
        sa.CheckConstraint("amount = round(amount, minor_units(currency))", name="ck_invoice_lines_amount_decimals"),
        if_not_exists=True,
    )
    op.create_index("ix_invoice_lines_booking_id", "invoice_lines", ["booking_id"], if_not_exists=True)


def _party() -> list[sa.Column]:
    return [
        sa.Column("company", sa.String(255)),
        sa.Column("street", sa.String(255)),
        sa.Column("postal_code", sa.String(32)),
        sa.Column("city", sa.String(255)),
        sa.Column("country", sa.String(120)),
        sa.Column("vat_number", sa.String(64)),
    ]


def _create_buyers() -> None:
    op.create_table(
        "invoice_buyers",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        *_party(),
        sa.Column("kept_until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_invoice_buyers"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_invoice_buyers_invoice_id"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_invoice_buyers_words",
        "invoice_buyers",
        [sa.text("folded(name || ' ' || coalesce(company, '')) gin_trgm_ops")],
        postgresql_using="gin",
        if_not_exists=True,
    )
    op.create_index("ix_invoice_buyers_kept_until", "invoice_buyers", ["kept_until"], if_not_exists=True)


def _create_billing() -> None:
    op.create_table(
        "order_billing",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255)),
        *_party(),
        sa.Column("updated_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_order_billing"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_billing_order_id", ondelete="CASCADE"),
        if_not_exists=True,
    )


def _create_due() -> None:
    op.create_table(
        "invoices_due",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("marked_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.Column("next_at", INSTANT, server_default=CLOCK, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("order_id", name="pk_invoices_due"),
        if_not_exists=True,
    )
