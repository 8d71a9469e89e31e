"""What there is to book: properties, rooms, their photos and names, destinations; import and export.

Decides what a room is and which place somebody means. Prices, nights and searches are other subjects'.
"""

from booking.domain.catalogue.cancellation_policies import BY_NAME as CANCELLATION_POLICIES
from booking.domain.catalogue.destinations import SITEMAP_ROOMS, Destination, room_changes
from booking.domain.catalogue.destinations import amenities as amenities_in
from booking.domain.catalogue.destinations import asked as cache_keys
from booking.domain.catalogue.destinations import destinations as list_destinations
from booking.domain.catalogue.destinations import forget as forget_destination
from booking.domain.catalogue.destinations import published_rooms as count_published_rooms
from booking.domain.catalogue.house_rooms import house as get_house
from booking.domain.catalogue.house_rooms import kinds as count_kinds
from booking.domain.catalogue.house_rooms import page as page_of_rooms
from booking.domain.catalogue.houses import House, ListedProperty
from booking.domain.catalogue.houses import listed as list_properties
from booking.domain.catalogue.houses import staffed_by as properties_of_staff
from booking.domain.catalogue.importing import BadRow, ImportFormat, OptionsMissing
from booking.domain.catalogue.importing import Defaults as ImportDefaults
from booking.domain.catalogue.importing import checked as checked_drafts
from booking.domain.catalogue.importing import recognise as recognise_format
from booking.domain.catalogue.importing.csv_rows import CsvRows
from booking.domain.catalogue.importing.drafts import PropertyDraft, RoomDraft
from booking.domain.catalogue.importing.places import slugify
from booking.domain.catalogue.importing.sheet import COLUMNS as SHEET_COLUMNS
from booking.domain.catalogue.importing.sheet import written as sheet_row
from booking.domain.catalogue.importing.store import BATCH as IMPORT_BATCH
from booking.domain.catalogue.importing.store import PropertyMisfit, check_property
from booking.domain.catalogue.importing.store import exported as exported_rooms
from booking.domain.catalogue.importing.store import locations as import_locations
from booking.domain.catalogue.importing.store import put as put_rooms
from booking.domain.catalogue.kinds import ENTIRE_PLACE, KINDS, PRIVATE_ROOM, SHARED_ROOM
from booking.domain.catalogue.kinds import PATTERNS as KIND_PATTERNS
from booking.domain.catalogue.models import DEMO, Property, Room
from booking.domain.catalogue.pictures import shown as shown_pictures
from booking.domain.catalogue.places import AmenityCount, UnknownPlace, is_slug, slug_of
from booking.domain.catalogue.places import amenities as count_amenities
from booking.domain.catalogue.rooms import (
    UnknownProperty,
    find_property_of,
    get_property,
    get_property_currency,
    get_property_name,
)
from booking.domain.catalogue.rooms import details as get_room_details
from booking.domain.catalogue.rooms import forget as forget_room

__all__ = [
    "CANCELLATION_POLICIES",
    "DEMO",
    "ENTIRE_PLACE",
    "IMPORT_BATCH",
    "KINDS",
    "KIND_PATTERNS",
    "PRIVATE_ROOM",
    "SHARED_ROOM",
    "SHEET_COLUMNS",
    "SITEMAP_ROOMS",
    "AmenityCount",
    "BadRow",
    "CsvRows",
    "Destination",
    "House",
    "ImportDefaults",
    "ImportFormat",
    "ListedProperty",
    "OptionsMissing",
    "Property",
    "PropertyDraft",
    "PropertyMisfit",
    "Room",
    "RoomDraft",
    "UnknownPlace",
    "UnknownProperty",
    "amenities_in",
    "cache_keys",
    "check_property",
    "checked_drafts",
    "count_amenities",
    "count_kinds",
    "count_published_rooms",
    "exported_rooms",
    "find_property_of",
    "forget_destination",
    "forget_room",
    "get_house",
    "get_property",
    "get_property_currency",
    "get_property_name",
    "get_room_details",
    "import_locations",
    "is_slug",
    "list_destinations",
    "list_properties",
    "page_of_rooms",
    "properties_of_staff",
    "put_rooms",
    "recognise_format",
    "room_changes",
    "sheet_row",
    "shown_pictures",
    "slug_of",
    "slugify",
]
