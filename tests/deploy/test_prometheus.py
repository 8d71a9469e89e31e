"""The rules for Prometheus: whole, and about figures that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

pytestmark = pytest.mark.slow
RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
FUNCTIONS = {"max", "min_over_time"}


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(RULES.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules()) > 5
    for rule in rules():
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "description"}
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_every_figure_is_one_that_metrics_have(client: FlaskClient) -> None:
    told = set(re.findall(r"^(\w+)[ {]", client.get("/metrics").text, re.MULTILINE))
    for rule in rules():
        asked = set(re.findall(r"[a-z_]+(?![a-z_\d])", re.sub(r"\[.*?\]", "", rule["expr"]))) - FUNCTIONS
        assert asked, rule
        assert asked <= told, rule["alert"]


def test_a_worker_that_is_gone_is_noted_after_a_while_and_takes_nobody_out(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/api/v1/health/ready").json["degraded"] == []  # type: ignore[index]  # workers are exchanged
    assert "worker_up 0.0" in client.get("/metrics").text
    monkeypatch.setattr("booking.infra.health.MISSED_AFTER", -1.0)
    ready = client.get("/api/v1/health/ready")
    assert (ready.status_code, ready.json["status"], ready.json["degraded"]) == (200, "ok", ["worker"])  # type: ignore[index]
    monkeypatch.setattr("booking.infra.leader.is_there", lambda _: True)
    monkeypatch.setattr("booking.infra.health.MISSED_AFTER", 60.0)
    assert client.get("/api/v1/health/ready").json["degraded"] == []  # type: ignore[index]
    assert "worker_up 1.0" in client.get("/metrics").text
