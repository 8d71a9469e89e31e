"""People who work at a house, at their desks."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Room, User
from tests import said_to_postgres
from tests.cast import SYSTEM
from tests.web.visitor import Visitor


def working(app: Flask, who: User, role: Role, at: Room | None = None) -> Visitor:
    """Signed in at the desk."""
    staff.give_role(SYSTEM, who.id, role, at.property_id if at else None)
    return Visitor(app).sign_in(who.full_name.lower(), "/sign-in")


def at_work(app: Flask, who: User, role: Role, at: Room | None = None) -> Visitor:
    """The same, having signed in before: in a tenth of the time."""
    staff.give_role(SYSTEM, who.id, role, at.property_id if at else None)
    return Visitor(app).signed_in(who)


def statements(action: Callable[[], object]) -> int:
    """How many are sent to Postgres meanwhile, the action having been done before.

    Who has signed in is looked up again every few seconds, by time and not for a page: the fewest of three count.
    """
    return min(_said_by(action) for _ in range(3))


def _said_by(action: Callable[[], object]) -> int:
    with said_to_postgres.statements() as sent:
        action()
    return len(sent)
