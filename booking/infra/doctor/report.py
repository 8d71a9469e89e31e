"""What a check found, and how checks are run: side by side, each for a limited time, none able to stop another."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from sqlalchemy.exc import DBAPIError

from booking.config import Settings

OK, WARNING, PROBLEM, SKIPPED = STATES = ("ok", "warning", "problem", "skipped")
LIMIT = 6.0  # seconds for one check; each question it asks has a shorter limit of its own


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that is so, and what to do about it. `blocks`: what builds on it cannot be looked at."""

    state: str
    finding: str
    advice: str = ""
    blocks: bool = False


def ok(finding: str) -> Diagnosis:
    return Diagnosis(OK, finding)


def warning(finding: str, advice: str) -> Diagnosis:
    return Diagnosis(WARNING, finding, advice)


def problem(finding: str, advice: str, *, blocks: bool = False) -> Diagnosis:
    return Diagnosis(PROBLEM, finding, advice, blocks)


def fault(serious: bool) -> Callable[[str, str], Diagnosis]:
    """A problem where it is serious, else a warning."""
    return problem if serious else warning


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at; pointless while a check that it `needs` is blocked."""

    name: str
    look: Callable[[], Iterable[Diagnosis]]
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A diagnosis under its check's name."""

    check: str
    state: str
    finding: str
    advice: str


def examine(checks: Sequence[Check], secrets: Iterable[str] = (), limit: float = LIMIT) -> list[Line]:
    """Run the checks, those that need others after them; lines in the order of the checks, `secrets` blotted out."""
    hidden = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)
    found: dict[str, list[Diagnosis]] = {}
    waiting = list(checks)
    while waiting:
        ready = [check for check in waiting if check.needs in found or not check.needs]
        waiting = [check for check in waiting if check not in ready]
        found |= _all_at_once(ready, found, limit)
    return [
        Line(check.name, seen.state, _blotted(seen.finding, hidden), _blotted(seen.advice, hidden))
        for check in checks
        for seen in found[check.name]
    ]


def _all_at_once(
    checks: Sequence[Check], before: dict[str, list[Diagnosis]], limit: float
) -> dict[str, list[Diagnosis]]:
    found: dict[str, list[Diagnosis]] = {}
    running = []
    for check in checks:
        found[check.name] = []
        if any(seen.blocks for seen in before.get(check.needs, ())):
            found[check.name].append(Diagnosis(SKIPPED, f"not looked at: see {check.needs}", blocks=True))
            continue
        # A daemon: a name server that never answers must not keep the program from ending.
        thread = threading.Thread(target=_collect, args=(check, found[check.name]), name=check.name, daemon=True)
        thread.start()
        running.append(thread)
    end = time.monotonic() + limit
    for thread in running:
        thread.join(max(0.0, end - time.monotonic()))
        if thread.is_alive():
            # A copy: whatever the thread still finds comes too late.
            found[thread.name] = [*found[thread.name], _silent(limit)]
    return found


def _collect(check: Check, into: list[Diagnosis]) -> None:
    try:
        into.extend(check.look())
    except Exception as error:  # noqa: BLE001 a check that breaks is a finding
        into.append(
            problem(f"the check ended with {type(error).__name__}: {said(error)}", "mend what it names", blocks=True)
        )


def _silent(limit: float) -> Diagnosis:
    return problem(f"no answer within {limit:g} s", "see whether it hangs, or the network to it", blocks=True)


def said(error: BaseException) -> str:
    """An error's own words in one line; those of the driver where SQLAlchemy wraps it."""
    inner = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return " ".join(str(inner).split())[:300] or type(inner).__name__


def secrets_of(settings: Settings) -> Iterator[str]:
    """Everything in the settings that nobody may read in a terminal or a ticket."""
    yield from settings.secret_keys
    yield settings.metrics_token
    yield from (secret for _, secret in settings.jwt_keys)
    for url in (
        settings.database_url,
        settings.migration_database_url,
        settings.read_database_url,
        settings.backup_database_url,
        settings.redis_url,
        settings.cache_redis_url,
        settings.smtp_url,
    ):
        # By pattern: these must be found in texts that are no URLs, too.
        for password in re.findall(r"://[^:]*:(.*)@", url) + re.findall(r"[?&]password=([^&]+)", url):
            yield from {password, unquote(password), *password.split("/")}


def _blotted(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
