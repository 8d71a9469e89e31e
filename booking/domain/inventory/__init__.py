"""Which nights are taken. A night of a room is sold once; here is where that is decided, and nowhere else.

Claim, pin, book, release, block: availability.py alone writes the table. The room lock before
it only keeps crowds away.
"""

from booking.domain.inventory.availability import NightsBlocked, is_free, taken_nights
from booking.domain.inventory.availability import block as block_nights
from booking.domain.inventory.availability import book as book_nights
from booking.domain.inventory.availability import claim as claim_nights
from booking.domain.inventory.availability import pin as pin_nights
from booking.domain.inventory.availability import release as release_nights
from booking.domain.inventory.availability import release_abandoned as release_abandoned_nights
from booking.domain.inventory.availability import unblock as unblock_nights
from booking.domain.inventory.availability import unpin as unpin_nights
from booking.domain.inventory.models import HELD as NIGHT_HELD
from booking.domain.inventory.models import Availability, has_end
from booking.domain.inventory.room_lock import one_at_a_time as lock_room

__all__ = [
    "NIGHT_HELD",
    "Availability",
    "NightsBlocked",
    "block_nights",
    "book_nights",
    "claim_nights",
    "has_end",
    "is_free",
    "lock_room",
    "pin_nights",
    "release_abandoned_nights",
    "release_nights",
    "taken_nights",
    "unblock_nights",
    "unpin_nights",
]
