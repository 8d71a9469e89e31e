"""What `make bench-photos` sends is what the product takes.

The programme itself has no short form here: it starts the product with its demo rooms, which by itself takes longer
than the five seconds that one would be worth, and a loaded machine prepares no photo in time.
"""

from __future__ import annotations

import pytest

from bench import photos
from booking.infra import pictures

pytestmark = pytest.mark.slow


def test_the_photos_that_are_sent_are_taken_and_no_two_are_alike() -> None:
    first, second = (photos.photo(number, (640, 480)) for number in (1, 2))
    assert first != second
    assert (pictures.look(first).width, pictures.look(first).height) == (640, 480)
