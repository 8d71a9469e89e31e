"""The supervisor behind `make run`: starts everything, keeps it running, leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from textwrap import indent
from typing import Any

import psutil
import pytest

from tests.embedded.folders import Folder, eventually


def stop(process: Any, number: int = signal.SIGTERM) -> Any:
    """Ask it to stop; the seconds that it took."""
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == 0
    return time.monotonic() - began


def test_it_starts_and_stops_and_keeps_what_was_written(folder: Folder) -> None:
    first = folder.up()
    assert folder.ask()["starts"] == 1
    assert stop(first) < 5
    assert folder.processes() == []
    second = folder.up()
    assert folder.ask()["starts"] == 2
    stop(second)


def test_it_says_where_to_look_and_how_to_sign_in(place: Folder) -> None:
    process = place.up()
    said = place.said()
    stop(process)
    for text in (f"http://localhost:{place.port}", "/api/docs", "guest@example.com", "owner@example.com", "curl"):
        assert text in said


def test_the_web_does_not_know_the_password_of_the_owner(place: Folder) -> None:
    process = place.up()
    assert place.ask()["owner"] is False
    stop(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_where_they_are_inherited_ignored(place: Folder, number: Any) -> None:
    deaf = {number: signal.signal(number, signal.SIG_IGN)}
    try:
        process = place.up()
    finally:
        signal.signal(number, deaf[number])
    assert stop(process, number) < 5
    assert place.processes() == []


@pytest.mark.parametrize("after", [0.05, 0.3, 0.6, 0.9, 1.3, 1.8, 2.4])
def test_it_can_be_interrupted_while_it_starts(folder: Folder, after: float) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background are deaf to it
    process = folder.up(ready=False)
    signal.signal(signal.SIGINT, before)
    time.sleep(after)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(10)
    assert time.monotonic() - began < 5
    assert folder.processes() == []


# Python makes callbacks while it imports, and drops what a signal raises there.
IN_A_CALLBACK = """
import os, signal, weakref
class Passing:
    pass
