"""Passwords: argon2id (OWASP: 19 MiB, two passes), few at a time, and none that is guessed soon.

NIST SP 800-63B §3.1.1.2: no rules about kinds of characters; a list of those that everybody tries, an estimate of how
many guesses the rest withstand, and the reason said. Normalised first (NFKC, as there): an é is the same from every
keyboard.
"""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn_rs_py import Warning as Finding
from zxcvbn_rs_py import zxcvbn

from booking.domain.errors import Invalid, TooBusy
from booking.domain.notices import Notice

T = TypeVar("T")

SHORTEST = 10  # characters
# Guesses that a password has to withstand. Behind argon2id a stolen table yields some hundred guesses a second and
# core, so this is months for one account. Three ordinary words reach it, a word with a year and a sign does not.
GUESSES = 1e9
ESTIMATED = 72  # characters that are looked at: more take time and make no difference
QUEUE = 32  # hashes of one process that may wait or run; more would only make everybody wait

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Hashing is meant to be slow; more at once than cores would only starve everybody else. In threads of its own: malloc
# keeps the 19 MiB for every thread that has ever hashed, which were 300 MB in two processes of eight threads.
_hashing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hashing")
_places = threading.BoundedSemaphore(QUEUE)

REASONS = (
    (Finding.RepeatsLikeAaaAreEasyToGuess, "password_repeats"),
    (Finding.RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess, "password_repeats"),
    (Finding.SequencesLikeAbcAreEasyToGuess, "password_sequence"),
    (Finding.StraightRowsOfKeysAreEasyToGuess, "password_keys"),
    (Finding.ShortKeyboardPatternsAreEasyToGuess, "password_keys"),
    (Finding.RecentYearsAreEasyToGuess, "password_dates"),
    (Finding.DatesAreOftenEasyToGuess, "password_dates"),
    (Finding.ThisIsATop10Password, "password_is_common"),
    (Finding.ThisIsATop100Password, "password_is_common"),
    (Finding.ThisIsACommonPassword, "password_is_common"),
    (Finding.ThisIsSimilarToACommonlyUsedPassword, "password_near_common"),
    (Finding.CommonNamesAndSurnamesAreEasyToGuess, "password_names"),
    (Finding.NamesAndSurnamesByThemselvesAreEasyToGuess, "password_names"),
    (Finding.AWordByItselfIsEasyToGuess, "password_word"),
)


@dataclass(frozen=True, slots=True)
class Match:
    """What comparing a password with a stored hash found; `outdated`: the hash should be made anew."""

    right: bool
    outdated: bool


def hashed(password: str) -> str:
    """The argon2id hash to store. Raises TooBusy."""
    normal = normalised(password)
    return _in_turn(lambda: _hasher.hash(normal))


def compared(stored: str | None, password: str) -> Match:
    """Whether `password` belongs to `stored`. Without a stored hash: the same time, and wrong. Raises TooBusy."""
    against = stored or _nobodys()
    found = _in_turn(lambda: _verify(against, password))
    return found if stored is not None else Match(right=False, outdated=False)


def matches(stored: str | None, password: str) -> bool:
    """True when `password` belongs to `stored`, as `compared` finds."""
    return compared(stored, password).right


def normalised(password: str) -> str:
    """What is hashed: the same characters, however they were typed."""
    return unicodedata.normalize("NFKC", password)


def refuse_weak(password: str, field: str, about: Iterable[str] = ()) -> None:
    """Raise Invalid, naming the field and the reason, for a password that is too short or guessed soon.

    `about` is what everybody knows of the account: its address, its owner's name, the name of the site.
    """
    if problem := find_problem(password, about):
        raise Invalid(details={field: problem})


def find_problem(password: str, about: Iterable[str] = ()) -> Notice | None:
    """What is wrong with a new password. None where it is good."""
    normal = normalised(password)
    if min(len(password), len(normal)) < SHORTEST:  # one Arabic ligature is 18 characters when it is normalised
        return Notice("too_short", least=SHORTEST)
    if is_common(normal):
        return Notice("password_most_common")
    return _estimated(normal[:ESTIMATED], _words(about))


def is_common(password: str) -> bool:
    """Among the most used passwords, or one character over and over."""
    return password.lower() in _common() or len(set(password)) == 1


def _estimated(password: str, words: list[str]) -> Notice | None:
    found = zxcvbn(password, words)
    if found.guesses >= GUESSES:
        return None
    if words and zxcvbn(password).guesses >= GUESSES:
        return Notice("password_of_own_name")
    finding = found.feedback.warning if found.feedback else None
    reason = next((reason for named, reason in REASONS if named == finding), None)  # they are not hashable
    return Notice("password_easy_because", reason=Notice(reason)) if reason else Notice("password_easy")


def _words(about: Iterable[str]) -> list[str]:
    """What an attacker tries of them: whole, without spaces, and each word."""
    texts = [unicodedata.normalize("NFKC", text).lower() for text in about]
    forms = [form for text in texts for form in (text, *re.findall(r"\w{3,}", text), re.sub(r"\W+", "", text))]
    return [form for form in dict.fromkeys(forms) if form]


@cache
def _common() -> frozenset[str]:
    # Those of zxcvbn's 30,000 (MIT licence) that are long enough for us.
    return frozenset(files("booking.domain.people").joinpath("common_passwords.txt").read_text("ascii").split())


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex())


def _in_turn(work: Callable[[], T]) -> T:
    if not _places.acquire(blocking=False):
        raise TooBusy
    try:
        return _hashing.submit(work).result()
    finally:
        _places.release()


def _verify(stored: str, password: str) -> Match:
    """As it is normalised, then as it was typed: hashes were made of that until version 1.0."""
    normal = normalised(password)
    if _is(stored, normal):
        return Match(right=True, outdated=_hasher.check_needs_rehash(stored))
    return Match(right=normal != password and _is(stored, password), outdated=True)


def _is(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
