"""Passwords: argon2id (OWASP: 19 MiB, two passes), few at a time, and none that everybody tries first."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Hashing is meant to be slow; more at once than cores would only starve everybody else.
_turn = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    """The argon2id hash to store."""
    with _turn:
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """True when `password` belongs to `stored`. Without a stored hash it takes the same time and is false."""
    with _turn:
        try:
            return _hasher.verify(stored or _nobodys(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """True when the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def is_common(password: str) -> bool:
    """Among the most used passwords (zxcvbn's list of 30,000), or one character over and over."""
    return password.lower() in _common() or len(set(password)) == 1


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 10)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex())
