"""What can be measured on one filled copy: each side runs for so many seconds and says what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bench import replayed, scripts, workload
from bench.clients import Make, Measured, measure, sign_in
from bench.copy_of_its_own import Copy, Web
from bench.filled import Filling
from bench.rounds import Side
from bench.workload import Calendar, for_each

FEW, MANY = 8, 32  # clients
# Both sides say the same to Postgres: nothing is answered from Redis.
FAR_AHEAD = {"BOOKING_HORIZON_DAYS": "2000000"}
UNCACHED = {"SEARCH_CACHE_SECONDS": "0", "SESSION_CACHE_SECONDS": "0"}


@dataclass
class Sides:
    """The servers, who asks them, and the scripts that stand for their work.

    On `uncached` searches are not kept, and bookings may lie as far ahead as they like.
    """

    copy: Copy
    uncached: Web
    filling: Filling
    calendar: Calendar = field(default_factory=Calendar)
    tokens: list[str] = field(default_factory=list)
    booking: str = ""
    search: str = ""

    def learn(self) -> None:
        """Sign in, and capture what a booking and a search say to Postgres."""
        self.tokens = [sign_in(self.uncached.port, f"client-{number}") for number in range(MANY)]
        # The server's log shows of a prepared statement only its name.
        with self.copy.web("plain", **UNCACHED, **FAR_AHEAD, PREPARED_STATEMENTS="false") as plain:
            self.booking = scripts.of_booking(self.copy, plain, self.tokens[0], self.filling, self.calendar)
            self.search = scripts.of_search(self.copy, plain, self.tokens[0])
        (self.copy.home / "booking.sql").write_text(self.booking)
        (self.copy.home / "search.sql").write_text(self.search)

    def bookings(self, clients: int, rooms: int) -> Side:
        """Bookings in so many of the rooms, over HTTP."""

        def side(seconds: float) -> Measured:
            window, before = self.calendar.window(rooms), self._retries()
            makes = for_each(self.tokens[:clients], lambda token: workload.booking(token, rooms, window))
            measured = measure(self.uncached.port, makes, seconds, 201, expected=1500)
            given_up = sum(times for status, times in measured.statuses.items() if status >= 500)
            return replace(measured, retries=self._retries() - before, given_up=given_up)

        return side

    def searches(self, web: Web, clients: int = FEW) -> Side:
        """Searches of any place and dates by signed-in clients."""
        makes = for_each(self.tokens[:clients], lambda token: workload.search(token, self.filling.places))
        return lambda seconds: measure(web.port, makes, seconds, 200)

    def popular(self, web: Web) -> Side:
        """A few searches again and again, by signed-in clients."""
        makes = for_each(self.tokens[:FEW], workload.popular_search)
        return lambda seconds: measure(web.port, makes, seconds, 200)

    def same(self, web: Web, make: Make) -> Side:
        """The same for every client."""
        return lambda seconds: measure(web.port, [make] * FEW, seconds, 200)

    def pgbench(self, script: str, clients: int, rooms: int) -> Side:
        """A script, by as many clients of pgbench."""
        return lambda seconds: replayed.pgbench(
            self.copy, script, replayed.Turn(clients, rooms, self.filling.places, self.calendar.window(rooms)), seconds
        )

    def _retries(self) -> int:
        return round(self.uncached.counted("transaction_retries_total{"))
