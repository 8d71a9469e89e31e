"""Promotions for tests: made by the house, used by guests."""

from __future__ import annotations

import uuid
from typing import Any

from booking.domain import pricing
from booking.domain.pricing import Promotion, PromotionInput
from booking.infra.db import db
from tests.cast import SYSTEM

TENTH: dict[str, Any] = {"code": "SPRING", "name": "Spring sale", "percent": 10}


def said(**changes: Any) -> PromotionInput:
    return PromotionInput.model_validate(TENTH | changes)


def promotion(**changes: Any) -> uuid.UUID:
    """10 % off with SPRING, or what the changes say."""
    if "amount" in changes:
        changes = {"percent": None, "currency": "EUR"} | changes
    return pricing.add_promotion(SYSTEM, said(**changes))


def uses(promotion_id: uuid.UUID) -> int:
    db.session.rollback()
    return pricing.promotion_uses([promotion_id]).get(promotion_id, 0)


def as_kept(promotion_id: uuid.UUID) -> Promotion:
    return pricing.get_promotion(SYSTEM, promotion_id).promotion
