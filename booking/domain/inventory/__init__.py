"""Which nights are taken. A night of a room is sold once; here is where that is decided, and nowhere else.

Claim, pin, book, release, block: availability.py alone writes the table. Blocks are taken and given back whole, by
staff or a feed. The room lock before a claim only keeps crowds away. Beside the nights: whether a room is clean.
"""

from booking.domain.inventory.audit_undoing import ChangedSince
from booking.domain.inventory.audit_undoing import is_undoable as is_entry_undoable
from booking.domain.inventory.audit_undoing import undo as undo_entry
from booking.domain.inventory.availability import KEPT_DAYS as NIGHTS_KEPT_DAYS
from booking.domain.inventory.availability import book as book_nights
from booking.domain.inventory.availability import book_or_refuse as book_nights_or_refuse
from booking.domain.inventory.availability import claim as claim_nights
from booking.domain.inventory.availability import claim_all as claim_all_nights
from booking.domain.inventory.availability import claim_or_refuse as claim_nights_or_refuse
from booking.domain.inventory.availability import is_free, taken_nights
from booking.domain.inventory.availability import move as move_nights
from booking.domain.inventory.availability import pin as pin_nights
from booking.domain.inventory.availability import pin_or_refuse as pin_nights_or_refuse
from booking.domain.inventory.availability import prune as prune_nights
from booking.domain.inventory.availability import record_sold as record_sold_nights
from booking.domain.inventory.availability import release as release_nights
from booking.domain.inventory.availability import release_abandoned as release_abandoned_nights
from booking.domain.inventory.availability import release_held as release_held_nights
from booking.domain.inventory.availability import release_unsold as release_unsold_nights
from booking.domain.inventory.availability import sell as sell_nights
from booking.domain.inventory.availability import unpin as unpin_nights
from booking.domain.inventory.blocks import BlockableRoom, BlockDetails, BlockDiffers, BlockNotFound, block, unblock
from booking.domain.inventory.blocks import ahead as blocks_ahead
from booking.domain.inventory.blocks import blocks as list_blocks
from booking.domain.inventory.blocks import get as get_block
from booking.domain.inventory.blocks import prune as prune_blocks
from booking.domain.inventory.blocks import room as get_blockable_room
from booking.domain.inventory.closing import StillInUse, archive_property, archive_room
from booking.domain.inventory.housekeeping import SETTABLE as SETTABLE_STATUSES
from booking.domain.inventory.housekeeping import (
    UNDO_WITHIN,
    RoomState,
    StatusModified,
    StatusNotUndoable,
    put_out_of_order,
)
from booking.domain.inventory.housekeeping import set_status as set_room_status
from booking.domain.inventory.housekeeping import soil as soil_room
from booking.domain.inventory.housekeeping import state as get_room_state
from booking.domain.inventory.housekeeping import states as room_states
from booking.domain.inventory.housekeeping import undo as undo_room_status
from booking.domain.inventory.housekeeping import unsoil as unsoil_room
from booking.domain.inventory.housekeeping_models import CLEAN as ROOM_CLEAN
from booking.domain.inventory.housekeeping_models import DIRTY as ROOM_DIRTY
from booking.domain.inventory.housekeeping_models import INSPECTED as ROOM_INSPECTED
from booking.domain.inventory.housekeeping_models import OUT_OF_ORDER as ROOM_OUT_OF_ORDER
from booking.domain.inventory.inputs import NightsToBlock
from booking.domain.inventory.lifted_blocks import prune as prune_lifted_blocks
from booking.domain.inventory.links import LinkedRooms, linked_rooms, linked_to
from booking.domain.inventory.links import link as link_rooms
from booking.domain.inventory.links import unlink as unlink_rooms
from booking.domain.inventory.models import BLOCKED as NIGHT_BLOCKED
from booking.domain.inventory.models import BOOKED as NIGHT_BOOKED
from booking.domain.inventory.models import FEED as BLOCKED_BY_FEED
from booking.domain.inventory.models import HELD as NIGHT_HELD
from booking.domain.inventory.models import STAFF as BLOCKED_BY_STAFF
from booking.domain.inventory.models import Availability, Block, has_end
from booking.domain.inventory.night_statements import TAKEN_BY_UNIT
from booking.domain.inventory.occupancy import FREE as ROOM_FREE
from booking.domain.inventory.occupancy import IN_PARTS as NIGHTS_IN_PARTS
from booking.domain.inventory.occupancy import ROOM_STATES, DayCount, TakenNights
from booking.domain.inventory.occupancy import counts as count_nights
from booking.domain.inventory.occupancy import is_in_state as rooms_in_state
from booking.domain.inventory.occupancy import reasons as blocks_of_claims
from booking.domain.inventory.occupancy import taken as nights_taken
from booking.domain.inventory.room_lock import one_at_a_time as lock_room
from booking.domain.inventory.sheet_blocks import SheetClosings
from booking.domain.inventory.sheet_blocks import close as close_by_sheet
from booking.domain.inventory.taking import Claim, InTheWay, LinkedRoomHeld, NightsTaken, Take
from booking.domain.inventory.units import UnitsFree, any_free, free_units, full_nights, units_taken
from booking.domain.inventory.units import free_inside as free_units_inside

__all__ = [
    "BLOCKED_BY_FEED",
    "BLOCKED_BY_STAFF",
    "NIGHTS_IN_PARTS",
    "NIGHTS_KEPT_DAYS",
    "NIGHT_BLOCKED",
    "NIGHT_BOOKED",
    "NIGHT_HELD",
    "ROOM_CLEAN",
    "ROOM_DIRTY",
    "ROOM_FREE",
    "ROOM_INSPECTED",
    "ROOM_OUT_OF_ORDER",
    "ROOM_STATES",
    "SETTABLE_STATUSES",
    "TAKEN_BY_UNIT",
    "UNDO_WITHIN",
    "Availability",
    "Block",
    "BlockDetails",
    "BlockDiffers",
    "BlockNotFound",
    "BlockableRoom",
    "ChangedSince",
    "Claim",
    "DayCount",
    "InTheWay",
    "LinkedRoomHeld",
    "LinkedRooms",
    "NightsTaken",
    "NightsToBlock",
    "RoomState",
    "SheetClosings",
    "StatusModified",
    "StatusNotUndoable",
    "StillInUse",
    "Take",
    "TakenNights",
    "UnitsFree",
    "any_free",
    "archive_property",
    "archive_room",
    "block",
    "blocks_ahead",
    "blocks_of_claims",
    "book_nights",
    "book_nights_or_refuse",
    "claim_all_nights",
    "claim_nights",
    "claim_nights_or_refuse",
    "close_by_sheet",
    "count_nights",
    "free_units",
    "free_units_inside",
    "full_nights",
    "get_block",
    "get_blockable_room",
    "get_room_state",
    "has_end",
    "is_entry_undoable",
    "is_free",
    "link_rooms",
    "linked_rooms",
    "linked_to",
    "list_blocks",
    "lock_room",
    "move_nights",
    "nights_taken",
    "pin_nights",
    "pin_nights_or_refuse",
    "prune_blocks",
    "prune_lifted_blocks",
    "prune_nights",
    "put_out_of_order",
    "record_sold_nights",
    "release_abandoned_nights",
    "release_held_nights",
    "release_nights",
    "release_unsold_nights",
    "room_states",
    "rooms_in_state",
    "sell_nights",
    "set_room_status",
    "soil_room",
    "taken_nights",
    "unblock",
    "undo_entry",
    "undo_room_status",
    "units_taken",
    "unlink_rooms",
    "unpin_nights",
    "unsoil_room",
]
