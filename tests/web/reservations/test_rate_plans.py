"""Rate plans as guests see them: on the card, side by side at the room, before paying, and once it is booked."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import pricing
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db
from booking.infra.ids import encode
from tests.api.test_rate_plans import moderate, plan_of
from tests.cast import in_days
from tests.domain.pricing.test_projection import RULES, add
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def planned(room: Room) -> Room:
    moderate(room)
    add(room, "plan", name="Non-refundable", percent=-10, policy="non-refundable")
    add(room, "plan", name="Flexible", percent=15, policy="flexible")
    pricing.rebuild_rates(room.property_id, RULES)
    return room


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).sign_in("alice")


def asked(**more: str) -> str:
    stay = in_days(30)
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}{extra}"


def room_page(room: Room, **more: str) -> str:
    return f"/rooms/{encode('room', room.id)}?{asked(guests='2', **more)}"


def chosen(guest: Visitor) -> list[str]:
    labels = guest.page.select(".plans label")
    return [" ".join(one.get_text(" ").split()) for one in labels if one.select("input[checked]")]


def test_plans_stand_side_by_side_and_the_chosen_one_is_reserved_paid_and_confirmed(
    guest: Visitor, planned: Room
) -> None:
    card = guest.go(f"/rooms?location=antwerp&{asked()}").page.select_one(".room-card")
    assert card
    assert "€324" in card.get_text()
    assert "Non-refundable" in card.get_text()
    assert "Free cancellation" not in card.get_text()
    guest.go(str(card.select("a")[0]["href"]))  # as it was shown there
    assert [text.split(" €")[0] for text in chosen(guest)] == ["Non-refundable No refund if you cancel"]
    assert "Standard" in guest.text
    assert "+€36" in guest.text
    assert "Non-refundable: if you cancel, nothing is refunded." in guest.text
    guest.go(room_page(planned, ratePlan=plan_of(planned, "Flexible")))
    assert len(chosen(guest)) == 1
    assert "Flexible Free cancellation until" in chosen(guest)[0]
    guest.send(f"/rooms/{encode('room', planned.id)}/reserve")
    assert "Flexible" in guest.text
    assert "€414" in guest.text
    booking = db.session.scalars(select(Booking)).one()
    guest.send(f"/checkout/{encode('booking', booking.id)}", paymentMethodId="pm_card_visa")
    assert "Rate: Flexible" in guest.text
    assert "Free cancellation until" in guest.text
    guest.go(f"/bookings/{encode('booking', booking.id)}/cancel")
    assert "€414" in guest.text


def test_the_rooms_own_policy_is_chosen_by_saying_so_and_one_that_is_gone_was_not_chosen(
    guest: Visitor, planned: Room
) -> None:
    assert [text.split(" ")[0] for text in chosen(guest.go(room_page(planned, ratePlan="")))] == ["Standard"]
    gone = encode("rate", planned.id)
    assert [text.split(" ")[0] for text in chosen(guest.go(room_page(planned, ratePlan=gone)))] == ["Non-refundable"]


def test_a_hold_follows_to_another_plan_and_is_not_held_twice(guest: Visitor, planned: Room) -> None:
    reserve = f"/rooms/{encode('room', planned.id)}/reserve"
    guest.go(room_page(planned)).send(reserve)
    held = db.session.scalars(select(Booking)).one()
    assert held.total_price == 324
    guest.go(room_page(planned, ratePlan=plan_of(planned, "Flexible")))
    guest.press("Change to this rate")
    db.session.expire_all()
    held = db.session.scalars(select(Booking)).one()
    assert (int(held.total_price), held.policy["plan"]["name"]) == (414, "Flexible")


def test_free_cancellation_is_a_filter_whose_card_and_room_show_the_price_for_that(
    guest: Visitor, planned: Room
) -> None:
    guest.go(f"/rooms?location=antwerp&{asked(freeCancellation='true')}")
    [card] = guest.page.select(".room-card")
    assert "€360" in card.get_text()
    assert "Free cancellation until" in card.get_text()
    assert "Free cancellation" in guest.page.select_one(".chips").get_text()  # type: ignore[union-attr]
    guest.go(str(card.select("a")[0]["href"]))
    assert [text.split(" ")[0] for text in chosen(guest)] == ["Standard"]


def test_where_nothing_is_free_to_cancel_the_search_says_what_would_be_found(guest: Visitor, room: Room) -> None:
    moderate(room)
    stay = in_days(3)
    dates = f"checkIn={stay.check_in}&checkOut={stay.check_out}"
    guest.go(f"/rooms?location=antwerp&{dates}&freeCancellation=true")
    assert "With any cancellation terms" in guest.text


def test_a_room_without_plans_has_no_choice_of_rates(guest: Visitor, room: Room) -> None:
    guest.go(room_page(room))
    assert guest.page.select(".plans") == []
    guest.send(f"/rooms/{encode('room', room.id)}/reserve")
    assert "plan" not in db.session.scalars(select(Booking)).one().policy
