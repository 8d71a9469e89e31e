"""Schemathesis over the OpenAPI document of a running copy: all checks, all phases, as somebody who is signed in."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.product import REPOSITORY, Product

HERE = Path(__file__).parent
PASSWORD = "a-password-for-fuzzing"
PEOPLE = ("alice", "bob", "spare")


@dataclass
class Report:
    """What schemathesis says: how many requests, and everything that was not as documented."""

    cases: int
    notes: list[str]
    findings: list[str] = field(default_factory=list)


def run(product: Product, seed: int, seconds: float, directory: Path) -> Report:
    """Requests until the time is over; what was said goes to `directory`/schemathesis.log."""
    directory.mkdir(parents=True, exist_ok=True)
    report, log = directory / "schemathesis.json", directory / "schemathesis.log"
    report.unlink(missing_ok=True)
    with log.open("w") as said:
        subprocess.run(
            _command(product, seed, seconds, report),
            cwd=directory,  # it leaves a folder of its own where it runs
            env=_environ(product, directory),
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=seconds + 600,
        )
    if not report.exists():
        return Report(0, [], [f"schemathesis did not finish: {log}", log.read_text()[-2000:]])
    return _read(json.loads(report.read_text()), log)


def _command(product: Product, seed: int, seconds: float, report: Path) -> list[str]:
    return [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        f"{_url(product)}/openapi.json",
        "--checks=all",
        "--phases=examples,coverage,fuzzing,stateful",
        "--continue-on-failure",
        f"--max-time={seconds:.0f}",
        f"--seed={seed}",
        "--generation-database=none",
        "--report=json",
        f"--report-json-path={report}",
        "--no-color",
    ]


def _environ(product: Product, directory: Path) -> dict[str, str]:
    tokens = {name: _signed_in(product, name) for name in PEOPLE}
    users = directory / "users.json"
    users.write_text(
        json.dumps(
            {
                "auth": [
                    {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {tokens[name]}"}]}
                    for name in ("alice", "bob")
                ]
            }
        )
    )
    return {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "PYTHONPATH": str(REPOSITORY),
        "FUZZ_URL": _url(product),
        "FUZZ_USERS": str(users),
        "FUZZ_SPARE_USER": json.dumps({"email": "spare@example.com", "password": PASSWORD}),
        "FUZZ_ROOMS": ",".join(_rooms(product, tokens["alice"])),
    }


def _read(told: dict[str, Any], log: Path) -> Report:
    accepted = {
        operation: sum(phase["accepted"] for phase in phases.values())
        for operation, phases in told["valid_rates"].items()
    }
    reached = sum(bool(times) for times in accepted.values())
    phases = ", ".join(f"{name} {phase['status']}" for name, phase in told["phases"].items())
    notes = [
        f"phases: {phases}",
        f"{told['operations']['tested']} of {told['operations']['total']} operations tested,"
        f" {sum(accepted.values())} right requests accepted by {reached} of {len(accepted)};"
        f" {told['filtered']} refusals by rules that no schema can state",
    ]
    findings = [
        f"{failure['title']} ({failure['code']}): {', '.join(failure['operations'])}; see {log}"
        for failure in told["failures"]
    ]
    findings += [f"schemathesis: {error}" for error in told["errors"]]
    if reached < len(accepted) / 2:
        findings.append(f"of {len(accepted)} operations only {reached} ever accepted a right request: see {log}")
    return Report(told["test_cases"]["generated"], notes, findings)


def _url(product: Product) -> str:
    return f"http://127.0.0.1:{product.port}/api/v1"


def _signed_in(product: Product, name: str) -> str:
    person = {"email": f"{name}@example.com", "password": PASSWORD}
    try:
        _ask(product, "/auth/register", {**person, "fullName": name})
    except urllib.error.HTTPError as refusal:
        assert refusal.code == 409, refusal  # noqa: PT017 there already, from an earlier run on this copy
    return str(_ask(product, "/auth/login", person)["accessToken"])


def _rooms(product: Product, token: str) -> list[str]:
    soon = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=100)
    found = _ask(product, f"/rooms?checkIn={soon}&checkOut={soon + dt.timedelta(days=2)}&pageSize=100", token=token)
    return [room["id"] for room in found["items"]]


def _ask(product: Product, path: str, body: Any = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(_url(product) + path, data, headers), timeout=30) as answer:
        return json.load(answer)
