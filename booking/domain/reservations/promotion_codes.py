"""A code on what is held: the bookings of its order cost less, and each of them is a use of the promotion.

Codes are given to holds, so whoever books without one asks nothing more. In one transaction the bookings are locked,
then the promotion; then the bookings that stand are counted. It is READ COMMITTED, so what is counted after the lock
is what everybody before has done: of the last use, one gets it, and the others are told.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from booking.domain import payments, people, pricing
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotFound, HoldOver, Invalid
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.pricing import Promotion, PromotionGuest, StayQuote
from booking.domain.reservations import cancellation, changes, deposits, lines, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import PENDING, Booking, Lines
from booking.domain.reservations.requests import Wanted
from booking.domain.stays import Stay, StayRules
from booking.infra.db import READ_COMMITTED, reading, transaction

CODE = "code"  # the field that a refusal names


@transaction(isolation=READ_COMMITTED)
def use(actor: Actor, order_id: uuid.UUID, code: str, rules: StayRules) -> Lines:
    """Give all that is held of an order the promotion of a code, in the place of any other. Twice is once.

    Raises BookingNotFound, HoldOver, PaymentInProgress; Invalid, which says of the code why it is not to be had.
    """
    held, order = _held(actor, order_id), payments.lock_order(order_id)
    promotion = _found(code, lock=True)
    if all(booking.promotion_id == promotion.id for booking in held):
        return held
    for booking in held:
        stay, today = Stay(booking.check_in, booking.check_out), rules.today(booking.time_zone)
        _refuse(pricing.promotion_problem(promotion, booking.property_id, booking.currency, stay, today))
    guest = PromotionGuest(order.user_id, order.contact_email, order.contact_phone)
    _refuse_beyond_limits(promotion, guest, order_id, len(held))
    for booking in held:
        _price(actor, booking, promotion)
    return held


@transaction(isolation=READ_COMMITTED)
def drop(actor: Actor, order_id: uuid.UUID) -> Lines:
    """All that is held of an order without its promotion. Twice is once. Raises as use() does."""
    held = _held(actor, order_id)
    for booking in held:
        if booking.promotion_id:
            _price(actor, booking, None)
    return held


def use_wanted(actor: Actor, held: Lines, wanted: Wanted, context: BookingContext) -> Lines:
    """What was just held, with the code that was asked for beside it; where that is not to be had, nothing stays held.

    Raises as use() does.
    """
    if wanted.code is None:
        return held
    try:
        return use(actor, held[0].order_id, wanted.code, context.rules)
    except Invalid:
        _give_back(actor, held[0].order_id)
        raise


def take_over(actor: Actor, booking: Booking, making_way: Sequence[Booking], rules: StayRules) -> list[Notice]:
    """A new hold has the code of the ones that make way for it, inside the transaction that ends them: they give back
    a use, and it takes one, so no limit is passed without the promotion's lock. Returns why it is not to be had.
    """
    codes = {one.promotion_id for one in making_way if one.promotion_id}
    promotion = pricing.find_promotion_by_id(codes.pop()) if len(codes) == 1 else None
    if promotion is None:
        return []
    stay, today = Stay(booking.check_in, booking.check_out), rules.today(booking.time_zone)
    problem = pricing.promotion_problem(promotion, booking.property_id, booking.currency, stay, today)
    if problem is None:
        _price(actor, booking, promotion)
    return [problem] if problem else []


@reading
def quoted(actor: Actor, room_id: uuid.UUID, offer: StayQuote, code: str, rules: StayRules) -> StayQuote:
    """What a stay would cost with a code. Raises Invalid, which says of the code why it is not to be had."""
    room, promotion = pricing.for_sale(room_id), _found(code)
    today = rules.today(room.time_zone)
    _refuse(pricing.promotion_problem(promotion, room.property_id, room.currency, offer.stay, today))
    _refuse_beyond_limits(promotion, PromotionGuest(actor.user_id), None, 1)
    price = offer.price
    lines = pricing.promoted(price.lines, pricing.promotion_reason(promotion), price.currency)
    return replace(offer, chosen=replace(offer.chosen, price=replace(price, lines=tuple(lines))))


def price_without(booking: Booking) -> Decimal:
    """What it would cost without its code."""
    lines = pricing.kept_lines(booking.price_lines)
    return pricing.total_of(pricing.promoted(lines, None, booking.currency) if booking.promotion_id else lines)


def keep(booking: Booking, was: Sequence[pricing.Line]) -> None:
    """A hold for other guests was priced anew, and keeps the promotion of the lines that it had."""
    if reason := pricing.promotion_of(was):
        _reprice(booking, reason)


@transaction(isolation=READ_COMMITTED)
def _give_back(actor: Actor, order_id: uuid.UUID) -> None:
    cancellation.give_back(actor, lines.pending(repository.of_order(order_id, lock=True)))


def _held(actor: Actor, order_id: uuid.UUID) -> Lines:
    found = repository.of_order(order_id, lock=True)
    if not found:
        raise BookingNotFound
    for booking in found:
        own, house = booking.user_id, booking.property_id
        people.require(actor, Action.BOOK, own=own, at=house, otherwise=BookingNotFound)
    held = lines.held(found)
    if any(cancellation.shown_status(booking) != PENDING for booking in held):
        raise HoldOver
    return held


def _found(code: str, *, lock: bool = False) -> Promotion:
    promotion = pricing.find_promotion(code, ended=True, lock=lock)
    if promotion is None:
        raise Invalid(details={CODE: Notice("promotion_unknown")})
    return promotion


def _refuse_beyond_limits(promotion: Promotion, guest: PromotionGuest, order_id: uuid.UUID | None, wanted: int) -> None:
    """Inside the transaction that has locked it, unless somebody only asks. Each room is a use."""
    most, own = promotion.most_uses, promotion.most_per_guest
    if most is not None:
        used = pricing.promotion_uses([promotion.id], without_order=order_id).get(promotion.id, 0)
        if used + wanted > most:
            _refuse(Notice("promotion_used_up"))
    if own is not None and pricing.promotion_uses_by(promotion.id, guest, without_order=order_id) + wanted > own:
        _refuse(Notice("promotion_used_by_guest", most=own))


def _refuse(problem: Notice | None) -> None:
    if problem:
        raise Invalid(details={CODE: problem})


def _price(actor: Actor, booking: Booking, promotion: Promotion | None) -> None:
    was = booking.total_price
    booking.promotion_id = promotion.id if promotion else None
    _reprice(booking, pricing.promotion_reason(promotion) if promotion else None)
    repository.save(booking)
    before, after = {"total": str(was)}, {"total": str(booking.total_price)}
    if promotion:
        after["code"] = promotion.code
    changes.audit(actor, "booking.promotion_used" if promotion else "booking.promotion_dropped", booking, before, after)


def _reprice(booking: Booking, reason: pricing.PriceReason | None) -> None:
    was = booking.total_price
    priced = pricing.promoted(pricing.kept_lines(booking.price_lines), reason, booking.currency)
    booking.price_lines = [line.as_json() for line in priced]
    booking.total_price = pricing.total_of(priced)
    booking.policy = deposits.of_other_price(booking.policy, was, booking.total_price, booking.currency)
