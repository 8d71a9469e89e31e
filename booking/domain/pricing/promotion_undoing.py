"""Taking back what the audit log tells of a promotion, where nobody has changed it since."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from booking.domain import inventory, people
from booking.domain.actors import Actor
from booking.domain.errors import Invalid, NotFound
from booking.domain.inputs import accept
from booking.domain.people import AuditEntry
from booking.domain.pricing import promotion_editing
from booking.domain.pricing.promotion_inputs import PromotionInput, as_said
from booking.domain.pricing.promotion_models import Promotion
from booking.infra.ids import decode

PREFIX = "promotion."


def undo(actor: Actor, entry: AuditEntry) -> None:
    """What was added or resumed ends, what was ended is in force, what was changed is as it was.

    Raises NotFound for who may not do that, ChangedSince: also where another promotion has its code by now, or more
    has been used than the limit that there was.
    """
    promotion_id = decode("promotion", entry.subject)
    if promotion_id is None:
        raise NotFound
    promotion = promotion_editing.get(actor, promotion_id).promotion
    if people.latest_audit(entry.subject, PREFIX) != entry.id:
        raise inventory.ChangedSince
    try:
        _take_back(actor, entry, promotion_id, promotion)
    except (promotion_editing.PromotionModified, Invalid):
        raise inventory.ChangedSince from None


def _take_back(actor: Actor, entry: AuditEntry, promotion_id: uuid.UUID, promotion: Promotion) -> None:
    step, seen = entry.action.removeprefix(PREFIX), promotion.version
    if step == "changed":
        said = _as_it_was(promotion, entry.was, entry.now)
        promotion_editing.change(actor, promotion_id, said, seen_version=seen)
    elif step == "ended":
        promotion_editing.resume(actor, promotion_id, seen_version=seen)
    else:
        promotion_editing.end(actor, promotion_id, seen_version=seen)


def _as_it_was(promotion: Promotion, was: Mapping[str, Any], now: Mapping[str, Any]) -> PromotionInput:
    """The log writes only what there was: a limit that it knows after the change alone was none before."""
    said = as_said(promotion)
    for name in now.keys() | was.keys():
        said[name] = was.get(name)
    if houses := was.get("property_ids"):
        said["property_ids"] = [decode("property", one) for one in str(houses).split(", ")]
    said["properties"] = said.pop("property_ids") or ()
    given = {_field(name): value for name, value in said.items() if value is not None}
    return accept(PromotionInput, given, strict=False)


def _field(column: str) -> str:
    first, *rest = column.split("_")
    return first + "".join(part.title() for part in rest)
