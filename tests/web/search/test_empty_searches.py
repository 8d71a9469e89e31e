"""A search that finds nothing says why, and offers what would find something."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.stays import Stay
from tests.cast import in_days
from tests.web.visitor import Visitor


def the_stay() -> Stay:
    return in_days(30, 2)


@pytest.mark.usefixtures("room")
def test_too_many_guests_anywhere_are_told_how_many_there_is_room_for(app: Flask) -> None:
    visitor = Visitor(app).go(f"/rooms?checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&capacity=9")
    assert "No room in any destination sleeps that many: the largest is for 4 guests." in visitor.text
    assert "4 guests 1 room" in visitor.text
    assert any("capacity=4" in link for link in visitor.links())
