"""Values of settings, read from text: truth, addresses, a sender. Each raises ValueError for what it cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import idna

SMS_NONE, SMS_LOG, SMS_TWILIO = SMS_WAYS = ("none", "log", "twilio")  # booking/infra/texting builds them
SMS_SENDER = re.compile(r"\+[1-9]\d{6,14}|MG[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")


def boolean(text: str) -> bool:
    """true/false in the usual spellings; anything else is a ValueError, never a silent False."""
    lowered = text.strip().lower()
    if lowered not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ValueError(text)
    return lowered in {"1", "true", "yes", "on"}


def require_site(url: str) -> None:
    """Raise ValueError where a site cannot be at this URL."""
    site = urlsplit(url)
    if site.scheme not in {"http", "https"} or site.query or site.fragment or site.username:
        raise ValueError("it must look like https://rooms.example")
    _ = site.port  # a ValueError where it is none
    require_domain(site.hostname or "")


def origin(url: str) -> str:
    """Of a URL, what a content security policy names: https://cdn.example."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def require_domain(domain: str) -> None:
    """Raise ValueError where this is no name of a host, in ASCII or by IDNA 2008."""
    if not domain or not domain.isprintable() or " " in domain:
        raise ValueError("it names no host")
    if not domain.isascii():
        idna.encode(domain, uts46=True)


SENDER = re.compile(r"""\s*(?:(?P<name>[^<>]*?)\s*<(?P<in_angles>[^<>\s]+)>|(?P<bare>[^<>\s,;"]+))\s*""")


def split_sender(mail_from: str) -> tuple[str, str]:
    """Name and address of `Hotel Post, Wien <info@post.example>` (quotes around the name or none), or a bare address.

    Raises ValueError for several addresses, for none, and for what no header can hold.
    """
    found = SENDER.fullmatch(mail_from)
    name, email = (found["name"] or "", found["in_angles"] or found["bare"]) if found else ("", "")
    local, _, domain = email.rpartition("@")
    if not domain or not re.fullmatch(r"""[^\s@<>()\[\],;:\\"]+""", local) or not name.isprintable():
        raise ValueError("it must be one address, such as Room Booking <bookings@rooms.example>")
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, email


def postgres_url(url: str) -> str:
    """SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3; we run psycopg2, so the driver is named.

    Of several hosts (`a:5432,b:5432`, as libpq writes them) the one that takes writes is meant, unless the address says
    otherwise; SQLAlchemy wants them as parameters.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgres", "postgresql"}:
        return url
    place, _, more = rest.partition("/")
    account, at, hosts = place.rpartition("@")
    if "," in hosts:
        database, _, query = more.partition("?")
        given = [part for part in query.split("&") if part]
        given += [f"host={quote(host, safe=':')}" for host in hosts.split(",")]
        if not any(part.startswith("target_session_attrs=") for part in given):
            given.append("target_session_attrs=read-write")
        rest = f"{account}{at}/{database}?{'&'.join(given)}"
    return f"postgresql+psycopg2://{rest}"


def sms_problems(way: str, sender: str, account: str, token: str) -> Iterator[str]:
    """What is wrong with SMS and what it needs."""
    if way not in SMS_WAYS:
        yield f"SMS must be {', '.join(SMS_WAYS[:-1])} or {SMS_WAYS[-1]}, not {way!r}."
    if way != SMS_TWILIO:
        return
    if not SMS_SENDER.fullmatch(sender):
        yield "SMS_FROM must be a number such as +32471234567, a service (MG...) or a short name."
    if not re.fullmatch(r"AC[0-9a-f]{32}", account):
        yield "TWILIO_ACCOUNT_SID must be the account's: AC and 32 characters."
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        yield "TWILIO_AUTH_TOKEN must be the account's auth token: 32 characters."
