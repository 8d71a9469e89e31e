"""Parts of the matrix of roles: what a refusal is; a rate plan, and who finds what at the pages of policies."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from werkzeug.test import TestResponse

from booking.domain import pricing
from tests.cast import SYSTEM

R = TypeVar("R")


def is_refused(answer: TestResponse) -> bool:
    return answer.status_code in (401, 403, 404) or answer.headers.get("Location", "").startswith("/sign-in")


def a_plan(property_id: uuid.UUID) -> uuid.UUID:
    """One that is in force."""
    said = pricing.rate_said({"kind": "plan", "name": "Cheap", "terms": {"percent": "-5", "policy": "strict"}})
    return pricing.add_rate(SYSTEM, property_id, said)


def policy_routes(route: Callable[..., R], sees: set[str], desk: set[str], managers: set[str]) -> dict[str, R]:
    """For the matrix of roles."""

    def here(house: Any) -> dict[str, str]:
        return {"property": house.here}

    return {
        "GET /admin/policies": route(sees),
        "GET /admin/policies/new": route(managers, asked=here),
        "POST /admin/policies/new": route(managers, here),
        "POST /admin/policies/use": route(managers, here),
        "GET /admin/policies/<rate_id>": route(desk),
        "POST /admin/policies/<rate_id>": route(managers),
        "POST /admin/policies/<rate_id>/end": route(managers),
        "POST /admin/policies/<rate_id>/undo": route(managers, lambda _: {"back": "1"}),
    }
