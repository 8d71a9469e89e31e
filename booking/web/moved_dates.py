"""Check-in moved to or past check-out, where no script moves the other along: forms send how long the stay was."""

from __future__ import annotations

import datetime as dt

from flask import request

from booking.domain import stays
from booking.domain.stays import Stay
from booking.pages import options


def stay() -> Stay | None:
    """The stay that this request means, None where its dates are in order or say nothing."""
    check_in, check_out = (date(request.args.get(name)) for name in ("checkIn", "checkOut"))
    if check_in is None or check_out is None:
        return None
    return stays.moved(check_in, check_out, options.count(request.args.get("nights", "")))


def date(text: str | None) -> dt.date | None:
    """A date as forms send it, None where it is none."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None
