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


def origin_of(url: str) -> str:
    """scheme://host:port (RFC 6454) with the port always there, empty for what is no URL with a host."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        return f"{parts.scheme}://{ascii_domain(parts.hostname)}:{port}" if parts.hostname else ""
    except ValueError:
        return ""
