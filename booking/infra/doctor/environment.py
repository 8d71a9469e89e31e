"""The settings, judged as an operator would; the libraries; the folders that are written to."""

from __future__ import annotations

import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from limits import parse_many
from zxcvbn_rs_py import zxcvbn

from booking.config import SIMULATED, Settings
from booking.infra.doctor.report import Diagnosis, fault, ok, problem, warning

PINNED = Path(__file__).resolve().parents[3] / "requirements.txt"
GUESSES = 19  # decimal digits of the number of guesses that a secret should withstand; the estimate counts no further
LEAST_SPACE = 256 * 2**20  # bytes
BY_CHANCE = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
FIXED_IN = ((3, 11, 10), (3, 12, 5))  # CVE-2024-6923
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LEVELS = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}

LIMITS = ("LIMIT_PUBLIC", "LIMIT_MAILS", "LIMIT_USER", "LIMIT_BOOKINGS", "LIMIT_RESERVATIONS", "LIMIT_CODES")


def settings(given: Settings, problems: Sequence[str]) -> Iterator[Diagnosis]:
    """What the application refuses to start with, and what it starts with although nobody should."""
    for sentence in problems:
        yield problem(sentence.rstrip("."), "set it as .env.example shows; the application does not start before")
    found = [*_readable(given), *_secrets(given)]
    if given.production and not problems:
        found += _production(given)
    yield from found
    if not problems and not found:
        yield ok(f"complete, for {given.app_env}")


def _readable(given: Settings) -> Iterator[Diagnosis]:
    if given.log_level not in LEVELS:
        yield problem(f"LOG_LEVEL is {given.log_level}", f"choose one of {', '.join(sorted(LEVELS))}")
    for variable in LIMITS:
        try:
            parse_many(getattr(given, variable.lower()))
        except ValueError:
            yield problem(f"{variable} cannot be read", "write it like: 100 per 15 minutes")
    if 0 < given.db_pool_size < given.granian_blocking_threads:
        yield warning(
            f"DB_POOL_SIZE is {given.db_pool_size}, GRANIAN_BLOCKING_THREADS {given.granian_blocking_threads}",
            "let every thread have a connection, or requests wait for one another",
        )


def _secrets(given: Settings) -> Iterator[Diagnosis]:
    former = {f"SECRET_KEY_FALLBACKS ({n})": secret for n, secret in enumerate(given.secret_keys[1:], 1)}
    named = {
        "SECRET_KEY": given.secret_key,
        **former,
        **{f"JWT_KEYS ({kid})": secret for kid, secret in given.jwt_keys},
    }
    for variable, secret in named.items():
        if secret and zxcvbn(secret).guesses_log10 < GUESSES:
            yield fault(given.production)(f"{variable} can be guessed", f"make a random one: {BY_CHANCE}")
    if len(set(named.values())) < len(named):
        yield warning("SECRET_KEY and JWT_KEYS share a secret", "give each its own, so that one can be changed alone")


def _production(given: Settings) -> Iterator[Diagnosis]:
    site = urlsplit(given.site_url)
    if site.hostname in LOOPBACK:
        yield warning(f"SITE_URL is {given.site_url}", "set the public address: links in emails lead there")
    elif site.scheme != "https":
        yield problem("SITE_URL is not https", "use https: browsers send the session's cookie over nothing else")
    elif not given.trusted_proxies:
        yield warning(
            "TRUSTED_PROXIES is 0 although something in front speaks https for us",
            "set how many proxies there are, or all guests count as one address to the limits",
        )
    if not given.ratelimit_enabled:
        yield warning("RATELIMIT_ENABLED is false", "remove it: anybody may ask as often as they like")
    if not given.redis_lock_enabled:
        yield warning("REDIS_LOCK_ENABLED is false", "remove it: crowds wait in the database instead of before it")
    if given.mail_dir:
        yield warning("MAIL_DIR is set, so no email is sent", "remove it, and set SMTP_URL")
    if given.mail_from.rstrip("> ").endswith("@localhost"):
        yield warning("MAIL_FROM is an address at localhost", "set one of your own domain: others are taken for spam")
    if given.metrics_token and len(given.metrics_token) < 16:
        yield warning("METRICS_TOKEN is short", f"make a random one: {BY_CHANCE}")
    if given.payments == SIMULATED:
        yield warning("PAYMENTS is simulated: rooms are sold, and no card is charged", "leave it so on a demo only")
    elif given.charges_nobody:
        yield warning("STRIPE_SECRET_KEY is a test key: no card is charged", "leave it so on a demo only")


def libraries() -> Iterator[Diagnosis]:
    """Python, and whether what is installed is what was tested."""
    python = f"Python {platform.python_version()}"
    if _lets_names_into_headers(sys.version_info[:3]):
        yield warning(
            f"{python} can be made to write what guests type into email headers (CVE-2024-6923); ours are written"
            " without it",
            "update Python: 3.11.10, 3.12.5 or later",
        )
    if "Pacific/Auckland" not in available_timezones():
        yield problem("Python has no time zone data", "pip install tzdata")
    if not PINNED.exists():
        yield warning(f"{python}; {PINNED.name} is not here to compare with", "keep it beside wsgi.py")
        return
    pinned = _pinned(PINNED.read_text())
    installed = {name: _installed(name) for name in pinned}
    missing = [name for name, (_, always) in pinned.items() if always and not installed[name]]
    other = [
        f"{name} {installed[name]} instead of {' or '.join(sorted(versions))}"
        for name, (versions, _) in pinned.items()
        if installed[name] and installed[name] not in versions
    ]
    if missing:
        yield problem(f"not installed: {', '.join(missing)}", f"pip install -r {PINNED.name}")
    if other:
        yield warning(f"other versions than tested: {', '.join(other)}", f"pip install -r {PINNED.name}")
    if not missing and not other:
        yield ok(f"{python}; {sum(map(bool, installed.values()))} libraries as in {PINNED.name}")


def _lets_names_into_headers(version: tuple[int, ...]) -> bool:
    return any(version[:2] == fixed[:2] and version < fixed for fixed in FIXED_IN)


def _pinned(text: str) -> dict[str, tuple[set[str], bool]]:
    """Name to (versions, whether it is needed everywhere): some are for other systems or other Pythons only."""
    found: dict[str, tuple[set[str], bool]] = {}
    for name, version, marker in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)( ;)?", text, re.MULTILINE):
        versions, always = found.get(name, (set(), True))
        found[name] = (versions | {version}, always and not marker)
    return found


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def folders(given: Settings, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Every folder that this copy writes to."""
    used = {"MAIL_DIR": given.mail_dir, "PROMETHEUS_MULTIPROC_DIR": environ.get("PROMETHEUS_MULTIPROC_DIR", "")}
    used["the folder for temporary files"] = tempfile.gettempdir()
    for name, place in used.items():
        if place:
            yield _writable(name, Path(place))


def _writable(name: str, folder: Path) -> Diagnosis:
    # It is made when the first file comes, so what counts is the part that is there.
    there = next(part for part in (folder, *folder.absolute().parents) if part.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"?")
            file.flush()
        space = shutil.disk_usage(there).free
    except OSError as error:
        why = error.strerror or type(error).__name__
        return problem(f"{name} ({folder}) cannot be written to: {why}", "give this account the right, or another path")
    if space < LEAST_SPACE:
        return warning(f"{name} ({folder}) has {space // 2**20} MB left", "make room")
    return ok(f"{name} ({folder}) can be written to")
