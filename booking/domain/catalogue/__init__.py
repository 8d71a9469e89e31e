"""What there is to book: properties, rooms, their photos and names, destinations; import and export.

Decides what a room is and which place somebody means. Prices, nights and searches are other subjects'.
"""

from booking.domain.catalogue.as_said import policy_name, property_as_said, room_as_said
from booking.domain.catalogue.beds import MOST as MOST_BEDS
from booking.domain.catalogue.beds import TYPES as BED_TYPES
from booking.domain.catalogue.beds import BadBeds
from booking.domain.catalogue.beds import counts as bed_counts
from booking.domain.catalogue.beds import read as read_beds
from booking.domain.catalogue.beds import written as written_beds
from booking.domain.catalogue.cancellation_policies import BY_NAME as CANCELLATION_POLICIES
from booking.domain.catalogue.cancellation_policies import DEPOSIT_TERMS
from booking.domain.catalogue.contact import HouseFacts
from booking.domain.catalogue.contact import facts as house_facts
from booking.domain.catalogue.destinations import SITEMAP_ROOMS, Destination, room_changes
from booking.domain.catalogue.destinations import amenities as amenities_in
from booking.domain.catalogue.destinations import asked as cache_keys
from booking.domain.catalogue.destinations import destinations as list_destinations
from booking.domain.catalogue.destinations import forget as forget_destination
from booking.domain.catalogue.destinations import published_rooms as count_published_rooms
from booking.domain.catalogue.edit_errors import (
    PropertyArchived,
    PropertyModified,
    PropertyNotFound,
    RoomModified,
    RoomNotReady,
)
from booking.domain.catalogue.edit_inputs import NewRooms, PropertyDetails, PropertyEdit, RoomDetails, RoomEdit
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
from booking.domain.catalogue.importing.file_text import lines_of as lines_of_file
from booking.domain.catalogue.importing.places import slugify
from booking.domain.catalogue.importing.sheet import COLUMNS as SHEET_COLUMNS
from booking.domain.catalogue.importing.sheet import written as sheet_row
from booking.domain.catalogue.importing.store import BATCH as IMPORT_BATCH
from booking.domain.catalogue.importing.store import FieldChange, ImportChanged, PropertyMisfit, check_property
from booking.domain.catalogue.importing.store import exported as exported_rooms
from booking.domain.catalogue.importing.store import locations as import_locations
from booking.domain.catalogue.importing.store import put as put_rooms
from booking.domain.catalogue.kinds import ENTIRE_PLACE, KINDS, PRIVATE_ROOM, SHARED_ROOM
from booking.domain.catalogue.kinds import PATTERNS as KIND_PATTERNS
from booking.domain.catalogue.models import (
    AT_CHECK_OUT,
    AT_CONFIRMATION,
    DEMO,
    INVOICE_TIMES,
    ON_REQUEST,
    Property,
    Room,
)
from booking.domain.catalogue.own_houses import OwnProperty, OwnRoom, may_add_property, may_add_rooms
from booking.domain.catalogue.own_houses import editable as editable_properties
from booking.domain.catalogue.own_houses import get_property as get_own_property
from booking.domain.catalogue.own_houses import get_room as get_own_room
from booking.domain.catalogue.own_houses import properties as own_properties
from booking.domain.catalogue.own_houses import rooms as own_rooms
from booking.domain.catalogue.photos.files import (
    PhotoFile,
    PhotoLimits,
    PhotoModified,
    PhotoNotFound,
    PhotosUnavailable,
    TooManyPhotos,
)
from booking.domain.catalogue.photos.inputs import LONGEST_ALT, PhotoText
from booking.domain.catalogue.photos.keeping import MOST as MOST_PHOTOS
from booking.domain.catalogue.photos.keeping import PlacePhotos, StaffPhoto
from booking.domain.catalogue.photos.keeping import add as add_photo
from booking.domain.catalogue.photos.keeping import describe as describe_photos
from booking.domain.catalogue.photos.keeping import get as get_photo
from booking.domain.catalogue.photos.keeping import list_of as list_photos
from booking.domain.catalogue.photos.keeping import move as move_photo
from booking.domain.catalogue.photos.keeping import remove as remove_photo
from booking.domain.catalogue.photos.keeping import rooms_with_some as rooms_with_photos
from booking.domain.catalogue.photos.making import make_next as make_next_photo
from booking.domain.catalogue.photos.models import MADE_WITHIN as PHOTO_MADE_WITHIN
from booking.domain.catalogue.photos.models import WAITING as PHOTO_WAITING
from booking.domain.catalogue.photos.models import Photo
from booking.domain.catalogue.photos.places import PROPERTY as PHOTOS_OF_PROPERTY
from booking.domain.catalogue.photos.places import ROOM as PHOTOS_OF_ROOM
from booking.domain.catalogue.photos.places import PhotoPlace
from booking.domain.catalogue.photos.shown import ShownPhoto
from booking.domain.catalogue.photos.shown import file_of as find_photo_file
from booking.domain.catalogue.photos.shown import mail_picture as photo_for_mail
from booking.domain.catalogue.photos.shown import shown as shown_photos
from booking.domain.catalogue.photos.sweeping import sweep as sweep_photo_files
from booking.domain.catalogue.pictures import shown as shown_pictures
from booking.domain.catalogue.places import AmenityCount, UnknownPlace, is_slug, slug_of
from booking.domain.catalogue.places import amenities as count_amenities
from booking.domain.catalogue.property_editing import add as add_property
from booking.domain.catalogue.property_editing import close as close_property
from booking.domain.catalogue.property_editing import edit as edit_property
from booking.domain.catalogue.property_editing import publish as publish_property
from booking.domain.catalogue.rates_versions import count as count_rates
from booking.domain.catalogue.rates_versions import lock as lock_rates
from booking.domain.catalogue.room_editing import add as add_room
from booking.domain.catalogue.room_editing import add_alike as add_rooms
from booking.domain.catalogue.room_editing import close as close_room
from booking.domain.catalogue.room_editing import copy as copy_room
from booking.domain.catalogue.room_editing import edit as edit_room
from booking.domain.catalogue.room_editing import give_policy, is_ready, publish_units
from booking.domain.catalogue.room_editing import publish as publish_room
from booking.domain.catalogue.room_editing import publish_all as publish_rooms
from booking.domain.catalogue.room_editing import set_policy as set_cancellation_policy
from booking.domain.catalogue.room_editing import unpublish as unpublish_room
from booking.domain.catalogue.room_editing import usual_policy as usual_cancellation_policy
from booking.domain.catalogue.room_names import called as rooms_called
from booking.domain.catalogue.room_sheets import LARGEST as LARGEST_SHEET
from booking.domain.catalogue.room_sheets import MOST_ROWS as MOST_SHEET_ROWS
from booking.domain.catalogue.room_sheets import RefusedRow, SheetApplied, SheetPreview
from booking.domain.catalogue.room_sheets import apply as apply_sheet
from booking.domain.catalogue.room_sheets import discard as discard_sheet
from booking.domain.catalogue.room_sheets import keep as keep_sheet
from booking.domain.catalogue.room_sheets import look as look_at_sheet
from booking.domain.catalogue.rooms import (
    UnknownProperty,
    find_cover,
    find_property_of,
    forget_house,
    get_property,
    get_property_currency,
    get_property_name,
)
from booking.domain.catalogue.rooms import details as get_room_details
from booking.domain.catalogue.rooms import forget as forget_room
from booking.domain.catalogue.rooms import preview as preview_room
from booking.domain.catalogue.saving import tell_of_room
from booking.domain.catalogue.sellers import Seller
from booking.domain.catalogue.sellers import find as find_seller
from booking.domain.catalogue.sellers import find_many as find_sellers
from booking.domain.catalogue.text_undoing import is_about_texts
from booking.domain.catalogue.text_undoing import undo as undo_texts
from booking.domain.catalogue.unit_models import RoomPart, UnitGroup
from booking.domain.catalogue.units import MOST as MOST_UNITS
from booking.domain.catalogue.units import SHARED as SHARED_BY_UNITS
from booking.domain.catalogue.units import SHOWN_NAME, TITLE, Units, leave_units, make_units, title_of, units_beside
from booking.domain.catalogue.units import are_alike as are_units_alike
from booking.domain.catalogue.units import numbered as numbered_units
from booking.domain.catalogue.units import titles as titles_of_units

