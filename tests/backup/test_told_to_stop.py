"""Commands that a signal ends leave nothing half done, whenever it comes."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore
import psutil
import pytest

from booking.infra.backup import Archive, BackupError, base, catalogue
from booking.infra.backup.receiver import Receiver
from booking.infra.backup.recovery import Server
from tests.backup.house import House
from tests.faults.product import eventually

pytestmark = pytest.mark.usefixtures("survivor")

TOLD = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 1}  # and how flask ends then


def then_a_signal(
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    about: Callable[..., bool] = lambda *_, **__: True,
    *,
    number: int = signal.SIGTERM,
    before: bool = False,
) -> list[Any]:
    """From now on a call of that function that is `about` the right thing is followed by a signal at once.

    Or it comes `before` the call. Returns the list of what such calls will have returned.
    """
    does, done = getattr(owner, name), []

    def act(*args: Any, **kwargs: Any) -> Any:
        meant = about(*args, **kwargs)
        if meant and before:
            signal.raise_signal(number)
        result = does(*args, **kwargs)
        if meant:
            done.append(result)
        if meant and not before:
            signal.raise_signal(number)
        return result

    monkeypatch.setattr(owner, name, act)
    return done


def writes(part: str) -> Callable[..., bool]:
    """Whether a file of this name is written."""
    return lambda _store, path, *_, **__: path.endswith(f"/{part}")


def runs(program: str) -> Callable[..., bool]:
    """Whether this program is started."""
    return lambda command, *_, **__: Path(command[0]).name == program and "--version" not in command


def makes(prefix: str) -> Callable[..., bool]:
    """Whether such a folder is made."""
    return lambda *_, **given: given.get("prefix") == prefix


def of_folder(prefix: str) -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{prefix}*"))


# --- create


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (catalogue.BEGUN, signal.SIGTERM),
        (catalogue.BEGUN, signal.SIGHUP),
        (catalogue.BEGUN, signal.SIGINT),
        (catalogue.DATA, signal.SIGTERM),
        (catalogue.DESCRIPTION, signal.SIGTERM),
    ],
)
def test_a_backup_that_is_told_to_stop_between_two_steps_leaves_nothing(
    house: House, place: Archive, monkeypatch: pytest.MonkeyPatch, part: str, told: signal.Signals
) -> None:
    done = then_a_signal(monkeypatch, obstore, "put", writes(part), number=told)
    said = house.command("create", backup_url=place.url)
    assert len(done) == 1
    assert said.exit_code == TOLD[told], said.output
    assert place.names("base") == []


def test_a_backup_that_is_told_twice_to_stop_leaves_nothing(
    house: House, place: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    then_a_signal(monkeypatch, obstore, "put", writes(catalogue.BEGUN))
    asked_again = then_a_signal(monkeypatch, obstore, "delete", before=True)
    assert house.command("create", backup_url=place.url).exit_code == 143
    assert asked_again
    assert place.names("base") == []


def test_a_backup_that_fails_clears_up_although_it_is_told_to_stop(
    house: House, place: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "OPTIONS", (*base.OPTIONS, "--no-such-option"))
    told = then_a_signal(monkeypatch, obstore, "delete", before=True)
    assert house.command("create", backup_url=place.url).exit_code == 143
    assert told
    assert place.names("base") == []


def test_the_program_of_a_backup_that_is_told_to_stop_ends_with_it(
    house: House, place: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = then_a_signal(monkeypatch, subprocess, "Popen", runs("pg_basebackup"))
    assert house.command("create", backup_url=place.url).exit_code == 143
    [process] = started
    assert process.poll() is not None
    assert place.names("base") == []


def test_a_backup_that_is_whole_is_told_of_before_old_ones_are_forgotten(
    house: House, place: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    then_a_signal(monkeypatch, catalogue, "unfinished")
    said = house.command("create", backup_url=place.url)
    assert said.exit_code == 143
    assert [backup.label for backup in catalogue.backups(place)] == [said.output.split(":")[0]]


def test_a_backup_that_another_process_tells_to_stop_leaves_nothing(house: House, place: Archive) -> None:
    house.superuser("CHECKPOINT")
    process = subprocess.Popen(
        house.words("backup", "create"),
        cwd=house.home,
        env=house.environment(BACKUP_URL=place.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    eventually(lambda: place.names("base"))
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=20)
    # It may have been done already; then it is whole, and told.
    assert process.returncode in {143, 0}
    assert [backup.label for backup in catalogue.backups(place)] == [
        line.split(":")[0] for line in said.splitlines() if " MB in " in line
    ]
    assert catalogue.unfinished(place) == []
    eventually(lambda: not house.superuser("SELECT 1 FROM pg_stat_replication"), 5)


def test_a_receiver_that_is_told_to_stop_waits_for_no_backup_that_it_has_just_begun(
    house: House, place: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping, ended = threading.Event(), []
    receiver = Receiver(place, house.primary(), tmp_path, every=dt.timedelta(days=1), keep=20)
    receiver._stopping = stopping

    def begin(archive: Archive, *_: Any, watch: base.Watch, **__: Any) -> None:
        stopping.set()
        receiver._end()  # there is no program to be ended yet
        process = subprocess.Popen(["sleep", "60"])
        watch(process)
        ended.append(process.wait(5))
        raise BackupError("it was ended")

    monkeypatch.setattr(base, "create", begin)
    receiver._make_base()
    assert ended == [-signal.SIGTERM]


# --- restore, drill

STEPS: dict[str, tuple[Any, str, Callable[..., bool]]] = {
    "folder": (tempfile, "mkdtemp", makes("restored-")),
    "program": (subprocess, "Popen", runs("postgres")),
    "stop": (Server, "stop", lambda _: True),
}


@pytest.mark.parametrize("step", ["folder", "program", "stop"])
def test_a_restore_that_is_told_to_stop_between_two_steps_leaves_nothing(
    house: House, place: Archive, target: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    base.create(place, house.primary())
    before, told = of_folder("restored-"), then_a_signal(monkeypatch, *STEPS[step])
    said = house.command("restore", "--to", str(target), backup_url=place.url)
    assert told
    assert said.exit_code == 143, said.output
    assert list(target.iterdir()) == []
    assert of_folder("restored-") == before
    assert not [process for process in psutil.process_iter() if is_copy(process, target)]


def is_copy(process: psutil.Process, target: Path) -> bool:
    try:
        return bool(process.name() == "postgres" and process.cwd() == str(target))
    except psutil.Error:  # gone, or a zombie
        return False


def test_a_drill_that_is_told_to_stop_leaves_nothing(
    house: House, place: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.create(place, house.primary())
    made = then_a_signal(monkeypatch, tempfile, "mkdtemp", makes("drill-"))
    assert house.command("drill", "--in", str(tmp_path), backup_url=place.url).exit_code == 143
    assert len(made) == 1
    assert list(tmp_path.glob("drill-*")) == []
