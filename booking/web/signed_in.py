"""Who is looking at a page: `current_user`, a value of the domain's or Nobody, read once per request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

from flask import Flask, Response, g, session
from werkzeug.local import LocalProxy

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Unauthorized
from booking.domain.people import CurrentUser
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.web import security
from booking.web.pages import go_to

__all__ = ["actor", "ask_nobody", "current_user", "forget", "install", "remember", "required", "visitor"]

P = ParamSpec("P")

SESSION = "sid"  # in the cookie: the session's id, as a TypeID; everything else is in the sessions table
USER = "uid"
WISH = "wish"  # what a stranger asked to reserve: the page that goes on with it, and the total that was shown


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in user as templates like it."""

    user: CurrentUser
    is_authenticated: bool = field(default=True, init=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.user, name)


@dataclass(frozen=True, slots=True)
class Nobody:
    """Whoever has not signed in."""

    is_authenticated: bool = field(default=False, init=False)


def _visitor() -> Visitor | Nobody:
    if "visitor" not in g:
        g.visitor = _load() or Nobody()
    found: Visitor | Nobody = g.visitor
    return found


current_user: Any = LocalProxy(_visitor)


def install(app: Flask) -> None:
    """Make `current_user` known to templates."""
    app.context_processor(lambda: {"current_user": current_user})


def required(view: Callable[P, Any]) -> Callable[P, Any]:
    """Only for people who have signed in; everybody else is sent to do so, and comes back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        security.personal()
        return view(*args, **kwargs) if current_user.is_authenticated else sign_in_first()

    return guarded


def sign_in_first() -> Response:
    """To the sign-in page, and from there back to what was wanted."""
    return go_to(f"/sign-in?{urlencode({'next': security.current_path()})}")


def visitor() -> CurrentUser:
    """Who has signed in; only for views that are `required`."""
    user: CurrentUser = current_user.user
    return user


def actor() -> Actor:
    """The same, as verbs know them."""
    return visitor().actor


def remember(user: CurrentUser) -> None:
    """Sign in: a new cookie and a new form token, nothing of the old ones (nobody can have prepared them).

    But for the room that the visitor asked to reserve before signing in, by a form of ours.
    """
    wish = session.get(WISH)
    session.clear()
    session.permanent = True
    if wish:
        session[WISH] = wish
    session[SESSION], session[USER] = encode("session", user.session_id), encode("user", user.id)
    g.visitor = Visitor(user)


def forget() -> None:
    """Sign out: an empty cookie. The session's row is ended by the domain."""
    session.clear()
    g.pop("visitor", None)


def ask_nobody() -> None:
    """From here on, a visitor who is not known yet stays unknown."""
    if "visitor" not in g:
        g.visitor = Nobody()


def _load() -> Visitor | None:
    session_id, user_id = decode("session", session.get(SESSION, "")), decode("user", session.get(USER, ""))
    if session_id is None or user_id is None:
        return None
    security.personal()
    services = current_services()
    kept_for = services.settings.session_cache_seconds
    try:
        return Visitor(people.current_session(session_id, user_id, kept_for=kept_for, ends=services.ends))
    except Unauthorized:
        session.clear()  # ended elsewhere
        return None
