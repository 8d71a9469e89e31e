"""first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Trusted since Postgres 13: the owner of the database may create it.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "occurred_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("type ~ '^[a-z]+[.][a-z]+$'", name=op.f("ck_events_type_dotted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(
        "ix_events_unsent", "events", ["occurred_at", "id"], unique=False, postgresql_where=sa.text("sent_at IS NULL")
    )
    op.create_table(
        "properties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("location", sa.String(length=120), nullable=False),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("check_in_time", sa.Time(), nullable=False),
        sa.Column("check_out_time", sa.Time(), nullable=False),
        sa.Column("legal_name", sa.String(length=255), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_properties_currency_code")),
        sa.CheckConstraint("location ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_properties_location_slug")),
        sa.CheckConstraint("name <> '' AND time_zone <> ''", name=op.f("ck_properties_named")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_properties")),
        sa.UniqueConstraint("id", "location", "currency", name=op.f("uq_properties_id_location_currency")),
        sa.UniqueConstraint("slug", name=op.f("uq_properties_slug")),
    )
    op.create_table(
        "simulated_ledger",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint(
            "kind IN ('charge', 'refund', 'declined', 'tombstone')", name=op.f("ck_simulated_ledger_kind_known")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_simulated_ledger_amount_not_negative")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_simulated_ledger")),
        sa.UniqueConstraint("reference", name=op.f("uq_simulated_ledger_reference")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("email_key", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("full_name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("locale", sa.String(length=16), server_default="en", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "email_key = lower(email_key) AND position('@' in email_key) > 1",
            name=op.f("ck_users_email_key_normalised"),
        ),
        sa.CheckConstraint("full_name <> '' AND region <> ''", name=op.f("ck_users_named")),
        sa.CheckConstraint("role IN ('guest', 'staff', 'owner')", name=op.f("ck_users_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
    )
    op.create_table(
        "deliveries",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_deliveries_state_known")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts_counted")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_deliveries_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", "consumer", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("key ~ '^[!-~]{1,255}$'", name=op.f("ck_idempotency_keys_key_visible_ascii")),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name=op.f("ck_idempotency_keys_answer_complete")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotency_keys_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "endpoint", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("location", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("price_per_night", sa.Numeric(precision=15, scale=3), nullable=True),
        sa.Column("amenities", postgresql.ARRAY(sa.String(length=120)), server_default="{}", nullable=False),
        sa.Column("images", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("min_nights", sa.Integer(), server_default="1", nullable=False),
        sa.Column("max_nights", sa.Integer(), server_default="30", nullable=False),
        sa.Column("cancellation_policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("source_id", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_rooms_named")),
        sa.CheckConstraint(
            "price_per_night = round(price_per_night, CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3 ELSE 2 END)",
            name=op.f("ck_rooms_price_decimals"),
        ),
        sa.CheckConstraint("(source IS NULL) = (source_id IS NULL)", name=op.f("ck_rooms_source_complete")),
        sa.CheckConstraint("NOT published OR price_per_night IS NOT NULL", name=op.f("ck_rooms_published_has_price")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 1000", name=op.f("ck_rooms_capacity_positive")),
        sa.CheckConstraint("min_nights >= 1 AND max_nights >= min_nights", name=op.f("ck_rooms_stay_limits")),
        sa.CheckConstraint("price_per_night IS NULL OR price_per_night > 0", name=op.f("ck_rooms_price_positive")),
        sa.ForeignKeyConstraint(
            ["property_id", "location", "currency"],
            ["properties.id", "properties.location", "properties.currency"],
            name=op.f("fk_rooms_property_id_location_currency"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_rooms_source_source_id")),
    )
    op.create_index("ix_rooms_amenities", "rooms", ["amenities"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_rooms_name_words",
        "rooms",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index("ix_rooms_property_id", "rooms", ["property_id"], unique=False)
    op.create_index(
        "ix_rooms_search",
        "rooms",
        ["location", "price_per_night", "id"],
        unique=False,
        postgresql_include=["capacity"],
        postgresql_where=sa.text("published"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("client", sa.String(length=255), server_default="", nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("previous_refresh_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'api') = (refresh_hash IS NOT NULL)", name=op.f("ck_sessions_api_has_refresh_token")
        ),
        sa.CheckConstraint("kind IN ('web', 'api')", name=op.f("ck_sessions_kind_known")),
        sa.CheckConstraint(
            "previous_refresh_hash IS DISTINCT FROM refresh_hash OR refresh_hash IS NULL",
            name=op.f("ck_sessions_rotated"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(
        "ix_sessions_user_id_live", "sessions", ["user_id"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "availability",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("location", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("(state = 'blocked') = (claim_id IS NULL)", name=op.f("ck_availability_claimed")),
        sa.CheckConstraint(
            "(state IN ('held', 'pinned')) = (held_until IS NOT NULL)", name=op.f("ck_availability_hold_ends")
        ),
        sa.CheckConstraint(
            "state IN ('held', 'pinned', 'booked', 'blocked')", name=op.f("ck_availability_state_known")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_availability_room_id")),
        sa.PrimaryKeyConstraint("room_id", "night", name=op.f("pk_availability")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_index(
        "ix_availability_claim_id",
        "availability",
        ["claim_id"],
        unique=False,
        postgresql_where=sa.text("claim_id IS NOT NULL"),
    )
    op.create_index("ix_availability_held_until", "availability", ["held_until"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_availability_location_night",
        "availability",
        ["location", "night"],
        unique=False,
        postgresql_include=["room_id"],
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("check_in", sa.Date(), nullable=False),
        sa.Column("check_out", sa.Date(), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("total_price", sa.Numeric(precision=15, scale=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_amount", sa.Numeric(precision=15, scale=3), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "(cancelled_at IS NOT NULL) = (status = 'CANCELLED')", name=op.f("ck_bookings_cancelled_has_instant")
        ),
        sa.CheckConstraint(
            "confirmed_at IS NOT NULL OR status <> 'CONFIRMED'", name=op.f("ck_bookings_confirmed_has_instant")
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_bookings_currency_code")),
        sa.CheckConstraint("held_until IS NULL OR status = 'PENDING'", name=op.f("ck_bookings_only_pending_is_held")),
        sa.CheckConstraint(
            "refund_amount = round(refund_amount, CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3 ELSE 2 END)",
            name=op.f("ck_bookings_refund_amount_decimals"),
        ),
        sa.CheckConstraint(
            "refund_amount IS NULL OR status = 'CANCELLED'", name=op.f("ck_bookings_only_cancelled_is_refunded")
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'CONFIRMED', 'CANCELLED', 'EXPIRED')", name=op.f("ck_bookings_status_known")
        ),
        sa.CheckConstraint(
            "total_price = round(total_price, CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3 ELSE 2 END)",
            name=op.f("ck_bookings_total_price_decimals"),
        ),
        sa.CheckConstraint("check_in < check_out", name=op.f("ck_bookings_stay_has_nights")),
        sa.CheckConstraint("guests >= 1", name=op.f("ck_bookings_guests_positive")),
        sa.CheckConstraint("refund_amount BETWEEN 0 AND total_price", name=op.f("ck_bookings_refund_within_price")),
        sa.CheckConstraint("total_price >= 0", name=op.f("ck_bookings_total_price_not_negative")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_bookings_room_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bookings_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("reference", name=op.f("uq_bookings_reference")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("ix_bookings_held_until", "bookings", ["held_until"], unique=False, postgresql_using="brin")
    op.create_index("ix_bookings_room_id_stay", "bookings", ["room_id", "check_in", "check_out"], unique=False)
    op.create_index(
        "ix_bookings_user_id_newest",
        "bookings",
        ["user_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=255), nullable=True),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("provider_reference", sa.String(length=255), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(kind = 'charge') = (method IS NOT NULL)", name=op.f("ck_payments_charge_has_method")),
        sa.CheckConstraint(
            "amount = round(amount, CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0 WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3 ELSE 2 END)",
            name=op.f("ck_payments_amount_decimals"),
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_payments_currency_code")),
        sa.CheckConstraint("kind IN ('charge', 'refund')", name=op.f("ck_payments_kind_known")),
        sa.CheckConstraint(
            "state <> 'succeeded' OR provider_reference IS NOT NULL", name=op.f("ck_payments_success_has_reference")
        ),
        sa.CheckConstraint(
            "state IN ('started', 'succeeded', 'failed', 'unknown')", name=op.f("ck_payments_state_known")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount_positive")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_payments_booking_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index("ix_payments_booking_id", "payments", ["booking_id"], unique=False)
    op.create_index(
        "ix_payments_unsettled",
        "payments",
        ["updated_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('started', 'unknown')"),
    )
    op.create_index(
        "uq_payments_live",
        "payments",
        ["booking_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('started', 'unknown', 'succeeded')"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_payments_live",
        table_name="payments",
        postgresql_where=sa.text("state IN ('started', 'unknown', 'succeeded')"),
    )
    op.drop_index(
        "ix_payments_unsettled", table_name="payments", postgresql_where=sa.text("state IN ('started', 'unknown')")
    )
    op.drop_index("ix_payments_booking_id", table_name="payments")
    op.drop_table("payments")
    op.drop_index("ix_bookings_user_id_newest", table_name="bookings")
    op.drop_index("ix_bookings_room_id_stay", table_name="bookings")
    op.drop_index("ix_bookings_held_until", table_name="bookings", postgresql_using="brin")
    op.drop_table("bookings")
    op.drop_index("ix_availability_location_night", table_name="availability", postgresql_include=["room_id"])
    op.drop_index("ix_availability_held_until", table_name="availability", postgresql_using="brin")
    op.drop_index(
        "ix_availability_claim_id", table_name="availability", postgresql_where=sa.text("claim_id IS NOT NULL")
    )
    op.drop_table("availability")
    op.drop_index("ix_sessions_user_id_live", table_name="sessions", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("sessions")
    op.drop_index(
        "ix_rooms_search", table_name="rooms", postgresql_include=["capacity"], postgresql_where=sa.text("published")
    )
    op.drop_index("ix_rooms_property_id", table_name="rooms")
    op.drop_index(
        "ix_rooms_name_words", table_name="rooms", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )
    op.drop_index("ix_rooms_amenities", table_name="rooms", postgresql_using="gin")
    op.drop_table("rooms")
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index(
        "ix_deliveries_due", table_name="deliveries", postgresql_where=sa.text("state IN ('waiting', 'running')")
    )
    op.drop_table("deliveries")
    op.drop_table("users")
    op.drop_table("simulated_ledger")
    op.drop_table("properties")
    op.drop_index("ix_events_unsent", table_name="events", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_table("events")
