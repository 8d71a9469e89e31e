"""Logs and metrics. Logs are JSON lines with the request's id; metrics are counted per process, added up on scrape."""

from __future__ import annotations

import logging
import os
import sys
from functools import lru_cache
from typing import Any, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from booking.infra import redaction

REQUESTS = Counter("http_requests_total", "Requests by route template and status", ["method", "route", "status"])
LATENCY = Histogram(
    "http_request_seconds",
    "Time to answer, by route template",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BOOKINGS = Counter("bookings_total", "Bookings by outcome", ["outcome"])
PAYMENTS = Counter("payments_total", "Refunds and recovered charges by outcome", ["kind", "outcome"])
RETRIES = Counter("transaction_retries_total", "Transactions tried again, by use-case", ["name"])
CACHE = Counter("cache_lookups_total", "Cache look-ups by what and result", ["what", "result"])
SECURITY = Counter("security_events_total", "What happened to accounts, by name", ["kind"])
REDIS_DOWN = Counter("redis_unavailable_total", "Calls that went on without Redis")
LOST_LINES = Counter("log_lines_lost_total", "Lines that the log could not take")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def output() -> TextIO:
    """Where logs go."""
    return sys.stderr


class _Lossy:
    """A full disk or a closed pipe below the log fails no request: the line is lost, and counted."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except OSError:
            LOST_LINES.inc()

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            LOST_LINES.inc()


def configure_logging(level: str) -> None:
    """JSON lines on standard error, ours and the libraries' alike; none of them holds an address or a secret."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, redaction.mask_line, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Lossy(output()))),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redaction.mask_line,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level="WARNING", force=True)


def request_id() -> str:
    """The id of the request (or of the request that caused this job); empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def count_booking(outcome: str, times: int = 1) -> None:
    BOOKINGS.labels(outcome).inc(times)


def count_payment(kind: str, outcome: str) -> None:
    PAYMENTS.labels(kind, outcome).inc()


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


def method_label(method: str) -> str:
    """The method, or "other": a client may invent as many as it likes, and each would be a series for ever."""
    return method if method in METHODS else OTHER


def count_security(kind: str) -> None:
    SECURITY.labels(kind).inc()


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is the template of a known one, never a path that was asked for."""
    _requests(method_label(method), route, status).inc()
    _latency(route).observe(seconds)


@lru_cache(maxsize=1024)
def _requests(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, status)


@lru_cache(maxsize=256)
def _latency(route: str) -> Histogram:
    return LATENCY.labels(route)


@lru_cache(maxsize=64)
def _lookups(what: str, result: str) -> Counter:
    return CACHE.labels(what, result)


def count_retry(name: str) -> None:
    RETRIES.labels(name).inc()


def count_lookup(what: str, *, hit: bool) -> None:
    _lookups(what, "hit" if hit else "miss").inc()


class _Gauges:
    """Figures that belong to the whole system, not to a process: asked for when scraped."""

    def __init__(self, figures: dict[str, float]) -> None:
        self.figures = figures

    def collect(self) -> list[GaugeMetricFamily]:
        return [GaugeMetricFamily(name, name.replace("_", " "), value=value) for name, value in self.figures.items()]


def exposition(gauges: dict[str, float]) -> bytes:
    """The metrics of all web processes and the given gauges, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Gauges(gauges))
    text = generate_latest(registry)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        processes = CollectorRegistry()
        MultiProcessCollector(processes)  # type: ignore[no-untyped-call]  # its __init__ has no annotations
        return text + generate_latest(processes)
    return text + generate_latest()
