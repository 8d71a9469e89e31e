"""What happened to an account is written down: who, from where, what came of it; never a secret."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.errors import Forbidden
from booking.domain.people import account_closing, own_account, password_resets, security_log, sessions, staff
from booking.domain.people.security_log import SecurityEventKind
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import SecurityEvent, User
from booking.infra import telemetry
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from booking.web import activity
from tests.api.program import Program, program_of
from tests.cast import PASSWORD, SYSTEM, acting, count, later
from tests.domain.people.test_own_account import SECRET, asked
from tests.web.visitor import Visitor

NEW = "another horse battery"
WRONG = "this was not it"
CLIENT = {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/150.0"}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Lines of the log, as facts."""
    lines: list[dict[str, object]] = []

    def keep(event: str, **facts: object) -> None:
        lines.append({"event": event, **facts})

    for level in ("info", "warning"):
        monkeypatch.setattr(telemetry.log, level, keep)
    return lines


@transaction
def rows() -> list[SecurityEvent]:
    return db.session.query(SecurityEvent).order_by(SecurityEvent.at, SecurityEvent.id).all()


def kinds() -> list[str]:
    return [row.kind for row in rows()]


def login(app: Flask, password: str, email: str = "alice@example.com", address: str = "2001:db8:1:2:3::4") -> int:
    answer = Program(app).ask(
        "POST",
        "/auth/login",
        json={"email": email, "password": password},
        headers=CLIENT,
        environ_base={"REMOTE_ADDR": address},
    )
    return answer.status_code


def test_a_sign_in_says_who_and_from_where(app: Flask, alice: User) -> None:
    login(app, PASSWORD)
    row = rows()[-1]
    assert (row.kind, row.user_id) == ("sign_in", alice.id)
    assert (row.address, row.network) == ("2001:db8:1:2:3::4", "2001:db8:1:2::/64")
    assert row.client == CLIENT["User-Agent"]
    assert re.fullmatch(r"[0-9a-f]{32}", row.request_id)


def test_a_failure_is_the_accounts_and_says_nothing_that_was_typed(
    app: Flask, alice: User, log: list[dict[str, object]]
) -> None:
    login(app, WRONG)
    assert [(row.kind, row.user_id, row.account) for row in rows()][-1] == ("sign_in_failed", alice.id, "")
    [line] = [line for line in log if line["event"] == "sign_in_failed"]
    assert line["address"] == "2001:db8:1:2:3::4"
    assert str(line["user"]).startswith("user_")
    assert WRONG not in json.dumps(log, default=str)


def test_of_an_address_that_nobody_has_only_a_hash_is_kept(
    app: Flask, alice: User, log: list[dict[str, object]]
) -> None:
    login(app, WRONG, "somebody.private@example.com")
    login(app, WRONG, "Somebody.Private@example.com")
    first, second = rows()[-2:]
    assert first.user_id is None
    assert first.account == second.account != ""
    everything = json.dumps(log, default=str) + " ".join(str(vars(row)) for row in rows())
    assert "private" not in everything.lower()
    assert WRONG not in everything


def test_known_and_unknown_addresses_cost_the_same_statements(app: Flask, alice: User) -> None:
    from sqlalchemy import event

    asked_for: dict[str, list[str]] = {}
    for name, email in (("known", "alice@example.com"), ("unknown", "nobody@example.com")):
        said: list[str] = asked_for.setdefault(name, [])

        def heard(_c: object, _cur: object, statement: str, *_: object, said: list[str] = said) -> None:
            said.append(statement)

        event.listen(db.engine, "before_cursor_execute", heard)
        login(app, WRONG, email)
        event.remove(db.engine, "before_cursor_execute", heard)
    assert asked_for["known"] == asked_for["unknown"] != []


def test_every_change_is_written_down(app: Flask, alice: User) -> None:
    here, phone = sessions.start_web(alice.id), sessions.start_web(alice.id)
    sessions.end_mine(acting(alice), phone.session_id)
    own_account.confirm(acting(here), PASSWORD)
    own_account.change_password(acting(here), PASSWORD, NEW)
    link = asked()
    password_resets.reset(str(link), PASSWORD, SECRET)
    assert kinds() == [
        "registered",
        "sign_in",
        "sign_in",
        "session_ended",
        "identity_confirmed",
        "password_changed",
        "password_changed",
    ]


