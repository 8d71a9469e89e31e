"""`make mutants`: small faults are put into the booking core, one at a time; the tests must notice at least 80 %.

Nothing here is touched: the faults are in a copy below var/mutants, with servers of its own. Names of modules choose
some of them, `--keep` goes on with the last run's knowledge of which test reaches what, `--survived` with what it left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from booking.infra import signals
from booking.infra.embedded import Servers
from tests import databases
from tests.mutants import results
from tests.mutants.source import left_alone, undecorated

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "mutants"
COPY, SERVERS = HOME / "copy", HOME / "servers"
FOUND = COPY / "mutants"  # mutmut's own folder
STATISTICS = FOUND / "mutmut-stats.json"
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
ALL, SAMPLE = "*", "*[147]"  # by their last digit
FEW, MANY = 50, 100  # tests that a mutant meets the first time, and again
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def configured() -> dict[str, list[str]]:
    """mutmut's part of pyproject.toml."""
    found: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    return found


def copied(*, keep: bool) -> None:
    """The project as it is, its decorators written so that mutmut finds the functions below them."""
    for folder in (COPY / "booking", COPY / "tests", *([] if keep else [COPY])):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("booking", "tests", "pyproject.toml", *configured()["also_copy"]):
        here, there = ROOT / name, COPY / name
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy2(here, there)
    if keep and STATISTICS.exists():
        known = json.loads(STATISTICS.read_text())
        known.pop("config_fingerprint", None)  # mutmut would begin from the start where the list of tests has grown
        STATISTICS.write_text(json.dumps(known))
    for name in configured()["only_mutate"]:
        (COPY / name).write_text(undecorated(left_alone((COPY / name).read_text())))


def tried(names: list[str], *, tests: int) -> None:
    """Have mutmut try these mutants (wildcards), each with so many `tests` that reach it; exits where mutmut fails."""
    command = [MUTMUT, "run", "--max-children", str(os.cpu_count() or 1), *names]
    servers = Servers(SERVERS, settings=QUICK)
    servers.join()  # for the whole run, not for each mutant
    databases.make(servers, "mutants")  # what all of them copy is made now, while there is no fault in the product
    environ = os.environ | {"TEST_VAR_DIR": str(SERVERS), "MUTANT_TESTS": str(tests)}
    running = subprocess.Popen(command, cwd=COPY, env=environ, start_new_session=True)
    try:
        failed = running.wait()
    finally:
        _ended(running)
        servers.leave()
    if failed:
        sys.exit("mutmut could not do its work. Where it says that stats failed, one of its tests has failed.")


def _ended(running: subprocess.Popen[bytes]) -> None:
    """Whatever it has started too: its own processes outlive it, and while one is there the servers are in use."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        for _ in range(100):
            os.killpg(running.pid, 0)
            time.sleep(0.05)


def shown(mutants: list[str]) -> None:
    """What nobody noticed, as a difference."""
    for mutant in mutants:
        said = subprocess.run([MUTMUT, "show", mutant], cwd=COPY, capture_output=True, text=True, check=True).stdout
        changed = [line for line in said.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        print("\n".join([f"\n{mutant}", *changed]))


def main() -> None:
    modules = [".".join(Path(name).with_suffix("").parts[2:]) for name in configured()["only_mutate"]]
    asked = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    asked.add_argument("modules", nargs="*", help=f"of {', '.join(modules)} (all)")
    asked.add_argument("--keep", action="store_true", help="which test reaches what is known from the last run")
    asked.add_argument(
        "--survived", action="store_true", help="try only those again that nobody has noticed so far, with more tests"
    )
    asked.add_argument("--sample", action="store_true", help="try three of ten, always the same ones")
    options = asked.parse_args()
    if unknown := set(options.modules) - set(modules):
        asked.error(f"no such module: {', '.join(sorted(unknown))}; there are {', '.join(modules)}")
    signals.end_by_exception()
    copied(keep=options.keep or options.survived)
    names, numbers = options.modules or modules, SAMPLE if options.sample else ALL
    if options.survived:
        left = [mutant for name in names for mutant in results.read(FOUND, name, numbers).left]
        if left:  # to mutmut no name means all
            tried(left, tests=MANY)
    else:
        tried([f"booking.domain.{name}.{numbers}" for name in names], tests=FEW)
    found = [results.read(FOUND, name, numbers) for name in names]
    shown([mutant for one in found for mutant in one.left])
    print(f"\n{results.table(found)}")
    sys.exit(not all(one.holds for one in found))


main()
