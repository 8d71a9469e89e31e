"""Commands for operators: flask rooms | users | bookings | events | demo, and flask doctor."""

from __future__ import annotations

from flask import Flask

from booking.cli import bookings, demo, doctor, events, rooms, users


def register(app: Flask) -> None:
    """Hang every group of commands into `flask`."""
    for module in (rooms, users, bookings, events, demo):
        app.cli.add_command(module.group)
    app.cli.add_command(doctor.doctor)
