"""All groups of commands, each imported when somebody asks for it."""

from __future__ import annotations

from pkgutil import resolve_name

import click
from flask import Flask
from flask.cli import AppGroup

from booking.infra.db import db

OURS = {
    **{
        name: f"booking.cli.{name}:group"
        for name in (
            "rooms",
            "properties",
            "photos",
            "rates",
            "promotions",
            "blocks",
            "users",
            "people",
            "bookings",
            "payments",
            "cash",
            "invoices",
            "figures",
            "events",
            "messages",
            "audit",
            "backup",
            "system",
            "alerts",
            "demo",
        )
    },
    "data-requests": "booking.cli.data_requests:group",
    "doctor": "booking.cli.doctor:doctor",
}
MIGRATIONS = "db"


class Commands(AppGroup):
    """Commands that are imported when somebody asks for one: web processes never do, and save 30 MB each."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app.name)
        self.app = app

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *OURS, MIGRATIONS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == MIGRATIONS and MIGRATIONS not in self.commands:
            with_migrations(self.app)
        if cmd_name in OURS and cmd_name not in self.commands:
            self.add_command(resolve_name(OURS[cmd_name]))
        return super().get_command(ctx, cmd_name)


def hang(app: Flask) -> None:
    """Hang every group of commands into `flask`."""
    app.cli = Commands(app)
    # `flask` itself finds the migrations' commands before ours, as a plugin that expects the application to know them.
    if click.get_current_context(silent=True):
        with_migrations(app)


def with_migrations(app: Flask) -> None:
    """Add `flask db`."""
    from flask_migrate import Migrate

    Migrate(app, db, directory="migrations", compare_type=True, compare_server_default=False)
