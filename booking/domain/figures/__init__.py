"""How well houses do: occupancy, ADR, RevPAR, revenue, pace, lead time, length of stay, cancellations, no-shows.

Decides what counts as sold, as available and as room revenue, and what is worked out of that. Reads what others have
sold, and keeps sums of it by month. Changes nothing of a booking.
"""

from booking.domain.figures.keeping import begin_anew, keep, keep_all, keep_blocked
from booking.domain.figures.report import (
    COMING,
    PAST,
    CurrencyFigures,
    Figures,
    FiguresView,
    Line,
    MonthLine,
    get_figures,
)
from booking.domain.figures.sums import OnBooks, Sums
from booking.domain.figures.weekly import TOLD as WEEKLY_TOLD
from booking.domain.figures.weekly import Week, WeekLine
from booking.domain.figures.weekly import of_reader as week_of_reader
from booking.domain.figures.weekly import tell as tell_weekly
from booking.domain.figures.weekly_readers import choose as choose_weekly
from booking.domain.figures.weekly_readers import wants as wants_weekly

__all__ = [
    "COMING",
    "PAST",
    "WEEKLY_TOLD",
    "CurrencyFigures",
    "Figures",
    "FiguresView",
    "Line",
    "MonthLine",
    "OnBooks",
    "Sums",
    "Week",
    "WeekLine",
    "begin_anew",
    "choose_weekly",
    "get_figures",
    "keep",
    "keep_all",
    "keep_blocked",
    "tell_weekly",
    "wants_weekly",
    "week_of_reader",
]
