"""What can be measured on one filled copy: each side runs for so many seconds and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from bench import background, replayed, scripts, workload
from bench.background import Worker
from bench.clients import Make, Measured, measure, sign_in
from bench.copy_of_its_own import Copy, Web
from bench.cpu import Meter, per_answer
from bench.filled import Filling
from bench.rounds import Side
from bench.workload import HOT, Calendar, for_each

FEW, MANY = 8, 32  # clients
# Bookings of a measurement lie beyond what is filled, as far ahead as they like.
FAR_AHEAD = {"BOOKING_HORIZON_DAYS": "2000000"}
UNCACHED = {"SEARCH_CACHE_SECONDS": "0"}
# A session is read from Postgres every few seconds: too seldom to be among the statements of one request.
CAPTURED = {"SESSION_CACHE_SECONDS": "3600", "PREPARED_STATEMENTS": "false"}
STANDS_STILL = "the same, the worker stopped"


@dataclass
class Sides:
    """The servers, who asks them, and the scripts that stand for their work.

    `product` is as it is delivered; on `uncached` searches are not kept.
    """

    copy: Copy
    product: Web
    uncached: Web
    worker: Worker
    filling: Filling
    meter: Meter
    calendar: Calendar = field(default_factory=Calendar)
    tokens: list[str] = field(default_factory=list)
    booking: str = ""
    search: str = ""

    def learn(self) -> None:
        """Capture what a booking and a search say to Postgres."""
        token = sign_in(self.product.port, "client-of-scripts")
        # The server's log shows of a prepared statement only its name.
        with self.copy.web("plain", **UNCACHED, **FAR_AHEAD, **CAPTURED) as plain:
            self.booking = scripts.of_booking(self.copy, plain, token, self.filling, self.calendar)
            self.search = scripts.of_search(self.copy, plain, token)
        (self.copy.home / "booking.sql").write_text(self.booking)
        (self.copy.home / "search.sql").write_text(self.search)

    def rows(self) -> dict[str, Side]:
        """Everything that is asked over HTTP, in the order of a round."""
        rooms = self.filling.rooms
        return {
            f"bookings, any room, {FEW} clients": self.bookings(FEW, rooms),
            STANDS_STILL: self.bookings(FEW, rooms, working=False),
            f"bookings, {HOT} rooms, {FEW} clients": self.bookings(FEW, HOT),
            f"bookings, any room, {MANY} clients": self.bookings(MANY, rooms),
            f"bookings, {HOT} rooms, {MANY} clients": self.bookings(MANY, HOT),
            "searches, uncached": self.searches(),
            "searches of all places, uncached": self.searches_everywhere(),
            "searches, cached": self.popular(),
            "page of a room": self.same(self.product, workload.room_page(rooms)),
            "page of results": self.same(self.product, workload.results_page()),
        }

    def bookings(self, clients: int, rooms: int, *, working: bool = True) -> Side:
        """Bookings in so many of the rooms, over HTTP, the worker running or not."""

        def side(seconds: float) -> Measured:
            window, before = self.calendar.window(rooms), self._retries()
            makes = for_each(self.tokens[:clients], lambda token: workload.booking(token, rooms, window))
            measured = measure(self.product.port, makes, seconds, 201, expected=1500)
            given_up = sum(times for status, times in measured.statuses.items() if status >= 500)
            return replace(measured, retries=self._retries() - before, given_up=given_up)

        return self._with_cpu(side, working=working)

    def searches(self, clients: int = FEW) -> Side:
        """Searches of any place and dates by signed-in clients; none is kept."""
        makes = for_each(self.tokens[:clients], lambda token: workload.search(token, self.filling.places))
        return self._with_cpu(lambda seconds: measure(self.uncached.port, makes, seconds, 200))

    def searches_everywhere(self) -> Side:
        """Searches of any dates in all places by signed-in clients; none is kept."""
        makes = for_each(self.tokens[:FEW], workload.search_everywhere)
        return self._with_cpu(lambda seconds: measure(self.uncached.port, makes, seconds, 200))

    def popular(self) -> Side:
        """A few searches again and again, by signed-in clients."""
        makes = for_each(self.tokens[:FEW], workload.popular_search)
        return self._with_cpu(lambda seconds: measure(self.product.port, makes, seconds, 200))

    def same(self, web: Web, make: Make) -> Side:
        """The same for every client."""
        return self._with_cpu(lambda seconds: measure(web.port, [make] * FEW, seconds, 200))

    def pgbench(self, script: str, clients: int, rooms: int) -> Side:
        """A script, by as many clients of pgbench; the worker stands still."""

        def side(seconds: float) -> Measured:
            turn = replayed.Turn(clients, rooms, self.filling.places, self.calendar.window(rooms))
            return replayed.pgbench(self.copy, script, turn, seconds)

        return side

    def _with_cpu(self, side: Callable[[float], Measured], *, working: bool = True) -> Side:
        def metered(seconds: float) -> Measured:
            with self.worker.running() if working else nullcontext():
                before = self.meter.look()
                measured = side(seconds)
                return replace(measured, cpu=per_answer(before, self.meter.look(), measured.answers))

        return metered

    def _retries(self) -> int:
        return round(self.product.counted("transaction_retries_total{"))


@contextmanager
def delivered(copy: Copy, filling: Filling, *, kept: bool = True) -> Iterator[Sides]:
    """Web servers and worker on a filled copy, and clients who have signed in; unless `kept`, no search is kept."""
    settings = {"product": FAR_AHEAD} if kept else {}
    settings["uncached"] = FAR_AHEAD | UNCACHED
    with ExitStack() as stack:
        worker = stack.enter_context(background.working(copy))
        webs = [stack.enter_context(copy.web(name, **environ)) for name, environ in settings.items()]
        tokens = [sign_in(webs[0].port, f"client-{number}") for number in range(MANY)]
        yield Sides(copy, webs[0], webs[-1], worker, filling, Meter(copy, list(settings)), tokens=tokens)
