"""The smallest app that the supervisor can run: it counts its starts in Postgres."""

from __future__ import annotations

import os
import sys
from typing import Any

from booking.infra import embedded

if embedded.needed(sys.argv):
    embedded.provide(os.environ)

import flask
import psycopg2
from flask.cli import AppGroup

app = flask.Flask(__name__)
db, demo = AppGroup("db"), AppGroup("demo")
app.cli.add_command(db)
app.cli.add_command(demo)


def run(url: Any, statement: Any) -> Any:
    """The first value that a statement returns; committed."""
    with psycopg2.connect(os.environ[url].replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@db.command("upgrade")
def upgrade() -> None:
    run("MIGRATION_DATABASE_URL", "CREATE TABLE IF NOT EXISTS starts (at timestamptz); SELECT 1")
    run("MIGRATION_DATABASE_URL", "GRANT SELECT, INSERT ON starts TO booking_app; SELECT 1")


@demo.command("load")
def load() -> None:
    run("DATABASE_URL", "INSERT INTO starts VALUES (now()) RETURNING 1")


@demo.command("port")
def port() -> None:
    print(run("DATABASE_URL", "SELECT inet_server_port()"))


@app.get("/api/v1/health/ready")
def ready() -> Any:
    return {
        "starts": run("DATABASE_URL", "SELECT count(*) FROM starts"),
        "pid": os.getpid(),
        "owner": "MIGRATION_DATABASE_URL" in os.environ,
    }