__all__ = [
    "AT_CHECK_OUT",
    "AT_CONFIRMATION",
    "BED_TYPES",
    "CANCELLATION_POLICIES",
    "DEMO",
    "DEPOSIT_TERMS",
    "ENTIRE_PLACE",
    "IMPORT_BATCH",
    "INVOICE_TIMES",
    "KINDS",
    "KIND_PATTERNS",
    "LARGEST_SHEET",
    "LONGEST_ALT",
    "MOST_BEDS",
    "MOST_PHOTOS",
    "MOST_SHEET_ROWS",
    "MOST_UNITS",
    "ON_REQUEST",
    "PHOTOS_OF_PROPERTY",
    "PHOTOS_OF_ROOM",
    "PHOTO_MADE_WITHIN",
    "PHOTO_WAITING",
    "PRIVATE_ROOM",
    "SHARED_BY_UNITS",
    "SHARED_ROOM",
    "SHEET_COLUMNS",
    "SHOWN_NAME",
    "SITEMAP_ROOMS",
    "TITLE",
    "AmenityCount",
    "BadBeds",
    "BadRow",
    "CsvRows",
    "Destination",
    "FieldChange",
    "House",
    "HouseFacts",
    "ImportChanged",
    "ImportDefaults",
    "ImportFormat",
    "ListedProperty",
    "NewRooms",
    "OptionsMissing",
    "OwnProperty",
    "OwnRoom",
    "Photo",
    "PhotoFile",
    "PhotoLimits",
    "PhotoModified",
    "PhotoNotFound",
    "PhotoPlace",
    "PhotoText",
    "PhotosUnavailable",
    "PlacePhotos",
    "Property",
    "PropertyArchived",
    "PropertyDetails",
    "PropertyDraft",
    "PropertyEdit",
    "PropertyMisfit",
    "PropertyModified",
    "PropertyNotFound",
    "RefusedRow",
    "Room",
    "RoomDetails",
    "RoomDraft",
    "RoomEdit",
    "RoomModified",
    "RoomNotReady",
    "RoomPart",
    "Seller",
    "SheetApplied",
    "SheetPreview",
    "ShownPhoto",
    "StaffPhoto",
    "TooManyPhotos",
    "UnitGroup",
    "Units",
    "UnknownPlace",
    "UnknownProperty",
    "add_photo",
    "add_property",
    "add_room",
    "add_rooms",
    "amenities_in",
    "apply_sheet",
    "are_units_alike",
    "bed_counts",
    "cache_keys",
    "check_property",
    "checked_drafts",
    "close_property",
    "close_room",
    "copy_room",
    "count_amenities",
    "count_kinds",
    "count_published_rooms",
    "count_rates",
    "describe_photos",
    "discard_sheet",
    "edit_property",
    "edit_room",
    "editable_properties",
    "exported_rooms",
    "find_cover",
    "find_photo_file",
    "find_property_of",
    "find_seller",
    "find_sellers",
    "forget_destination",
    "forget_house",
    "forget_room",
    "get_house",
    "get_own_property",
    "get_own_room",
    "get_photo",
    "get_property",
    "get_property_currency",
    "get_property_name",
    "get_room_details",
    "give_policy",
    "house_facts",
    "import_locations",
    "is_about_texts",
    "is_ready",
    "is_slug",
    "keep_sheet",
    "leave_units",
    "lines_of_file",
    "list_destinations",
    "list_photos",
    "list_properties",
    "lock_rates",
    "look_at_sheet",
    "make_next_photo",
    "make_units",
    "may_add_property",
    "may_add_rooms",
    "move_photo",
    "numbered_units",
    "own_properties",
    "own_rooms",
    "page_of_rooms",
    "photo_for_mail",
    "policy_name",
    "preview_room",
    "properties_of_staff",
    "property_as_said",
    "publish_property",
    "publish_room",
    "publish_rooms",
    "publish_units",
    "put_rooms",
    "read_beds",
    "recognise_format",
    "remove_photo",
    "room_as_said",
    "room_changes",
    "rooms_called",
    "rooms_with_photos",
    "set_cancellation_policy",
    "sheet_row",
    "shown_photos",
    "shown_pictures",
    "slug_of",
    "slugify",
    "sweep_photo_files",
    "tell_of_room",
    "title_of",
    "titles_of_units",
    "undo_texts",
    "units_beside",
    "unpublish_room",
    "usual_cancellation_policy",
    "written_beds",
]
