"""How often passwords may be tried: a stranger's guessing slows the stranger, and never locks the owner out.

Each account waits by itself at each place (a network, or a browser in which its owner has signed in before), longer
with every failure. All strange places of an account together wait, too, a little; the owner's do not. What is counted,
and what is answered, is the same for addresses that nobody has. Whoever is kept waiting nevertheless sets a new
password by mail, and the browser that did is known from then on.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from booking.domain.errors import (
    InvalidCredentials,
    TooManyAttempts,
    WrongCode,
)
from booking.domain.people.passkey_errors import WrongPasskey
from booking.infra import throttle
from booking.infra.throttle import Limit

# Five slips cost nothing; the fifteenth in a row waits a quarter of an hour.
HERE = {"free": 5, "longest": 15 * 60}
# A hundred failures from all strange places together in a day are no slips. The pause is short, so that a stranger can
# keep nobody waiting for long: 30 s still leave only 2,880 guesses a day, of the 10^9 that a password withstands.
ANYWHERE = {"free": 100, "longest": 30}


@dataclass(frozen=True, slots=True)
class SignInGuard:
    """Counts attempts under names that say nothing: keyed hashes of addresses. Off for load tests."""

    key: bytes
    enabled: bool = True

    def account(self, email: str) -> str:
        """What stands for the account in counters, logs and cookies; for an address that nobody has as well."""
        return hmac.digest(self.key, email.lower().encode(errors="surrogatepass"), "sha256").hex()[:32]


# Codes are tried only by who knows the password. Six digits withstand few guesses, so all strange places together wait:
# a quarter of an hour leaves 96 guesses a day, of the 330,000 that are needed on average.
CODES = {"free": 5, "longest": 15 * 60}

UNCOUNTED = SignInGuard(b"", enabled=False)


@contextmanager
def counted(guard: SignInGuard, account: str, place: str, *, own: bool, known: Callable[[], bool]) -> Iterator[None]:
    """Around trying a password at a place; raises TooManyAttempts before anything is tried.

    `own`: the place is the owner's for certain. `known()` is asked only where it decides: has the owner been there?
    """
    if not guard.enabled:
        yield
        return
    here, anywhere = Limit(f"attempts:{account}:{place}", **HERE), Limit(f"attempts:{account}", **ANYWHERE)
    limits = _admitted(here, anywhere, own=own, known=known)
    keys = [limit.key for limit in limits]
    try:
        yield
    except InvalidCredentials:
        raise
    except BaseException:
        throttle.take_back(keys)  # nothing was found out about the password
        raise
    throttle.forget([here.key])
    if anywhere in limits:
        throttle.take_back([anywhere.key])


@contextmanager
def counted_code(guard: SignInGuard, account: str, device: str) -> Iterator[None]:
    """Around trying a second factor; raises TooManyAttempts before anything is tried.

    `device` names a browser in which the owner has signed in before, which waits for its own slips alone.
    """
    if not guard.enabled:
        yield
        return
    here = Limit(f"codes:{account}:{device}", **CODES)
    if wait := max(throttle.attempt([here])):
        raise TooManyAttempts(wait)
    try:
        yield
    except (WrongCode, WrongPasskey):
        raise
    except BaseException:
        throttle.take_back([here.key])  # nothing was found out about the code
        raise
    throttle.forget([here.key])


def _admitted(here: Limit, anywhere: Limit, *, own: bool, known: Callable[[], bool]) -> list[Limit]:
    """The limits that have counted the attempt."""
    limits = [here] if own else [here, anywhere]
    waits = throttle.attempt(limits)
    if not own and waits[1] and not waits[0] and known():
        limits = [here]
        waits = throttle.attempt(limits)
    if wait := max(waits):
        raise TooManyAttempts(wait)
    return limits
