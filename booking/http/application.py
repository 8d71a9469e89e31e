"""Flask, without what it would do in vain: coroutines, cookies of programs, one page compiled in every thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, cast

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.templating import Environment
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from jinja2 import Template

from booking.http.requests import is_api

LEEWAY = 10  # seconds by which the clocks of our hosts may differ


def cookie_keys(ring: Sequence[bytes], undivided: Sequence[str]) -> dict[str, Any]:
    """Flask's settings for the keys of cookies: the first of the ring signs.

    `undivided` are the secrets themselves: version 1.0 signed with them, and nobody is to be signed out by an update.
    """
    former = [*reversed(undivided), *reversed(ring[1:])]
    return {"SECRET_KEY": ring[0], "SECRET_KEY_FALLBACKS": former}  # the newest last, as itsdangerous expects it


class Signer(TimestampSigner):
    """Believes a signature that is some seconds ahead: the host that made it has a clock of its own."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        """As its parent's: the value, or value and instant; raises BadSignature or SignatureExpired."""
        value, signed = super().unsign(signed_value, return_timestamp=True)
        age = self.get_timestamp() - int(signed.timestamp())
        if max_age is not None and not -LEEWAY <= age <= max_age:
            raise SignatureExpired(f"Signature age {age}", payload=value, date_signed=signed)
        return (value, signed) if return_timestamp else value


class Cookies(SecureCookieSessionInterface):
    """Signed cookies for browsers. Programs send tokens: they have no session, and cannot get one."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Made once: the keys do not change while the application runs."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
            if self._serializer is not None:
                self._serializer.signer = Signer
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the visitor's cookie says, or something empty."""
        if "Authorization" in request.headers and is_api(request):
            return cast(SecureCookieSession, self.make_null_session(app))
        return super().open_session(app, request)


class Templates(Environment):
    """Compiles each template once, also when all threads of a new process are asked for the same page.

    Jinja would compile it in each of them, turn by turn under one interpreter lock: eight first visitors waited for
    2 seconds where one waits for 0.3.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._loading = threading.RLock()

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """As its parent's; whoever comes while it is compiled waits for it."""
        with self._loading:
            return super().get_template(name, parent, globals)


class Application(Flask):
    """The web application."""

    jinja_environment = Templates

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.session_interface = Cookies()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: nothing here is a coroutine, and finding that out anew costs nine looks per request."""
        return func
