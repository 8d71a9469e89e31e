"""Passwords: argon2id (OWASP: 19 MiB, two passes), few at a time, and none that everybody tries first."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Hashing is meant to be slow; more at once than cores would only starve everybody else. In threads of its own: malloc
# keeps the 19 MiB for every thread that has ever hashed, which were 300 MB in two processes of eight threads.
_hashing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hashing")


def hashed(password: str) -> str:
    """The argon2id hash to store."""
    return _hashing.submit(_hasher.hash, password).result()


def matches(stored: str | None, password: str) -> bool:
    """True when `password` belongs to `stored`. Without a stored hash it takes the same time and is false."""
    return _hashing.submit(_verify, stored or _nobodys(), password).result() and stored is not None


def outdated(stored: str) -> bool:
    """True when the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def is_common(password: str) -> bool:
    """Among the most used passwords, or one character over and over."""
    return password.lower() in _common() or len(set(password)) == 1


@cache
def _common() -> frozenset[str]:
    # Those of zxcvbn's 30,000 (MIT licence) that are long enough for us; the package itself takes 13 MB per process.
    return frozenset(files("booking.domain").joinpath("common_passwords.txt").read_text("ascii").split())


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex())


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
