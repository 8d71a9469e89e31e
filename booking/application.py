"""Flask, without what it would do at every request for things that are not there: coroutines, cookies of programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from booking import doors


class Cookies(SecureCookieSessionInterface):
    """Signed cookies for browsers. Programs send tokens: they have no session, and cannot get one."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Made once: the key does not change while the application runs."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the visitor's cookie says, or something empty."""
        if "Authorization" in request.headers and doors.is_api(request):
            return cast(SecureCookieSession, self.make_null_session(app))
        return super().open_session(app, request)


class Application(Flask):
    """The web application."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.session_interface = Cookies()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: nothing here is a coroutine, and finding that out anew costs nine looks per request."""
        return func
