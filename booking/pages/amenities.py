"""What amenities are called and which icon stands for them. One that is not listed is called by its own words."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext

_ = lazy_gettext
PLAIN = "check"

# Slugs are those of booking/domain/catalogue/importing/amenities.py; icons those of static/icons.svg.
_KNOWN = {
    "wifi": (_("Wifi"), "wifi"),
    "ethernet": (_("Ethernet"), "wifi"),
    "air_conditioning": (_("Air conditioning"), "snowflake"),
    "heating": (_("Heating"), "flame"),
    "fireplace": (_("Fireplace"), "flame"),
    "fan": (_("Fan"), "fan"),
    "workspace": (_("Workspace"), "laptop"),
    "tv": (_("TV"), "tv"),
    "sound_system": (_("Sound system"), "tv"),
    "record_player": (_("Record player"), PLAIN),
    "game_console": (_("Game console"), PLAIN),
    "kitchen": (_("Kitchen"), "utensils"),
    "kitchenette": (_("Kitchenette"), "utensils"),
    "breakfast": (_("Breakfast"), "coffee"),
    "coffee_maker": (_("Coffee maker"), "coffee"),
    "kettle": (_("Kettle"), "coffee"),
    "mini_fridge": (_("Mini fridge"), "refrigerator"),
    "refrigerator": (_("Fridge"), "refrigerator"),
    "freezer": (_("Freezer"), "refrigerator"),
    "dishwasher": (_("Dishwasher"), "utensils"),
    "microwave": (_("Microwave"), "utensils"),
    "stove": (_("Stove"), "utensils"),
    "oven": (_("Oven"), "utensils"),
    "toaster": (_("Toaster"), "utensils"),
    "dishes": (_("Dishes and cutlery"), "utensils"),
    "cooking_basics": (_("Cooking basics"), "utensils"),
    "dining_table": (_("Dining table"), "utensils"),
    "washer": (_("Washing machine"), "washing-machine"),
    "dryer": (_("Tumble dryer"), "washing-machine"),
    "iron": (_("Iron"), "shirt"),
    "wardrobe": (_("Wardrobe"), "shirt"),
    "bathtub": (_("Bathtub"), "bath"),
    "hot_tub": (_("Hot tub"), "bath"),
    "sauna": (_("Sauna"), "flame"),
    "shower": (_("Shower"), "shower-head"),
    "hair_dryer": (_("Hair dryer"), "fan"),
    "shampoo": (_("Shampoo"), "shower-head"),
    "conditioner": (_("Conditioner"), "shower-head"),
    "soap": (_("Soap"), "shower-head"),
    "bidet": (_("Bidet"), "bath"),
    "bed_linen": (_("Bed linen"), "bed-double"),
    "essentials": (_("Towels, sheets, soap"), "bath"),
    "room_darkening_shades": (_("Blackout blinds"), "moon"),
    "smoke_alarm": (_("Smoke alarm"), "shield-check"),
    "carbon_monoxide_alarm": (_("Carbon monoxide alarm"), "shield-check"),
    "fire_extinguisher": (_("Fire extinguisher"), "shield-check"),
    "first_aid_kit": (_("First-aid kit"), "shield-check"),
    "safe": (_("Safe"), "lock"),
    "crib": (_("Cot"), "baby"),
    "high_chair": (_("High chair"), "baby"),
    "baby_bath": (_("Baby bath"), "baby"),
    "changing_table": (_("Changing table"), "baby"),
    "baby_monitor": (_("Baby monitor"), "baby"),
    "toys": (_("Children’s books and toys"), "baby"),
    "balcony": (_("Balcony or terrace"), "sun"),
    "garden": (_("Garden"), "trees"),
    "pool": (_("Pool"), "waves"),
    "barbecue": (_("Barbecue"), "flame"),
    "outdoor_furniture": (_("Outdoor furniture"), "sun"),
    "outdoor_dining": (_("Outdoor dining area"), "sun"),
    "beach_access": (_("Beach access"), "waves"),
    "gym": (_("Gym"), "dumbbell"),
    "exercise_equipment": (_("Exercise equipment"), "dumbbell"),
    "bicycles": (_("Bicycles"), "bike"),
    "city_view": (_("City view"), "eye"),
    "sea_view": (_("Sea view"), "eye"),
    "river_view": (_("River view"), "eye"),
    "lake_view": (_("Lake view"), "eye"),
    "mountain_view": (_("Mountain view"), "eye"),
    "garden_view": (_("Garden view"), "eye"),
    "courtyard_view": (_("Courtyard view"), "eye"),
    "free_parking": (_("Free parking"), "car"),
    "free_street_parking": (_("Free street parking"), "car"),
    "paid_parking": (_("Paid parking"), "car"),
    "ev_charger": (_("EV charger"), "car"),
    "elevator": (_("Lift"), "arrow-up-down"),
    "step_free": (_("Step-free access"), "accessibility"),
    "self_check_in": (_("Self check-in"), "key-round"),
    "private_entrance": (_("Private entrance"), "door-open"),
    "luggage_storage": (_("Luggage storage"), "luggage"),
    "pets_allowed": (_("Pets allowed"), "paw-print"),
    "smoking_allowed": (_("Smoking allowed"), PLAIN),
    "long_stays": (_("Long stays welcome"), "calendar"),
}

# What people look for first, in this order; the filters offer those of them that a place has.
WANTED = (
    "breakfast", "kitchen", "air_conditioning", "workspace", "washer", "pool", "balcony", "bathtub", "elevator",
    "step_free", "crib", "free_parking", "pets_allowed", "gym", "wifi", "heating",
)  # fmt: skip

# What tells one room from another on a card.
TELLING = frozenset({
    "pool", "balcony", "sea_view", "river_view", "lake_view", "mountain_view", "garden_view", "city_view",
    "courtyard_view", "kitchen", "breakfast", "bathtub", "garden", "hot_tub", "sauna", "workspace", "step_free",
    "crib", "washer", "air_conditioning", "pets_allowed",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amenity:
    slug: str
    name: str
    icon: str


def shown(slug: str) -> Amenity:
    """Its name and icon."""
    name, icon = _KNOWN.get(slug, (None, PLAIN))
    return Amenity(slug, str(name) if name else gettext(slug.replace("_", " ").capitalize()), icon)


def known() -> list[Amenity]:
    """All that have a name here, by that name's own order: what belongs together stands together."""
    return [shown(slug) for slug in _KNOWN]


def at_a_glance(has: list[str], most: int = 12) -> tuple[list[Amenity], list[Amenity]]:
    """All amenities, what tells most first: those to show at once, and the rest, unless that is only a few."""
    ordered = sorted(has, key=lambda slug: (slug not in TELLING, slug not in _KNOWN))
    first = len(ordered) if len(ordered) <= most + 3 else most
    return [shown(slug) for slug in ordered[:first]], [shown(slug) for slug in ordered[first:]]


def on_card(has: list[str], wished: list[str], most: int = 2) -> list[str]:
    """The few that say most about a room: first what was asked for, then what not every room has."""
    telling = [slug for slug in has if slug in TELLING]
    return list(dict.fromkeys([slug for slug in wished if slug in has] + telling))[: max(most, len(wished))]


def offered(present: set[str], chosen: list[str], most: int = 10) -> list[Amenity]:
    """Those to filter by: what is asked for most, and whatever is chosen already."""
    wanted = [slug for slug in WANTED if slug in present][:most]
    return [shown(slug) for slug in dict.fromkeys(wanted + chosen)]
