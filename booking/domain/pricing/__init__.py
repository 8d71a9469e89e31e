"""What a stay costs, line by line, and what comes back when it is given back.

for_sale() reads a room with everything that selling it takes; each price of a stay is asked for there.
"""

from booking.domain.pricing.calendar import Calendar, CalendarNight
from booking.domain.pricing.calendar import nearest as nearest_stays
from booking.domain.pricing.calendar import nights as nights_of_room
from booking.domain.pricing.inputs import NightsView, RoomView
from booking.domain.pricing.offers import StayQuote, for_sale
from booking.domain.pricing.offers import quote as quote_stay
from booking.domain.pricing.offers import too_many as too_many_guests
from booking.domain.pricing.policies import RefundPromise, RefundTier, check_in_instant, free_until
from booking.domain.pricing.policies import frozen as frozen_policy
from booking.domain.pricing.policies import promises as refund_promises
from booking.domain.pricing.policies import refund as refund_of
from booking.domain.pricing.policies import tiers as refund_tiers
from booking.domain.pricing.quotes import PriceLine, Quote, price_lines, shown_lines
from booking.domain.pricing.quotes import quote as price_nights
from booking.domain.pricing.quotes import total as total_price

__all__ = [
    "Calendar",
    "CalendarNight",
    "NightsView",
    "PriceLine",
    "Quote",
    "RefundPromise",
    "RefundTier",
    "RoomView",
    "StayQuote",
    "check_in_instant",
    "for_sale",
    "free_until",
    "frozen_policy",
    "nearest_stays",
    "nights_of_room",
    "price_lines",
    "price_nights",
    "quote_stay",
    "refund_of",
    "refund_promises",
    "refund_tiers",
    "shown_lines",
    "too_many_guests",
    "total_price",
]
