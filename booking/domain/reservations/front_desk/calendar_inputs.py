"""What is asked of the calendar of a house."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from booking.domain.inputs import CalendarDate, Input, one_of, plain
from booking.domain.inventory import ROOM_STATES
from booking.domain.reservations.front_desk.occupancy_calendar import CalendarView

SPANS = (14, 30, 90)  # days
SPAN_NAMES = tuple(str(days) for days in SPANS)


class CalendarWish(Input):
    """From which day on, how many days, and which rooms."""

    start: CalendarDate | None = None
    days: Annotated[str, AfterValidator(one_of(SPAN_NAMES))] = SPAN_NAMES[1]
    kind: Annotated[str, Field(max_length=120), AfterValidator(plain)] | None = None
    state: Annotated[str, AfterValidator(one_of(ROOM_STATES))] | None = None
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    def view(self, *, rows_alone: bool = False) -> CalendarView:
        """`rows_alone`: without how full the days are."""
        return CalendarView(self.start, int(self.days), self.kind, self.state, self.offset, rows_alone)
