"""Orders as they go out, with whole bookings."""

from __future__ import annotations

from booking.api import schemas
from booking.api.price_schemas import Money
from booking.api.schema import Instant, Schema, instant
from booking.api.schemas import Booking
from booking.domain import payments, reservations
from booking.domain.money import as_number
from booking.infra.ids import encode


class OrderContact(Schema):
    full_name: str
    email: str | None
    phone: str | None
    arrival_time: str | None
    requests: str | None


class Order(Schema):
    id: str
    reference: str
    contact: OrderContact | None
    bookings: list[Booking]
    currency: str
    total: Money
    paid: Money
    refunded: Money
    waived: Money
    due: Money
    held_until: Instant | None
    created_at: Instant


class OrderPage(Schema):
    items: list[Order]
    page: int
    page_size: int
    total: int


def order(known: reservations.OrderDetails) -> Order:
    bought = known.order
    return Order.model_construct(
        id=encode("order", bought.id),
        reference=bought.reference,
        contact=_contact(bought),
        bookings=[schemas.booking(row, known.refunds.get(row.id)) for row in known.bookings],
        currency=bought.currency,
        total=as_number(bought.owed, bought.currency),
        paid=as_number(bought.paid, bought.currency),
        refunded=as_number(bought.refunded, bought.currency),
        waived=as_number(bought.let_off, bought.currency),
        due=as_number(bought.due, bought.currency),
        held_until=instant(known.held_until) if known.held_until else None,
        created_at=instant(bought.created_at),
    )


def _contact(bought: payments.Order) -> OrderContact | None:
    given = payments.contact_of(bought)
    if given is None:
        return None
    return OrderContact.model_construct(
        full_name=given.full_name,
        email=given.email,
        phone=given.phone,
        arrival_time=given.arrival_time and given.arrival_time.isoformat("minutes"),
        requests=given.requests,
    )


def order_page(found: reservations.OrderPage) -> OrderPage:
    return OrderPage.model_construct(
        items=[order(one) for one in found.orders], page=found.page, page_size=found.page_size, total=found.total
    )
