"""Locks between processes that the kernel frees when their holder dies, by kill -9 too."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """flock() on a file. Children never inherit it, whether they are spawned or forked."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before the lock is asked for."""
        self._path = path
        self._descriptor: int | None = None
        os.register_at_fork(after_in_child=self._forget)

    def share(self) -> None:
        """Hold it together with others; waits for an exclusive holder."""
        fcntl.flock(self._open(), fcntl.LOCK_SH)

    def take(self) -> None:
        """Hold it alone; waits for everybody else."""
        fcntl.flock(self._open(), fcntl.LOCK_EX)

    def try_to_take(self) -> bool:
        """Hold it alone if nobody else holds it. A shared hold of this object is given up either way."""
        try:
            fcntl.flock(self._open(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            return False
        return True

    def free(self) -> None:
        """Let go, also on behalf of a child that was forked this moment."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._forget()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it alone for a block."""
        self.take()
        try:
            yield
        finally:
            self.free()

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._descriptor

    def _forget(self) -> None:
        """Close it. In a forked child that leaves the lock with the parent; kept open, it would outlive the parent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
