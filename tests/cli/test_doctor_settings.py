"""`flask doctor` looks at settings, folders and libraries, also where the application does not start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from booking.infra.doctor import environment
from tests.cli.conftest import Ask, Report
from tests.jobs.conftest import mail_server  # noqa: F401 a fixture

pytestmark = pytest.mark.slow

HOME = Path(__file__).parents[2]
NOWHERE = "127.0.0.1:1"


@pytest.mark.slow
def test_it_works_where_the_application_does_not_start(tmp_path: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ = {**kept, "APP_ENV": "production", "HOLD_MINUTES": "soon", "DATABASE_URL": f"postgresql://app@{NOWHERE}/x"}
    command = [sys.executable, "-m", "flask", "doctor", "--json"]
    done = subprocess.run(command, cwd=HOME, env=environ, capture_output=True, text=True, timeout=60, check=False)
    report = Report(done.stdout, done.returncode)
    told = " ".join(line["finding"] for line in report.lines if line["check"] == "settings")
    assert all(
        name in told
        for name in ("HOLD_MINUTES", "SECRET_KEY", "JWT_KEYS", "REDIS_URL", "SITE_URL", "SMTP_URL", "PAYMENTS")
    )
    assert report.checks("problem") == {"settings", "database", "redis", "email"}
    assert report.states("folders") == ["ok"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SITE_URL": "http://rooms.example"}, "problem: SITE_URL is not https"),
        ({"SITE_URL": "https://rooms.example"}, "warning: TRUSTED_PROXIES is 0"),
        ({"SITE_URL": "https://rooms.example", "TRUSTED_PROXIES": "1"}, "warning: MAIL_DIR is set"),
        ({"PAYMENTS": ""}, "problem: PAYMENTS is not set"),
        ({"SECRET_KEY": "mysecretkeymysecretkeymysecretkey"}, "problem: SECRET_KEY can be guessed"),
        ({"LIMIT_USER": "a lot"}, "problem: LIMIT_USER cannot be read"),
        ({"LOG_LEVEL": "LOUD"}, "problem: LOG_LEVEL is LOUD"),
        ({"HOLD_MINUTES": "0"}, "problem: HOLD_MINUTES must be between 1 and 1440, not 0"),
    ],
)
def test_settings_that_start_and_should_not(ask: Ask, changes: Any, said: str) -> None:
    strict = {
        "APP_ENV": "production",
        "PAYMENTS": "simulated",
        "RATELIMIT_ENABLED": "true",
        "MAIL_FROM": "Rooms <bookings@rooms.example>",
    }
    assert said in ask(**{**strict, **changes}).said("settings")


def test_selling_without_charging_is_named(ask: Ask) -> None:
    report = ask(APP_ENV="production", PAYMENTS="simulated")
    assert "PAYMENTS is simulated" in report.output
    keys = {"STRIPE_SECRET_KEY": "sk_test_a1", "STRIPE_WEBHOOK_SECRET": "whsec_a1", "STRIPE_TEST_MODE": "true"}
    assert "test key: no card is charged" in ask(APP_ENV="production", PAYMENTS="stripe", **keys).output


def test_a_folder_that_cannot_be_written_to(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "MAIL_DIR" in ask(MAIL_DIR=str(tmp_path / "file" / "mail")).said("folders")


def test_libraries_that_are_not_those_that_were_tested(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = tmp_path / "requirements.txt"
    pinned.write_text("flask==0.1 \\\nno-such-library==1.0 \\\nonly-elsewhere==1.0 ; sys_platform == 'win32' \\\n")
    monkeypatch.setattr(environment, "PINNED", pinned)
    report = ask()
    assert report.states("libraries") == ["problem", "warning"]
    assert "not installed: no-such-library -> pip install -r requirements.txt" in report.said("libraries")
    assert "only-elsewhere" not in report.output


def test_secrets_are_never_shown(ask: Ask) -> None:
    secret = "Zq7/wV2_xT9-mK4.pL6yRb3Nc8Hd5Jf1Gs"
    report = ask(
        SECRET_KEY=secret,
        JWT_KEYS=f"now:{secret}",
        DATABASE_URL=f"postgresql://app:{secret}@{NOWHERE}:99999x/booking",
        REDIS_URL=f"redis://:{secret}@{NOWHERE}/0",
        SMTP_URL=f"smtp://me:{secret}@mail.example",
        MAIL_DIR="",
        METRICS_TOKEN=secret,
    )
    assert report.checks("problem") >= {"database", "redis", "email"}
    assert not any(part in report.output for part in (secret, *secret.split("/")))


@pytest.mark.parametrize("version", [(3, 11, 9), (3, 12, 4)])
def test_a_python_that_lets_names_into_headers_is_named(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(environment, "FIXED_IN", ((3, 11, 10), (3, 12, 5)))
    monkeypatch.setattr(sys, "version_info", version)
    assert "CVE-2024-6923" in ask().said("libraries")


@pytest.mark.parametrize("version", [(3, 11, 10), (3, 12, 5), (3, 13, 0), (3, 14, 1)])
def test_a_python_without_that_fault_is_not(version: tuple[int, ...]) -> None:
    assert not environment._lets_names_into_headers(version)
