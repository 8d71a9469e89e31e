"""What belongs to one application, for code that is handed none: several of them may live in one process."""

from __future__ import annotations

from typing import Generic, TypeVar, cast

from flask import Flask, current_app, has_app_context

T = TypeVar("T")


class OfApp(Generic[T]):
    """A value of each application: the running one's, and without any running that of the one made first."""

    def __init__(self, name: str) -> None:
        self._key = f"booking.{name}"
        self._first: T | None = None

    def set(self, app: Flask, value: T) -> None:
        app.extensions[self._key] = value
        if self._first is None:
            self._first = value

    def get(self) -> T:
        if has_app_context():
            return cast(T, current_app.extensions[self._key])
        if self._first is None:
            raise RuntimeError("No application has been made yet.")
        return self._first
