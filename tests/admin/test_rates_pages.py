"""Rates as staff sees and changes them, without a script: the calendar, rules as sentences, a range in one go, and what
each change would touch before it is saved.
"""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import pricing
from booking.domain.actors import Role
from booking.domain.pricing import rate_editing
from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import StayRules
from booking.domain.tables import RateRule, Room, User
from booking.http.words import rate_rules
from booking.infra.db import db
from booking.infra.ids import encode
from tests.admin.staff import at_work, statements
from tests.cast import SYSTEM, acting, beside, count, in_days, order
from tests.domain.pricing.test_rate_effects import said
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
RATES, RULES, TAXES, RANGE = "/admin/rates", "/admin/rates/rules", "/admin/taxes", "/admin/rates/range"


@pytest.fixture
def boss(app: Flask, bob: User, room: Room) -> Visitor:
    """Bob, who manages the house."""
    return at_work(app, bob, Role.MANAGER, room)


def day(number: int) -> dt.date:
    return in_days(number).check_in


def here(room: Room, path: str, **query: str) -> str:
    """As the pages write it."""
    asked = {"property": encode("property", room.property_id), **query}
    return path + "?" + "&".join(f"{name}={value}" for name, value in asked.items())


def price(room: Room, date: dt.date) -> Decimal:
    return pricing.nights_of_room(room.id, date, date + dt.timedelta(days=1), StayRules(), 2).nights[0].price


def add(visitor: Visitor, room: Room, kind: str, **typed: Any) -> Visitor:
    """What the form of a new rule sends, up to what it would change."""
    visitor.go(here(room, "/admin/rates/new", kind=kind))
    return visitor.press("See what it would change", rooms="all", **typed)


def save(visitor: Visitor) -> Visitor:
    return visitor.press("Save", save="1")


def rules(room: Room) -> list[RateRule]:
    db.session.expire_all()
    return rate_editing.of_property(SYSTEM, room.property_id)


def test_a_season_is_looked_at_saved_and_seen_in_the_calendar(boss: Visitor, room: Room) -> None:
    add(boss, room, "price", name="Summer", amount="150", **{"from": day(40), "to": day(49)})
    assert "10 nights of 1 room" in boss.text
    assert (price(room, day(40)), rules(room)) == (room.price_per_night, [])
    save(boss)
    assert boss.url.startswith(RULES)
    assert "Saved: 1 rule." in boss.text
    assert "Nights cost €150" in boss.text
    assert price(room, day(40)) == 150
    boss.go(here(room, RATES, month=f"{day(40):%Y-%m}"))
    assert "€150" in boss.text


def test_whatever_is_wrong_stays_as_it_was_typed_beside_why(boss: Visitor, room: Room) -> None:
    add(boss, room, "price", name="Summer", amount="lots", **{"from": day(4), "to": day(2)})
    assert boss.status == 400
    assert "Amount must be a number" in boss.text
    assert boss.page.select_one("#f-amount")["value"] == "lots"  # type: ignore[index]
    assert rules(room) == []


def test_back_to_the_form_keeps_what_was_typed(boss: Visitor, room: Room) -> None:
    add(boss, room, "adjust", name="Weekend", percent="20", weekdays=["5", "6"])
    boss.press("Back to the form", edit="1")
    assert boss.page.select_one("#f-percent")["value"] == "20"  # type: ignore[index]
    assert [one["value"] for one in boss.page.select("[name=weekdays][checked]")] == ["5", "6"]
    assert rules(room) == []


def test_saved_twice_is_saved_once(boss: Visitor, room: Room) -> None:
    add(boss, room, "min_nights", name="Long stays", nights="3")
    shown = boss.response
    save(boss)
    boss.response = shown
    save(boss)
    assert [rule.terms for rule in rules(room)] == [{"nights": 3}]
    assert "It was so already." in boss.text


def test_what_changed_since_it_was_shown_is_shown_anew_before_it_is_saved(boss: Visitor, room: Room) -> None:
    add(boss, room, "price", name="Summer", amount="150")
    rate_editing.add(SYSTEM, room.property_id, said("adjust", "Fair", percent=10))
    save(boss)
    assert boss.status == 409
    assert "Rates have changed in the meantime" in boss.text
    assert [rule.name for rule in rules(room)] == ["Fair"]
    save(boss)
    assert sorted(rule.name for rule in rules(room)) == ["Fair", "Summer"]


KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "adjust": ({"percent": "−10"}, "Nights cost 10% less"),
    "length": ({"steps.nights": ["3", "7"], "steps.percent": ["10", "15"]}, "3 nights or more cost 10% less"),
    "early_bird": ({"days": "60", "percent": "5"}, "Booked 60 days before arrival or earlier"),
    "last_minute": ({"days": "2", "percent": "5"}, "Booked 2 days before arrival or later"),
    "guests": (
        {"included": "1", "extra": "20", "children.age": "5", "children.amount": "0"},
        "each one more costs €20 a night",
    ),
    "dynamic": (
        {"floor": "-10", "ceiling": "30", "step": "5", "steps.occupancy": "80", "steps.days": "30",
         "steps.percent": "10"},
        "With 80% of the rooms taken",
    ),
    "max_nights": ({"nights": "9"}, "Stays have at most 9 nights"),
    "closed_to_arrival": ({"closed": "true", "weekdays": "7"}, "Nobody can arrive"),
    "closed_to_departure": ({"closed": "false"}, "Guests can leave"),
    "notice": ({"days": "2"}, "Guests book at least 2 days before arrival"),
    "horizon": ({"days": "300"}, "Guests book at most 300 days before arrival"),
    "fee": ({"amount": "45", "per": "stay"}, "€45 for the stay"),
    "tax": ({"amount": "3.50", "per": "guest_night", "nights": "7", "fromAge": "16"}, "from the age of 16"),
}  # fmt: skip


def test_each_kind_has_a_form_and_a_sentence(boss: Visitor, room: Room) -> None:
    boss.go(here(room, "/admin/rates/new"))
    offered = [link for link in boss.links() if "kind=" in link]
    assert len(offered) == len(rate_rules.KINDS)
    for kind, (typed, sentence) in KINDS.items():
        add(boss, room, kind, name=f"The {kind}", **typed)
        assert boss.status == 200, (kind, boss.text)
        assert sentence in boss.text, (kind, boss.text)
        save(boss)
        assert sentence in boss.text, kind
    assert len(rules(room)) == len(KINDS)
    assert boss.go(here(room, TAXES)).status == 200
    for rule in rules(room):  # each is shown in its form as it is
        boss.go(f"/admin/rates/{encode('rate', rule.rule_id)}").press("See what it would change", rooms="all", **{
            name: value for name, value in KINDS[rule.kind][0].items() if isinstance(value, list) or name in
            ("closed", "per", "weekdays")
        })  # fmt: skip
        assert "it is so already" in boss.text, rule.kind


def test_a_rule_is_changed_ended_and_put_back(boss: Visitor, room: Room) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150))
    page = f"/admin/rates/{encode('rate', rule_id)}"
    save(boss.go(page).press("See what it would change", amount="160", rooms="all"))
    assert price(room, day(5)) == 160
    save(boss.go(page).press("Take back the last change"))
    assert price(room, day(5)) == 150
    boss.go(page).press("End this rule")
    assert price(room, day(5)) == 150
    save(boss)
    assert price(room, day(5)) == room.price_per_night
    boss.go(here(room, RULES))
    assert "1 rule has ended" in boss.text
    save(boss.go(page).press("Put it back"))
    assert price(room, day(5)) == 150
    assert "Nights cost €160" in boss.go(page).text  # what it was stands in its history


def test_a_range_is_changed_for_rooms_and_kinds_in_one_go(boss: Visitor, room: Room) -> None:
    other = beside(room, "The other", 80)
    boss.go(here(room, RATES, month=f"{day(40):%Y-%m}"))
    link = next(one for one in boss.links() if one.startswith(RANGE) and one.endswith(day(40).isoformat()))
    boss.go(link)
    assert boss.page.select_one("#f-from")["value"] == day(40).isoformat()  # type: ignore[index]
    keys = [f"room:{encode('room', one.id)}" for one in (room, other)]
    typed = {"to": day(42), "rooms": keys, "price": "120", "minNights": "2", "arrival": "closed", "name": "Fair"}
    boss.press("See what it would change", **typed)
    assert "6 nights of 2 rooms" in boss.text
    assert "Arrival: closed" in boss.text
    save(boss)
    assert "Saved: 6 rules." in boss.text
    assert [price(one, day(41)) for one in (room, other)] == [120, 120]


def test_guests_who_are_booking_are_named_with_what_they_keep(
    boss: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(10)), desk)
    add(boss, room, "adjust", name="Fair", amount="10")
    assert held.reference in boss.text
    assert "it would cost" in boss.text


