"""The operator's door: metrics in Prometheus' format."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST

from booking.domain import messages, payments, reservations, system
from booking.domain.actors import Actor
from booking.domain.errors import BookingError
from booking.http.services import current_services
from booking.infra import queue, telemetry
from booking.infra.db import Unavailable
from booking.infra.health import check, worker_missing_for

operations = Blueprint("operations", __name__)
METRICS = Actor.system("metrics")


@operations.get("/metrics")
def metrics() -> Response:
    """Figures of all web processes, and gauges of outbox and queue. Production asks for METRICS_TOKEN."""
    settings = current_services().settings
    if settings.production or settings.metrics_token:
        _require_token(settings.metrics_token)
    return Response(telemetry.exposition(_gauges()), content_type=CONTENT_TYPE_LATEST)


def _require_token(token: str) -> None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)


def _gauges() -> dict[str, float]:
    """What is asked for when scraped. Postgres away: its figures are missing, and that they are is a figure too."""
    works, degraded = check()
    gauges: dict[str, float] = {
        "postgres_up": float(works),
        "redis_up": float("redis" not in degraded),
        "worker_up": float(works and not worker_missing_for()),
        "queue_jobs": float(queue.depth()),
    }
    try:
        return gauges | _counted() if works else gauges
    except (BookingError, Unavailable):
        return gauges


def _counted() -> dict[str, float]:
    waiting = {f"outbox_{name}": float(value) for name, value in messages.outbox_figures().items()}
    money = {f"payments_{name}": float(value) for name, value in payments.payment_figures().items()}
    system_wide = {"alerts_open": float(len(system.list_alerts(METRICS))), "maintenance": float(system.is_closed())}
    late = {"work_late_seconds": system.seconds_late()}
    return waiting | money | late | system_wide | {"refunds_owed": float(len(reservations.owed_refunds(METRICS)))}
