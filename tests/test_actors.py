"""Every verb of a front door takes the actor first, or stands here with the reason why it takes none."""

from __future__ import annotations

import importlib
import inspect
from types import FunctionType

from tests.cases import each
from tests.test_layers import DOORS_OF_SUBJECTS

# Everybody may see what it shows.
PUBLIC = {
    "catalogue": {
        "amenities_in",
        "are_units_alike",
        "check_property",
        "count_amenities",
        "count_published_rooms",
        "find_cover",
        "find_photo_file",
        "get_property",
        "get_property_currency",
        "get_property_name",
        "get_room_details",
        "find_seller",
        "find_sellers",
        "house_facts",
        "import_locations",
        "list_destinations",
        "photo_for_mail",
        "room_changes",
        "slug_of",
    },
    "inventory": {"free_units", "free_units_inside", "is_free", "taken_nights", "units_taken"},
    "system": {"current_maintenance", "is_closed", "refuse_under_maintenance"},
    "pricing": {"nearest_stays", "nights_of_room", "quote_stay"},
    "reservations": {"offering_alternatives"},
    "search": {
        "a_few_rooms",
        "alternatives_to",
        "facts_for_cards",
        "find_rooms",
        "other_rooms",
        "rendered_answer",
        "require_known_place",
        "still_free",
        "suggest_instead",
        "usual_stay",
        "with_known_place",
    },
}
# Reads and changes nothing: the answer follows from what it was given.
COMPUTED = {
    "texting": {"quiet_until", "textable_number"},
    "people": {"addressee_of", "as_utc_text", "email_key", "passkey_site", "reset_token", "written_link"},
    "catalogue": {
        "cache_keys",
        "bed_counts",
        "checked_drafts",
        "is_about_texts",
        "is_ready",
        "is_slug",
        "numbered_units",
        "lines_of_file",
        "policy_name",
        "property_as_said",
        "read_beds",
        "recognise_format",
        "room_as_said",
        "title_of",
        "sheet_row",
        "shown_photos",
        "shown_pictures",
        "slugify",
        "written_beds",
    },
    "inventory": {"any_free", "full_nights", "has_end", "is_entry_undoable", "rooms_in_state"},
    "pricing": {
        "can_be_had",
        "charges_again",
        "included_again",
        "discounts_again",
        "fits_rates",
        "found_total",
        "chosen_extras",
        "extras_of",
        "places_needed",
        "as_rule",
        "check_terms",
        "is_entry_undoable",
        "rate_input",
        "read_terms",
        "read_weekdays",
        "rate_row",
        "rate_said",
        "read_rate_row",
        "rule_problems",
        "rated_total",
        "searched_total",
        "sets_of_terms",
        "shown_per_night",
        "deposit_of_policy",
        "deposit_steps",
        "policy_of_terms",
        "sold_policy",
        "stay_values",
        "check_in_instant",
        "find_promotion",
        "find_promotion_by_id",
        "free_stays",
        "free_until",
        "frozen_policy",
        "is_free_by_own_policy",
        "is_free_to_cancel",
        "is_of_nights",
        "kept_lines",
        "kept_plan",
        "lines_as_sold",
        "offered",
        "per_night",
        "policy_in_parts",
        "policy_of_nights",
        "price_lines",
        "promoted",
        "promotion_code",
        "promotion_of",
        "promotion_problem",
        "promotion_reason",
        "promotion_saves",
        "promotion_uses",
        "promotion_uses_by",
        "price_parts",
        "quote",
        "refund_of",
        "refund_of_parts",
        "refund_outlook",
        "refund_promises",
        "refund_promises_of",
        "refund_tiers",
        "too_many_guests",
        "total_of",
        "totals",
    },
    "search": {"cache_keys", "says_nothing"},
    "payments": {
        "awaits_guest",
        "contact_of",
        "error_text",
        "explained_error",
        "has_refund",
        "is_open",
        "payment_as_seen",
        "usual_patience",
    },
    "reservations": {
        "amounts_of",
        "calendar_entry",
        "calendar_method",
        "change_is_noticed",
        "changed_from",
        "frozen_sale",
        "first_night_to_move",
        "price_without_code",
        "request_fingerprint",
        "shown_status",
        "written_payment_link",
    },
    "reservations.importing": {"check_columns", "tally"},
    "reservations.front_desk": {"last_step"},
    "correspondence": {"written_conversation_link"},
    "invoicing": {"written_invoice_link"},
}
# A step of another verb, which was given the actor, has asked whether they may, and records what came of it.
STEP = {
    "messages": {
        "forget_conversations",
        "forget_emails",
        "mail_about_bookings",
        "mail_work",
        "repeating_email",
        "retry_given_up_deliveries",
        "settle_given_up_delivery",
        "tell_more",
    },
    "texting": {"forget_texts", "forget_texts_of_orders", "texted_readers", "texts_of_account", "texts_of_orders"},
    "people": {
        "alert_readers_within",
        "audit_of_things",
        "is_undeliverable",
        "note_bounced",
        "note_delivered",
        "latest_audit",
        "lock_account",
        "names_of_accounts",
        "names_of_actors",
        "note_alerts_told",
        "personal_data_of_account",
    },
    "catalogue": {"count_kinds", "count_rates", "lock_rates", "find_property_of", "get_house", "page_of_rooms"},
    "inventory": {
        "blocks_of_claims",
        "book_nights",
        "book_nights_or_refuse",
        "count_nights",
        "linked_to",
        "lock_room",
        "move_nights",
        "nights_taken",
        "pin_nights",
        "pin_nights_or_refuse",
        "record_sold_nights",
        "unpin_nights",
    },
    "pricing": {"for_sale"},
    "payments": {
        "await_guest",
        "awaited_until",
        "begin_look",
        "end_look",
        "news_of",
        "undecided_at",
        "claim_payment",
        "due_payments",
        "find_awaited_beyond",
        "find_payment",
        "hasten_payment",
        "billing_of",
        "billing_of_orders",
        "forget_contacts",
        "is_in_one_call",
        "is_live_charge",
        "latest_charge",
        "latest_charge_now",
        "owed_refunds_among",
        "lock_order",
        "lock_payment",
        "mark_unknown",
        "note_error",
        "note_unknown_provider",
        "advance_balance",
        "expect_deposit",
        "forget_payment_plan",
        "plan_payments",
        "record_failure",
        "record_success",
        "refuse_reason",
        "refund_is_asked_for",
        "refund_states",
        "refund_states_within",
        "start_charge",
        "start_refund",
        "start_refunds",
        "write_billing",
    },
    "reservations": {"bookings_of_orders", "refund_state"},
}
# What it is given proves that one may: a password, a token, a link from one's mailbox, the claim of a key. Some of them
# find out who the actor is.
PROOF = {
    "people": {
        "agree_to_email_change",
        "ask_for_any_passkey",
        "ask_for_passkey",
        "confirm_email",
        "confirm_email_change",
        "current_session",
        "email_of_reset",
        "finish_sign_in",
        "finish_sign_in_by_passkey",
        "shown_invitation",
        "refresh_session",
        "request_password_reset",
        "reset_password",
        "shown_email_change",
        "shown_verification",
        "sign_in",
        "sign_in_by_passkey",
        "start_api_session",
        "start_web_session",
        "undo_email_change",
    },
    "reservations": {
        "came_back_from_payment_by_link",
        "look_at_payment_link",
        "once",
        "once_claimed",
        "pay_by_link",
        "payment_page_of_link",
    },
    "correspondence": {"look_by_conversation_link", "write_by_conversation_link"},
    "invoicing": {"booking_of_invoice_link"},
}
# The worker doing what an event asks for, which names its actor; figures without anybody's data; logs; what age ends.
MACHINERY = {
    "messages": {
        "claim_delivery",
        "due_deliveries",
        "fail_delivery",
        "finish_delivery",
        "finish_sent_email",
        "give_up_delivery",
        "given_up_deliveries",
        "find_consumer",
        "find_fact",
        "is_unfinished",
        "keep_email",
        "outbox_figures",
        "postpone_delivery",
        "prune_events",
        "put_back_delivery",
        "register_consumer",
        "registered_consumers",
        "relay_events",
    },
    "people": {
        "addressee_of_id",
        "alert_readers",
        "count_undeliverable",
        "end_farewell",
        "find_email_change",
        "find_farewell",
        "find_owners",
        "invitation_notice",
        "forget_undeliverable",
        "note_security_event",
        "note_undeliverable",
        "prune_email_changes",
        "prune_farewells",
        "prune_security_events",
        "record_security_event_now",
        "reset_notice",
        "verification_notice",
    },
    "pricing": {"any_rates", "rated_properties", "rates_behind", "rebuild_rates", "follow_rates"},
    "catalogue": {"forget_destination", "forget_house", "forget_room"},
    "inventory": {"prune_blocks", "prune_lifted_blocks", "prune_nights"},
    "payments": {"payment_figures"},
    "reservations": {"find_summary", "first_email", "linked_order", "prune_keys"},
    "invoicing": {"prune_invoice_buyers"},
    "correspondence": {"find_arrival", "find_message", "prune_mail_reports", "prune_told_arrivals"},
    "texting": {"find_text_consent", "find_text_consent_for_order", "keep_text", "note_text_sent"},
    "maintenance": {"inspect_copy", "overdue_holds", "overdue_messages", "overdue_payments", "overdue_photos"},
    "figures": {"week_of_reader"},
    "system": {"booking_lines", "is_alert_open", "seconds_late"},
}
REASONS = (PUBLIC, COMPUTED, STEP, PROOF, MACHINERY)