passing = Passing()
kept = weakref.ref(passing, lambda _: os.kill(os.getpid(), signal.SIGINT))
del passing
"""


@pytest.mark.parametrize("part", ["booking/cli/progress.py", "booking/infra/embedded/logs.py"])
def test_an_interruption_in_the_middle_of_an_import_is_not_lost(folder: Folder, part: str) -> None:
    path = folder.path / part
    path.write_text(path.read_text() + IN_A_CALLBACK)
    assert folder.up(ready=False).wait(10) == -signal.SIGINT
    assert not (folder.home / "run").exists()  # nothing was begun


def test_an_interruption_that_python_drops_while_servers_start_is_not_lost(folder: Folder) -> None:
    path = folder.path / "booking/infra/embedded/valkey.py"
    before = " " * 8 + "make_private(self.directory)\n"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, indent(IN_A_CALLBACK, " " * 8) + before))
    assert folder.up(ready=False).wait(20) == 0
    assert "migrations" not in folder.said()
    assert folder.processes() == []


@pytest.mark.parametrize("name", ["web", "worker", "postgres", "valkey"])
def test_what_is_killed_runs_again(place: Folder, name: str) -> None:
    process = place.up()
    victim = valkey(place) if name == "valkey" else psutil.Process(place.pid(name))
    victim.kill()
    eventually(lambda: "again" in place.said(), 10)
    assert eventually(place.ask, 10)["starts"] >= 1
    stop(process)
    assert place.processes() == []


def test_killing_the_web_ends_its_workers_too(place: Folder) -> None:
    process = place.up()
    before = {child.pid for child in psutil.Process(place.pid("web")).children(recursive=True)}
    psutil.Process(place.pid("web")).kill()
    eventually(lambda: "web ended with 137" in place.said())
    assert eventually(place.ask)["pid"] not in before
    assert not before & {process.pid for process in place.processes()}
    stop(process)


def test_killing_the_worker_ends_its_jobs_too(place: Folder) -> None:
    process = place.up(environ={"DEAF": "1"})
    [job] = eventually(lambda: psutil.Process(place.pid("worker")).children())
    psutil.Process(place.pid("worker")).kill()
    eventually(lambda: not job.is_running())
    stop(process)


def test_a_worker_that_does_not_listen_is_killed_in_time(place: Folder) -> None:
    assert stop(place.up(environ={"DEAF": "1"})) < 5
    assert place.processes() == []


def test_the_servers_come_back_on_the_ports_that_web_and_worker_know(place: Folder) -> None:
    process = place.up()
    ports = [(place.home / "run" / f"{name}.port").read_text() for name in ("postgres", "valkey")]
    psutil.Process(place.pid("postgres")).kill()
    valkey(place).kill()
    eventually(lambda: place.said().count("runs again") == 2)
    assert ports == [(place.home / "run" / f"{name}.port").read_text() for name in ("postgres", "valkey")]
    stop(process)


def test_after_a_kill_of_the_supervisor_the_next_one_takes_over(place: Folder) -> None:
    place.up().kill()
    starts = eventually(place.ask)["starts"]  # web and worker live on
    process = place.up()
    assert place.ask()["starts"] == starts + 1
    stop(process)
    assert place.processes() == []


def test_after_a_kill_of_everything_nothing_is_lost(place: Folder) -> None:
    process = place.up()
    starts = place.ask()["starts"]
    place.kill_everything()
    process.wait()
    process = place.up()
    assert place.ask()["starts"] == starts + 1
    stop(process)


def test_a_taken_port_is_one_sentence_and_nothing_starts(folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", folder.port)):
        process = folder.up(ready=False)
        assert process.wait(10) == 1
    assert f"Port {folder.port}" in folder.said()
    assert "Traceback" not in folder.said()
    assert folder.processes() == []


def test_a_second_one_in_the_same_folder_is_refused(place: Folder) -> None:
    first = place.up()
    said = place.said()
    second = place.spawn("-m", "booking.cli.up", environ={"PORT": str(place.port + 1)}, stderr=subprocess.PIPE)
    assert b"running already" in second.communicate(timeout=10)[1]
    assert second.returncode == 1
    assert place.ask()
    assert "again" not in said
    stop(first)


def test_two_folders_run_side_by_side_also_when_one_is_a_copy_of_the_other(folder: Folder) -> None:
    first = folder.up()
    path = folder.path.with_name(folder.path.name + "-copy")
    shutil.copytree(folder.path, path, symlinks=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "--reference", folder.home / "postgres", path / "var" / "postgres"], check=True)
    path.chmod(0o755)
    other = Folder(path)
    try:
        second = other.up()
        assert folder.ask()["starts"] == 1
        assert other.ask()["starts"] == 2
        assert other.pid("postgres") != folder.pid("postgres")
        stop(first)
        assert other.ask()["starts"] == 2
        stop(second)
    finally:
        other.remove()


def test_a_plain_command_finds_the_running_servers(place: Folder) -> None:
    process = place.up()
    assert place.flask("demo", "port") == (place.home / "run" / "postgres.port").read_text()
    assert place.ask()
    stop(process)


def test_a_plain_command_starts_the_servers_for_as_long_as_it_runs(place: Folder) -> None:
    assert place.flask("demo", "port") == (place.home / "run" / "postgres.port").read_text()
    assert place.processes() == []


def test_asking_for_help_starts_nothing(folder: Folder) -> None:
    folder.flask("demo", "--help")
    assert not folder.home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="root's own trouble")
def test_root_runs_it_in_a_folder_that_nobody_else_can_enter(folder: Folder) -> None:
    folder.path.chmod(0o700)
    process = folder.up()
    assert folder.ask()["starts"] == 1
    assert str(folder.data()) in folder.said()
    stop(process)
    process = folder.up()
    assert folder.ask()["starts"] == 2
    stop(process)
    assert folder.path.stat().st_mode & 0o777 == 0o700


def valkey(folder: Folder) -> Any:
    """Its process."""
    return next(process for process in folder.processes() if process.cwd() == str(folder.home / "valkey"))
