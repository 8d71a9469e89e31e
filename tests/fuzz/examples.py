"""What the properties are tried with: zones where days are odd, stays over leap days, policies of rooms."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from booking.domain.catalogue.cancellation_policies import BY_NAME
from booking.domain.pricing import policies
from booking.domain.stays import Stay

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "100"))
# Auckland is a day ahead of Honolulu; Lord Howe's clocks move by half an hour, Santiago's and Cairo's at midnight,
# Apia left a day out, Casablanca goes back in Ramadan, and the last two are the ends of the earth.
ZONES = [
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Jerusalem",
    "Europe/Brussels",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
]
zones = st.sampled_from(ZONES)
days = st.dates(dt.date(2024, 1, 1), dt.date(2032, 12, 31))
instants = st.builds(lambda day, time: dt.datetime.combine(day, time, dt.UTC), days, st.times())

many = settings(
    max_examples=EXAMPLES,
    derandomize="PROPERTY_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def stays() -> st.SearchStrategy[Stay]:
    """One to sixty nights."""
    return st.builds(lambda first, nights: Stay(first, first + dt.timedelta(days=nights)), days, st.integers(1, 60))


@st.composite
def policies_of_rooms(draw: st.DrawFn) -> dict[str, Any]:
    """A policy as it is frozen into a booking, in any zone, with check-in at any minute."""
    hour = draw(st.times(timezones=st.none())).replace(second=0, microsecond=0)
    return policies.frozen(draw(st.sampled_from(list(BY_NAME.values()))), draw(zones), hour)
