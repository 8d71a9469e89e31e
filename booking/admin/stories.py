"""What happened to a booking, in words, the newest first: who did what, and what it was before and after."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext

from booking.admin import house_words, promotion_words, states
from booking.domain.people import AuditEntry
from booking.domain.reservations.front_desk import StaffBooking
from booking.http import date_format
from booking.http.words import rate_rules
from booking.infra.ids import encode
from booking.pages import formats

_ = lazy_gettext

# Every action that the audit log knows (a test reads the sources for them).
ACTIONS = {
    "account.deleted": _("Account deleted"),
    "account.disabled": _("Account disabled"),
    "account.enabled": _("Account enabled"),
    "account.made": _("Account created"),
    "account.renamed": _("Name changed"),
    "authenticator.added": _("Authenticator app added"),
    "authenticator.removed": _("Authenticator app removed"),
    "billing.changed": _("Invoice address changed"),
    "booking.arrived": _("Checked in"),
    "booking.cancelled": _("Booking cancelled"),
    "booking.changed": _("Stay changed"),
    "booking.confirmed": _("Booking confirmed"),
    "booking.created": _("Room held"),
    "booking.departed": _("Checked out"),
    "booking.expired": _("Hold ran out"),
    "booking.guests_changed": _("Guests changed"),
    "booking.imported": _("Taken over from elsewhere"),
    "booking.missed": _("Marked as a no-show"),
    "booking.refund_corrected": _("Refund corrected"),
    "booking.reverted": _("Taken back at the desk"),
    "cash.closed": _("Cash counted"),
    "change.begun": _("Change begun"),
    "data.requested": _("Data request written down"),
    "data.settled": _("Data request settled"),
    "debt.waived": _("Waived"),
    "debt.waiver_corrected": _("Waiver taken back"),
    "dispute.lost": _("Chargeback lost"),
    "dispute.open": _("Chargeback opened"),
    "dispute.won": _("Chargeback won"),
    "email.changed": _("Email changed"),
    "email.kept": _("Change of email given up"),
    "email.resent": _("Email sent again"),
    "email.requested": _("Change of email requested"),
    "email.restored": _("Email restored"),
    "guest.contact_changed": _("Guest’s contact changed"),
    "guest.exported": _("Guest’s data given out"),
    "guest.forgotten": _("Guest forgotten"),
    "guest.erased": _("Guest’s contact erased"),
    "house.pruned": _("Old records deleted"),
    "invoice.credited": _("Credit note issued"),
    "invoice.issued": _("Invoice issued"),
    "invitation.withdrawn": _("Invitation withdrawn"),
    "message.answered": _("Written to the guest"),
    "message.settled": _("Message needs no answer"),
    "text.resent": _("Text message tried again"),
    "texts.agreed": _("Agreed to text messages"),
    "texts.withdrawn": _("Text messages ended"),
    "maintenance.ended": _("Maintenance ended"),
    "maintenance.set": _("Maintenance set"),
    "messages.dropped": _("Emails given up for good"),
    "messages.retried": _("Emails tried again"),
    "nights.blocked": _("Nights blocked"),
    "nights.unblocked": _("Nights unblocked"),
    "note.added": _("Note written"),
    "note.changed": _("Note changed"),
    "note.removed": _("Note deleted"),
    "order.guaranteed": _("Guaranteed without payment"),
    "passkey.added": _("Passkey added"),
    "passkey.removed": _("Passkey removed"),
    "password.changed": _("Password changed"),
    "payment.corrected": _("Entry taken back"),
    "payment.failed": _("Payment declined"),
    "payment.received": _("Payment entered"),
    "payment.requested": _("Payment link sent"),
    "payment.started": _("Payment begun"),
    "payment.succeeded": _("Payment taken"),
    "payments.hurried": _("Payments asked about"),
    "photo.added": _("Photo added"),
    "photo.deleted": _("Photo deleted"),
    "photo.described": _("Photo described"),
    "photo.moved": _("Photos put in another order"),
    "property.changed": _("Property changed"),
    "property.created": _("Property added"),
    "recoverycodes.renewed": _("New recovery codes made"),
    "refund.corrected": _("Refund taken back"),
    "refund.decided": _("Another refund than the policy’s"),
    "refund.failed": _("Refund declined"),
    "refund.failed_after_all": _("Refund failed after all"),
    "refund.found": _("Refund made at the provider"),
    "refund.retried": _("Refund sent again"),
    "refund.started": _("Refund begun"),
    "refund.succeeded": _("Refund made"),
    "register.changed": _("Guest register changed"),
    "register.seen": _("Guest register seen"),
    "registers.sealed": _("Guest registers sealed anew"),
    "role.changed": _("Role changed"),
    "rate.added": _("Rate rule added"),
    "rate.changed": _("Rate rule changed"),
    "rate.ended": _("Rate rule ended"),
    "rate.restored": _("Rate rule put back"),
    "rates.imported": _("Prices by day brought in"),
    "promotion.added": _("Promotion added"),
    "promotion.changed": _("Promotion changed"),
    "promotion.ended": _("Promotion ended"),
    "promotion.resumed": _("Promotion resumed"),
    "booking.promotion_used": _("Promotion code used"),
    "booking.promotion_dropped": _("Promotion code removed"),
    "room.changed": _("Room changed"),
    "room.created": _("Room added"),
    "room.left_units": _("Room taken out of its units"),
    "rooms.linked": _("Rooms linked"),
    "rooms.unlinked": _("Links of rooms removed"),
    "room_status.changed": _("State of the room changed"),
    "room_status.undone": _("State of the room taken back"),
    "secondfactor.disabled": _("Two-step sign-in turned off"),
    "secondfactor.enabled": _("Two-step sign-in turned on"),
    "secondfactors.sealed": _("Two-step secrets sealed anew"),
    "staff.invited": _("Somebody invited"),
    "verification.requested": _("Email to confirm the address sent"),
}


# Of a room or a property, by the names of their columns.
OF_HOUSE = {
    "name": _("Name"),
    "slug": _("Short name"),
    "kind": _("Type"),
    "capacity": _("Sleeps"),
    "beds": _("Beds"),
    "size_m2": _("Size"),
    "price_per_night": _("Price per night"),
    "min_nights": _("Shortest stay"),
    "max_nights": _("Longest stay"),
    "cancellation_policy": _("Cancellation policy"),
    "amenities": _("Amenities"),
    "published": _("Published"),
    "archived_at": _("Archived"),
    "address": _("Address"),
    "time_zone": _("Time zone"),
    "legal_name": _("Legal name"),
    "tax_number": _("Tax number"),
    "invoice_at": _("Invoices are issued"),
    "contact_email": _("Email for guests"),
    "contact_phone": _("Phone for guests"),
    "check_in_time": _("Check-in from"),
    "check_out_time": _("Check-out by"),
    "babies_under": _("Babies under"),
    "house_rules": _("House rules"),
    "description": _("Description"),
}
# What is told of an entry, by the names that it uses; all else (ids, what follows from the action) says nothing more.
FACTS = {
    **OF_HOUSE,
    **promotion_words.FACTS,
    "amount": _("Amount"),
    "arrivalTime": _("Arrival time"),
    "beginsAt": _("From"),
    "by": _("Paid"),
    "changed": _("Changed"),
    "checkIn": _("Check-in"),
    "checkOut": _("Check-out"),
    "expected": _("Expected"),
    "counted": _("Counted"),
    "difference": _("Difference"),
    "kept": _("Left in the drawer"),
    "lastOwner": _("The last owner"),
    "movesOn": _("In the other room from"),
    "email": _("Email"),
    "from": _("From"),
    "to": _("Until"),
    "fullName": _("Name"),
    "guarantee": _("To be paid"),
    "guests": _("Guests"),
    "notice": _("Notice"),
    "nightsFreed": _("Nights put back on sale"),
    "on": _("Day"),
    "passkey": _("Passkey"),
    "phone": _("Phone"),
    "presence": _("Guest"),
    "property": _("Property"),
    "paidElsewhere": _("Paid elsewhere"),
    "parts": _("Rooms"),
    "reason": _("Reason"),
    "registered": _("Guests registered"),
    "refundAmount": _("Refund"),
    "role": _("Role"),
    "request": _("Wish"),
    "requests": _("Requests"),
    "room": _("Room"),
    "repeats": _("Email"),
    "roomName": _("Room"),
    "source": _("Source"),
    "status": _("State"),
    "priority": _("Priority"),
    "roomKind": _("Kind of room"),
    "terms": _("What it does"),
    "weekdays": _("Weekdays"),
    "total": _("Total"),
    "units": _("Units"),
    "until": _("Until"),
}
SPELT: dict[str, Callable[[Any], str]] = {
    **house_words.SPELT,
    "address": lambda address: ", ".join(str(part) for part in address.values()),
}
BY_NAME = "changed"  # of what is long an import says no more
AMOUNTS = (
    "amount", "counted", "difference", "expected", "kept", "paidElsewhere", "price_per_night", "refundAmount", "total",
)  # fmt: skip
DAYS = ("checkIn", "checkOut", "from", "movesOn", "on", "to", *promotion_words.DAYS)
DAY = re.compile(r"\d{4}-\d\d-\d\d")
CALLED: dict[str, Callable[[str], str]] = {
    **promotion_words.CALLED,
    "beginsAt": lambda at: date_format.moment_utc(dt.datetime.fromisoformat(at)),
    "by": states.provider,
    "guarantee": states.guarantee,
    "lastOwner": lambda _: str(gettext("yes, by --force")),
    "presence": states.of_anything,
    "request": states.data_request,
    "repeats": states.email,
    "status": states.of_anything,
    "until": lambda at: date_format.moment_utc(dt.datetime.fromisoformat(at)),
}
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a story; `facts` are pairs of a name and what it was and is."""

    at: dt.datetime
    who: str
    text: str
    facts: tuple[str, ...] = ()
    request_id: str = ""
    door: str = ""


