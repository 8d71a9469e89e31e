"""Is it alive, and can it sell?"""

from __future__ import annotations

import time
from typing import Any

from flask import Response, current_app

from booking import doors
from booking.api import shapes
from booking.api.endpoint import endpoint, json_response, to_json
from booking.infra import health as checks


@endpoint("GET", "/health", tag="Health", shape=shapes.HealthShape, public=True, limited=False)
def health() -> shapes.HealthShape:
    """The process answers. Asks nobody else."""
    return shapes.HealthShape(**_facts("ok"))


@endpoint(
    "GET",
    "/health/ready",
    tag="Health",
    shape=shapes.ReadinessShape,
    public=True,
    limited=False,
    also={503: shapes.ReadinessShape},
)
def readiness() -> Response:
    """200 when bookings work, with what is degraded; 503 when they do not."""
    works, degraded = checks.check()
    shape = shapes.ReadinessShape(**_facts("ok" if works else "unavailable"), degraded=degraded)
    return json_response(to_json(shape), 200 if works else 503, {} if works else {"Retry-After": "2"})


def _facts(status: str) -> dict[str, Any]:
    uptime = int(time.monotonic() - doors.services().started)
    return {"status": status, "uptime_seconds": uptime, "version": current_app.config["VERSION"]}
