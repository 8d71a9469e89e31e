"""A room as an operator types it: its id, or its name where no other room is called so."""

from __future__ import annotations

import uuid

import click

from booking.cli.operator import acting
from booking.domain import catalogue
from booking.infra import ids


class RoomParam(click.ParamType[uuid.UUID]):
    """Such as room_01k5…, or "Garden room"."""

    name = "room"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> uuid.UUID:
        try:
            return meant(value)
        except click.UsageError as refusal:
            self.fail(refusal.message, param, ctx)


def meant(said: str, property_id: uuid.UUID | None = None) -> uuid.UUID:
    """The room, of this property where that is known. Raises UsageError, which lists the rooms of that name if any."""
    if known := ids.decode("room", said):
        return known
    found = catalogue.rooms_called(acting(), said, property_id)
    if len(found) == 1:
        return found[0].id
    if not found:
        raise click.UsageError(
            f"{said} is no room’s id, and no room is called so; `flask rooms status` lists all,"
            " and the address of a room’s page ends with its id"
        )
    rooms = ", ".join(f"{ids.encode('room', one.id)} ({one.property})" for one in found)
    raise click.UsageError(f"several rooms are called {said}; give the id of one: {rooms}")


ROOM = RoomParam()