def of(seen: StaffBooking) -> list[Told]:
    """What the guest did stands in the booking's own instants, all else in the audit log."""
    booking, by_others = seen.booking, {entry.action for entry in seen.history}
    guest = str(gettext("The guest"))
    rooms = _rooms(seen)
    about = (rooms[encode("booking", booking.id)],) if rooms else ()
    own = [Told(booking.created_at, _creator(seen, guest), gettext("Room held"), about)]
    if booking.confirmed_at and not by_others & {"booking.confirmed", "booking.imported"}:
        own.append(Told(booking.confirmed_at, guest, gettext("Booking confirmed"), about))
    if booking.cancelled_at and "booking.cancelled" not in by_others:
        own.append(Told(booking.cancelled_at, guest, gettext("Booking cancelled"), about))
    if by_others & {"booking.created", "booking.imported"}:
        own = own[1:]
    told = [*own, *(_of_room(entry, seen, rooms) for entry in seen.history)]
    return sorted(told, key=lambda one: one.at, reverse=True)


def _rooms(seen: StaffBooking) -> dict[str, str]:
    """What names each booking of an order of several, by how the log writes it; empty where there is one."""
    if len(seen.beside) < 2:
        return {}
    return {encode("booking", one.id): f"{FACTS['room']}: {one.room_name}" for one in seen.beside}


