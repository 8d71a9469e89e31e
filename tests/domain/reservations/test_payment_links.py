"""A guest without an account pays by a link that staff has had sent: once, for what is due, while the link is good."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask

from booking.domain import payments, reservations
from booking.domain.actors import Role
from booking.domain.errors import (
    BookingNotFound,
    HoldOver,
    NothingDue,
    OrderNotFound,
    PaymentFailed,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
)
from booking.domain.maintenance import verification
from booking.domain.payments import Contact
from booking.domain.reservations import (
    LinkedOrder,
    PaymentLinks,
    bookings,
    front_desk,
    guarantees,
    holds,
    payment_links,
    resending,
)
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import NoEmailAddress, ResentTooOften
from booking.domain.tables import Booking, Event, Room, User
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SLOW,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    beside,
    later,
    order,
    order_of,
    payments_of,
    reload,
)
from tests.domain.payments.test_schedule import hold as held_in_steps
from tests.domain.payments.test_schedule import pay as paid_deposit
from tests.domain.reservations.test_desk_bookings import staff
from tests.domain.reservations.test_guest_erasure import called
from tests.domain.reservations.test_resending import all_sent
from tests.stripe_stand_in import StandIn

pytest_plugins = ["tests.stripe_stand_in.fixtures"]
pytestmark = pytest.mark.slow

SECRETS = ("a secret",)
LINKS = PaymentLinks("https://rooms.example/pay/x/paid", "https://rooms.example/pay/x")
CAROL = Contact("Carol Calls", "carol@example.com")


@pytest.fixture
def due(desk: BookingContext, room: Room) -> Booking:
    """Confirmed for a caller, 360 EUR to be paid."""
    return called(desk, room, CAROL, start=30)


def link_of(booking: Booking, good_for: dt.timedelta = payment_links.GOOD_FOR) -> str:
    return payment_links.written(booking.order_id, clock.now() + good_for, SECRETS)


def look(link: str) -> LinkedOrder:
    return payment_links.look(link, SECRETS)


def pay(link: str, desk: BookingContext, card: str = VISA, shown: int = 360, **seen: Any) -> None:
    payment_links.pay(link, card, Decimal(shown), desk, SECRETS, **seen)


def charges(booking: Booking) -> list[tuple[str, int, str]]:
    return [(one.purpose, int(one.amount), one.state) for one in payments_of(booking) if one.kind == "charge"]


def agrees() -> bool:
    return verification.verify().findings == []


# --- the link


def test_only_a_link_of_ours_leads_to_an_order(due: Booking) -> None:
    link = link_of(due)
    assert (look(link).stage, look(link).amount) == ("to_pay", Decimal(360))
    assert payment_links.look(link, ("a new secret", *SECRETS)).stage == "to_pay"
    name, _, rest = link.partition(".")
    ends, _, proof = rest.partition("-")
    later_ends = f"{int(ends, 16) + 1:x}"
    wrong = ("", "x", name, f"{name}.", f"{name}.{ends}-", f"{name}.{later_ends}-{proof}", f"{name}.zz-{proof}")
    for forged in (*wrong, f"{name}.{ends}-{proof[:-1]}", payment_links.written(due.order_id, clock.now(), ("other",))):
        with pytest.raises(OrderNotFound):
            look(forged)


def test_it_tells_of_the_stay_and_what_was_paid(due: Booking) -> None:
    payments.record_received(SYSTEM, due.order_id, Decimal(100), by="desk", reference="receipt 1")
    linked = look(link_of(due))
    assert (linked.amount, linked.first.paid, linked.first.reference) == (Decimal(260), Decimal(100), due.reference)
    assert linked.held_until is None


# --- paying by it


def test_what_is_due_is_paid_once_and_the_order_is_paid(due: Booking, desk: BookingContext) -> None:
    link = link_of(due)
    for _ in range(2):
        pay(link, desk)
    assert (charges(due), int(order_of(due).due), look(link).stage) == ([("balance", 360, "succeeded")], 0, "paid")
    assert reload(due).status == "CONFIRMED"
    [entry] = [one for one in front_desk.get_booking(SYSTEM, due.id).history if one.action == "payment.succeeded"]
    assert entry.actor == "system:payment-link"
    bookings.cancel(SYSTEM, due.id, desk)
    assert [one.provider for one in payments_of(due)] == ["simulated", "simulated"]  # and back to the card
    assert (look(link).stage, agrees()) == ("nothing_to_pay", True)


def test_two_who_press_at_once_pay_once(app: Flask, due: Booking, desk: BookingContext) -> None:
    results = all_at_once(app, [partial(pay, link_of(due), desk)] * 4)
    assert all(result is None or isinstance(result, PaymentInProgress) for result in results), results
    assert (charges(due), agrees()) == ([("balance", 360, "succeeded")], True)


def test_a_declined_card_leaves_it_due_and_is_not_tried_again_by_the_same_page(
    due: Booking, desk: BookingContext
) -> None:
    link = link_of(due)
    for _ in range(2):
        with pytest.raises(PaymentFailed):
            pay(link, desk, DECLINED, seen=(None, None))
    assert (charges(due), look(link).failure) == ([("balance", 360, "failed")], "declined")
    with pytest.raises(PaymentFailed):
        pay(link, desk, DECLINED, seen=(look(link).last, None))  # by who has seen that: tried again
    assert len(charges(due)) == 2
    pay(link, desk, seen=(look(link).last, None))
    assert (int(order_of(due).due), agrees()) == (0, True)


def test_another_amount_than_was_shown_is_not_charged(due: Booking, desk: BookingContext) -> None:
    with pytest.raises(PriceChanged):
        pay(link_of(due), desk, shown=359)
    assert charges(due) == []


def test_while_the_bank_is_silent_it_is_being_checked(due: Booking, desk: BookingContext) -> None:
    link = link_of(due)
    with pytest.raises(PaymentUnknown):
        pay(link, desk, SLOW)
    assert look(link).stage == "checking"
    pay(link, desk)
    assert len(charges(due)) == 1


def test_an_old_link_charges_nothing(due: Booking, desk: BookingContext) -> None:
    link = link_of(due, AN_HOUR)
    later(2 * AN_HOUR)
    pay(link, desk)
    assert (look(link).stage, charges(due)) == ("expired", [])
    pay(link_of(due), desk)
    assert look(link).stage == "paid"


def test_the_rest_after_a_deposit_is_paid_by_it(alice: User, room: Room, desk: BookingContext) -> None:
    booked = paid_deposit(held_in_steps(alice, room, desk), desk)
    link = link_of(booked)
    assert look(link).amount == Decimal(252)
    pay(link, desk, shown=252)
    assert (charges(booked)[1], int(order_of(booked).due), agrees()) == (("balance", 252, "succeeded"), 0, True)


def test_a_hold_is_confirmed_by_it_until_it_ends(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    link = link_of(held)
    assert (look(link).held_until, look(link).shown_total) == (held.held_until, Decimal(360))
    pay(link, desk)
    assert (reload(held).status, look(link).stage, agrees()) == ("CONFIRMED", "paid", True)
    other = holds.reserve(acting(alice), order(alice, beside(room, "Attic", 100)), desk)
    later(AN_HOUR)
    assert look(link_of(other)).stage == "hold_over"
    with pytest.raises(HoldOver):
        pay(link_of(other), desk, shown=300)
    assert charges(other) == []


def test_it_is_paid_at_the_providers_page(due: Booking, stripe_desk: BookingContext, stand_in: StandIn) -> None:
    link = link_of(due)
    urls = {payment_links.page_of(link, Decimal(360), stripe_desk, LINKS, SECRETS) for _ in range(2)}
    assert len(urls) == 1
    assert (look(link).stage, look(link).is_awaited) == ("to_pay", True)
    [session] = stand_in.account.sessions.values()
    assert (session["amount_total"], session["success_url"]) == (36000, LINKS.paid)
    stand_in.account.guest_pays(session["id"])
    for _ in range(2):
        payment_links.came_back(link, stripe_desk, SECRETS)
    assert (look(link).stage, charges(due), agrees()) == ("paid", [("balance", 360, "succeeded")], True)
    assert payment_links.page_of(link, Decimal(360), stripe_desk, LINKS, SECRETS) is None


# --- sending it


@reading
def requests() -> list[dict[str, Any]]:
    return [one.payload for one in db.session.query(Event).filter_by(type="payment.requested").order_by(Event.id)]


def test_staff_has_it_sent_once_however_often_it_is_pressed(
    app: Flask, due: Booking, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = staff(room)
    with monkeypatch.context() as slow:  # so that nobody has written before everybody has looked
        slow.setattr(resending, "refuse_too_often", lambda *_: time.sleep(0.05))
        ids = all_at_once(app, [lambda: reservations.request_payment(anna, due.id)] * 3)
    assert len(set(ids)) == 1
    [told] = requests()
    assert (told["bookingId"], told["amount"], told["actor"]) == (encode("booking", due.id), "360.00", str(anna))
    seen = front_desk.get_booking(SYSTEM, due.id)
    assert (seen.mail.emails[0].type, seen.mail.emails[0].id) == ("payment.requested", ids[0])
    [entry] = [one for one in seen.history if one.action == "payment.requested"]
    assert (entry.actor, entry.after["amount"]) == (str(anna), "360.00")


def test_all_that_staff_sends_counts_for_the_day(due: Booking) -> None:
    all_sent()
    confirmation = front_desk.get_booking(SYSTEM, due.id).mail.emails[-1]
    sends = [partial(reservations.resend_email, SYSTEM, due.id, confirmation.id)]
    sends += [partial(reservations.request_payment, SYSTEM, due.id)] * 4
    for send in sends:
        send()
        all_sent()
        later(dt.timedelta(minutes=2))
    with pytest.raises(ResentTooOften):
        reservations.request_payment(SYSTEM, due.id)
    assert len(requests()) == 4


def test_nothing_is_asked_for_that_nobody_could_pay(
    due: Booking, room: Room, desk: BookingContext, alice: User
) -> None:
    payments.record_received(SYSTEM, due.order_id, Decimal(360), by="desk", reference="receipt 1")
    held = holds.reserve(acting(alice), order(alice, beside(room, "Attic", 100)), desk)
    later(AN_HOUR)
    caller = called(desk, beside(room, "Cellar", 80), Contact("Dana", None, "+32 3 765 43 21"))
    for booking, refusal in ((due, NothingDue), (held, HoldOver), (caller, NoEmailAddress)):
        with pytest.raises(refusal):
            reservations.request_payment(SYSTEM, booking.id)
    assert requests() == []


@each("role", [Role.HOUSEKEEPING, None])
def test_whoever_has_no_business_with_it_asks_for_nothing(due: Booking, room: Room, role: Role | None) -> None:
    stranger = staff(room, role) if role else staff(a_room(), Role.OWNER)
    with pytest.raises(BookingNotFound):
        reservations.request_payment(stranger, due.id)
    assert requests() == []


def test_once_it_is_paid_the_email_is_not_sent_again(due: Booking, desk: BookingContext) -> None:
    email = reservations.request_payment(SYSTEM, due.id)
    all_sent()
    assert front_desk.get_booking(SYSTEM, due.id).mail.emails[0].can_be_resent
    pay(link_of(due), desk)
    with pytest.raises(reservations.ResendRefused):
        reservations.resend_email(SYSTEM, due.id, email)


def test_a_hold_that_staff_guarantees_meanwhile_is_due(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    link = link_of(held)
    guarantees.guarantee(SYSTEM, held.order_id, "later")
    assert (look(link).stage, look(link).held_until) == ("to_pay", None)
    pay(link, desk)
    assert (int(order_of(held).due), agrees()) == (0, True)
