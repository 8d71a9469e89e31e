"""What a stay costs, line by line, and what comes back when it is given back.

quote() is the only place that prices a stay; whoever shows or sells one asks it, or one of its short forms for lists.
for_sale() reads a room with everything that selling it takes.
"""

from booking.domain.pricing.calendar import Calendar, CalendarNight, free_stays
from booking.domain.pricing.calendar import nearest as nearest_stays
from booking.domain.pricing.calendar import nights as nights_of_room
from booking.domain.pricing.day_import import ClosingsDone, DayRow, RulesDone
from booking.domain.pricing.day_import import close as close_days
from booking.domain.pricing.day_import import export as days_of_property
from booking.domain.pricing.day_import import preview as preview_days
from booking.domain.pricing.day_import import put as put_days
from booking.domain.pricing.day_import import read as read_days
from booking.domain.pricing.day_import import rehearse as rehearse_days
from booking.domain.pricing.day_sheets import COLUMNS as DAY_COLUMNS
from booking.domain.pricing.day_sheets import DaySheet, NoDaySheet
from booking.domain.pricing.deciding import decide as decide_rates
from booking.domain.pricing.deposits import DepositPlan, DepositSteps
from booking.domain.pricing.deposits import plan_of as deposit_of_policy
from booking.domain.pricing.deposits import sold as sold_policy
from booking.domain.pricing.deposits import steps as deposit_steps
from booking.domain.pricing.house_rates import AlikeRooms, DayRates, HouseRates, HouseRoom, RatesPage, RatesRow
from booking.domain.pricing.house_rates import of_property as rates_by_day
from booking.domain.pricing.inputs import Extras, NightsView, PlanId, RatesView, RoomView
from booking.domain.pricing.nightly import Reason as PriceReason
from booking.domain.pricing.offers import ForSale, PlanQuote, StayQuote, for_sale, offered, rule_problems
from booking.domain.pricing.offers import places as places_needed
from booking.domain.pricing.offers import quote as quote_stay
from booking.domain.pricing.offers import too_many as too_many_guests
from booking.domain.pricing.plans import CHEAPEST, RatePlan
from booking.domain.pricing.plans import OWN as OWN_PLAN
from booking.domain.pricing.plans import kept as kept_plan
from booking.domain.pricing.policies import Part as PricePart
from booking.domain.pricing.policies import RefundPromise, RefundTier, check_in_instant, free_until, refund_of_parts
from booking.domain.pricing.policies import frozen as frozen_policy
from booking.domain.pricing.policies import in_parts as policy_in_parts
from booking.domain.pricing.policies import of_nights as policy_of_nights
from booking.domain.pricing.policies import outlook as refund_outlook
from booking.domain.pricing.policies import parts as price_parts
from booking.domain.pricing.policies import promises as refund_promises
from booking.domain.pricing.policies import promises_of as refund_promises_of
from booking.domain.pricing.policies import refund as refund_of
from booking.domain.pricing.policies import tiers as refund_tiers
from booking.domain.pricing.policies_of_house import HousePolicies, HousePolicy
from booking.domain.pricing.policies_of_house import bring_back as bring_back_rate
from booking.domain.pricing.policies_of_house import of_house as house_policies
from booking.domain.pricing.policy_rules import PolicyInUse, RateNotFound
from booking.domain.pricing.policy_rules import use as use_policy
from booking.domain.pricing.policy_rules import use_known as use_known_policy
from booking.domain.pricing.projection import any_rates
from booking.domain.pricing.projection import behind as rates_behind
from booking.domain.pricing.projection import follow as follow_rates
from booking.domain.pricing.projection import properties_of as rated_properties
from booking.domain.pricing.projection import rebuild as rebuild_rates
from booking.domain.pricing.promotion_editing import Guest as PromotionGuest
from booking.domain.pricing.promotion_editing import PromotionModified, PromotionNotFound, PromotionView
from booking.domain.pricing.promotion_editing import add as add_promotion
from booking.domain.pricing.promotion_editing import change as change_promotion
from booking.domain.pricing.promotion_editing import end as end_promotion
from booking.domain.pricing.promotion_editing import find as find_promotion
from booking.domain.pricing.promotion_editing import find_by_id as find_promotion_by_id
from booking.domain.pricing.promotion_editing import get as get_promotion
from booking.domain.pricing.promotion_editing import houses as promotion_houses
from booking.domain.pricing.promotion_editing import may_edit as may_edit_promotion
from booking.domain.pricing.promotion_editing import of_staff as promotions_of_staff
from booking.domain.pricing.promotion_editing import resume as resume_promotion
from booking.domain.pricing.promotion_editing import uses as promotion_uses
from booking.domain.pricing.promotion_editing import uses_by as promotion_uses_by
from booking.domain.pricing.promotion_inputs import Code as PromotionCode
from booking.domain.pricing.promotion_inputs import CodeInput, PromotionInput
from booking.domain.pricing.promotion_inputs import plain_code as promotion_code
from booking.domain.pricing.promotion_models import Promotion
from booking.domain.pricing.promotions import problem as promotion_problem
from booking.domain.pricing.promotions import promoted, promotion_of
from booking.domain.pricing.promotions import reason as promotion_reason
from booking.domain.pricing.promotions import saves as promotion_saves
from booking.domain.pricing.quotes import DISCOUNT as DISCOUNT_LINE
from booking.domain.pricing.quotes import FEE as FEE_LINE
from booking.domain.pricing.quotes import (
    GOODWILL,
    KEPT_ON_CHANGE,
    LINE_KINDS,
    Extra,
    Line,
    PriceLine,
    Quote,
    chosen_extras,
    discounts_again,
    extras_of,
    found_total,
    is_of_nights,
    kept_lines,
    per_night,
    price_lines,
    quote,
    shown_per_night,
    totals,
)
from booking.domain.pricing.quotes import NIGHT as NIGHT_LINE
from booking.domain.pricing.quotes import TAX as TAX_LINE
from booking.domain.pricing.quotes import as_sold as lines_as_sold
from booking.domain.pricing.quotes import total as total_of
from booking.domain.pricing.rate_editing import RATES_CHANGED, RateModified, RatesModified, RateStep
from booking.domain.pricing.rate_editing import add as add_rate
from booking.domain.pricing.rate_editing import change as change_rate
from booking.domain.pricing.rate_editing import end as end_rate
from booking.domain.pricing.rate_editing import of_property as rates_of_property
from booking.domain.pricing.rate_editing import require as require_rates
from booking.domain.pricing.rate_editing import take as take_rates
from booking.domain.pricing.rate_editing import versions as rate_versions
from booking.domain.pricing.rate_effects import DayEffect, RateEffects, RoomsEffect
from booking.domain.pricing.rate_effects import preview as preview_rates
from booking.domain.pricing.rate_forms import RateHistory, RatesForm
from booking.domain.pricing.rate_forms import facts as rates_form
from booking.domain.pricing.rate_forms import history as rate_history
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.pricing.rate_models import RateRule
from booking.domain.pricing.rate_ranges import CLOSINGS, RangeInput
from booking.domain.pricing.rate_ranges import steps as range_steps
from booking.domain.pricing.rate_sheets import COLUMNS as RATE_COLUMNS
from booking.domain.pricing.rate_sheets import MOST_ROWS as MOST_RATES
from booking.domain.pricing.rate_sheets import NoRateSheet, SheetLine
from booking.domain.pricing.rate_sheets import as_input as rate_input
from booking.domain.pricing.rate_sheets import look as look_at_rates
from booking.domain.pricing.rate_sheets import of_property as rate_rows
from booking.domain.pricing.rate_sheets import put as put_rates
from booking.domain.pricing.rate_sheets import read_row as read_rate_row
from booking.domain.pricing.rate_sheets import row_of as rate_row
from booking.domain.pricing.rate_sheets import said as rate_said
from booking.domain.pricing.rate_undoing import is_undoable as is_entry_undoable
from booking.domain.pricing.rate_undoing import undo as undo_entry
from booking.domain.pricing.rated_search import HAS_RATED, HAS_RATED_IN, OWN_LIMITS, can_be_had, is_free_by_own_policy
from booking.domain.pricing.rated_search import asked as stay_values
from booking.domain.pricing.rated_search import fits as fits_rates
from booking.domain.pricing.rated_search import is_free as is_free_to_cancel
from booking.domain.pricing.rated_search import of_stay as searched_total
from booking.domain.pricing.rated_search import sets as sets_of_terms
from booking.domain.pricing.rated_search import total as rated_total
from booking.domain.pricing.rule_terms import CHARGE_KINDS
from booking.domain.pricing.rule_terms import KINDS as RATE_KINDS
from booking.domain.pricing.rule_terms import as_policy as policy_of_terms
from booking.domain.pricing.rule_terms import read as check_terms
from booking.domain.pricing.rule_text import read as read_terms
from booking.domain.pricing.rule_text import weekdays as read_weekdays
from booking.domain.pricing.rules import Rule
from booking.domain.pricing.sold_charges import charges_again, included_again
from booking.domain.pricing.tariffs import as_rule

