"""Who is looking at a page: `current_user`, read once per request; its `user` is a value of the domain's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

from flask import Flask, Request, Response, g, request, session
from flask_login import LoginManager, current_user

from booking.domain import errors
from booking.domain.actors import Actor
from booking.domain.errors import Unauthorized
from booking.domain.people import CurrentUser
from booking.http import limits
from booking.http.error_rendering import translated
from booking.http.sign_ins import who_is
from booking.infra.ids import decode, encode
from booking.pages import security, unsent, ways_in
from booking.pages.rendering import go_to

__all__ = ["actor", "ask_nobody", "counted", "current_user", "forget", "install", "remember", "required", "visitor"]

P = ParamSpec("P")

SESSION = "sid"  # in the cookie: the session's id, as a TypeID; everything else is in the sessions table
USER = "uid"
WISH = "wish"  # what a stranger asked to reserve: the page that goes on with it, and the total that was shown


@dataclass(slots=True)
class Visitor:
    """Whoever looks at a page, as templates and flask-login like it; `user` is None until they have signed in."""

    user: CurrentUser | None = None
    may_be_known: bool = False  # a sign-in that nobody could be asked about

    @property
    def is_authenticated(self) -> bool:
        return self.user is not None

    is_active = is_authenticated

    @property
    def is_anonymous(self) -> bool:
        return self.user is None

    def get_id(self) -> str | None:
        return encode("user", self.user.id) if self.user else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.user, name)


def install(app: Flask) -> None:
    """Make `current_user` known. Without flask-login's own hooks, which touch the cookie at every answer."""
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(_asked)
    app.login_manager = manager  # type: ignore[attr-defined]  # where flask-login looks for it
    app.context_processor(lambda: {"current_user": current_user})


def required(view: Callable[P, Any]) -> Callable[P, Any]:
    """Only for people who have signed in; everybody else is sent to do so, and comes back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        security.personal()
        return view(*args, **kwargs) if current_user.is_authenticated else sign_in_first()

    return guarded


def counted(*, reserves: bool = False) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """For a view that counts its requests as bookings: they are, in the round trip that finds out who asks."""

    def counting(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def asked(*args: P.args, **kwargs: P.kwargs) -> Any:
            user_id = decode("user", session.get(USER, ""))
            with limits.expected(user_id, books=True, reserves=reserves) if user_id else nullcontext():
                return view(*args, **kwargs)

        return asked

    return counting


def sign_in_first() -> Response:
    """To the sign-in page, and from there back to what was wanted. What was typed goes with it."""
    wanted, typed = security.current_path(), unsent.of_this_form()
    return ways_in.signed_out(wanted, typed) if typed else go_to(f"/sign-in?{urlencode({'next': wanted})}")


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
    _become(user)


def forget() -> None:
    """Sign out: an empty cookie. The session's row is ended by the domain."""
    session.clear()
    _become(None)


def ask_nobody() -> None:
    """From here on, a visitor who is not known yet stays unknown; their cookie may name a sign-in all the same."""
    if "visitor" not in g:
        g.visitor = Visitor(may_be_known=SESSION in session)
        if g.visitor.may_be_known:
            security.personal()


def ask_if_possible() -> bool:
    """Whether it can be said who this is; where Postgres does not answer, a page about something else has nobody."""
    try:
        _asked(request)
    except Exception as error:
        if not isinstance(translated(error), errors.Unavailable):
            raise
        ask_nobody()
        return False
    return True


def _asked(_: Request) -> Visitor:
    if "visitor" not in g:
        g.visitor = Visitor(_load())
    found: Visitor = g.visitor
    return found


def _become(user: CurrentUser | None) -> None:
    """Also for whoever has asked already in this request, since flask-login keeps what it was given."""
    if "visitor" in g:
        g.visitor.user, g.visitor.may_be_known = user, False
    else:
        g.visitor = Visitor(user)


def _load() -> CurrentUser | None:
    session_id, user_id = decode("session", session.get(SESSION, "")), decode("user", session.get(USER, ""))
    if session_id is None or user_id is None:
        return None
    security.personal()
    try:
        return who_is(session_id, user_id)
    except Unauthorized:
        session.clear()  # ended elsewhere
        return None
