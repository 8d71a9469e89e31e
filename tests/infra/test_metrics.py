"""What a client invents makes no series of its own; a log that cannot be written fails no request."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from booking.infra import telemetry


def series() -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Every combination of labels that requests are counted under."""
    found = [metric for metric in REGISTRY.collect() if metric.name in {"http_requests", "http_request_seconds"}]
    return {(sample.name, frozenset(sample.labels.items())) for metric in found for sample in metric.samples}


def has(**labels: str) -> bool:
    return any(set(labels.items()) <= found for _, found in series())


@pytest.mark.slow
def test_methods_and_paths_that_nobody_knows_share_one_label(client: FlaskClient) -> None:
    client.open("/", method="BREW")
    client.get("/nothing-0")
    client.open("/nothing-0", method="BREW")
    before = series()
    for number in range(40):
        client.open("/", method=f"BREW{number}")
        client.open(f"/nothing-{number}", method=f"BREW{number}")
        client.get(
            f"/nothing-{number}", headers={"X-Request-Id": f"invented-{number}", "User-Agent": f"agent {number}"}
        )
    assert series() == before
    assert has(method="other")


def test_known_methods_keep_their_names(client: FlaskClient) -> None:
    client.get("/api/v1/health")
    assert has(method="GET", route="/api/v1/health")


class FullDisk(io.StringIO):
    """Takes nothing."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_on_a_full_disk_fails_no_request(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(telemetry, "output", FullDisk)
        telemetry.configure_logging("INFO")
        try:
            answer = client.get("/")
        finally:
            patch.undo()
            telemetry.configure_logging("WARNING")
    assert answer.status_code == 200
    assert (REGISTRY.get_sample_value("log_lines_lost_total") or 0) > 0
