"""Is it alive, and can it sell?"""

from __future__ import annotations

import time
from typing import Any

from flask import Response, current_app

from booking.api import schemas
from booking.api.endpoint import endpoint, json_response, to_json
from booking.http.services import current_services
from booking.infra import health as checks


@endpoint("GET", "/health", tag="Health", schema=schemas.Health, public=True, limited=False)
def health() -> schemas.Health:
    """The process answers. Asks nobody else."""
    return schemas.Health(**_facts("ok"))


@endpoint(
    "GET",
    "/health/ready",
    tag="Health",
    schema=schemas.Readiness,
    public=True,
    limited=False,
    also={503: schemas.Readiness},
)
def readiness() -> Response:
    """200 when bookings work, with what is degraded; 503 when they do not."""
    works, degraded = checks.check()
    body = schemas.Readiness(**_facts("ok" if works else "unavailable"), degraded=degraded)
    return json_response(to_json(body), 200 if works else 503, {} if works else {"Retry-After": "2"})


def _facts(status: str) -> dict[str, Any]:
    uptime = int(time.monotonic() - current_services().started)
    return {"status": status, "uptime_seconds": uptime, "version": current_app.config["VERSION"]}
