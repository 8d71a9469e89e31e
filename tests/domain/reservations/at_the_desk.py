"""For test_all_verbs.py: guests arrive, leave, early too, or do not come, and staff takes it back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from booking.domain.errors import BookingError
from booking.domain.payments import GUARANTEES
from booking.domain.reservations import bookings, goodwill, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.change_settlements import Settlement
from booking.domain.reservations.front_desk import change_previews, presence, undoing
from booking.domain.reservations.front_desk.change_previews import ChangePreview
from booking.domain.reservations.front_desk.presence import Departure
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking
from booking.infra import clock
from tests.cast import SYSTEM
from tests.domain.reservations.machines import rule
from tests.domain.reservations.model import START
from tests.domain.reservations.paying_later import PayingLater
from tests.domain.reservations.story import LOST, any_one, death, refunding, rooms, shifts
from tests.domain.reservations.worlds import CANCELLED, Line, World

LONGEST_WAIT = dt.timedelta(days=9)  # that a guest's arrival brings about: else stories would be over too soon
hours = st.sampled_from([8, 16, 21, 26])  # after midnight of the day of arrival


class AtTheDesk(PayingLater):
    """A departure makes a stay shorter, taking it back makes it what it was, and who is there may move to another room;
    nothing else moves a booking.
    """

    @precondition(lambda self: self.memory.confirmed())
    @rule(which=any_one, hour=hours, dies=death)
    def a_guest_comes(self, which: int, hour: int, dies: int) -> None:
        key, line = self._one_that_comes(which)
        self._wait_for(line, hour)
        told = self._do(dies, lambda: presence.check_in(SYSTEM, key, self.desk))
        assert not isinstance(told, Booking) or told.presence == "in_house"

    @precondition(lambda self: any(is_in for _, is_in in self.house.at_the_desk()))
    @rule(which=any_one, nights=st.integers(0, 2), how=refunding, dies=death)
    def a_guest_leaves(self, which: int, nights: int, how: str, dies: int) -> None:
        inside = [key for key, is_in in self.house.at_the_desk() if is_in]
        key = inside[which % len(inside)]
        line = self.memory.lines[key]
        self.passed += dt.timedelta(days=nights)
        clock.shift(START - self.began + self.passed)
        self._nights_go_back(key, line, how, dies, lambda: presence.check_out(SYSTEM, key, self.desk))

    @precondition(lambda self: self.memory.confirmed())
    @rule(which=any_one, hour=hours, free=st.booleans(), how=refunding, dies=death)
    def a_guest_does_not_come(self, which: int, hour: int, free: bool, how: str, dies: int) -> None:
        key, line = self._one_that_comes(which)
        self._wait_for(line, hour)
        missed = lambda: presence.mark_no_show(SYSTEM, key, self.desk, free_nights=free)  # noqa: E731
        self._nights_go_back(key, line, how, dies, missed)

    @precondition(lambda self: self.house.at_the_desk())
    @rule(which=any_one, step=st.none() | st.sampled_from(undoing.STEPS), dies=death)
    def it_is_taken_back(self, which: int, step: str | None, dies: int) -> None:
        known = self.house.at_the_desk()
        key = known[which % len(known)][0]
        line = self.memory.lines[key]
        was = self.house.freed(key)
        told = self._do(dies, lambda: undoing.undo(SYSTEM, key, self.desk, step=step))
        if isinstance(told, BookingError):
            return
        if was is not None and (told == LOST or told.check_out == was):
            self._is_now(line, was, surely=told != LOST)
        if not isinstance(told, str) or was is not None:
            self.guaranteed |= {line.order} & self.house.guaranteed() if told != LOST else {line.order}

    @precondition(lambda self: self.memory.confirmed())
    @rule(
        which=any_one,
        shift=st.tuples(shifts, shifts),
        room=st.none() | rooms,
        settled=st.sampled_from([*GUARANTEES, None]),
        how=refunding,
        dies=death,
    )
    def staff_changes_a_stay(
        self, which: int, shift: tuple[int, int], room: int | None, settled: str | None, how: str, dies: int
    ) -> None:
        """What it costs more stays due by the house's word, or (None) the guest is let off it."""
        key, line = self._confirmed(which, beside=False)
        self._change_by_staff(key, line, shift, room, settled, how, dies)

    @precondition(lambda self: self.memory.confirmed())
    @rule(
        which=any_one,
        nights=st.integers(0, 2),
        longer=st.sampled_from([0, 0, 1]),
        room=rooms,
        settled=st.sampled_from([*GUARANTEES, None]),
        how=refunding,
        dies=death,
    )
    def a_guest_moves(
        self, which: int, nights: int, longer: int, room: int, settled: str | None, how: str, dies: int
    ) -> None:
        """Who has come gets another room for the nights that are left."""
        key, line = self._one_that_comes(which)
        self._wait_for(line, 16)
        self._do(0, lambda: presence.check_in(SYSTEM, key, self.desk))
        self.passed += dt.timedelta(days=nights)
        clock.shift(START - self.began + self.passed)
        self._change_by_staff(key, line, (0, longer), room, settled, how, dies)

    def _change_by_staff(
        self,
        key: Any,
        line: Line,
        shift: tuple[int, int],
        room: int | None,
        settled: str | None,
        how: str,
        dies: int,
    ) -> None:
        was = self.house.stay_of(key)
        stay = was.check_in + dt.timedelta(days=shift[0]), was.check_out + dt.timedelta(days=shift[1])
        wanted = StayChange(*stay, None if room is None else self.house.rooms[room].id)
        seen = self._do(0, lambda: change_previews.preview(SYSTEM, key, wanted, self.desk.rules))
        if not isinstance(seen, ChangePreview):
            return
        self.line.refunds = how
        settlement = Settlement(settled) if settled else Settlement(let_off=f"change {key}")
        more, went_back = seen.quote.difference, self.house.went_back(key)
        agreed = Agreed(wanted, more, seen.quote.version, settlement=settlement, shown_refund=seen.refund)
        told = self._do(dies, lambda: stay_changes.change(SYSTEM, key, agreed, self.desk))
        if isinstance(told, BookingError):
            return
        line.most = max(line.most, seen.quote.price.total)
        line.changes(*stay, room, None, surely=told != LOST, moves_on=seen.quote.moves_on)
        if more > 0 and (settled or line.order not in self.house.in_steps()):
            self.guaranteed.add(line.order)
        if told != LOST:
            assert self.house.went_back(key) - went_back == seen.refund, "not what was shown"
            due = seen.due if settled or more <= 0 else max(seen.due - more, 0)
            assert self.house.due(line.order) == due, "something else is due than was shown"

    @precondition(lambda self: self.memory.confirmed())
    @rule(which=any_one, percent=st.sampled_from([0, 25, 50, 100, 130]), how=refunding, dies=death)
    def staff_cancels_with_another_refund(self, which: int, percent: int, how: str, dies: int) -> None:
        key, line = self._confirmed(which, beside=False)
        self.line.refunds = how
        refund, went_back = self.house.paid_for(key) * percent / 100, self.house.went_back(key)
        refund = refund.quantize(Decimal("0.01"))
        decided = Decided(refund, f"decided {which}")
        told = self._do(dies, lambda: bookings.cancel(SYSTEM, key, self.desk, decided=decided))
        if told == LOST:
            line.may_be(CANCELLED)
        elif not isinstance(told, BookingError):
            line.is_now(CANCELLED)
            assert self.house.went_back(key) - went_back == refund <= told.total_price, "not what was decided"

    @precondition(lambda self: self.memory.confirmed())
    @rule(which=any_one, percent=st.sampled_from([5, 25, 100, 130]), how=refunding, dies=death)
    def staff_gives_something_back(self, which: int, percent: int, how: str, dies: int) -> None:
        """Of the price of a stay that goes on."""
        key, line = self._confirmed(which, beside=False)
        self.line.refunds = how
        amount = (self.house.paid_for(key) * percent / 100).quantize(Decimal("0.01"))
        due, went_back = self.house.due(line.order), self.house.went_back(key)
        decided, version = Decided(amount, f"given {which}"), self.house.version_of(key)
        told = self._do(dies, lambda: goodwill.give(SYSTEM, key, decided, self.desk, seen_version=version))
        if told != LOST and not isinstance(told, BookingError):
            back = self.house.went_back(key) - went_back
            assert back <= amount, "more came back than was given"
            assert self.house.due(line.order) <= due, "something is due that was not"

    def _one_that_comes(self, which: int) -> tuple[Any, Line]:
        """One of the confirmed ones that come next."""
        today = clock.now().date()
        order = sorted(
            self.memory.confirmed(),
            key=lambda one: (self._dates(one[1]).check_out < today, self._dates(one[1]).check_in, str(one[0])),
        )
        return order[which % min(3, len(order))]

    @staticmethod
    def _dates(line: Line) -> World:
        return min(line.worlds, key=lambda world: (world.check_in, world.check_out))

    def _wait_for(self, line: Line, hour: int) -> None:
        """Until the guest arrives, where that is soon."""
        arrival = dt.datetime.combine(self._dates(line).check_in, dt.time(), tzinfo=dt.UTC) + dt.timedelta(hours=hour)
        if dt.timedelta(0) < (left := arrival - clock.now()) <= LONGEST_WAIT:
            self.passed += left
            clock.shift(START - self.began + self.passed)

    def _nights_go_back(self, key: Any, line: Line, how: str, dies: int, act: Any) -> None:
        self.line.refunds = how
        went_back = self.house.went_back(key)
        shown = self._do(0, lambda: presence.preview(SYSTEM, key, self.desk.rules))
        told = self._do(dies, act)
        if isinstance(told, BookingError):
            return
        if isinstance(shown, Departure) and (told == LOST or told.check_out < self._dates(line).check_out):
            self._is_now(line, shown.last_day, surely=told != LOST)
            assert told == LOST or self.house.went_back(key) - went_back == shown.refund, "not what was shown"

    def _is_now(self, line: Line, check_out: dt.date, *, surely: bool) -> None:
        line.changes(self._dates(line).check_in, check_out, None, None, surely=surely)
