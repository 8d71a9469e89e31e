"""Cash at the desk: one's drawer, closed with a count; twice, late, with bad input; whose is whose."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.payments import Count, DrawerKey
from booking.domain.reservations import bookings, front_desk
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, CashClosing, Room, User
from booking.infra.ids import encode
from tests.admin.staff import at_work, statements
from tests.cases import each
from tests.cast import PASSWORD, a_room, acting, count, later, payments_of, person
from tests.domain.payments.test_by_hand import receive
from tests.domain.payments.test_by_hand import vouched as vouched  # noqa: PLC0414 a fixture
from tests.domain.reservations.changing import findings
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
CASH = "/admin/cash"


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


@pytest.fixture
def manager(app: Flask, room: Room) -> Visitor:
    return at_work(app, person("mia"), Role.MANAGER, room)


def acting_at(user: User, room: Room, role: Role = Role.DESK) -> Actor:
    return Actor.signed_in(user.id, (Membership(role, room.property_id),), uuid.uuid4())


def drawer(room: Room, user: User) -> str:
    house = encode("property", room.property_id)
    return f"{CASH}/drawer?property={house}&currency=EUR&person={encode('user', user.id)}"


def pay(booking: Booking, user: User, room: Room, amount: object, reference: str = "receipt 1") -> None:
    receive(booking, amount, reference, actor=acting_at(user, room))


def closings() -> int:
    return count(CashClosing)


def test_a_shift_from_the_first_guest_to_the_count(clerk: Visitor, bob: User, vouched: Booking, room: Room) -> None:
    clerk.go("/admin/")
    assert CASH in clerk.links()
    assert "No cash has come in" in clerk.go(CASH).text
    clerk.go(drawer(room, bob))
    assert "such as a float? Count it now" in clerk.text
    clerk.go(f"/admin/bookings/{encode('booking', vouched.id)}")
    action = f"/admin/bookings/{encode('booking', vouched.id)}/received"
    clerk.send(action, amount="100.50", by="desk", reference="receipt 1")
    clerk.go(CASH)
    assert all(text in clerk.text for text in ("Expected in the drawer", "€100.50", "receipt 1", "Alice"))
    assert f"/admin/bookings/{encode('booking', vouched.id)}" in clerk.links()
    clerk.send(drawer(room, bob), counted="120,50", kept="30", note="20 put in for change")
    assert "The drawer is closed" in clerk.text
    assert all(text in clerk.text for text in ("€20.00 over", "€90.50", "20 put in for change", "receipt 1", "Bob"))
    clerk.go(CASH)
    assert all(text in clerk.text for text in ("Left from before", "€30.00", "€20.00 over", "No cash has come in"))
    assert kept(clerk, room, bob) == "30.00"
    assert findings() == []


def kept(visitor: Visitor, room: Room, user: User, field: str = "kept") -> str:
    """What stands in a field of the form."""
    [box] = visitor.form(drawer(room, user)).select(f"[name={field}]")
    return str(box["value"])


def test_what_is_corrected_after_its_count_is_nothing_that_was_paid_out(
    manager: Visitor, bob: User, vouched: Booking, room: Room, desk: BookingContext
) -> None:
    pay(vouched, bob, room, 100)
    key = DrawerKey(room.property_id, "EUR", bob.id)
    payments.close_drawer(acting_at(bob, room), key, Count(Decimal(100), Decimal(10), None, Decimal(100), None))
    front_desk.correct_entry(acting_at(bob, room, Role.MANAGER), payments_of(vouched)[0].id, "no", desk.patience)
    text = manager.go(drawer(room, bob)).text
    assert "Corrections of earlier shifts −€100.00 Expected in the drawer −€90.00" in text
    assert "Paid out" not in text


def test_the_same_press_twice_is_one_count(clerk: Visitor, bob: User, vouched: Booking, room: Room) -> None:
    pay(vouched, bob, room, 100)
    form = clerk.go(CASH).form(drawer(room, bob))
    pages = {clerk._send(form, drawer(room, bob), None, counted="100").url for _ in range(2)}
    assert (len(pages), closings(), clerk.status) == (1, 1, 200)
    clerk._send(form, drawer(room, bob), None, counted="90", note="10 short")
    assert (clerk.status, closings()) == (409, 1)
    assert clerk.problems == ["This drawer has been closed since it was shown. Here it is as it is now."]


def test_a_sum_that_has_changed_is_shown_and_the_count_kept(
    clerk: Visitor, bob: User, vouched: Booking, room: Room
) -> None:
    pay(vouched, bob, room, 100)
    clerk.go(CASH)
    pay(vouched, bob, room, 50, "receipt 2")
    clerk.send(drawer(room, bob), counted="150", kept="20")
    assert (clerk.status, closings()) == (409, 0)
    assert "now €150 is expected" in clerk.problems[0]
    assert [kept(clerk, room, bob, field) for field in ("counted", "kept", "shown")] == ["150", "20", "150.00"]
    clerk.send(drawer(room, bob))
    assert (clerk.status, closings()) == (200, 1)


@each(
    "typed, field",
    [
        ({"counted": "a lot"}, "counted"),
        ({"counted": ""}, "counted"),
        ({"counted": "-1"}, "counted"),
        ({"counted": "99"}, "note"),
        ({"counted": "100", "kept": "101"}, "kept"),
        ({"counted": "99", "note": "x" * 256}, "note"),
    ],
)
def test_bad_input_is_said_at_its_field(
    clerk: Visitor, bob: User, vouched: Booking, room: Room, typed: dict[str, str], field: str
) -> None:
    if not payments.list_drawers(acting_at(bob, room)):
        pay(vouched, bob, room, 100)
    clerk.go(CASH).send(drawer(room, bob), typed)
    assert (clerk.status, closings()) == (400, 0)
    assert [str(link["href"]) for link in clerk.page.select(".errors a")] == [f"#f-{field}"]
    assert kept(clerk, room, bob, "counted") == typed["counted"]


def test_a_manager_sees_everybodys_and_closes_them_a_colleague_only_their_own(
    app: Flask, clerk: Visitor, manager: Visitor, bob: User, vouched: Booking, room: Room
) -> None:
    colleague = at_work(app, person("carol"), Role.DESK, room)
    pay(vouched, bob, room, 100)
    assert "Bob" not in colleague.go(CASH).text
    assert colleague.go(drawer(room, bob)).status == 404
    assert drawer(room, bob) in manager.go(CASH).links()
    manager.go(drawer(room, bob)).send(drawer(room, bob), counted="100")
    assert "Closed by Mia" in manager.text
    [seen] = [link for link in clerk.go(CASH).links() if "/closings/" in link]
    assert "Closed by Mia" in clerk.go(seen).text
    assert colleague.go(seen).status == 404
    log = at_work(app, person("olga"), Role.OWNER).go("/admin/audit")
    assert "Cash counted" in log.text
    assert "Expected: €100 Counted: €100 Left in the drawer: €0" in log.text
    assert seen in log.links()


@each(
    "address",
    [
        "closings/closing_x",
        "drawer",
        "drawer?property=x&currency=EUR",
        "?before=x",
        "drawer?property={house}&currency=USD",
    ],
)
def test_what_is_nowhere_is_not_found(clerk: Visitor, room: Room, address: str) -> None:
    place = address.format(house=encode("property", room.property_id))
    assert clerk.go(f"{CASH}{'' if place.startswith('?') else '/'}{place}").status == 404


def test_older_closings_are_on_the_next_page_and_cost_no_more(
    clerk: Visitor, manager: Visitor, bob: User, vouched: Booking, room: Room
) -> None:
    key, who = DrawerKey(room.property_id, "EUR", bob.id), acting_at(bob, room)

    def close() -> None:
        after = payments.get_drawer(who, key)[0].after
        payments.close_drawer(who, key, Count(Decimal(0), Decimal(0), None, Decimal(0), after))

    pay(vouched, bob, room, 10)
    payments.close_drawer(who, key, Count(Decimal(10), Decimal(0), None, Decimal(10), None))
    manager.go(CASH)  # the first page of somebody looks more up
    few = statements(lambda: manager.go(CASH))
    for _ in range(20):
        close()
    assert statements(lambda: manager.go(CASH)) == few
    [older] = [link for link in manager.links() if "before=" in link]
    assert len([link for link in manager.go(older).links() if "/closings/" in link]) == 1


def test_a_refund_of_a_card_at_the_desk_is_paid_out_in_cash(
    clerk: Visitor, alice: User, bob: User, vouched: Booking, room: Room, desk: BookingContext
) -> None:
    receive(vouched, 100, by="terminal")
    bookings.cancel(acting(alice), vouched.id, desk)
    booking, refund = encode("booking", vouched.id), encode("payment", payments_of(vouched)[-1].id)
    page = clerk.go(f"/admin/bookings/{booking}")
    [shown] = page.page.select(f"#returned-{refund}-by option[selected]")
    assert shown["value"] == "terminal"
    page.send(f"/admin/bookings/{booking}/entries/{refund}/returned", by="desk", reference="cash 1")
    clerk.go(CASH)
    assert all(text in clerk.text for text in ("Paid out", "−€100.00", "cash 1"))
    clerk.send(drawer(room, bob), counted="0")
    assert (clerk.status, list(clerk.problems)) == (400, ["Note is needed where the count is not what is expected."])


def test_an_old_sign_in_is_confirmed_before_a_drawer_is_closed(
    clerk: Visitor, bob: User, vouched: Booking, room: Room
) -> None:
    pay(vouched, bob, room, 100)
    clerk.go(CASH)
    later(dt.timedelta(hours=1))
    clerk.send(drawer(room, bob), counted="100")
    assert (closings(), clerk.heading) == (0, "Confirm it’s you")
    clerk.send(drawer(room, bob), confirmPassword=PASSWORD)
    assert (closings(), clerk.heading) == (1, "Cash count")


def test_who_works_at_several_houses_chooses_one_first(app: Flask, bob: User, room: Room) -> None:
    owner, other = at_work(app, bob, Role.OWNER), a_room()
    assert "No cash in any drawer" in owner.go(CASH).text
    owner.send("/admin/property", property=encode("property", other.property_id))
    assert drawer(other, bob) in [form.get("action") for form in owner.go(CASH).page.select("form")]
