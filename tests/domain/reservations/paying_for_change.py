"""A guest who pays for a change at the provider's own page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from booking.domain.errors import (
    BookingModified,
    ChangeActionRequired,
    ChangeUnderWay,
    PaymentPageUnavailable,
    RoomLocked,
    RoomNotAvailable,
)
from booking.domain.maintenance.verification import verify
from booking.domain.reservations import (
    booking_details,
    bookings,
    change_pages,
    hosted,
    payment_pages,
    recovery,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.payment_pages import Links
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
)
from tests.domain.reservations.changing import longer, quoted
from tests.stripe_stand_in import StandIn

LINKS = Links("https://rooms.example/bookings/b/change/paid", "https://rooms.example/bookings/b")
AFTER_THE_HOLD = dt.timedelta(minutes=16)
COME_AGAIN = (BookingModified, ChangeUnderWay, PaymentPageUnavailable, RoomLocked, RoomNotAvailable)
ASKED_FOR, CHANGED = ["pinned"] * 2, 600


class Guest:
    """Alice with three nights for 360, paid by card; the provider's page; and two nights more for 240."""

    def __init__(self, user: User, room: Room, desk: BookingContext, stand_in: StandIn) -> None:
        self.actor, self.room, self.desk, self.stand_in = acting(user), room, desk, stand_in
        self.booked = bookings.book(self.actor, order(user, room), VISA, desk)

    def asks(self, desk: BookingContext | None = None, **wanted: Any) -> str | None:
        """The page where it is to be paid; None: the booking is so already."""
        wish = wanted or longer()
        difference = quoted(self.booked, self.desk, **wish).difference
        try:
            self.agrees(Agreed(StayChange(**wish), difference, links=LINKS), desk)
        except ChangeActionRequired as refusal:
            return str(refusal.named["url"])
        return None

    def agrees(self, agreed: Agreed, desk: BookingContext | None = None) -> Booking:
        return stay_changes.change(self.actor, self.booked.id, agreed, desk or self.desk)

    def page_again(self) -> str | None:
        return change_pages.page_of(self.actor, self.booked.id, self.desk, LINKS)

    def pays(self, method: str = "pm_card_visa", session: dict[str, Any] | None = None) -> None:
        self.stand_in.account.guest_pays((session or self.session)["id"], method)

    def comes_back(self) -> None:
        hosted.came_back(self.actor, self.booked.id, self.desk)

    def hears_from_stripe(self) -> None:
        payment_pages.look(SYSTEM, payments_of(self.booked)[-1].id, self.desk)

    def keeps_it_as_it_is(self) -> None:
        change_pages.withdraw(self.actor, self.booked.id, self.desk)

    @property
    def session(self) -> dict[str, Any]:
        return list(self.stand_in.account.sessions.values())[-1]

    @property
    def shown(self) -> Any:
        return booking_details.trip(self.actor, self.booked.id)

    @property
    def kept(self) -> int:
        """What Stripe has of the guest's money."""
        account = self.stand_in.account
        return int(sum(one["amount_received"] - account.returned(one["id"]) for one in account.intents.values())) // 100

    def has_the_longer_stay(self) -> None:
        now = reload(self.booked)
        assert (now.status, now.check_out, int(now.total_price)) == ("CONFIRMED", longer()["check_out"], CHANGED)
        assert sorted(nights_of(self.room).values()) == ["booked"] * 5
        assert (self.kept, int(order_of(now).paid), int(order_of(now).owed)) == (CHANGED, CHANGED, CHANGED)
        assert (self.shown.change, self.shown.change_not_paid) == (None, False)
        assert verify().findings == []

    def has_the_old_stay(self) -> None:
        now = reload(self.booked)
        same = ("room_id", "check_in", "check_out", "guests", "total_price", "price_lines", "status", "version")
        assert [getattr(now, name) for name in same] == [getattr(self.booked, name) for name in same]
        assert sorted(nights_of(self.room).values()) == ["booked"] * 3
        assert (self.kept, int(order_of(now).paid - order_of(now).refunded)) == (360, 360)
        assert verify().findings == []


def recovered(desk: BookingContext) -> int:
    settled = recovery.recover_payments(SYSTEM, desk)
    bookings.expire_holds(SYSTEM)
    return settled
