"""Names of hosts as the network knows them: ASCII, by IDNA 2008 (RFC 5891) after the mapping of UTS 46.

Python's own "idna" codec is IDNA 2003, which sends straße.example to strasse.example: somebody else's domain.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443, "smtp": 25, "smtps": 465}


def ascii_domain(domain: str) -> str:
    """The domain in ASCII and lower case. Raises ValueError where it cannot be one."""
    if domain.isascii():
        return domain.lower()
    return idna.encode(domain, uts46=True).decode("ascii")


def host_of(url: str) -> str:
    """The host that a URL names, in ASCII; "localhost" where it names none. Raises ValueError."""
    return ascii_domain(urlsplit(url).hostname or "localhost")


def ascii_url(url: str) -> str:
    """The URL with its host in ASCII, without a slash at the end: a link that every mail program can follow."""
    parts = urlsplit(url)
    netloc = parts.netloc if parts.netloc.isascii() else host_of(url) + (f":{parts.port}" if parts.port else "")
    return parts._replace(netloc=netloc).geturl().rstrip("/")


def ascii_email(email: str) -> str:
    """The address with its domain in ASCII; as it is where that cannot be."""
    local, _, domain = email.rpartition("@")
    try:
        return f"{local}@{ascii_domain(domain)}"
    except ValueError:
        return email


def origin_of(url: str) -> str:
    """scheme://host:port (RFC 6454) with the port always there, empty for what is no URL with a host."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        return f"{parts.scheme}://{ascii_domain(parts.hostname)}:{port}" if parts.hostname else ""
    except ValueError:
        return ""
