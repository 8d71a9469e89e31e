"""What an actor may do: one table, action by role. Verbs ask it, never a page or a route.

A role counts at its own property, or everywhere where it is for all properties. OWN is whoever a thing belongs to: the
guest of a booking, the person of an account. What somebody may not do is, for them, not there: verbs raise NotFound.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, StrEnum, auto

from booking.domain.actors import Actor, ActorKind, Role
from booking.domain.errors import Forbidden, NotFound


class Action(StrEnum):
    """What the table speaks of; the audit log names changes more finely."""

    SEE_HOUSE = "house.see"  # its staff pages
    SEE_BOOKING = "booking.see"
    BOOK = "booking.book"  # hold, change what is held, and pay for, in the name of its guest
    CANCEL_BOOKING = "booking.cancel"
    IMPORT_BOOKINGS = "booking.import"  # take over reservations that were made elsewhere
    GUARANTEE = "booking.guarantee"  # confirm without a payment
    CHANGE_BOOKING = "booking.change"  # to other dates, another room, more or fewer guests
    EXPIRE_HOLDS = "holds.expire"
    SEE_PAYMENTS = "payments.see"
    SETTLE_PAYMENTS = "payments.settle"  # ask again about charges and refunds, send declined refunds again
    RECORD_PAYMENTS = "payments.record"  # what was taken or given back by hand
    CORRECT_PAYMENTS = "payments.correct"  # entries made by mistake
    KEEP_DRAWER = "cash.keep"  # one's own, and close it with a count
    SEE_DRAWERS = "cash.see"  # everybody's, and close them
    WAIVE_DEBTS = "debts.waive"  # let a guest off what is still due
    ERASE_GUESTS = "guests.erase"  # the contact of who has no account; at all properties, also a guest’s account
    EXPORT_GUESTS = "guests.export"  # what is kept of somebody, because they ask for it; and their requests
    CHANGE_CONTACTS = "contacts.change"  # of orders: who stays, and where they are written to
    KEEP_REGISTER = "register.keep"  # see and fill what guests show at the desk
    DECIDE_REFUNDS = "refunds.decide"  # otherwise than the policy; and goodwill
    WRITE_NOTES = "notes.write"  # and see them
    REQUEST_PAYMENTS = "payments.request"  # have a guest sent a link to pay by
    RESEND_EMAILS = "emails.resend"  # about bookings, to whoever stays; and text messages
    WRITE_TO_HOUSE = "messages.write"  # as the guest of a booking
    ANSWER_GUESTS = "messages.answer"  # and write to them first
    SEE_INVOICES = "invoices.see"
    ISSUE_INVOICES = "invoices.issue"  # before the house does by itself, and where it waits to be asked
    CORRECT_INVOICES = "invoices.correct"  # credit one, and issue it anew
    CHANGE_BILLING = "billing.change"  # whom the invoices of an order are made out to
    CHECK_IN = "guests.check_in"  # and out, and that they did not come
    SET_ROOM_STATUS = "rooms.set_status"  # clean, dirty, inspected, out of order; and to see which
    BLOCK_NIGHTS = "nights.block"
    SEE_ACCOUNT = "account.see"
    CHANGE_ACCOUNT = "account.change"  # name, email, password, sign-ins
    MAKE_ACCOUNT_FOR_OTHERS = "account.make"
    SET_PASSWORD_OF_OTHERS = "account.set_password"  # noqa: S105 a name
    RESET_SECOND_FACTOR = "account.reset_second_factor"
    SEAL_SECRETS_ANEW = "secrets.seal"
    FINISH_EMAIL_CHANGES = "account.finish_email_changes"  # that the old mailbox says nothing about
    DISABLE_ACCOUNT = "account.disable"
    ENABLE_ACCOUNT = "account.enable"
    DELETE_ACCOUNT = "account.delete"
    GIVE_ROLES = "roles.give"
    SEE_ROOMS = "rooms.see"  # as they are kept, published or not
    EDIT_ROOMS = "rooms.edit"  # make, change, publish, archive
    SEE_RATES = "rates.see"  # rules of prices and stays
    EDIT_RATES = "rates.edit"
    SEE_PROMOTIONS = "promotions.see"  # codes, and how often they were used
    EDIT_PROMOTIONS = "promotions.edit"
    EDIT_PROPERTY = "property.edit"
    ADD_PROPERTIES = "properties.add"
    CHANGE_PHOTOS = "photos.change"  # of rooms and of the property
    IMPORT_ROOMS = "rooms.import"
    EXPORT_ROOMS = "rooms.export"
    SEE_FIGURES = "figures.see"  # how full houses are, and who cancels
    SEE_REVENUE = "revenue.see"  # of them, what is money
    KEEP_FIGURES = "figures.keep"
    SEE_AUDIT_LOG = "audit.see"
    CHECK_BOOKS = "books.check"
    RETRY_MESSAGES = "messages.retry"
    HEAR_MAIL_REPORTS = "mail.hear"  # from the provider that delivers it
    HEAR_TEXTS = "texts.hear"  # what became of them, and replies, from the provider that sends them
    STOP_TEXTS = "texts.stop"  # to a number, because whoever has it says so
    TELL_ARRIVALS = "arrivals.tell"  # guests what they need before they come
    PRUNE = "house.prune"
    SEE_SYSTEM = "system.see"
    KEEP_SYSTEM = "system.keep"  # maintenance mode, failed jobs
    SEE_DEMO_MAILS = "demo.mails"


class Who(Flag):
    """How an actor stands to a thing."""

    OWN = auto()
    OWNER = auto()
    MANAGER = auto()
    DESK = auto()
    HOUSEKEEPING = auto()
    SYSTEM = auto()


OWN, OWNER, MANAGER, DESK, HOUSEKEEPING, SYSTEM = Who
AS_ROLE = {
    Role.OWNER: OWNER,
    Role.MANAGER: MANAGER,
    Role.DESK: DESK,
    Role.HOUSEKEEPING: HOUSEKEEPING,
}

ALLOWED: Mapping[Action, Who] = {
    Action.SEE_HOUSE: OWNER | MANAGER | DESK | HOUSEKEEPING,
    Action.SEE_BOOKING: OWN | OWNER | MANAGER | DESK | SYSTEM,
    Action.BOOK: OWN | OWNER | MANAGER | DESK | SYSTEM,
    Action.CANCEL_BOOKING: OWN | OWNER | MANAGER | DESK | SYSTEM,
    Action.IMPORT_BOOKINGS: OWNER | MANAGER | SYSTEM,
    Action.GUARANTEE: OWNER | MANAGER | DESK | SYSTEM,
    Action.CHANGE_BOOKING: OWN | OWNER | MANAGER | DESK | SYSTEM,
    Action.EXPIRE_HOLDS: SYSTEM,
    Action.SEE_PAYMENTS: OWNER | MANAGER | SYSTEM,
    Action.SETTLE_PAYMENTS: OWNER | SYSTEM,
    Action.RECORD_PAYMENTS: OWNER | MANAGER | DESK | SYSTEM,
    Action.CORRECT_PAYMENTS: OWNER | MANAGER | SYSTEM,
    Action.KEEP_DRAWER: OWNER | MANAGER | DESK,
    Action.SEE_DRAWERS: OWNER | MANAGER | SYSTEM,
    Action.WAIVE_DEBTS: OWNER | MANAGER | SYSTEM,
    Action.ERASE_GUESTS: OWNER | MANAGER | SYSTEM,
    Action.EXPORT_GUESTS: OWNER | MANAGER | SYSTEM,
    Action.CHANGE_CONTACTS: OWNER | MANAGER | DESK | SYSTEM,
    Action.KEEP_REGISTER: OWNER | MANAGER | DESK,
    Action.DECIDE_REFUNDS: OWNER | MANAGER | SYSTEM,
    Action.WRITE_NOTES: OWNER | MANAGER | DESK,
    Action.REQUEST_PAYMENTS: OWNER | MANAGER | DESK | SYSTEM,
    Action.RESEND_EMAILS: OWNER | MANAGER | DESK | SYSTEM,
    Action.WRITE_TO_HOUSE: OWN,
    Action.ANSWER_GUESTS: OWNER | MANAGER | DESK | SYSTEM,
    Action.SEE_INVOICES: OWN | OWNER | MANAGER | DESK | SYSTEM,
    Action.ISSUE_INVOICES: OWN | OWNER | MANAGER | DESK | SYSTEM,
    Action.CORRECT_INVOICES: OWNER | MANAGER | SYSTEM,
    Action.CHANGE_BILLING: OWN | OWNER | MANAGER | DESK | SYSTEM,
    Action.CHECK_IN: OWNER | MANAGER | DESK | SYSTEM,
    Action.SET_ROOM_STATUS: OWNER | MANAGER | DESK | HOUSEKEEPING | SYSTEM,
    Action.BLOCK_NIGHTS: OWNER | MANAGER | DESK | HOUSEKEEPING | SYSTEM,
    Action.SEE_ACCOUNT: OWN | OWNER | SYSTEM,
    Action.CHANGE_ACCOUNT: OWN,
    Action.MAKE_ACCOUNT_FOR_OTHERS: OWNER | SYSTEM,
    Action.SET_PASSWORD_OF_OTHERS: SYSTEM,
    Action.RESET_SECOND_FACTOR: OWNER | SYSTEM,
    Action.SEAL_SECRETS_ANEW: SYSTEM,
    Action.FINISH_EMAIL_CHANGES: SYSTEM,
    Action.DISABLE_ACCOUNT: OWN | OWNER | SYSTEM,
    Action.ENABLE_ACCOUNT: OWNER | SYSTEM,
    Action.DELETE_ACCOUNT: OWN | SYSTEM,
    Action.GIVE_ROLES: OWNER | SYSTEM,
    Action.SEE_ROOMS: OWNER | MANAGER | DESK | SYSTEM,
    Action.EDIT_ROOMS: OWNER | MANAGER | SYSTEM,
    Action.SEE_RATES: OWNER | MANAGER | DESK | SYSTEM,
    Action.EDIT_RATES: OWNER | MANAGER | SYSTEM,
    Action.SEE_PROMOTIONS: OWNER | MANAGER | DESK | SYSTEM,
    Action.EDIT_PROMOTIONS: OWNER | MANAGER | SYSTEM,
    Action.EDIT_PROPERTY: OWNER | MANAGER | SYSTEM,
    Action.ADD_PROPERTIES: OWNER | SYSTEM,
    Action.IMPORT_ROOMS: OWNER | MANAGER | SYSTEM,
    Action.CHANGE_PHOTOS: OWNER | MANAGER | SYSTEM,
    Action.EXPORT_ROOMS: OWNER | MANAGER | SYSTEM,
    Action.SEE_FIGURES: OWNER | MANAGER | DESK | SYSTEM,
    Action.SEE_REVENUE: OWNER | MANAGER | SYSTEM,
    Action.KEEP_FIGURES: SYSTEM,
    Action.SEE_AUDIT_LOG: OWNER | MANAGER | SYSTEM,
    Action.CHECK_BOOKS: OWNER | SYSTEM,
    Action.RETRY_MESSAGES: OWNER | SYSTEM,
    Action.HEAR_MAIL_REPORTS: SYSTEM,
    Action.HEAR_TEXTS: SYSTEM,
    Action.STOP_TEXTS: SYSTEM,
    Action.TELL_ARRIVALS: SYSTEM,
    Action.PRUNE: SYSTEM,
    Action.SEE_SYSTEM: OWNER | SYSTEM,
    Action.KEEP_SYSTEM: OWNER | SYSTEM,
    Action.SEE_DEMO_MAILS: OWNER,
}

Property = uuid.UUID | Callable[[], uuid.UUID | None] | None  # looked up only where a role may depend on it


def may(actor: Actor, action: Action, *, own: uuid.UUID | None = None, at: Property = None) -> bool:
    """Whether the actor may do this to what is `own`ed by that account, `at` that property."""
    allowed = ALLOWED[action]
    if actor.kind is ActorKind.SYSTEM:
        return SYSTEM in allowed
    if OWN in allowed and own is not None and actor.user_id == own:
        return True
    roles = [membership for membership in actor.memberships if AS_ROLE[membership.role] in allowed]
    if not roles:
        return False
    where = at() if callable(at) else at
    return any(membership.covers(where) for membership in roles)


def require(
    actor: Actor,
    action: Action,
    *,
    own: uuid.UUID | None = None,
    at: Property = None,
    otherwise: type[NotFound] | type[Forbidden] = NotFound,
) -> None:
    """Raise `otherwise` where the actor may not."""
    if not may(actor, action, own=own, at=at):
        raise otherwise


@dataclass(frozen=True, slots=True)
class Reach:
    """At which properties somebody may do something: at all (None), or at these."""

    properties: frozenset[uuid.UUID] | None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.properties is None or bool(self.properties)


def reach(actor: Actor, action: Action) -> Reach:
    """Where the actor may do this to what is not their own; for lists, which show no more than that."""
    allowed = ALLOWED[action]
    if actor.kind is ActorKind.SYSTEM:
        return Reach(None if SYSTEM in allowed else frozenset())
    places = {membership.property_id for membership in actor.memberships if AS_ROLE[membership.role] in allowed}
    return Reach(None if None in places else frozenset(place for place in places if place))
