"""Settings: a wrong environment is refused with every fault named, and the example file tells the truth."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from booking.cli.supervisor import Up
from booking.config import Settings, SettingsError
from tests.cases import each

HOME = Path(__file__).parents[1]
GOOD = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://app@db/booking",
    "REDIS_URL": "redis://redis",
    "SECRET_KEY": "9f" * 4 + "0123456789abcdefghijklmnopqrstuv",
    "JWT_KEYS": "a:0123456789abcdefghijklmnopqrstuv",
    "SITE_URL": "https://rooms.example",
    "SMTP_URL": "smtp://mail.example",
    "PAYMENTS": "simulated",
}


def refusal(**changes: str) -> str:
    with pytest.raises(SettingsError) as error:
        Settings.from_env({**GOOD, **changes})
    return str(error.value)


def test_a_complete_environment_is_accepted() -> None:
    settings = Settings.from_env(GOOD)
    assert settings.production
    assert settings.database_url == "postgresql+psycopg2://app@db/booking"


@each("variable", [name for name in GOOD if name != "APP_ENV"])
def test_production_does_not_start_without_what_it_needs_and_says_what(variable: Any) -> None:
    assert variable in refusal(**{variable: ""})


def test_every_fault_is_named_at_once() -> None:
    told = refusal(SECRET_KEY="", JWT_KEYS="", HOLD_MINUTES="soon")
    assert all(name in told for name in ("SECRET_KEY", "JWT_KEYS", "HOLD_MINUTES"))


@each("secret", ["short", "x" * 64, "please-change-me-please-change-me-please"])
def test_a_default_or_weak_secret_is_refused(secret: str) -> None:
    assert "SECRET_KEY" in refusal(SECRET_KEY=secret)
    assert "JWT_KEYS (old)" in refusal(JWT_KEYS=f"{GOOD['JWT_KEYS']},old:{secret}")


def test_two_secrets_under_one_name_are_refused() -> None:
    first, other = GOOD["JWT_KEYS"], GOOD["JWT_KEYS"].replace("0123", "9876")
    assert "two secrets under one kid" in refusal(JWT_KEYS=f"{first},{other}")


def test_an_unknown_environment_or_truth_value_is_refused() -> None:
    assert "APP_ENV" in refusal(APP_ENV="prod")
    assert "RATELIMIT_ENABLED" in refusal(RATELIMIT_ENABLED="maybe")


def test_production_sells_nothing_by_simulated_payments_unless_told_to() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_env({name: value for name, value in GOOD.items() if name != "PAYMENTS"})
    assert "PAYMENTS is not set" in str(error.value)
    assert Settings.from_env(GOOD).payments == "simulated"
    assert Settings.from_env({**GOOD, "APP_ENV": "development", "PAYMENTS": ""}).payments == "simulated"


@pytest.mark.parametrize("app_env", ["production", "development"])
def test_an_unknown_payment_provider_is_refused(app_env: str) -> None:
    assert "PAYMENTS must be simulated or stripe, not 'shells'" in refusal(APP_ENV=app_env, PAYMENTS="shells")


STRIPE = {"PAYMENTS": "stripe", "STRIPE_SECRET_KEY": "sk_live_a1", "STRIPE_WEBHOOK_SECRET": "whsec_a1"}


@each(
    ("changes", "told"),
    [
        ({"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY must be"),
        ({"STRIPE_SECRET_KEY": "pk_live_a1"}, "STRIPE_SECRET_KEY must be"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET must be"),
        ({"STRIPE_WEBHOOK_SECRET": "sk_live_a1"}, "STRIPE_WEBHOOK_SECRET must be"),
        ({"STRIPE_SECRET_KEY": "sk_test_a1"}, "say STRIPE_TEST_MODE=true"),
        ({"STRIPE_API_BASE": "http://stripe.example"}, "STRIPE_API_BASE must be"),
        ({"PAYMENTS": "simulated", "STRIPE_SECRET_KEY": "secret"}, "STRIPE_SECRET_KEY must be"),
    ],
)
def test_stripe_is_not_switched_on_with_keys_that_cannot_charge(changes: dict[str, str], told: str) -> None:
    assert told.replace("must be", "must") in refusal(**(STRIPE | changes))


def test_stripe_is_switched_on_by_its_name_and_keys() -> None:
    settings = Settings.from_env({**GOOD, **STRIPE})
    assert (settings.payments, settings.charges_nobody, "a1" in repr(settings)) == ("stripe", False, False)
    play = Settings.from_env({**GOOD, **STRIPE, "STRIPE_SECRET_KEY": "rk_test_a1", "STRIPE_TEST_MODE": "true"})
    assert play.charges_nobody
    assert Settings.from_env({**GOOD, **STRIPE, "PAYMENTS": "simulated"}).stripe_secret_key == "sk_live_a1"
    local = {"APP_ENV": "development", "STRIPE_SECRET_KEY": "sk_test_a1", "STRIPE_API_BASE": "http://127.0.0.1:9"}
    assert Settings.from_env({**GOOD, **STRIPE, **local}).stripe_api_base == "http://127.0.0.1:9"


def test_an_address_of_photos_that_cannot_be_used_is_no_fault_of_another_setting() -> None:
    told = refusal(PHOTOS_BASE_URL="http://cdn.example/photos")
    assert "PHOTOS_BASE_URL" in told
    assert "IMAGE_SOURCES" not in told


@each(
    ("name", "good"),
    [
        ("SES_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:mail"),
        ("SENDGRID_WEBHOOK_KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 86 + "=="),
    ],
)
def test_who_tells_of_emails_is_named_as_the_provider_shows_it(name: str, good: str) -> None:
    assert getattr(Settings.from_env({**GOOD, name: good}), name.lower()) == good
    assert name in refusal(**{name: "mail"})


TEXTS = {
    "SMS": "twilio",
    "SMS_FROM": "+32471234567",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "1f" * 16,
}


def test_text_messages_are_off_until_everything_for_them_is_there() -> None:
    assert not Settings.from_env(GOOD).sends_texts
    assert Settings.from_env({**GOOD, **TEXTS}).sends_texts
    assert Settings.from_env({**GOOD, "SMS": "log"}).sends_texts
    assert "SMS must be" in refusal(SMS="pigeon")
    for name in ("SMS_FROM", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        assert name in refusal(**{**TEXTS, name: "0471 23"})
    for sender in ("MG" + "0a" * 16, "Sea House"):
        assert Settings.from_env({**GOOD, **TEXTS, "SMS_FROM": sender}).sms_from == sender
    assert "TWILIO_API_BASE" in refusal(**TEXTS, TWILIO_API_BASE="http://127.0.0.1:9")


def test_without_app_env_it_is_production() -> None:
    assert Settings.from_env({name: value for name, value in GOOD.items() if name != "APP_ENV"}).production


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings.from_env(GOOD))
    assert GOOD["SECRET_KEY"] not in shown
    assert "0123456789abcdefghijklmnopqrstuv" not in shown


def test_the_example_names_every_variable_with_its_default() -> None:
    example = (Path(__file__).parents[1] / ".env.example").read_text()
    named = dict(re.findall(r"^#? ?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    fields = {field.name.upper(): field for field in dataclasses.fields(Settings)}
    assert named.keys() == fields.keys()
    for name, field in fields.items():
        if field.default is not dataclasses.MISSING and name not in GOOD:
            assert named[name].lower() == str(field.default).lower(), name


@each(("given", "threads"), [({}, "8"), ({"GRANIAN_BLOCKING_THREADS": "16"}, "16")])
def test_the_web_has_as_many_threads_as_the_application_believes(given: dict[str, str], threads: str) -> None:
    assert str(Settings.from_env({**GOOD, **given}).granian_blocking_threads) == threads
    command = Up(dict(given))._web_command()
    assert command[command.index("--blocking-threads") + 1] == threads
    assert "--blocking-threads ${GRANIAN_BLOCKING_THREADS:-8} " in (HOME / "Procfile").read_text()


@each(("given", "processes"), [({}, str(os.cpu_count() or 2)), ({"WEB_CONCURRENCY": "5"}, "5")])
def test_make_run_starts_as_many_web_processes_as_it_is_told(given: dict[str, str], processes: str) -> None:
    command = Up(dict(given))._web_command()
    assert command[command.index("--workers") + 1] == processes


@pytest.mark.slow
@pytest.mark.parametrize("command", [["-m", "flask", "payments", "list"], ["worker.py"]], ids=["flask", "worker"])
def test_a_program_that_cannot_start_says_one_sentence(command: list[str]) -> None:
    unfit = {name: value for name, value in GOOD.items() if name != "PAYMENTS"}
    said = subprocess.run(
        [sys.executable, *command], cwd=HOME, env=unfit, capture_output=True, text=True, check=False, timeout=60
    )
    assert (said.returncode, said.stdout) == (2, "")
    assert (
        said.stderr == "Cannot start: PAYMENTS is not set: PAYMENTS=simulated sells rooms without charging anybody.\n"
    )
