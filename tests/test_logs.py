"""Logs say what broke and where, never with whose values: no address, no hash, no secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from booking.domain import messages
from booking.infra import redaction, telemetry
from booking.infra.db import db, transaction
from booking.infra.sql_errors import sqlstate
from booking.jobs import deliver
from tests.cases import each
from tests.cast import PASSWORD, person
from tests.logs import Tee

ADDRESS = "carol@secret.example"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaA"
REGISTRATION = {"email": ADDRESS, "password": PASSWORD, "fullName": "Carol Secret"}


@pytest.fixture
def written(log_tee: Tee) -> Iterator[StringIO]:
    """What the application writes meanwhile, as it is written."""
    with log_tee.apart() as lines:
        yield lines


@pytest.fixture
def refusing(app: Flask, environ: dict[str, str]) -> Iterator[None]:
    """Postgres takes no new account: the row fails a CHECK, so that its refusal quotes the whole row."""
    owner = create_engine(environ["MIGRATION_DATABASE_URL"])
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE users ADD CONSTRAINT ck_users_refused CHECK (false) NOT VALID"))
    yield
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE users DROP CONSTRAINT ck_users_refused"))
    owner.dispose()


def test_a_registration_that_postgres_refuses_leaves_neither_address_nor_hash(
    app: Flask, refusing: None, written: StringIO
) -> None:
    answer = app.test_client().post("/api/v1/auth/register", json=REGISTRATION)
    assert answer.status_code == 500
    said = written.getvalue()
    assert "unexpected_error" in said
    assert "ck_users_refused" in said, "what refused is said"
    assert "_create" in said, "and where"
    for value in (ADDRESS, "secret.example", "$argon2", PASSWORD, "Carol Secret"):
        assert value not in said
        assert value not in answer.text


def test_an_address_that_is_taken_is_not_in_the_error(app: Flask) -> None:
    person("alice")

    @transaction
    def again() -> None:
        db.session.execute(text("INSERT INTO users SELECT gen_random_uuid(), email, email_key FROM users"))

    with pytest.raises(DBAPIError) as refused:
        again()
    assert "alice@example.com" not in f"{refused.value} {refused.value.orig} {refused.value.args}"
    assert sqlstate(refused.value), "the code stays, by which we decide"


@each(
    ("statement", "said"),
    [
        ("SELECT CAST(:value AS uuid)", "InvalidTextRepresentation"),
        ("SELECT CAST(:value AS date)", "InvalidDatetimeFormat"),
        ("SELECT * FROM nowhere WHERE a = :value", "does not exist"),
        ("SELEC :value", 'SyntaxError 42601: syntax error at or near "SELEC"'),
        ("SELECT 1 FROM users LIMIT 1 :value", "SyntaxError 42601"),
        ("SELECT nothing FROM users WHERE email = :value", 'column "nothing" does not exist'),
        ("SELECT nothing(:value)", "function nothing(unknown) does not exist"),
        ("DO $$ BEGIN RAISE EXCEPTION '%', current_setting('test.value'); END $$", "RaiseException"),
    ],
)
def test_no_error_of_postgres_quotes_what_it_was_given(app: Flask, statement: str, said: str) -> None:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT set_config('test.value', :value, true)"), {"value": ADDRESS})
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(statement), {"value": ADDRESS} if ":value" in statement else {})
    shown = f"{refused.value} {refused.value!r} {refused.value.orig} {refused.value.orig!r}"
    assert said in shown
    assert ADDRESS not in shown


def test_every_engine_hides_its_parameters(app: Flask) -> None:
    engines: list[Engine] = [*db.engines.values(), app.extensions["services"].booking_context.provider.engine]
    assert all(engine.hide_parameters for engine in engines)


def test_also_one_that_nobody_thought_of(app: Flask) -> None:
    other = create_engine(db.engine.url)
    with other.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text("INSERT INTO users (email) VALUES (:email)"), {"email": ADDRESS})
    assert ADDRESS not in str(refused.value)
    other.dispose()


class Fault(Exception):
    pass


def raised(message: str) -> Exception:
    try:
        raise Fault(message)
    except Fault as error:
        return error


@pytest.mark.parametrize(
    "secret",
    [
        ADDRESS,
        "josé.pérez@straße.example",
        '"carol smith"@secret.example',
        HASH,
        "eyJhbGciOiJIUzI1NiIsImtpZCI6Im5vdyJ9.eyJzdWIiOiJ1c2VyXzAxIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw",
        "reset_01jdq6q8ztf2nvg7e8dh1w4m5k." + "0f" * 32,
        "session_01jdq6q8ztf2nvg7e8dh1w4m5k.Q2hlY2tpbmcgdGhlIHNlY3JldCBvZiBhIHNlc3Npb24",
        "postgresql://booking_app:hunter2hunter2@db.example/booking",
    ],
)
def test_whatever_a_line_is_made_of_no_secret_comes_out(secret: str, written: StringIO, app: Flask) -> None:
    telemetry.log.warning("something", error=f"could not do it for <{secret}>, sorry")
    telemetry.log.error("something", exc_info=raised(f"no way: {secret}"))
    logging.getLogger("a.library").warning("gave up on %s", secret)
    logging.getLogger("a.library").error("broke", exc_info=raised(secret))
    lines = written.getvalue().splitlines()
    assert len(lines) == 4
    kept = secret if "://" not in secret else "hunter2"
    assert not any(kept in line or json.dumps(kept)[1:-1] in line for line in lines)
    assert "Fault" in lines[1], "which kind of exception stays"
    assert "raised" in lines[1], "and where it came from"


def test_what_is_no_secret_stays_as_it_is(written: StringIO, app: Flask) -> None:
    telemetry.log.warning("kept", route="/api/v1/rooms/<room_id>", host="db.example:5432", at="12:00", price="€12 @ 3")
    line = json.loads(written.getvalue())
    assert line["route"] == "/api/v1/rooms/<room_id>"
    assert (line["host"], line["at"], line["price"]) == ("db.example:5432", "12:00", "€12 @ 3")


def test_a_mail_that_failed_keeps_its_reason_without_the_address(app: Flask, monkeypatch: Any) -> None:
    kept: list[str] = []
    monkeypatch.setattr(messages, "fail_delivery", lambda _, reason: kept.append(reason))
    deliver.failed(None, OSError(f"{{'{ADDRESS}': (550, b'5.1.1 <{ADDRESS}>: no such user')}}"))  # type: ignore[arg-type]
    assert "550" in kept[0]
    assert ADDRESS not in kept[0]


def test_masking_is_quick_where_there_is_nothing_to_mask() -> None:
    plain = '{"method": "GET", "route": "/rooms/<room_id>", "status": 200, "ms": 3.1, "event": "request"}'
    assert redaction.masked(plain) is plain


def test_this_runs_log_is_looked_through_at_its_end(app: Flask) -> None:
    leaky = Tee(StringIO())
    leaky.write('{"event": "alice@example.com signed in"}\n')
    assert leaky.leaks() == ["alice@example.com"]
    assert structlog.is_configured()
