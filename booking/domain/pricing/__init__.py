"""What a stay costs, line by line, and what comes back when it is given back.

quote() is the only place that prices a stay; whoever shows or sells one asks it, or one of its short forms for lists.
for_sale() reads a room with everything that selling it takes.
"""

from booking.domain.pricing.calendar import Calendar, CalendarNight, free_stays
from booking.domain.pricing.calendar import nearest as nearest_stays
from booking.domain.pricing.calendar import nights as nights_of_room
from booking.domain.pricing.inputs import NightsView, RoomView
from booking.domain.pricing.offers import ForSale, StayQuote, for_sale, offered
from booking.domain.pricing.offers import quote as quote_stay
from booking.domain.pricing.offers import too_many as too_many_guests
from booking.domain.pricing.policies import Part as PricePart
from booking.domain.pricing.policies import RefundPromise, RefundTier, check_in_instant, free_until, refund_of_parts
from booking.domain.pricing.policies import frozen as frozen_policy
from booking.domain.pricing.policies import in_parts as policy_in_parts
from booking.domain.pricing.policies import outlook as refund_outlook
from booking.domain.pricing.policies import parts as price_parts
from booking.domain.pricing.policies import promises as refund_promises
from booking.domain.pricing.policies import promises_of as refund_promises_of
from booking.domain.pricing.policies import refund as refund_of
from booking.domain.pricing.policies import tiers as refund_tiers
from booking.domain.pricing.quotes import FEE as FEE_LINE
from booking.domain.pricing.quotes import (
    KEPT_ON_CHANGE,
    LINE_KINDS,
    Line,
    PriceLine,
    Quote,
    kept_lines,
    per_night,
    price_lines,
    quote,
    totals,
)
from booking.domain.pricing.quotes import NIGHT as NIGHT_LINE
from booking.domain.pricing.quotes import as_sold as lines_as_sold

__all__ = [
    "FEE_LINE",
    "KEPT_ON_CHANGE",
    "LINE_KINDS",
    "NIGHT_LINE",
    "Calendar",
    "CalendarNight",
    "ForSale",
    "Line",
    "NightsView",
    "PriceLine",
    "PricePart",
    "Quote",
    "RefundPromise",
    "RefundTier",
    "RoomView",
    "StayQuote",
    "check_in_instant",
    "for_sale",
    "free_stays",
    "free_until",
    "frozen_policy",
    "kept_lines",
    "lines_as_sold",
    "nearest_stays",
    "nights_of_room",
    "offered",
    "per_night",
    "policy_in_parts",
    "price_lines",
    "price_parts",
    "quote",
    "quote_stay",
    "refund_of",
    "refund_of_parts",
    "refund_outlook",
    "refund_promises",
    "refund_promises_of",
    "refund_tiers",
    "too_many_guests",
    "totals",
]