def verbs(door: str) -> dict[str, FunctionType]:
    """The functions of a front door by name."""
    package = importlib.import_module(f"booking.domain.{door}")
    named = {name: getattr(package, name) for name in package.__all__}
    return {name: verb for name, verb in named.items() if inspect.isfunction(verb)}


def takes_actor_first(verb: FunctionType) -> bool:
    first = next(iter(inspect.signature(verb).parameters.values()), None)
    return first is not None and first.name == "actor" and first.annotation == "Actor" and first.default is first.empty


def excused(door: str) -> list[str]:
    return [name for reason in REASONS for name in reason.get(door, ())]


@each("door", DOORS_OF_SUBJECTS)
def test_every_verb_takes_the_actor_first_or_says_why_not(door: str) -> None:
    without = {name for name, verb in verbs(door).items() if not takes_actor_first(verb)}
    assert without == set(excused(door))


@each("door", DOORS_OF_SUBJECTS)
def test_no_verb_has_two_reasons(door: str) -> None:
    assert len(excused(door)) == len(set(excused(door)))


def test_what_takes_an_actor_elsewhere_or_not_at_all_is_found() -> None:
    source = (
        "def right(actor: Actor, room): ...\n"
        "def late(room, actor: Actor): ...\n"
        "def optional(actor: Actor = None): ...\n"
        "def none(): ...\n"
    )
    made: dict[str, FunctionType] = {}
    exec(source, made)
    assert [takes_actor_first(made[name]) for name in ("right", "late", "optional", "none")] == [True] + [False] * 3
