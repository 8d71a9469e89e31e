"""What is kept of somebody, as a file for themselves."""

from __future__ import annotations

import json
from decimal import Decimal

from flask import Response

from booking.domain.people import PersonalEntry
from booking.infra.clock import now


def of(found: PersonalEntry, name: str) -> Response:
    """JSON to be saved as such as account-2026-11-30.json."""
    answer = Response(json.dumps(found, ensure_ascii=False, indent=2, default=_number), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{now():%Y-%m-%d}.json"'
    return answer


def _number(value: object) -> float:
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return float(value)
