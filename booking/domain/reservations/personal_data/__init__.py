"""What is kept of a guest, given out to them, and forgotten: with an account or without.

Decides what keeps an account or a contact: a stay to come, and money that is not settled.
"""

from booking.domain.reservations.personal_data.account_deletion import AWAITED as MONEY_AWAITED
from booking.domain.reservations.personal_data.account_deletion import DUE as MONEY_DUE
from booking.domain.reservations.personal_data.account_deletion import OWED as MONEY_OWED
from booking.domain.reservations.personal_data.account_deletion import SETTLES as MONEY_SETTLES
from booking.domain.reservations.personal_data.account_deletion import (
    MoneyMove,
    Obstacle,
    deletion_obstacles,
    money_moves,
)
from booking.domain.reservations.personal_data.account_deletion import delete_mine as delete_own_account
from booking.domain.reservations.personal_data.account_deletion import remove as delete_account
from booking.domain.reservations.personal_data.gathering import download_own_data, own_data
from booking.domain.reservations.personal_data.guest_data import erase_guest_everywhere, export_guest
from booking.domain.reservations.personal_data.guest_erasure import erase_guest, erase_past_guests

__all__ = [
    "MONEY_AWAITED",
    "MONEY_DUE",
    "MONEY_OWED",
    "MONEY_SETTLES",
    "MoneyMove",
    "Obstacle",
    "delete_account",
    "delete_own_account",
    "deletion_obstacles",
    "download_own_data",
    "erase_guest",
    "erase_guest_everywhere",
    "erase_past_guests",
    "export_guest",
    "money_moves",
    "own_data",
]
