"""Rate plans from a search to the refund: the card's price is the cheapest plan's that fits, and what is sold stays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain import pricing
from booking.domain.catalogue.cancellation_policies import MODERATE
from booking.domain.pricing import rate_editing
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, RateRule, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import decode, encode
from tests.api.program import Program, dates
from tests.cast import SYSTEM, VISA, acting, beside, in_days, order
from tests.domain.pricing.test_projection import RULES, add

pytestmark = pytest.mark.slow


@transaction
def moderate(room: Room) -> None:
    db.session.execute(update(Room).where(Room.id == room.id).values(cancellation_policy=MODERATE))


def plan_of(room: Room, name: str) -> str:
    rule = db.session.scalars(select(RateRule).where(RateRule.name == name, RateRule.until.is_(None))).one()
    assert rule.property_id == room.property_id
    return encode("rate", rule.rule_id)


@pytest.fixture
def planned(app: Flask, room: Room) -> Room:
    """120 a night, as the room says; 10 % less and nothing back; 15 % more and all back until two hours ahead."""
    moderate(room)
    add(room, "policy", name="Until the last minute", tiers=[{"before": "2h", "refund": "100"}])
    add(room, "plan", name="Non-refundable", percent=-10, policy="non-refundable")
    add(room, "plan", name="Flexible", percent=15, policy=plan_of(room, "Until the last minute"))
    pricing.rebuild_rates(room.property_id, RULES)
    return room


def found(api: Program, start: int = 30, **asked: Any) -> list[tuple[float, str | None]]:
    items = api.get("/rooms", location="antwerp", **dates(in_days(start)), **asked).json["items"]
    return [(item["totalPrice"], item["ratePlan"] and item["ratePlan"]["name"]) for item in items]


def test_the_price_of_a_card_is_the_cheapest_plans_that_fits_and_is_charged(api: Program, planned: Room) -> None:
    stay, room_id = in_days(30), encode("room", planned.id)
    assert found(api) == [(324, "Non-refundable")]
    assert found(api, freeCancellation=True) == [(360, None)]
    quote = api.get(f"/rooms/{room_id}", **dates(stay)).json["quote"]
    offers = [(o["ratePlan"] and o["ratePlan"]["name"], o["totalPrice"], o["difference"]) for o in quote["ratePlans"]]
    assert offers == [("Non-refundable", 324, -36), (None, 360, 0), ("Flexible", 414, 54)]
    assert (quote["totalPrice"], quote["ratePlan"]["name"]) == (324, "Non-refundable")
    wanted = {"roomId": room_id, "guests": 1, "paymentMethodId": VISA, **dates(stay)}
    sold = api.post("/bookings", wanted)
    assert (sold.status_code, sold.json["totalPrice"]) == (201, 324)
    assert sold.json["ratePlan"]["name"] == "Non-refundable"
    assert sold.json["refunds"] == []
    [line] = [line for line in sold.json["lines"] if line["date"] is None]
    assert (line["kind"], line["amount"], line["label"]) == ("discount", -36, "Non-refundable")
    assert line["reasons"][0]["text"] == "Non-refundable: 10% less"
    assert api.post(f"/bookings/{sold.json['id']}/cancel", {}).json["refundAmount"] == 0


def test_only_what_can_still_be_cancelled_free_is_found_where_that_is_asked_for(api: Program, planned: Room) -> None:
    """Near arrival the room's own policy is over, and the flexible plan is not; prices compare as they are shown."""
    assert found(api, start=3, freeCancellation=True) == [(414, "Flexible")]
    assert found(api, start=3) == [(324, "Non-refundable")]
    dear = beside(planned, "Dear", 130)  # with the same plans
    moderate(dear)
    pricing.rebuild_rates(dear.property_id, RULES)
    assert found(api, start=3, freeCancellation=True, sort="price") == [(414, "Flexible"), (448.5, "Flexible")]
    assert found(api, start=30, freeCancellation=True, sort="-price") == [(390, None), (360, None)]
    assert found(api, start=3, freeCancellation=True, maxPrice=140) == [(414, "Flexible")]


def test_a_house_without_plans_is_found_by_its_own_policy(api: Program, room: Room) -> None:
    moderate(room)
    assert found(api, freeCancellation=True) == [(360, None)]
    assert found(api, start=3, freeCancellation=True) == []
    assert found(api, start=3) == [(360, None)]


def test_a_plan_is_sold_with_its_policy_and_keeps_both_whatever_the_house_changes(api: Program, planned: Room) -> None:
    wanted = {"roomId": encode("room", planned.id), "guests": 1, "paymentMethodId": VISA, **dates(in_days(30))}
    sold = api.post("/bookings", wanted | {"ratePlan": plan_of(planned, "Flexible")}).json
    assert (sold["totalPrice"], [(one["percent"], one["amount"]) for one in sold["refunds"]]) == (414, [(100, 414)])
    plan, policy = (decode("rate", plan_of(planned, name)) for name in ("Flexible", "Until the last minute"))
    assert plan
    assert policy
    said = {"kind": "policy", "name": "Until the last minute", "terms": {"tiers": []}}
    rate_editing.change(SYSTEM, policy, RateInput.model_validate(said))
    rate_editing.end(SYSTEM, plan)
    refused = api.post("/bookings", wanted | {"ratePlan": sold["ratePlan"]["id"], **dates(in_days(40))})
    assert (refused.status_code, list(refused.json["details"])) == (400, ["ratePlan"])
    longer = {"checkIn": in_days(30).check_in.isoformat(), "checkOut": in_days(30, 4).check_out.isoformat()}
    quoted = api.post(f"/bookings/{sold['id']}/changes/quote", longer).json
    assert quoted["difference"] == 138  # one night at 120, and 15 % of it
    assert api.post(f"/bookings/{sold['id']}/cancel", {}).json["refundAmount"] == 414


