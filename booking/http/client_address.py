"""Whose request it is: the client's address behind the proxies that we trust, and the key that it is counted under.

A proxy appends the address that it saw to X-Forwarded-For. Counted from the right, as many entries as we trust
proxies are true; whatever stands left of them, the client may have written itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST = 64  # characters of an address with brackets, zone and port
SUBSCRIBER = 64  # bits that every IPv6 subscriber has at least to themselves (RFC 6177): they are one client
SCHEMES = frozenset({"http", "https"})


class ProxiesTrusted:
    """WSGI middleware: REMOTE_ADDR and the scheme become those that the outermost trusted proxy saw.

    A request that came by fewer proxies, or with something that is no address, keeps the peer's own.
    """

    def __init__(self, app: WSGIApplication, trusted: int) -> None:
        self._app, self._trusted = app, trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen = find_address(self._told(environ, "HTTP_X_FORWARDED_FOR"))
        if seen is not None:
            environ["REMOTE_ADDR"] = str(seen)
        scheme = self._told(environ, "HTTP_X_FORWARDED_PROTO").strip().lower()
        if scheme in SCHEMES:
            environ["wsgi.url_scheme"] = scheme
        return self._app(environ, start_response)

    def _told(self, environ: WSGIEnvironment, header: str) -> str:
        """What the outermost trusted proxy wrote, empty where fewer proxies wrote anything."""
        told = str(environ.get(header, "")).rsplit(",", self._trusted)
        return told[-self._trusted] if len(told) >= self._trusted else ""


def find_address(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, quoted, mapped to IPv6. None where it is none."""
    try:
        address = ipaddress.ip_address(_without_port(text.strip().strip('"')[:LONGEST]))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    return address.ipv4_mapped or ipaddress.IPv6Address(int(address))  # without its zone


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def client_address(request: Request) -> str:
    """The client's address in its one usual spelling; "unknown" where the server has none (a Unix socket)."""
    found = find_address(request.remote_addr or "")
    return str(found) if found else "unknown"


def client_key(address: str) -> str:
    """What an address is counted under: an IPv4 address, or the /64 around an IPv6 one. At most 43 characters."""
    found = find_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, SUBSCRIBER), strict=False))
    return str(found) if found else "unknown"