__all__ = [
    "CHARGE_KINDS",
    "CHEAPEST",
    "CLOSINGS",
    "DAY_COLUMNS",
    "DISCOUNT_LINE",
    "FEE_LINE",
    "GOODWILL",
    "HAS_RATED",
    "HAS_RATED_IN",
    "KEPT_ON_CHANGE",
    "LINE_KINDS",
    "MOST_RATES",
    "NIGHT_LINE",
    "OWN_LIMITS",
    "OWN_PLAN",
    "RATES_CHANGED",
    "RATE_COLUMNS",
    "RATE_KINDS",
    "TAX_LINE",
    "AlikeRooms",
    "Calendar",
    "CalendarNight",
    "ClosingsDone",
    "CodeInput",
    "DayEffect",
    "DayRates",
    "DayRow",
    "DaySheet",
    "DepositPlan",
    "DepositSteps",
    "Extra",
    "Extras",
    "ForSale",
    "HousePolicies",
    "HousePolicy",
    "HouseRates",
    "HouseRoom",
    "Line",
    "NightsView",
    "NoDaySheet",
    "NoRateSheet",
    "PlanId",
    "PlanQuote",
    "PolicyInUse",
    "PriceLine",
    "PricePart",
    "PriceReason",
    "Promotion",
    "PromotionCode",
    "PromotionGuest",
    "PromotionInput",
    "PromotionModified",
    "PromotionNotFound",
    "PromotionView",
    "Quote",
    "RangeInput",
    "RateEffects",
    "RateHistory",
    "RateInput",
    "RateModified",
    "RateNotFound",
    "RatePlan",
    "RateRule",
    "RateStep",
    "RatesForm",
    "RatesModified",
    "RatesPage",
    "RatesRow",
    "RatesView",
    "RefundPromise",
    "RefundTier",
    "RoomView",
    "RoomsEffect",
    "Rule",
    "RulesDone",
    "SheetLine",
    "StayQuote",
    "add_promotion",
    "add_rate",
    "any_rates",
    "as_rule",
    "bring_back_rate",
    "can_be_had",
    "change_promotion",
    "change_rate",
    "charges_again",
    "check_in_instant",
    "check_terms",
    "chosen_extras",
    "close_days",
    "days_of_property",
    "decide_rates",
    "deposit_of_policy",
    "deposit_steps",
    "discounts_again",
    "end_promotion",
    "end_rate",
    "extras_of",
    "find_promotion",
    "find_promotion_by_id",
    "fits_rates",
    "follow_rates",
    "for_sale",
    "found_total",
    "free_stays",
    "free_until",
    "frozen_policy",
    "get_promotion",
    "house_policies",
    "included_again",
    "is_entry_undoable",
    "is_free_by_own_policy",
    "is_free_to_cancel",
    "is_of_nights",
    "kept_lines",
    "kept_plan",
    "lines_as_sold",
    "look_at_rates",
    "may_edit_promotion",
    "nearest_stays",
    "nights_of_room",
    "offered",
    "per_night",
    "places_needed",
    "policy_in_parts",
    "policy_of_nights",
    "policy_of_terms",
    "preview_days",
    "preview_rates",
    "price_lines",
    "price_parts",
    "promoted",
    "promotion_code",
    "promotion_houses",
    "promotion_of",
    "promotion_problem",
    "promotion_reason",
    "promotion_saves",
    "promotion_uses",
    "promotion_uses_by",
    "promotions_of_staff",
    "put_days",
    "put_rates",
    "quote",
    "quote_stay",
    "range_steps",
    "rate_history",
    "rate_input",
    "rate_row",
    "rate_rows",
    "rate_said",
    "rate_versions",
    "rated_properties",
    "rated_total",
    "rates_behind",
    "rates_by_day",
    "rates_form",
    "rates_of_property",
    "read_days",
    "read_rate_row",
    "read_terms",
    "read_weekdays",
    "rebuild_rates",
    "refund_of",
    "refund_of_parts",
    "refund_outlook",
    "refund_promises",
    "refund_promises_of",
    "refund_tiers",
    "rehearse_days",
    "require_rates",
    "resume_promotion",
    "rule_problems",
    "searched_total",
    "sets_of_terms",
    "shown_per_night",
    "sold_policy",
    "stay_values",
    "take_rates",
    "too_many_guests",
    "total_of",
    "totals",
    "undo_entry",
    "use_known_policy",
    "use_policy",
]
