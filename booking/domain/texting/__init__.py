"""Text messages: who has agreed to get some, for what and at which number, when none may go out, and what was sent.

Nobody gets one who has not agreed, and whoever does not want them any more gets none from then on. What they say is
composed in jobs/; whom an arrival is told, `correspondence` decides.
"""

from booking.domain.texting.consents import Consent, TextAlertsChoice, TextNumber
from booking.domain.texting.consents import agree as agree_to_texts
from booking.domain.texting.consents import agree_of_order as agree_to_texts_for_order
from booking.domain.texting.consents import alerted as texted_readers
from booking.domain.texting.consents import choose_alerts as choose_text_alerts
from booking.domain.texting.consents import end_of_order as end_texts_for_order
from booking.domain.texting.consents import find as find_text_consent
from booking.domain.texting.consents import find_of_order as find_text_consent_for_order
from booking.domain.texting.consents import mine as own_text_consent
from booking.domain.texting.consents import resume_within as resume_texts_within
from booking.domain.texting.consents import stop as stop_texts
from booking.domain.texting.consents import stop_within as stop_texts_within
from booking.domain.texting.consents import textable as textable_number
from booking.domain.texting.consents import withdraw as withdraw_from_texts
from booking.domain.texting.erasing import forget as forget_texts
from booking.domain.texting.erasing import forget_contacts as forget_texts_of_orders
from booking.domain.texting.erasing import of_account as texts_of_account
from booking.domain.texting.erasing import of_contacts as texts_of_orders
from booking.domain.texting.models import (
    ACCOUNT,
    ALERT_TEXTED,
    ALERTS,
    ALWAYS,
    ARRIVAL_NEAR,
    BY_DAY,
    BY_NEW_NUMBER,
    BY_STAFF,
    BY_STOP,
    CHECKOUT,
    DESK,
    OFF,
    TEXT_ALERTS,
    TEXT_EVENTS,
    SentText,
    TextConsent,
    ToldArrival,
)
from booking.domain.texting.quiet_hours import DAY_BEGINS, DAY_ENDS, quiet_until
from booking.domain.texting.sent import TEXT, TextDraft, TextReport
from booking.domain.texting.sent import hear as hear_text_report
from booking.domain.texting.sent import keep as keep_text
from booking.domain.texting.sent import sent as note_text_sent

__all__ = [
    "ACCOUNT",
    "ALERTS",
    "ALERT_TEXTED",
    "ALWAYS",
    "ARRIVAL_NEAR",
    "BY_DAY",
    "BY_NEW_NUMBER",
    "BY_STAFF",
    "BY_STOP",
    "CHECKOUT",
    "DAY_BEGINS",
    "DAY_ENDS",
    "DESK",
    "OFF",
    "TEXT",
    "TEXT_ALERTS",
    "TEXT_EVENTS",
    "Consent",
    "SentText",
    "TextAlertsChoice",
    "TextConsent",
    "TextDraft",
    "TextNumber",
    "TextReport",
    "ToldArrival",
    "agree_to_texts",
    "agree_to_texts_for_order",
    "choose_text_alerts",
    "end_texts_for_order",
    "find_text_consent",
    "find_text_consent_for_order",
    "forget_texts",
    "forget_texts_of_orders",
    "hear_text_report",
    "keep_text",
    "note_text_sent",
    "own_text_consent",
    "quiet_until",
    "resume_texts_within",
    "stop_texts",
    "stop_texts_within",
    "textable_number",
    "texted_readers",
    "texts_of_account",
    "texts_of_orders",
    "withdraw_from_texts",
]
