"""Commands for operators: flask rooms | blocks | users | people | bookings | payments | audit and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Hang every group of commands into `flask`."""
    # Imported here: the door to the supervisor lives in this package too, and must be quick to heed a Ctrl-C.
    from booking.cli.commands import hang

    hang(app)
