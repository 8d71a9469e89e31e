"""flask bookings show: an order by the reference of any of its bookings."""

from __future__ import annotations

from flask.testing import FlaskCliRunner

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Room, User
from tests.cast import VISA, acting, beside, in_days


def test_an_order_is_shown_by_the_reference_of_any_of_its_bookings(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "Suite", 80)))
    first, second = bookings.book_all(acting(alice), OrderRequest(alice.id, items), VISA, desk)
    bookings.cancel(acting(alice), second.id, desk)
    for reference in (first.reference, second.reference.lower()):
        shown = runner.invoke(args=["bookings", "show", reference])
        lines = shown.output.splitlines()
        assert (shown.exit_code, len(lines)) == (0, 4), shown.output
        assert lines[0].startswith(f"{first.reference} confirmed: Room with a view, ")
        assert lines[1].startswith(f"{second.reference} cancelled: Suite, ")
        assert lines[2] == "Guest: Alice, alice@example.com, no phone."
        assert lines[3].startswith(f"Order {first.reference}: 2 rooms, ")
    unknown = runner.invoke(args=["bookings", "show", "NOTHING1"])
    assert (unknown.exit_code, "NOTHING1" in unknown.output) == (1, True)
