"""Taking back, from the audit log, what was written about a property or a room: texts, beds, amenities, contact.

What is sold, for how much and to whom stays out of it: prices, capacity, times, what is published and archived.
"""

from __future__ import annotations

from booking.domain.actors import Actor
from booking.domain.catalogue import property_editing, room_editing, saving
from booking.domain.catalogue.edit_errors import PropertyModified, PropertyNotFound, RoomModified
from booking.domain.errors import RoomNotFound
from booking.domain.people import AuditEntry
from booking.infra.db import READ_COMMITTED, transaction
from booking.infra.ids import decode

ROOM_CHANGED, PROPERTY_CHANGED = "room.changed", "property.changed"
OF_ROOM = frozenset({"name", "kind", "description", "amenities", "beds", "size_m2"})
OF_PROPERTY = frozenset(
    {"name", "legal_name", "tax_number", "contact_email", "contact_phone", "house_rules", "description"}
)
TEXTS = {ROOM_CHANGED: OF_ROOM, PROPERTY_CHANGED: OF_PROPERTY}


def is_about_texts(entry: AuditEntry) -> bool:
    """Whether it tells of texts alone, as they were and as they are."""
    told = entry.before.keys()
    return bool(told) and told == entry.after.keys() and told <= TEXTS.get(entry.action, frozenset())


@transaction(isolation=READ_COMMITTED)
def undo(actor: Actor, entry: AuditEntry) -> None:
    """As the entry says it was before, where it still is as the entry left it; a change like any other.

    Raises RoomNotFound, PropertyNotFound; RoomModified, PropertyModified.
    """
    if entry.action == ROOM_CHANGED:
        _undo_of_room(actor, entry)
    else:
        _undo_of_property(actor, entry)


def _undo_of_room(actor: Actor, entry: AuditEntry) -> None:
    key = decode("room", entry.subject)
    if key is None:
        raise RoomNotFound
    room = room_editing.locked(actor, key)
    if any(saving.plain(getattr(room, name)) != value for name, value in entry.after.items()):
        raise RoomModified
    room_editing.save(actor, room, entry.before)


def _undo_of_property(actor: Actor, entry: AuditEntry) -> None:
    key = decode("property", entry.subject)
    if key is None:
        raise PropertyNotFound
    house = property_editing.locked(actor, key)
    if any(saving.plain(getattr(house, name)) != value for name, value in entry.after.items()):
        raise PropertyModified
    property_editing.save(actor, house, entry.before)
