"""Reservations that were made elsewhere: read from a file, looked at, and taken over without being sold twice.

`rows` says what a row means, `outcomes` what has become or would become of it, `store` takes over; `files` keeps an
uploaded file while somebody looks at it.
"""

from booking.domain.reservations.importing.files import LARGEST, MOST_ROWS, KeptFile, discard, keep, look
from booking.domain.reservations.importing.files import take_over as go_on
from booking.domain.reservations.importing.outcomes import ReadRow, RowOutcome, tally
from booking.domain.reservations.importing.rows import COLUMNS, DELIMITERS, house_of
from booking.domain.reservations.importing.rows import open_to as open_houses
from booking.domain.reservations.importing.rows import refuse_unless_columns as check_columns
from booking.domain.reservations.importing.store import look as rehearse
from booking.domain.reservations.importing.store import take_over

__all__ = [
    "COLUMNS",
    "DELIMITERS",
    "LARGEST",
    "MOST_ROWS",
    "KeptFile",
    "ReadRow",
    "RowOutcome",
    "check_columns",
    "discard",
    "go_on",
    "house_of",
    "keep",
    "look",
    "open_houses",
    "rehearse",
    "take_over",
    "tally",
]
