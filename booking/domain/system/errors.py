"""What is refused of the system as a whole."""

from __future__ import annotations

from booking.domain.errors import Unavailable


class UnderMaintenance(Unavailable):
    """The house is closed for a while: `notice` is what it says about it, `retry_after` seconds are left of it."""

    code = "UNDER_MAINTENANCE"

    def __init__(self, notice: str = "…", retry_after: int = 300) -> None:
        super().__init__(notice=notice)
        self.retry_after = retry_after