def test_a_sheet_is_downloaded_changed_and_taken_over_after_a_look(boss: Visitor, room: Room) -> None:
    rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150))
    answer = boss.go(here(room, "/admin/rates.csv")).response
    assert answer is not None
    sheet = answer.get_data(as_text=True)
    changed = sheet.replace("amount=150", "amount=175") + ",min_nights,Two,nights=2,0,,,,,\r\n"
    upload(boss, room, changed)
    assert "€150" in boss.text
    assert "Stays have at least 2 nights" in boss.text
    assert count(RateRule) == 1
    save(boss)
    assert "Saved: 2 rules." in boss.text
    assert price(room, day(3)) == 175


def test_each_bad_line_of_a_sheet_is_named_and_nothing_is_written(boss: Visitor, room: Room) -> None:
    lines = (
        "kind,name,terms,room_kind",
        "price,Summer,amount=x,",
        "price,Good,amount=9,",
        "price,Igloo,amount=9,Igloo",
    )
    upload(boss, room, "\n".join(lines))
    assert boss.status == 400
    assert ("Line 2" in boss.text, "Line 3" in boss.text, "Line 4" in boss.text) == (True, False, True)
    assert rules(room) == []
    upload(boss, room, "name,amount\nSummer,3")
    assert "This is not a CSV of rules" in boss.text


def upload(visitor: Visitor, room: Room, text: str) -> None:
    address = here(room, "/admin/rates/sheets")
    visitor.go(address)
    token = visitor.form(address).select_one("[name=csrf_token]")
    assert token is not None
    sent = {"csrf_token": token["value"], "file": (io.BytesIO(text.encode()), "rates.csv")}
    headers = {"Referer": f"http://localhost{address}", "Origin": "http://localhost"}
    visitor._look(address, visitor.client.post(address, data=sent, headers=headers))


def test_the_desk_looks_and_changes_nothing_and_housekeeping_sees_nothing(
    app: Flask, alice: User, bob: User, room: Room
) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150))
    clerk = at_work(app, alice, Role.DESK, room)
    for page in (RATES, RULES, TAXES, f"/admin/rates/{encode('rate', rule_id)}"):
        assert clerk.go(page).status == 200
        assert not [link for link in clerk.links() if "/new" in link or "/range" in link]
    assert clerk.go(RANGE).status == 404
    maid = at_work(app, bob, Role.HOUSEKEEPING, room)
    assert maid.go(RATES).status == 404
    assert RATES not in maid.go("/admin/").links()


@pytest.mark.parametrize("path", [RATES, RULES, TAXES])
def test_a_page_takes_no_more_statements_for_more_rooms_and_rules(boss: Visitor, room: Room, path: str) -> None:
    def look() -> None:
        assert boss.go(path).status == 200

    rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150))
    look()
    few = statements(look)
    for number in range(12):
        beside(room, f"Room {number}", 80 + number)
        rate_editing.add(SYSTEM, room.property_id, said("price", f"Rule {number}", amount=number, priority=number))
    look()
    assert statements(look) == few


def test_the_audit_log_tells_of_rates_in_sentences_and_takes_them_back(app: Flask, alice: User, room: Room) -> None:
    owner = at_work(app, alice, Role.OWNER)
    rule_id = rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150, weekdays=[5, 6]))
    rate_editing.change(SYSTEM, rule_id, said("price", "Summer", amount=160))
    owner.go(f"/admin/audit?thing={encode('rate', rule_id)}")
    for sentence in ("What it does: Nights cost €150 → Nights cost €160", "Weekdays: Fri and Sat"):
        assert sentence in owner.text
    assert "amount=150" not in owner.text
    newest = str(owner.page.select("main form[action$='/undo']")[0]["action"])
    oldest = str(owner.page.select("main form[action$='/undo']")[1]["action"])
    owner.send(oldest)
    assert "This has been changed since" in owner.text
    owner.go(f"/admin/audit?thing={encode('rate', rule_id)}").send(newest)
    assert "Taken back." in owner.text
    assert [rule.terms for rule in rules(room)] == [{"amount": "150"}]
    owner.go(f"/admin/audit?thing={encode('rate', rule_id)}").send(newest)
    assert "This has been changed since" in owner.text


def test_a_rate_plan_has_its_own_page(boss: Visitor, room: Room) -> None:
    """The audit log links every rule the same way."""
    said = pricing.rate_said({"kind": "plan", "name": "Cheap", "terms": {"percent": "-5", "policy": "strict"}})
    key = encode("rate", pricing.add_rate(SYSTEM, room.property_id, said))
    boss.go(f"/admin/rates/{key}")
    assert (boss.status, boss.url) == (200, f"/admin/policies/{key}")
