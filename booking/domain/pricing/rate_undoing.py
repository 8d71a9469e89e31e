"""Taking back what the audit log tells of rates and promotions, as inventory does of nights; only what nobody changed
since.
"""

from __future__ import annotations

import uuid

from booking.domain import inventory, people
from booking.domain.actors import Actor
from booking.domain.errors import NotFound
from booking.domain.people import AuditEntry
from booking.domain.pricing import promotion_undoing, rate_editing
from booking.domain.pricing.rate_editing import RateStep
from booking.domain.stays import StayRules
from booking.infra.ids import decode

PREFIX = "rate."


def is_undoable(entry: AuditEntry) -> bool:
    """Whether it can be tried: what has changed since, only undo() sees."""
    return entry.action.startswith((PREFIX, promotion_undoing.PREFIX)) or inventory.is_entry_undoable(entry)


def undo(actor: Actor, entry_id: uuid.UUID, rules: StayRules) -> AuditEntry:
    """Take it back, and return what it was: rates and promotions here, all else as inventory.undo_entry() does.

    Raises NotFound for who may not look into the log, or may not do what takes it back; EntryNotUndoable, ChangedSince,
    NightsTaken.
    """
    entry = people.get_audit_entry(actor, entry_id)
    if entry.action.startswith(promotion_undoing.PREFIX):
        promotion_undoing.undo(actor, entry)
        return entry
    if not entry.action.startswith(PREFIX):
        return inventory.undo_entry(actor, entry_id, rules)
    rule_id = decode("rate", entry.subject)
    if rule_id is None:
        raise NotFound
    last = rate_editing.versions(actor, rule_id)[-1]
    if people.latest_audit(entry.subject, PREFIX) != entry.id:
        raise inventory.ChangedSince
    step = RateStep(None, rule_id, is_back=True, seen=(last.version, last.until is None))
    try:
        rate_editing.take(actor, last.property_id, [step])
    except rate_editing.RateModified:
        raise inventory.ChangedSince from None
    return entry
