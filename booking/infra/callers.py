"""Where the running request comes from, for whoever writes down who did what. Outside of a request: nobody."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A client as its door knows it."""

    address: str = ""
    network: str = ""  # what the address is counted under: an IPv4 address, or the /64 around an IPv6 one
    client: str = ""  # as the browser or program calls itself


NOBODY = Caller()
_find: ContextVar[Callable[[], Caller] | None] = ContextVar("_find", default=None)


_door: ContextVar[Callable[[], str] | None] = ContextVar("_door", default=None)


def bind(find: Callable[[], Caller]) -> None:
    """From here on this thread works for a request; it is looked at only where somebody asks."""
    _find.set(find)


def forget() -> None:
    """What this thread does next has nothing to do with the request."""
    _find.set(None)
    _door.set(None)


def came_by(door: Callable[[], str]) -> None:
    """By which page, endpoint or command this thread does what it does now: its pattern, never what was asked."""
    _door.set(door)


def door() -> str:
    """Such as "POST /admin/bookings/<booking_id>/cancel" or "flask bookings cancel"; empty where nobody has said."""
    found = _door.get()
    return found() if found else ""


def current() -> Caller:
    """Who asks."""
    find = _find.get()
    return find() if find else NOBODY