def test_another_role_is_written_down_once(app: Flask, alice: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    assert kinds() == ["registered", "role_changed"]


def test_an_account_that_is_shut_and_opened_says_so_once(app: Flask, alice: User, log: list[dict[str, object]]) -> None:
    for _ in range(2):
        account_closing.disable(SYSTEM, alice.id)
    for _ in range(2):
        account_closing.enable(SYSTEM, alice.id)
    assert kinds() == ["registered", "account_disabled", "account_enabled"]
    account_deletion.remove(SYSTEM, alice.id)
    assert [line["event"] for line in log if line.get("security")][-1] == "account_deleted"


def test_signing_out_is_written_down_once(app: Flask, alice: User) -> None:
    program = program_of(app, alice)
    program.post("/auth/logout")
    program.post("/auth/logout")
    assert kinds().count("signed_out") == 1


def test_an_old_token_that_is_used_again_is_written_down(app: Flask, alice: User) -> None:
    first = sessions.start_api(alice.id).refresh_token
    sessions.refresh(sessions.refresh(first).refresh_token)
    assert Program(app).post("/auth/refresh", {"refreshToken": first}).status_code == 401
    assert kinds()[-1] == "refresh_reused"
    assert rows()[-1].user_id == alice.id


def test_a_token_that_was_never_given_out_is_no_event(app: Flask, alice: User) -> None:
    name = sessions.start_api(alice.id).refresh_token.partition(".")[0]
    before = kinds()
    Program(app).post("/auth/refresh", {"refreshToken": f"{name}.x"})
    assert kinds() == before


def test_what_rolls_back_has_not_happened(app: Flask, alice: User, log: list[dict[str, object]]) -> None:
    @transaction
    def fails() -> None:
        security_log.record(SecurityEventKind.EMAIL_CHANGED, alice.id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert "email_changed" not in kinds()
    assert not [line for line in log if line["event"] == "email_changed"]


def test_an_event_is_never_lost_with_what_it_is_about(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    before = count(SecurityEvent)
    monkeypatch.setattr(security_log, "SecurityEvent", fails)
    with pytest.raises(ZeroDivisionError):
        sessions.start_web(alice.id)
    monkeypatch.undo()
    assert count(SecurityEvent) == before
    assert sessions.mine(acting(sessions.start_web(alice.id)))[0].is_this


def test_names_of_events_never_change() -> None:
    assert [str(kind) for kind in SecurityEventKind] == [
        "sign_in",
        "sign_in_failed",
        "throttled",
        "signed_out",
        "session_ended",
        "refresh_reused",
        "identity_confirmed",
        "identity_refused",
        "registered",
        "password_changed",
        "second_factor_on",
        "second_factor_off",
        "second_factor_failed",
        "recovery_code_used",
        "recovery_codes_renewed",
        "authenticator_added",
        "authenticator_removed",
        "passkey_added",
        "passkey_removed",
        "passkey_refused",
        "email_changed",
        "role_changed",
        "account_disabled",
        "account_enabled",
        "account_deleted",
        "data_downloaded",
        "forbidden",
        "limit_hit",
    ]


# --- what strangers may cause as often as they like is in the log alone


def test_what_was_refused_is_a_line(
    app: Flask, alice: User, log: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Forbidden

    program = program_of(app, alice)
    monkeypatch.setattr("booking.api.auth.schemas.me", refuse)
    answer = app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {program.token}"})
    assert answer.status_code == 403
    [line] = [line for line in log if line["event"] == "forbidden"]
    assert (line["path"], line["user"]) == ("/api/v1/me", encode("user", alice.id))
    assert "forbidden" not in kinds()


# --- kept for a stated time


def test_old_entries_are_deleted_and_younger_ones_stay(alice: User) -> None:
    sessions.start_web(alice.id)
    later(dt.timedelta(days=60))
    sessions.start_web(alice.id)
    later(dt.timedelta(days=60))
    assert security_log.prune(dt.timedelta(days=90), 100) == 2
    assert kinds() == ["sign_in"]


def test_pruning_goes_in_portions(alice: User) -> None:
    for _ in range(5):
        sessions.start_web(alice.id)
    later(dt.timedelta(days=100))
    assert [security_log.prune(dt.timedelta(days=90), 4) for _ in range(3)] == [4, 2, 0]


def test_the_worker_prunes(app: Flask, alice: User) -> None:
    from booking.jobs import ticker

    sessions.start_web(alice.id)
    later(dt.timedelta(days=91))
    ticker.prune()
    assert kinds() == []


# --- the owner sees it


def test_the_owner_sees_what_happened_and_from_where(app: Flask, alice: User, bob: User) -> None:
    login(app, WRONG, address="203.0.113.7")
    login(app, PASSWORD, "bob@example.com")
    visitor = Visitor(app).sign_in("alice").go("/account")
    section = visitor.page.find("section", attrs={"aria-labelledby": "activity"})
    assert section is not None
    said = [" ".join(item.get_text(" ").split()) for item in section.find_all("li")]  # type: ignore[union-attr]  # a tag
    assert len(said) == 3
    assert said[0].startswith("Signed in")
    assert said[1].startswith("Failed sign-in: wrong password Check this")
    assert "Firefox on Linux, from 203.0.113.7" in said[1]
    assert said[2].startswith("Account created")


def test_only_the_latest_are_shown(alice: User) -> None:
    for _ in range(30):
        sessions.start_web(alice.id)
    assert len(security_log.recent(acting(alice))) == security_log.SHOWN


def test_whatever_an_owner_may_be_shown_has_words() -> None:
    unseen = {
        SecurityEventKind.THROTTLED,
        SecurityEventKind.FORBIDDEN,
        SecurityEventKind.LIMIT_HIT,
        SecurityEventKind.ACCOUNT_DELETED,
    }
    assert set(activity.TEXTS) == set(SecurityEventKind) - unseen