def test_a_stay_by_another_policy_costs_what_it_did(api: Program, planned: Room) -> None:
    """On the room's own policy nothing of plans is in what is sold."""
    wanted = {"roomId": encode("room", planned.id), "guests": 1, "paymentMethodId": VISA, **dates(in_days(30))}
    shown = api.get(f"/rooms/{wanted['roomId']}", ratePlan="own", **dates(in_days(30))).json["quote"]
    sold = api.post("/bookings", wanted | {"ratePlan": "own"}).json
    assert (shown["totalPrice"], shown["ratePlan"]) == (360, None)
    assert (sold["totalPrice"], sold["ratePlan"], len(sold["lines"])) == (360, None, 3)
    [kept] = db.session.scalars(select(Booking))
    assert "plan" not in kept.policy
    assert kept.total_price == Decimal(360)


def test_a_plan_that_is_none_is_refused_by_its_field(api: Program, planned: Room) -> None:
    wanted = {"roomId": encode("room", planned.id), "guests": 1, "paymentMethodId": VISA, **dates(in_days(30))}
    for wrong in ("nonsense", encode("rate", planned.id)):
        refused = api.post("/bookings", wanted | {"ratePlan": wrong})
        assert (refused.status_code, list(refused.json["details"])) == (400, ["ratePlan"])
    shown = api.get(f"/rooms/{wanted['roomId']}", ratePlan=plan_of(planned, "Flexible"), **dates(in_days(30)))
    assert shown.json["quote"]["totalPrice"] == 414
    items = [{**{name: wanted[name] for name in ("roomId", "guests")}, **dates(in_days(30))}]
    held = api.post("/holds", {"items": [items[0] | {"ratePlan": plan_of(planned, "Non-refundable")}]})
    assert (held.status_code, held.json["total"]) == (201, 324)
    assert held.json["bookings"][0]["ratePlan"]["name"] == "Non-refundable"
    assert dt.date.fromisoformat(held.json["bookings"][0]["checkIn"]) == in_days(30).check_in


def test_whoever_names_no_plan_keeps_the_one_of_their_hold(planned: Room, alice: User, desk: BookingContext) -> None:
    def reserved(plan: str) -> tuple[int, bool]:
        held = holds.reserve(acting(alice), replace(order(alice, planned), plan=plan), desk)
        return int(held.total_price), "plan" in held.policy

    plans = (pricing.OWN_PLAN, pricing.CHEAPEST, plan_of(planned, "Flexible"), pricing.CHEAPEST, pricing.OWN_PLAN)
    assert [reserved(plan) for plan in plans] == [(360, False), (360, False), (414, True), (414, True), (360, False)]


def test_where_every_plan_costs_more_nobody_is_sold_one_unasked(api: Program, room: Room) -> None:
    add(room, "plan", name="Flexible", percent=15, policy="flexible")
    pricing.rebuild_rates(room.property_id, RULES)
    assert found(api) == [(360, None)]
    wanted = {"roomId": encode("room", room.id), "guests": 1, "paymentMethodId": VISA, **dates(in_days(30))}
    sold = api.post("/bookings", wanted).json
    assert (sold["totalPrice"], sold["ratePlan"]) == (360, None)


def test_a_deposit_is_in_the_quote_and_only_that_is_charged_at_once(api: Program, room: Room) -> None:
    add(room, "policy", name="Deposit", tiers=[], deposit="30%", restDays=10)
    add(room, "plan", name="Pay later", percent=0, policy=plan_of(room, "Deposit"))
    room_id, stay, plan = encode("room", room.id), in_days(30), plan_of(room, "Pay later")
    quote = api.get(f"/rooms/{room_id}", ratePlan=plan, **dates(stay)).json["quote"]
    deposit = quote["deposit"]
    assert (deposit["amount"], deposit["rest"]) == (108, 252)
    assert deposit["restDueAt"].startswith(str(stay.check_in - dt.timedelta(days=10)))
    assert [offer["deposit"] and offer["deposit"]["amount"] for offer in quote["ratePlans"]] == [None, 108]
    asked = {"roomId": room_id, "guests": 1, "ratePlan": plan, **dates(stay)}
    assert api.post("/quotes", asked).json["deposit"] == deposit
    sold = api.post("/bookings", asked | {"paymentMethodId": VISA})
    assert (sold.status_code, sold.json["totalPrice"]) == (201, 360)
    bought = api.get(f"/orders/{sold.json['orderId']}").json
    assert (bought["paid"], bought["due"]) == (108, 252)
    near = api.get(f"/rooms/{room_id}", ratePlan=plan, **dates(in_days(5))).json["quote"]
    assert near["deposit"] is None
