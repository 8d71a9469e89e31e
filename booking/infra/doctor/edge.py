"""The proxy in front: whether it drops what only a client that wants to deceive sends.

Web servers hand `X_Forwarded_For` and `X-Forwarded-For` on under one name, and ours keeps the one that came last. So a
proxy that lets names with underscores pass lets every client choose the address that it is counted under.
"""

from __future__ import annotations

import http.client
import ssl
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

from booking.config import Settings
from booking.infra.doctor.report import Diagnosis, ok, problem, said, warning
from booking.infra.domains import host_of

PATIENCE = 3.0  # seconds
HEALTH = "/api/v1/health"
HAPROXY = "http-request del-header _ -m sub"  # as in deploy/compose/haproxy.cfg


def proxy(settings: Settings) -> Iterator[Diagnosis]:
    """Ask SITE_URL with a name that holds underscores; our answer shows whether it got through."""
    sent = f"doctor-{uuid.uuid4().hex}"
    try:
        answered = _ask(settings.site_url, {"X_Request_Id": sent})
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield warning(f"SITE_URL does not answer here: {said(error)}", "ask from where it does, to have this looked at")
        return
    if answered == sent:
        yield problem(
            "the proxy lets header names with underscores pass, so clients choose the address they are counted under",
            f"have it drop them: nginx does by default; others must be told (HAProxy: {HAPROXY})",
        )
    else:
        yield ok("the proxy drops header names with underscores")


def _ask(site_url: str, headers: dict[str, str]) -> str:
    """The X-Request-Id of the answer."""
    site, host = urlsplit(site_url), host_of(site_url)
    if site.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, site.port, timeout=PATIENCE, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, site.port, timeout=PATIENCE)
    try:
        connection.request("GET", site.path.rstrip("/") + HEALTH, headers=headers)
        return connection.getresponse().headers.get("X-Request-Id", "")
    finally:
        connection.close()
