"""Backups of Postgres with Postgres' own programs: base backups and WAL in an archive, and the way back.

An archive is a folder or a place in S3 (`archive.py`). In it are base backups (`base.py`, `catalogue.py`) and, if a
receiver runs (`receiver.py`), all WAL since, a few seconds behind (`wal.py`). `restore.py` and `recovery.py` make a
data directory of them, as of the newest moment or of any moment before it; `retention.py` forgets what is too old.
Program and server must be of one major version (`programs.py`). Nothing here knows what the database means.
"""

from booking.infra.backup.archive import Archive
from booking.infra.backup.errors import BackupError

__all__ = ["Archive", "BackupError"]
