"""What whoever sends text messages has to do, and how it may fail."""

from __future__ import annotations

import datetime as dt
from typing import Protocol


class TextRefused(Exception):
    """It can never be sent: a number that does not exist, a country that is not served. `code` is the provider's.

    `stopped`: whoever has the number has told the provider that they want no more.
    """

    def __init__(self, code: str, *, stopped: bool = False) -> None:
        super().__init__(code)
        self.code, self.stopped = code, stopped


class TextingAway(Exception):
    """Not now: no answer, too many at once, or an account that is not in order. Whether it went out is not known."""


class Texter(Protocol):
    """`name` stands with what was sent; `hears_replies` says whether an answer (STOP) reaches us."""

    name: str
    hears_replies: bool

    def send(self, to: str, text: str, status_url: str) -> str:
        """Send it to an E.164 number; what becomes of it is told at `status_url`. Returns the provider's reference.

        Raises TextRefused, TextingAway.
        """

    def find(self, to: str, text: str, since: dt.datetime) -> str | None:
        """The reference of the same text, if it went out to this number since then: asked after a try of which nobody
        knows what became, for a provider sends what it is told twice. Raises TextingAway.
        """
