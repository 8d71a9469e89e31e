"""A request that was let in just before its account was deleted: nothing is booked, and nothing personal comes back."""

from __future__ import annotations

import uuid
from functools import partial

import pytest
from flask import Flask

from booking.domain.actors import Actor
from booking.domain.errors import AccountInUse, AccountNotFound
from booking.domain.people import email_changes, own_account
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, EmailChange, Order, Room, User
from booking.infra.db import db, reading
from tests.cast import SYSTEM, VISA, acting, all_at_once, count, nights_of, order


@reading
def row_of(user: User) -> User:
    return db.session.get_one(User, user.id)


def test_whoever_is_deleted_meanwhile_neither_books_nor_reserves(alice: User, room: Room, desk: BookingContext) -> None:
    account_deletion.remove(SYSTEM, alice.id)
    for way_in in (
        partial(bookings.book, acting(alice), order(alice, room), VISA, desk),
        partial(holds.reserve, acting(alice), order(alice, room), desk),
        partial(holds.reserve, acting(alice), order(alice, room), desk),
    ):
        with pytest.raises(AccountNotFound):
            way_in()
    assert (count(Booking), count(Order), nights_of(room)) == (0, 0, {})


def test_booking_and_deleting_at_once_leave_one_of_both(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    book = partial(bookings.book, acting(alice), order(alice, room), VISA, desk)
    booked, deleted = all_at_once(app, [book, partial(account_deletion.remove, SYSTEM, alice.id)])
    if isinstance(booked, Booking):
        assert isinstance(deleted, AccountInUse)
    else:
        assert isinstance(booked, AccountNotFound)
        assert deleted is None
    assert count(Booking) == (row_of(alice).deleted_at is None)


def test_a_deleted_account_gets_neither_a_name_nor_a_password_nor_an_address(app: Flask, alice: User) -> None:
    account_deletion.remove(SYSTEM, alice.id)
    before = row_of(alice)
    by_itself = Actor.guest(alice.id, uuid.uuid4())
    for change in (
        partial(own_account.rename, by_itself, "Alice Again"),
        partial(own_account._exchange, by_itself, "a hash"),
        partial(email_changes._begin, by_itself, "again@example.com"),
    ):
        with pytest.raises(AccountNotFound):
            change()
    after = row_of(alice)
    assert (after.full_name, after.password_hash, after.email) == (before.full_name, None, before.email)
    assert count(EmailChange) == 0
