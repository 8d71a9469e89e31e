"""A link by which its reader pays what an order still costs, or what it holds: staff has it sent to the guest, who may
have no account.

It names the order and the day until which it is good, with a keyed hash (HMAC-SHA256) as the proof that we wrote it;
nothing of it is stored. Opening it does nothing, and however often it is sent, what is due is paid once. What it can do
is to look at the stay, without who stays, and to pay for it.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from booking.domain import messages, payments, people
from booking.domain.actors import Actor
from booking.domain.errors import HoldOver, NothingDue, OrderNotFound
from booking.domain.money import as_text
from booking.domain.payments import Order, Payment
from booking.domain.people import Action, User
from booking.domain.reservations import (
    booking_summary,
    bookings,
    cancellation,
    deposits,
    hosted,
    lines,
    repository,
    resending,
    rest_payments,
)
from booking.domain.reservations.booking_summary import BookingSummary
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.event_payloads import booking_facts
from booking.domain.reservations.models import CANCELLED, CONFIRMED, PENDING, Lines
from booking.domain.reservations.payment_pages import Links
from booking.infra import clock, secret_keys
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import decode, encode

GOOD_FOR = dt.timedelta(days=14)
BY_LINK = Actor.system("payment-link")  # whoever holds it: who that is, nobody knows
TO_PAY, CHECKING, PAID, EXPIRED, HOLD_OVER, NOTHING_TO_PAY = LINK_STAGES = (
    "to_pay",
    "checking",  # a payment of which nobody knows yet
    "paid",
    "expired",  # the link; something is due still
    "hold_over",
    "nothing_to_pay",  # the booking was cancelled
)


@dataclass(frozen=True, slots=True)
class LinkedOrder:
    """What a link leads to. `stays` are without names; `amount` is to be paid now, for `shown_total` in all.

    `held_until` of what is only held, in the property's zone. `last` is the order's latest charge, `version` that of
    its first booking; `is_awaited` while its guest may be at the provider's page, `failure` why the last try failed.
    """

    stage: str
    order_id: uuid.UUID
    booking_id: uuid.UUID
    room_id: uuid.UUID
    stays: tuple[BookingSummary, ...]
    amount: Decimal
    shown_total: Decimal
    good_until: dt.datetime
    held_until: dt.datetime | None
    last: uuid.UUID | None
    version: int
    is_awaited: bool
    is_cancelled: bool  # what is due is what it still costs
    failure: str | None

    @property
    def first(self) -> BookingSummary:
        return self.stays[0]

    @property
    def is_to_pay(self) -> bool:
        return self.stage == TO_PAY

    @property
    def is_being_checked(self) -> bool:
        return self.stage == CHECKING


def written(order_id: uuid.UUID, until: dt.datetime, secrets: Sequence[str]) -> str:
    """What stands in the link, whose proof is made with the first of the secrets."""
    ends = int(until.timestamp())
    return f"{encode('order', order_id)}.{ends:x}-{_proofs(order_id, ends, secrets)[0]}"


def _proven(link: str, secrets: Sequence[str]) -> tuple[uuid.UUID, dt.datetime]:
    """The order, and until when the link is good. Raises OrderNotFound where we did not write it."""
    name, _, rest = link.partition(".")
    ends, _, proof = rest.partition("-")
    order_id = decode("order", name)
    if order_id is None or not 0 < len(ends) <= 12 or not set(ends) <= set("0123456789abcdef"):
        raise OrderNotFound
    until = int(ends, 16)
    if not any(hmac.compare_digest(ours.encode(), proof.encode()) for ours in _proofs(order_id, until, secrets)):
        raise OrderNotFound
    return order_id, dt.datetime.fromtimestamp(until, dt.UTC)


def _proofs(order_id: uuid.UUID, ends: int, secrets: Sequence[str]) -> list[str]:
    keys = secret_keys.ring(secrets, secret_keys.LINKS)
    return [hmac.digest(key, b"payment-link:" + order_id.bytes + ends.to_bytes(8), "sha256").hex() for key in keys]


# --- sending it


@transaction(isolation=READ_COMMITTED)
def request(actor: Actor, booking_id: uuid.UUID) -> uuid.UUID:
    """Have the guest of this booking sent a link by which they pay what its order costs. Returns the email's id.

    One that is on its way, or younger than a minute, is the same one. Raises BookingNotFound, NothingDue, HoldOver;
    ResendRefused, as the one of its kinds that says why.
    """
    booking = bookings.permitted(actor, Action.REQUEST_PAYMENTS, booking_id)
    order = payments.lock_order(booking.order_id)
    of_order = repository.of_order(order.id)
    amount = to_request(order, of_order)
    if not amount:
        raise HoldOver if lines.pending(of_order) else NothingDue
    known = resending.correspondence(order, of_order)
    if (same := resending.just_sent(one for one in known.works if one.tells == messages.PAYMENT_REQUESTED)) is not None:
        return same
    resending.refuse_unreachable(order)
    told = lines.first(of_order)
    resending.refuse_too_often(told, known)
    facts = {"amount": as_text(amount, order.currency), "until": (clock.now() + GOOD_FOR).isoformat()}
    people.audit(actor, "payment.requested", encode("order", order.id), after=facts | {"currency": order.currency})
    return messages.record(actor, messages.PAYMENT_REQUESTED, booking_facts(told) | facts)


def to_request(order: Order, of_order: Lines) -> Decimal:
    """What a card could pay now: of a hold that runs, or of what is confirmed; 0 where that is nothing."""
    runs = all(cancellation.shown_status(one) == PENDING for one in lines.pending(of_order))
    return _due_now(order, of_order) if runs else Decimal(0)


def _due_now(order: Order, of_order: Lines) -> Decimal:
    held = lines.pending(of_order)
    return deposits.due_now(held).amount if held else order.due


# --- what it leads to


@reading
def look(link: str, secrets: Sequence[str]) -> LinkedOrder:
    """What this link is for, and what has become of it. Raises OrderNotFound."""
    return of(*_proven(link, secrets))


@reading
def linked_order(booking_id: uuid.UUID, until: dt.datetime) -> LinkedOrder | None:
    """For whoever writes the email: the same, of a booking of the order."""
    of_order = repository.beside(booking_id)
    return of(of_order[0].order_id, until) if of_order else None


def of(order_id: uuid.UUID, until: dt.datetime) -> LinkedOrder:
    """Inside the caller's transaction."""
    order, of_order = db.session.get(Order, order_id), repository.of_order(order_id)
    if order is None or not of_order:
        raise OrderNotFound
    latest = payments.latest_charge_now(order.id)
    stage, held = _stage(order, of_order, latest, until), lines.pending(of_order)
    guest = db.session.get(User, order.user_id) if order.user_id else None
    standing = [one for one in lines.in_order(of_order) if one.status in (PENDING, CONFIRMED)]
    told = standing or [lines.first(of_order)]
    return LinkedOrder(
        stage=stage,
        order_id=order.id,
        booking_id=told[0].id,
        room_id=told[0].room_id,
        stays=tuple(booking_summary.of(one, guest, order, of_order) for one in told),
        amount=_due_now(order, of_order),
        shown_total=lines.total(held) if held else order.due,
        good_until=until,
        held_until=_held_until(held, latest),
        last=latest.id if latest else None,
        version=lines.first(of_order).version,
        is_awaited=_awaits(latest),
        is_cancelled=not standing,
        failure=latest.failure if latest else None,
    )


