"""Amenities as slugs: the sixty or so that people look for by one name each, the others by their own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

MOST, LONGEST = 100, 60

# The first pattern that fits the words wins, so exceptions stand above what they are exceptions to. Words come in lower
# case with single spaces, without apostrophes. A slug with spaces for underscores fits its own pattern or none:
# normalising twice changes nothing (a test says so for every amenity of the real files).
_KNOWN: tuple[tuple[str, str], ...] = (
    # climate
    (r"(central |portable |window )?(air conditioning|ac\b.*)|air conditioner", "air_conditioning"),
    (r"((central|radiant|portable) )?heat(ing|er)\b.*", "heating"),
    (r"(portable|ceiling) fans?|fan", "fan"),
    (r"(indoor )?fireplace\b(?! guard).*", "fireplace"),
    # network and work
    (r"((fast|free|pocket) )?(wifi|wi fi|wireless internet)\b.*", "wifi"),
    (r"ethernet( connection)?", "ethernet"),
    (r"(dedicated |laptop friendly )?workspace|desk", "workspace"),
    # screens and sound
    (r"(\d+ (inch )?)?(hd|smart )?tv\b.*|cable tv|television", "tv"),
    (r"(.* )?sound system\b.*", "sound_system"),
    (r"record player", "record_player"),
    (r"game console\b.*", "game_console"),
    # kitchen
    (r"(full )?kitchen", "kitchen"),
    (r"kitchenette", "kitchenette"),
    (r"(.* )?(mini fridge|mini bar)", "mini_fridge"),
    (r"(.* )?(refrigerator|fridge)", "refrigerator"),
    (r"(.* )?freezer", "freezer"),
    (r"(.* )?dishwasher", "dishwasher"),
    (r"(.* )?microwave( oven)?", "microwave"),
    (r"(.* )?(stove|cooktop|hob)", "stove"),
    (r"(.* )?oven", "oven"),
    (r"(coffee maker|coffee machine|espresso machine)\b.*", "coffee_maker"),
    (r"(hot water |electric )?kettle", "kettle"),
    (r"toaster", "toaster"),
    (r"dishes and (silverware|cutlery)", "dishes"),
    (r"cooking basics", "cooking_basics"),
    (r"breakfast\b.*", "breakfast"),
    # laundry and bath
    (r"((free|paid) )?(washer|washing machine)\b.*", "washer"),
    (r"((free|paid) )?(dryer|tumble dryer)\b.*", "dryer"),
    (r"iron", "iron"),
    (r"hair ?dryer", "hair_dryer"),
    (r"(.* )?shampoo", "shampoo"),
    (r"(.* )?conditioner", "conditioner"),
    (r"(.* )?(body soap|shower gel)", "soap"),
    (r"bath ?tub", "bathtub"),
    (r"((private|shared) )?hot tub\b.*|jacuzzi", "hot_tub"),
    (r"((private|shared) )?sauna\b.*", "sauna"),
    (r"bidet", "bidet"),
    (r"bed linens?", "bed_linen"),
    (r"essentials", "essentials"),
    (r"clothing storage\b.*", "wardrobe"),
    # safety
    (r"smoke (alarm|detector)", "smoke_alarm"),
    (r"carbon monoxide (alarm|detector)", "carbon_monoxide_alarm"),
    (r"fire extinguisher", "fire_extinguisher"),
    (r"first aid kit", "first_aid_kit"),
    (r"safe", "safe"),
    # children
    (r"(paid )?(pack n play travel )?(crib|cot)\b.*", "crib"),
    (r"(standalone |clip on )?high ?chair\b.*", "high_chair"),
    (r"baby bath\b.*", "baby_bath"),
    (r"changing table\b.*", "changing_table"),
    (r"childrens books and toys\b.*", "toys"),
    (r"baby monitor\b.*", "baby_monitor"),
    # outside
    (r"((private|shared) )?((patio|terrace|balcony)( or )?)+\b.*", "balcony"),
    (r"((private|shared) )?(backyard|garden)( (fully|not fully) fenced)?", "garden"),
    (r"((private|shared|indoor|outdoor) )*(swimming )?pool\b(?! table| view)( .*)?", "pool"),
    (r"bbq( grill)?\b.*|barbecue( grill)?", "barbecue"),
    (r"outdoor furniture", "outdoor_furniture"),
    (r"outdoor dining area", "outdoor_dining"),
    (r"((private|shared) )?(beach access|beachfront)\b.*", "beach_access"),
    (r"((private|shared) )?gym\b.*|fitness (room|centre|center)", "gym"),
    (r"exercise equipment\b.*", "exercise_equipment"),
    (r"bikes|bicycles", "bicycles"),
    # views
    (r"(city skyline|city|skyline) view", "city_view"),
    (r"(ocean|sea) view", "sea_view"),
    # coming, going, parking
    (r"free street parking", "free_street_parking"),
    (r"free\b.* parking\b.*|free (driveway|parking)\b.*", "free_parking"),
    (r"paid\b.* parking\b.*|paid parking\b.*", "paid_parking"),
    (r"ev charger\b.*", "ev_charger"),
    (r"elevator|lift", "elevator"),
    (r"self check ?in", "self_check_in"),
    (r"private entrance", "private_entrance"),
    (r"luggage drop ?off( allowed)?", "luggage_storage"),
    (r"pets allowed|pets|pet friendly", "pets_allowed"),
    (r"smoking allowed", "smoking_allowed"),
    (r"long term stays( allowed)?", "long_stays"),
    (r"wheelchair accessible|step free access", "step_free"),
)
_SLUGS = frozenset(slug for _, slug in _KNOWN)


def normalised(names: Iterable[str]) -> tuple[str, ...]:
    """Slugs in the order given, each once, at most 100."""
    slugs = dict.fromkeys(slug for slug in map(_slug, names) if slug)
    return tuple(slugs)[:MOST]


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Not as the module is imported: few processes import rooms, and all would start a twentieth later.
    return tuple((re.compile(pattern), slug) for pattern, slug in _KNOWN)


@lru_cache(maxsize=8192)
def _slug(name: str) -> str:
    words = _words(name)
    plain = words.replace(" ", "_")
    if plain in _SLUGS:
        return plain
    return next((slug for pattern, slug in _patterns() if pattern.fullmatch(words)), plain[:LONGEST].strip("_"))


def _words(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold().replace("’", "").replace("'", "")
    return re.sub(r"[\W_]+", " ", folded).strip()
