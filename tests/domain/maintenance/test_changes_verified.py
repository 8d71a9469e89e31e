"""What `flask bookings verify` finds about changes of stays that no verb could have left so."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from booking.domain import inventory
from booking.domain.errors import PaymentUnknown
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra.db import db, transaction
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, interrupted, order, silent


def rules() -> set[str]:
    return {finding.rule for finding in verification.verify().findings}


@transaction
def broken(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)


def test_what_is_wrong_with_a_change_is_found(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    asked = Agreed(StayChange(check_out=in_days(30, 5).check_out), Decimal(240), method=VISA)
    with pytest.raises(PaymentUnknown):
        stay_changes.change(acting(alice), booking.id, asked, interrupted(desk, silent))
    assert rules() == set()
    broken("UPDATE booking_changes SET payment_id = NULL")
    assert rules() == {"change_without_payment", "payment_of_no_change", "pinned_without_payment"}
    broken("UPDATE booking_changes SET payment_id = (SELECT id FROM payments WHERE purpose = 'change')")
    broken("UPDATE booking_changes SET state = 'failed'")
    assert rules() == {"closed_change_has_nights"}
    broken("UPDATE booking_changes SET state = 'confirmed'")
    assert rules() == {"closed_change_has_nights", "change_not_paid", "booking_changed_otherwise"}
    broken("UPDATE booking_changes SET state = 'pending'")
    free_nights()
    assert rules() == {"change_lacks_nights"}


def test_what_is_wrong_with_who_is_in_the_house_is_found(alice: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    broken("UPDATE bookings SET checked_in_at = check_in + time '15:00' AT TIME ZONE time_zone")
    assert rules() == set()
    broken("UPDATE bookings SET checked_out_at = check_in + 2 + time '09:00' AT TIME ZONE time_zone")
    assert rules() == {"departed_keeps_nights"}
    broken("UPDATE bookings SET checked_out_at = check_out + time '09:00' AT TIME ZONE time_zone")
    assert rules() == set()
    broken("UPDATE bookings SET checked_in_at = check_in - 1 + time '23:59' AT TIME ZONE time_zone")
    assert rules() == {"arrived_too_early"}


def test_a_room_that_another_ones_block_keeps_off_sale_is_found(room: Room) -> None:
    other = a_room()
    today = StayRules().today("Europe/Brussels")
    stay = Stay(today, today + dt.timedelta(days=2))
    inventory.put_out_of_order(SYSTEM, room.id, stay, rules=StayRules(), reason="painting")
    assert rules() == set()
    broken("UPDATE room_statuses SET room_id = :other", other=other.id)
    assert rules() == {"out_of_order_elsewhere"}


@transaction
def free_nights() -> None:
    from booking.domain.tables import BookingChange

    [change] = db.session.query(BookingChange).all()
    inventory.release_unsold_nights(SYSTEM, change.id)


def test_a_price_that_is_not_its_parts_is_found(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    asked = Agreed(StayChange(check_out=in_days(30, 2).check_out), Decimal(-120))
    stay_changes.change(acting(alice), booking.id, asked, desk)
    assert rules() == set()
    broken("UPDATE bookings SET policy = jsonb_set(policy, '{parts,0,amount}', '\"200.00\"')")
    assert rules() == {"price_not_in_parts"}
