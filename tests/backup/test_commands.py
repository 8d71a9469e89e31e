"""flask backup: what is whole is listed and restored, what is not is refused and named."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from booking.domain.maintenance import drill as drills
from booking.domain.maintenance import verification
from booking.domain.notices import Notice
from booking.http import words
from booking.infra import clock
from booking.infra.backup import Archive, BackupError, base, catalogue, programs, receiver, retention, wal
from booking.infra.backup.catalogue import Backup
from booking.infra.embedded.account import for_data
from booking.infra.words import count
from tests.backup.house import House, restored_bookings
from tests.faults.product import eventually

DAY = dt.timedelta(days=1)


def made(house: House, place: Archive) -> Backup:
    return base.create(place, house.primary())


def files(place: Archive, folder: str) -> list[str]:
    return [file.name for file in place.names(folder)]


# --- create, list


def test_a_backup_is_listed_and_comes_back_without_any_wal(house: House, place: Archive, target: Path) -> None:
    house.book()
    before = house.confirmed()
    created = house.command("create", backup_url=place.url)
    assert created.exit_code == 0, created.output
    house.book()
    (backup,) = catalogue.backups(place)
    assert backup.label in created.output
    listed = house.command("list", backup_url=place.url)
    assert backup.label in listed.output
    assert "No WAL is archived" in listed.output
    assert json.loads(house.command("list", "--json", backup_url=place.url).output)["backups"][0]["label"] == (
        backup.label
    )
    restored = house.command("restore", "--to", str(target), backup_url=place.url)
    assert restored.exit_code == 0, restored.output
    assert "All agree" in restored.output
    assert f"postgres -D {target}" in restored.output or "make run" in restored.output
    assert restored_bookings(house, target) == before


def test_what_is_in_the_archive_is_for_its_owner_only(house: House, place: Archive) -> None:
    made(house, place)
    folder = Path(place.url.removeprefix("file://"))
    assert {oct(part.stat().st_mode & 0o777) for part in folder.iterdir() if part.is_dir()} == {"0o700"}


def test_an_interrupted_backup_counts_for_nothing_and_leaves_nothing(house: House, place: Archive) -> None:
    with pytest.raises(BackupError, match="pg_basebackup ended with"):
        base.create(place, house.primary(), watch=lambda process: process.kill())
    assert files(place, "base") == []
    assert "No backup yet" in house.command("list", backup_url=place.url).output


def test_a_backup_whose_machine_died_is_called_unfinished_and_removed_after_a_day(place: Archive) -> None:
    place.write("base/20200101T000000Z/begun.json", b"{}")
    place.write("base/20200101T000000Z/base.tar.gz", b"half of it")
    now = clock.now().strftime(catalogue.LABEL)
    place.write(f"base/{now}/begun.json", b"{}")
    assert catalogue.backups(place) == []
    assert catalogue.unfinished(place) == ["20200101T000000Z", now]
    assert retention.prune(place, 3).labels == ["20200101T000000Z"]
    assert catalogue.unfinished(place) == [now]


def test_an_archive_takes_no_second_cluster(house: House, place: Archive) -> None:
    place.write("cluster.json", json.dumps({"system": "4711"}).encode())
    with pytest.raises(BackupError, match="another Postgres cluster"):
        made(house, place)
    assert files(place, "base") == []


def test_the_password_is_in_no_command_line_and_no_message(house: House, place: Archive) -> None:
    seen: list[str] = []

    def look(process: subprocess.Popen[bytes]) -> None:
        seen.extend(eventually(psutil.Process(process.pid).cmdline))

    base.create(place, house.primary(), watch=look)
    password = house.servers.keys.booking_backup
    assert "pg_basebackup" in seen[0]
    assert not any(password in word for word in seen)
    wrong = house.environ["BACKUP_DATABASE_URL"].replace("booking_backup:", "nobody:")
    said = house.command("create", backup_url=place.url, backup_database_url=wrong)
    assert said.exit_code == 1
    assert "does not let us replicate" in said.output
    assert password not in said.output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"backup_url": ""}, "BACKUP_URL is not set"),
        ({"backup_url": "/backups"}, "must look like file:///backups"),
        ({"backup_url": "file:///proc/nowhere"}, "does not work"),
        ({"backup_database_url": ""}, "BACKUP_DATABASE_URL is not set"),
        ({"backup_database_url": "postgresql://x@127.0.0.1:1/postgres"}, "does not let us replicate"),
        ({"pg_bin": "/nowhere"}, "pg_basebackup of Postgres 18 is needed and not in PG_BIN=/nowhere"),
        ({"backup_keep": 0}, "BACKUP_KEEP must be 1 or more"),
    ],
)
def test_settings_that_cannot_work_are_named(
    house: House, place: Archive, changes: dict[str, object], said: str
) -> None:
    result = house.command("create", **{"backup_url": place.url, **changes})
    assert result.exit_code == 1
    assert said in result.output
    assert isinstance(result.exception, SystemExit)


def test_programs_of_another_version_are_refused_and_named(tmp_path: Path) -> None:
    old = tmp_path / "pg_basebackup"
    old.write_text("#!/bin/sh\necho 'pg_basebackup (PostgreSQL) 15.3'\n")
    old.chmod(0o755)
    with pytest.raises(BackupError, match=r"pg_basebackup of Postgres 18 is needed .*has that of 15"):
        programs.find("pg_basebackup", 18, pg_bin=str(tmp_path))


# --- keeping and forgetting


def test_old_backups_go_and_wal_goes_with_them(house: House, place: Archive) -> None:
    backups = [a_backup(place, day, start=f"0/{day}000028") for day in (1, 2, 3, 4)]
    for number in range(1, 6):
        place.write(wal.file_of(f"{1:08X}{number:016X}"), b"-")
    place.write(wal.file_of("00000002.history"), gzip.compress(b"1\t0/3000000\tno recovery target specified\n"))
    place.write(wal.file_of(f"{1:08X}{2:016X}", partial=True), b"-")
    said = house.command("prune", backup_url=place.url, backup_keep=2)
    assert said.exit_code == 0, said.output
    assert catalogue.backups(place) == backups[2:]
    kept = [name for name in files(place, "wal") if "history" not in name]
    assert kept == [wal.file_of(f"{1:08X}{number:016X}") for number in (3, 4, 5)]
    assert wal.file_of("00000002.history") in files(place, "wal")
    assert "Nothing to remove" in house.command("prune", backup_url=place.url, backup_keep=2).output


def a_backup(place: Archive, day: int, **facts: object) -> Backup:
    """As the archive would have one, without its data."""
    instant = clock.now() - dt.timedelta(days=10 - day)
    known = {"timeline": 1, "start": "0/1000028", "end": "0/1000120", **facts}
    backup = Backup(
        label=instant.strftime(catalogue.LABEL),
        began=instant,
        finished=instant,
        system="1",
        version=18,
        segment_size=2**24,
        size=1,
        sha256="",
        **known,  # type: ignore[arg-type]
    )
    catalogue.describe(place, backup)
    place.write(backup.data, b"-")
    return backup


# --- restoring


def test_a_copy_that_cannot_be_verified_is_restored_all_the_same(house: House, place: Archive, target: Path) -> None:
    made(house, place)
    without_tables = house.environ["BACKUP_DATABASE_URL"]  # its database is "postgres"
    said = house.command("restore", "--to", str(target), backup_url=place.url, database_url=without_tables)
    assert said.exit_code == 0, said.output
    assert "cannot be verified: psycopg2.errors.UndefinedTable" in said.output
    assert restored_bookings(house, target) == house.confirmed()
    drill = house.command("drill", backup_url=place.url, database_url=without_tables)
    assert drill.exit_code == 1
    assert "can be trusted" not in drill.output


def test_a_copy_without_the_role_of_the_application_says_so(house: House, place: Archive, target: Path) -> None:
    made(house, place)
    stranger = house.environ["DATABASE_URL"].replace("booking_app:", "nobody_knows:")
    said = house.command("restore", "--to", str(target), backup_url=place.url, database_url=stranger)
    assert said.exit_code == 1
    assert 'another one than DATABASE_URL names: role "nobody_knows" does not exist' in said.output


def test_a_copy_that_lacks_bookings_of_the_house_is_not_trusted(
    house: House, place: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drills, "UNDER_WAY", -dt.timedelta(minutes=1))
    made(house, place)
    house.book()
    said = house.command("drill", backup_url=place.url)
    assert said.exit_code == 1
    assert "Missing: 1 booking made before" in said.output


@pytest.mark.parametrize(("rule", "code"), [(verification.OWED, 0), ("night_without_booking", 1)])
def test_a_refund_that_is_owed_is_no_fault_of_the_backup(
    house: House, place: Archive, monkeypatch: pytest.MonkeyPatch, rule: str, code: int
) -> None:
    monkeypatch.setitem(verification.RULES, rule, "SELECT 'K7Q2M: 120.00 EUR'")
    made(house, place)
    said = house.command("drill", backup_url=place.url)
    assert said.exit_code == code, said.output
    assert words.told(Notice(rule)) in said.output
    assert "K7Q2M: 120.00 EUR" in said.output
    assert ("The backup can be trusted." in said.output, "All agree" in said.output) == (code == 0, code == 0)


def test_nothing_is_restored_over_anything(house: House, place: Archive, tmp_path: Path) -> None:
    made(house, place)
    (tmp_path / "precious").write_text("data")
    said = house.command("restore", "--to", str(tmp_path), backup_url=place.url)
    assert said.exit_code == 1
    assert "is not empty" in said.output
    assert (tmp_path / "precious").read_text() == "data"
    for target, why in (
        (tmp_path / "precious" / "x", "is a file"),
        (tmp_path / "archive" / "x", "inside of the archive"),
    ):
        said = house.command("restore", "--to", str(target), backup_url=place.url)
        assert (said.exit_code, why in said.output) == (1, True), said.output


def test_a_folder_that_is_not_there_is_no_empty_archive(house: House, place: Archive, tmp_path: Path) -> None:
    missing = tmp_path / "not-mounted"
    for words_ in (("list",), ("prune",), ("drill",), ("restore", "--to", str(tmp_path / "new"))):
        said = house.command(*words_, backup_url=missing.as_uri())
        assert (said.exit_code, f"There is no folder {missing}" in said.output) == (1, True), said.output
    assert not missing.exists()
    said = house.command("drill", "--in", str(missing), backup_url=place.url)
    assert (said.exit_code, "is not a folder" in said.output) == (2, True), said.output


@pytest.mark.parametrize("how", ["a bit", "the end"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(house: House, place: Archive, target: Path, how: str) -> None:
    backup = made(house, place)
    data = bytearray(b"".join(place.stream(backup.data)))
    if how == "a bit":
        data[len(data) // 2] ^= 1
    place.write(backup.data, bytes(data) if how == "a bit" else bytes(data[:-1000]))
    target.mkdir()
    said = house.command("restore", "--to", str(target), backup_url=place.url)
    assert said.exit_code == 1
    assert f"The backup {backup.label} is damaged" in said.output
    assert list(target.iterdir()) == []
    assert house.command("drill", backup_url=place.url).exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at", "soon"], "is no moment"),
        (["--at", "2999-01-01"], "lies ahead"),
        (["--at", "2001-01-01 10:00"], "No backup is older than 2001-01-01 10:00:00 UTC"),
        (["--from", "20010101T000000Z"], "holds no backup 20010101T000000Z"),
        (["--timeline", "7"], "No backup leads to that timeline"),
    ],
)
def test_a_moment_or_a_backup_that_cannot_be_had_is_named(
    house: House, place: Archive, target: Path, words: list[str], said: str
) -> None:
    a_backup(place, 9)
    result = house.command("restore", "--to", str(target), *words, backup_url=place.url)
    assert result.exit_code == 1
    assert said in result.output
    assert not target.exists()


def test_a_moment_after_the_end_of_the_archive_is_not_pretended(house: House, place: Archive) -> None:
    a_backup(place, 9)
    result = house.command("drill", "--at", str(clock.now() - dt.timedelta(minutes=1)), backup_url=place.url)
    assert "nothing later is known" in result.output
    assert result.exit_code == 1


def test_an_empty_archive_says_what_to_do(house: House, place: Archive) -> None:
    result = house.command("drill", backup_url=place.url)
    assert result.exit_code == 1
    assert "make one with `flask backup create`" in result.output


def test_missing_wal_is_named_and_what_stands_before_it_still_comes_back(
    house: House, place: Archive, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "SWEEP", 0.1)
    house.forget_slot()
    made(house, place)
    with house.receiver(place, tmp_path / "work"):
        house.book()
        before, moment = house.confirmed(), house.archived(place.url)
        house.book()  # in the same segment: this is how recovery knows that the moment is over
        house.superuser("SELECT pg_switch_wal()")
        house.book()
        house.superuser("SELECT pg_switch_wal()")
        house.book()
        house.archived(place.url)
    whole = [name for name in files(place, "wal") if "partial" not in name]
    lost = whole[-1]
    place.remove([lost])
    name = lost.removeprefix("wal/").removesuffix(".gz")
    said = house.command("drill", backup_url=place.url)
    assert said.exit_code == 1, (said.output, whole, files(place, "wal"))
    assert f"WAL segment {name} is missing" in said.output
    assert receiver.due(place, house.primary().identify(), DAY) == f"WAL segment {name} is missing"
    early = house.command("restore", "--to", str(target), "--at", moment.isoformat(), backup_url=place.url)
    assert early.exit_code == 0, early.output
    assert restored_bookings(house, target) == before


# --- when a base backup is due


def test_a_receiver_whose_slot_was_given_up_goes_on_with_a_new_backup(
    house: House, place: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "SWEEP", 0.1)
    house.forget_slot()
    first = made(house, place)
    with house.receiver(place, tmp_path / "work"):
        house.book()
        house.archived(place.url)
    house.forget_slot()
    for _ in range(3):
        house.book()
        house.superuser("SELECT pg_switch_wal()")
        house.superuser("CHECKPOINT")
    with house.receiver(place, tmp_path / "work"):
        eventually(lambda: [one for one in catalogue.backups(place) if one.label != first.label])
        house.book()
        house.archived(place.url)
    said = house.command("drill", backup_url=place.url)
    assert said.exit_code == 0, said.output
    assert f"All agree: {count(len(house.confirmed()), 'booking')}" in said.output


def test_a_base_backup_is_made_when_there_is_a_reason(house: House, place: Archive) -> None:
    identity = house.primary().identify()
    assert receiver.due(place, identity, DAY) == "there is none"
    a_backup(place, 8)
    assert receiver.due(place, identity, DAY) == "the newest is too old"
    a_backup(place, 10, timeline=7)
    assert receiver.due(place, identity, DAY) == "the database was restored"


def test_none_is_made_while_the_newest_will_do(house: House, place: Archive) -> None:
    made(house, place)
    assert receiver.due(place, house.primary().identify(), DAY) == ""


def test_a_second_receiver_is_refused(house: House, place: Archive, tmp_path: Path) -> None:
    from booking.infra.embedded.locks import FileLock

    (tmp_path / "work").mkdir()
    with FileLock(tmp_path / "work" / "lock").held():
        said = house.command("receive", backup_url=place.url, backup_work_dir=str(tmp_path / "work"))
    assert said.exit_code == 1
    assert "Another receiver works in" in said.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run Postgres as somebody else")
def test_a_folder_that_postgres_cannot_enter_is_refused(house: House, place: Archive, tmp_path: Path) -> None:
    made(house, place)
    tmp_path.chmod(0o700)
    said = house.command("restore", "--to", str(tmp_path / "to"), backup_url=place.url)
    assert for_data(tmp_path / "to") is not None
    assert said.exit_code == 1
    assert "cannot enter" in said.output
    assert list(tmp_path.glob("to/*")) == []
