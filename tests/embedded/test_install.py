"""requirements/install.py: .venv holds what the files say, and work is done only when something has changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

INSTALL = Path(__file__).resolve().parents[2] / "requirements" / "install.py"


def fill(path: Any) -> Any:
    """A project that needs nothing, so that nothing has to be fetched."""
    (path / "requirements").mkdir()
    shutil.copy(INSTALL, path / "requirements")
    (path / "requirements.txt").write_text("# nothing\n")
    return path


@pytest.fixture(scope="module")
def both_said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A project whose environment two make at once, and what each says: that takes seconds, so once for all tests."""
    made = fill(tmp_path_factory.mktemp("project"))
    command = [sys.executable, str(made / "requirements" / "install.py"), "requirements.txt"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    return made, said


@pytest.fixture
def project(both_said: tuple[Path, list[str]]) -> Path:
    return both_said[0]


def install(project: Path, *options: str) -> Any:
    """What it says."""
    command = [sys.executable, str(project / "requirements" / "install.py"), *options, "requirements.txt"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_two_at_once_take_turns(both_said: tuple[Path, list[str]]) -> None:
    assert sorted("Installed" in text for text in both_said[1]) == [False, True]


def test_it_installs_once_and_again_when_a_file_changes(project: Path) -> None:
    assert install(project) == ""
    (project / "requirements.txt").write_text("# still nothing\n")
    assert "Installed" in install(project)


def test_an_interrupted_installation_is_begun_again(project: Path) -> None:
    (project / ".venv" / "unfinished").touch()
    (project / ".venv" / "half").touch()
    assert "Installed" in install(project)
    assert not (project / ".venv" / "half").exists()


def test_an_environment_from_another_folder_is_not_used(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, symlinks=True)
    assert "Installed" in install(copy)


def test_another_folder_gets_an_environment_of_its_own(project: Path) -> None:
    before = (project / ".venv" / "installed.json").read_text()
    assert "into .venv-more" in install(project, "--into", ".venv-more")
    assert install(project, "--into", ".venv-more") == ""
    assert (project / ".venv-more" / "bin" / "pip").exists()
    assert (project / ".venv" / "installed.json").read_text() == before
