"""Make .venv hold what the requirement files say: python3 requirements/install.py [--into FOLDER] FILE...

The Makefile runs it with the Python that the machine has, before anything is installed. Does nothing when nothing has
changed. An installation that was interrupted is begun again; two at once take turns.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ASKED = argparse.ArgumentParser(description=__doc__)
ASKED.add_argument("--into", default=".venv", metavar="FOLDER", help="another environment than .venv")
ASKED.add_argument("files", nargs="+", metavar="FILE")
OPTIONS = ASKED.parse_args()
VENV = ROOT / OPTIONS.into
STAMP, UNFINISHED = VENV / "installed.json", VENV / "unfinished"


def main(files: list[str]) -> None:
    """Install the files' packages, unless the stamp says that they are there."""
    lock = os.open(ROOT / "requirements", os.O_RDONLY)  # a directory can be locked, and leaves no file behind
    fcntl.flock(lock, fcntl.LOCK_EX)
    wanted = {name: digest(ROOT / name) for name in files}
    stamp = read_stamp()
    if usable(stamp) and wanted.items() <= stamp["files"].items():
        return
    began = time.monotonic()
    say(f"Installing {count(files)} packages into {VENV.name} ...")
    begin(stamp)
    install(files)
    STAMP.write_text(json.dumps({"place": str(VENV), "files": wanted}, indent=1))
    UNFINISHED.unlink()
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def read_stamp() -> dict:
    """What was installed, from where; empty if that is unknown."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def usable(stamp: dict) -> bool:
    """Whether .venv is complete and was made here: the scripts of a copied one would run the other folder's Python."""
    return stamp.get("place") == str(VENV) and not UNFINISHED.exists() and runs()


def runs() -> bool:
    """Whether its Python still starts (the system's may have been upgraded since)."""
    python = VENV / "bin" / "python"
    return python.exists() and subprocess.run([python, "-c", ""], check=False).returncode == 0  # noqa: S603


def begin(stamp: dict) -> None:
    """Have an empty or a sound .venv, marked as unfinished."""
    if VENV.exists() and (UNFINISHED.exists() or not runs() or (stamp and not usable(stamp))):
        shutil.rmtree(VENV)
    VENV.mkdir(exist_ok=True)
    UNFINISHED.touch()
    if not (VENV / "bin" / "pip").exists():
        make_venv()


def make_venv() -> None:
    """An environment with pip. Debian and Ubuntu ship the module for it in a package of its own."""
    command = [sys.executable, "-m", "venv", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if made.returncode:
        sys.exit(
            f"{made.stdout}{made.stderr}\n`{sys.executable} -m venv` does not work. On Debian or Ubuntu: "
            "apt install python3-venv. Or say which Python to use: make run PYTHON=/path/to/python3.11"
        )


def install(files: list[str]) -> None:
    """pip, wheels only (nothing is compiled), every file checked against its hash."""
    options = ["--only-binary", ":all:", "--require-hashes", "-qq", "--disable-pip-version-check", "--no-input"]
    names = [word for name in files for word in ("-r", str(ROOT / name))]
    environ = {name: value for name, value in os.environ.items() if name not in ("PIP_TARGET", "PIP_PREFIX")}
    environ |= {"PIP_USER": "0", "PYTHONNOUSERSITE": "1"}
    command = [VENV / "bin" / "python", "-m", "pip", "install", *options, *names]
    done = subprocess.run(command, env=environ, check=False)  # noqa: S603
    if done.returncode:
        sys.exit("pip could not install the packages (above it says why). Run it again when that is mended.")


def digest(file: Path) -> str:
    """Of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def count(files: list[str]) -> int:
    """How many packages the files pin."""
    lines = [line for name in files for line in (ROOT / name).read_text().splitlines()]
    return len({line.split("==")[0] for line in lines if "==" in line and not line.startswith("#")})


def say(text: str) -> None:
    """Show a line at once."""
    print(text, flush=True)


main(OPTIONS.files)