def _stage(order: Order, of_order: Lines, latest: Payment | None, until: dt.datetime) -> str:
    awaited = _awaits(latest)
    if latest and payments.is_open(latest) and not awaited:
        return CHECKING
    if lines.pending(of_order):
        return TO_PAY if awaited or to_request(order, of_order) else HOLD_OVER
    if order.due:
        return TO_PAY if awaited or clock.now() < until else EXPIRED
    if any(one.status == CONFIRMED for one in of_order):
        return PAID
    return NOTHING_TO_PAY if any(one.status == CANCELLED for one in of_order) else HOLD_OVER


def _awaits(latest: Payment | None) -> bool:
    """Whether its guest may be paying at the provider's page, and not for a change of the stay."""
    return latest is not None and payments.awaits_guest(latest) and latest.purpose != payments.FOR_CHANGE


def _held_until(held: Lines, latest: Payment | None) -> dt.datetime | None:
    """Of a hold whose guest may be at the provider's page, as long as that is."""
    ends = [one.held_until for one in held if one.held_until]
    if held and latest and _awaits(latest) and latest.next_at:
        ends = [latest.next_at]
    return min(ends).astimezone(held[0].departure.tzinfo) if ends else None


# --- paying by it


def pay(
    link: str,
    method: str,
    shown: Decimal,
    context: BookingContext,
    secrets: Sequence[str],
    *,
    seen: tuple[uuid.UUID | None, int | None] = (None, None),
) -> None:
    """Charge what is to be paid now; where nothing is, nothing is charged.

    A card that was declined after what its reader has `seen`, the latest charge and the version, is not tried again.
    Raises OrderNotFound, PriceChanged, PaymentInProgress, PaymentFailed, PaymentUnknown, HoldOver, RoomNotAvailable.
    """
    linked = look(link, secrets)
    if linked.stage == CHECKING:
        return
    last, version = seen
    if linked.held_until:
        bookings.pay(BY_LINK, linked.booking_id, method, shown, context, seen_version=version)
    elif linked.stage == TO_PAY:
        rest_payments.pay(BY_LINK, linked.booking_id, method, shown, context, seen=last, asked=True)


def page_of(link: str, shown: Decimal, context: BookingContext, links: Links, secrets: Sequence[str]) -> str | None:
    """Where its reader pays at the provider: one page, however often it is asked for; None where there is nothing to
    pay.

    Raises OrderNotFound, PriceChanged, PaymentInProgress, PaymentPageUnavailable, HoldOver.
    """
    linked = look(link, secrets)
    if linked.stage != TO_PAY:
        return None
    if linked.held_until:
        return hosted.page_of(BY_LINK, linked.booking_id, shown, context, links)
    return rest_payments.page_of(BY_LINK, linked.booking_id, shown, context, links, asked=True)


def came_back(link: str, context: BookingContext, secrets: Sequence[str]) -> None:
    """Its reader says that it is paid at the provider. Raises OrderNotFound."""
    hosted.came_back(BY_LINK, look(link, secrets).booking_id, context)