def _of_room(entry: AuditEntry, seen: StaffBooking, rooms: Mapping[str, str]) -> Told:
    told = of_entry(entry, seen.names, seen.booking.currency)
    says_it = any(fact.startswith(f"{FACTS['room']}: ") for fact in told.facts)
    return told if says_it or entry.subject not in rooms else replace(told, facts=(rooms[entry.subject], *told.facts))


def _creator(seen: StaffBooking, guest: str) -> str:
    return guest if seen.order.channel in ("web", "api") else str(states.channel(seen.order.channel))


def of_entry(
    entry: AuditEntry, names: Mapping[str, str], currency: str = "", called: Mapping[str, str] | None = None
) -> Told:
    """An entry of the audit log; an action of another version by its own name. `currency`: of amounts without one;
    `called`: what things are called that the facts have by their ids.
    """
    text = str(ACTIONS.get(entry.action, entry.action))
    who = states.actor(entry.actor, dict(names))
    was, now = entry.was, entry.now
    if entry.action.startswith("rate."):
        was, now = _rates_said(was, currency), _rates_said(now, currency)
    if called:
        was, now = ({name: _called(value, called) for name, value in facts.items()} for facts in (was, now))
    told = tuple(changes(was, now, currency))
    return Told(entry.at, who, text, told, entry.request_id, entry.door)


def _called(value: Any, names: Mapping[str, str]) -> Any:
    return names.get(value, value) if isinstance(value, str) else value


def _rates_said(facts: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """What a rule does and on which weekdays, as a sentence instead of the words that are kept."""
    said = dict(facts)
    if "terms" in said:
        said["terms"] = rate_rules.logged(facts, currency)
    if "weekdays" in said:
        said["weekdays"] = rate_rules.logged_weekdays(str(said["weekdays"]))
    return said


def changes(before: Mapping[str, Any], after: Mapping[str, Any], currency: str = "") -> list[str]:
    """What it is about: was → is, for what differs; what only one side knows stands by itself."""
    lines = []
    for name in (one for one in FACTS if one in before or one in after):
        was, now = (_plain(name, facts.get(name), facts.get("currency", currency)) for facts in (before, after))
        if was == now:
            continue
        said = f"{was} → {now or NOTHING}" if was else now
        lines.append(f"{FACTS[name]}: {said}")
    return lines


def _way(name: str, value: Any) -> Callable[[Any], str] | None:
    """How a value of its own kind is said, None where it says itself."""
    if name in SPELT and value != BY_NAME:
        return SPELT[name]
    called = None if isinstance(value, list) else CALLED.get(name)
    return (lambda said: called(str(said))) if called else None


def _plain(name: str, value: Any, currency: Any) -> str:
    if value is None or value == "":
        return ""
    if how := _way(name, value):
        return how(value)
    if isinstance(value, list):
        return ", ".join(str(FACTS.get(one, one)) for one in value)
    if name in DAYS and DAY.fullmatch(str(value)):
        return date_format.day(dt.date.fromisoformat(str(value)))
    if name in AMOUNTS:
        amount = Decimal(str(value))
        return formats.money(amount, str(currency)) if currency else f"{amount.normalize():f}".replace("-", "−")
    return house_words.shortened(str(value)) if name in OF_HOUSE else str(value)
