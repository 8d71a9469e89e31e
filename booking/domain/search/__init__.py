"""Finding rooms: what can be asked, what is found and in which order, and what to offer instead.

Nothing is decided on what a search returns, so it may come from a cache or a replica.
"""

from booking.domain.search.alternatives import ALTERNATIVE_KINDS, Alternative, Gone, still_free
from booking.domain.search.alternatives import instead_of as alternatives_to
from booking.domain.search.alternatives import others as other_rooms
from booking.domain.search.card_facts import CardFacts
from booking.domain.search.card_facts import of as facts_for_cards
from booking.domain.search.finder import Found, FoundRoom
from booking.domain.search.finder import answer as rendered_answer
from booking.domain.search.finder import asked as cache_keys
from booking.domain.search.finder import search as find_rooms
from booking.domain.search.inputs import SORTS, RoomSearch
from booking.domain.search.place_names import require_known as require_known_place
from booking.domain.search.place_names import resolved as with_known_place
from booking.domain.search.statements import MOST_COUNTED
from booking.domain.search.suggestions import TOO_MANY, TOO_PICKY, NothingFound, Suggestion
from booking.domain.search.suggestions import instead as suggest_instead
from booking.domain.search.teasers import a_few as a_few_rooms
from booking.domain.search.unknown import Unknown
from booking.domain.search.usual import USUAL_GUESTS, usual_stay
from booking.domain.search.words import says_nothing

__all__ = [
    "ALTERNATIVE_KINDS",
    "MOST_COUNTED",
    "SORTS",
    "TOO_MANY",
    "TOO_PICKY",
    "USUAL_GUESTS",
    "Alternative",
    "CardFacts",
    "Found",
    "FoundRoom",
    "Gone",
    "NothingFound",
    "RoomSearch",
    "Suggestion",
    "Unknown",
    "a_few_rooms",
    "alternatives_to",
    "cache_keys",
    "facts_for_cards",
    "find_rooms",
    "other_rooms",
    "rendered_answer",
    "require_known_place",
    "says_nothing",
    "still_free",
    "suggest_instead",
    "usual_stay",
    "with_known_place",
]
