"""Everything that is logged in this test process, looked through at its end for every secret and address used in it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TextIO, cast

import pytest

from booking.infra import telemetry

# What the cast, the settings of the tests and the stories about accounts use. Addresses: all that can be one.
SECRETS = (
    "correct horse battery",
    "another horse battery",
    "yet another battery",
    "a-secret-for-tests-only-0123456789abcdef",
    "a-key-for-tests-only-0123456789abcdef",
    "an-older-key-for-tests-0123456789abc",
    "$argon2",
)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?:example|com|org|test)\b")


class Tee:
    """A text stream that passes on what is written, and remembers what should not have been."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream, self._apart = stream, list[StringIO]()
        self._leaks = dict[str, None]()

    def write(self, text: str) -> int:
        if self._apart:
            return self._apart[-1].write(text)
        self._leaks |= dict.fromkeys(ADDRESS.findall(text))
        self._leaks |= dict.fromkeys(secret for secret in SECRETS if secret in text)
        return (self._stream or sys.stderr).write(text)

    def flush(self) -> None:
        (self._stream or sys.stderr).flush()

    def leaks(self) -> list[str]:
        """Secrets and addresses that were written."""
        return list(self._leaks)

    @contextmanager
    def apart(self) -> Iterator[StringIO]:
        """What is written meanwhile, kept for the test that looks at it."""
        self._apart.append(StringIO())
        try:
            yield self._apart[-1]
        finally:
            self._apart.pop()


@pytest.fixture(scope="session", autouse=True)
def log_tee() -> Iterator[Tee]:
    """In place before anything is configured. At the end of the run nothing personal may have been logged."""
    tee = Tee()
    before, telemetry.output = telemetry.output, lambda: cast(TextIO, tee)
    yield tee
    telemetry.output = before
    assert tee.leaks() == [], "these stood in the log"
