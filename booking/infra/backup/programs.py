"""Postgres' own programs: found, of the right major version, and run as whom they allow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from booking.infra.backup.errors import BackupError
from booking.infra.embedded import EmbeddedError
from booking.infra.embedded.account import Account, binaries

DEBIAN = Path("/usr/lib/postgresql")


def find(program: str, version: int, *, pg_bin: str = "", account: Account | None = None) -> str:
    """The path of a program of this major version: in PG_BIN, else of the wheel, of a Debian package, or on PATH.

    `account` is whoever has to be able to run it, where that is not this process. Raises BackupError that says what
    there is instead.
    """
    seen = {}
    for folder in [Path(pg_bin)] if pg_bin else dict.fromkeys(_folders(version, account)):
        path = folder / program
        found = _version(path)
        if found == version:
            return str(path)
        if found:
            seen[found] = folder
    instead = "; ".join(f"{folder} has that of {other}" for other, folder in seen.items())
    where = f"not in PG_BIN={pg_bin}" if pg_bin else "not here"
    raise BackupError(
        f"{program} of Postgres {version} is needed and {where}{f' ({instead})' if instead else ''}:"
        f" install postgresql-{version}, or set PG_BIN to the folder it is in."
    )


def _folders(version: int, account: Account | None) -> Iterator[Path]:
    with suppress(EmbeddedError):  # machines with a Postgres of their own have no wheel
        yield binaries(account)
    yield DEBIAN / str(version) / "bin"
    yield from (Path(folder) for folder in os.get_exec_path())


def _version(program: Path) -> int | None:
    if not shutil.which(program):
        return None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
    number = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return int(number[1]) if number else None
