"""The random passwords and keys of this copy, made once and kept, so that a restart signs nobody out."""

import json
import os
import secrets
from dataclasses import dataclass, fields
from pathlib import Path

from booking.infra.embedded.locks import FileLock


@dataclass(frozen=True)
class Keys:
    """Passwords of the roles and of Valkey, the keys of the web app, and a name that tells copies of a folder apart."""

    instance: str
    postgres: str
    booking_owner: str
    booking_app: str
    valkey: str
    secret_key: str
    jwt: str
    booking_backup: str

    @classmethod
    def of(cls, home: Path) -> "Keys":
        """Those of `home`, made at the first call. Waits while another process makes them."""
        make_private(home, mode=0o711)  # passable: as root, Postgres runs as somebody else below it
        file = home / "keys.json"
        with FileLock(home / "keys.lock").held():
            kept = json.loads(file.read_text()) if file.exists() else {}
            names = [part.name for part in fields(cls)]
            if missing := [name for name in names if name not in kept]:  # a newer version may need more
                kept |= {name: secrets.token_urlsafe(32) for name in missing}
                _write_for_good(file, json.dumps(kept, indent=1))
            return cls(**{name: kept[name] for name in names})


def make_private(directory: Path, mode: int = 0o700) -> Path:
    """Make a directory that others cannot list, if it is not there yet; return it."""
    if not directory.is_dir():
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(mode)
    return directory


def _write_for_good(file: Path, text: str) -> None:
    """Whole or not at all, whatever dies: the data directories know these passwords too."""
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
