"""`flask doctor` knows whether there is a backup, how old it is, and whether the WAL arrives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from booking.config import Settings
from booking.infra import clock
from booking.infra.backup import Archive, catalogue, receiver
from booking.infra.backup.catalogue import Received
from booking.infra.doctor import backups, postgres
from tests.backup.house import House
from tests.backup.test_commands import a_backup
from tests.faults.product import eventually


def said(house: House, **changes: object) -> list[str]:
    """States and findings of both checks."""
    settings = replace(Settings.from_env(house.environ), **changes)  # type: ignore[arg-type]
    with postgres.connection(settings.database_url) as opened:
        seen = [*backups.archive(settings), *backups.wal(opened, settings)]
    return [f"{one.state}: {one.finding}" for one in seen]


def test_no_backup_is_a_warning_in_production(house: House) -> None:
    house.forget_slot()
    assert said(house, backup_url="", app_env="production")[1].startswith("warning: no backup is configured")
    assert said(house, backup_url="")[1] == "ok: no backup is configured"


@pytest.mark.parametrize("app_env", ["development", "production"])
def test_an_archive_into_which_nobody_writes_is_not_called_unconfigured(
    house: House, place: Archive, app_env: str
) -> None:
    house.forget_slot()
    a_backup(place, 10)
    archive, wal = said(house, backup_url=place.url, app_env=app_env)
    assert archive.startswith("warning: no WAL arrives")
    assert wal.startswith("warning: nobody has received WAL yet")


def test_an_archive_without_a_backup_is_a_problem_in_production(house: House, place: Archive) -> None:
    assert said(house, backup_url=place.url, app_env="production")[0] == "problem: the archive holds no backup"


def test_an_archive_that_cannot_be_reached_is_a_problem(house: House) -> None:
    assert said(house, backup_url="file:///proc/nowhere")[0].startswith("problem: There is no folder /proc/nowhere")


@pytest.mark.parametrize(
    ("days_ago", "received", "expected"),
    [
        (0, 1, "ok: 1 backup, the newest 0 min old"),
        (2, 1, "warning: the newest backup is 2 days old"),
        (0, 20, "warning: the WAL in the archive ends 20 min ago"),
        (0, None, "warning: no WAL arrives"),
    ],
)
def test_an_old_backup_and_late_wal_are_warnings(
    house: House, place: Archive, days_ago: int, received: int | None, expected: str
) -> None:
    a_backup(place, 10 - days_ago)
    if received is not None:
        catalogue.note_received(place, Received(clock.now() - dt.timedelta(minutes=received), "0/3000000", 1))
    assert said(house, backup_url=place.url)[0].startswith(expected)


def test_a_slot_that_nobody_reads_is_a_warning(
    house: House, place: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "SWEEP", 0.1)
    slot: Callable[[], str] = lambda: said(house, backup_url=place.url)[-1]  # noqa: E731
    catalogue.note_received(place, Received(clock.now(), "0/3000000", 1))
    a_backup(place, 10)
    with house.receiver(place, tmp_path / "work"):
        eventually(lambda: slot().startswith("ok: received"))
    eventually(lambda: slot().startswith("warning: the receiver of WAL is away"))
    house.forget_slot()
