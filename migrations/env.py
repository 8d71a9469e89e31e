"""Migrations run as the owner of the database; the role that runs the application gets rows, never tables."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

settings = current_app.extensions["services"].settings
metadata = current_app.extensions["migrate"].db.metadata

# One at a time, also when several machines start together.
ONLY_ONE = text("SELECT pg_advisory_xact_lock(7203114)")


def grant(connection: Connection) -> None:
    """Give the application's role what it needs: rows of every table, and nothing else."""
    role = make_url(settings.database_url).username
    if role is None or role == make_url(settings.migration_database_url).username:
        return
    name = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"))
    if connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar():
        connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}"))


def run() -> None:
    """Everything in one transaction: a migration happens or does not."""
    engine = create_engine(settings.migration_database_url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=metadata, compare_type=True, transaction_per_migration=False
        )
        with context.begin_transaction():
            connection.execute(ONLY_ONE)
            context.run_migrations()
            grant(connection)


if context.is_offline_mode():
    context.configure(url=settings.migration_database_url, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    run()
