"""`flask cash`: what is in the drawers, as an operator and a program read it; closing one with a count."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from booking.domain.actors import Actor, Membership, Role
from booking.domain.catalogue import get_property_name
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, CashClosing, Property, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import acting, count, payments_of
from tests.domain.payments.test_by_hand import receive
from tests.domain.payments.test_by_hand import vouched as vouched  # noqa: PLC0414 a fixture


@transaction
def slug_of(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


def read(runner: FlaskCliRunner, *words: str) -> list[dict[str, Any]]:
    said = runner.invoke(args=["cash", *words, "--json"])
    assert said.exit_code == 0, said.output
    found: list[dict[str, Any]] = json.loads(said.stdout)
    return found


def test_a_drawer_is_listed_shown_and_closed(
    runner: FlaskCliRunner, vouched: Booking, room: Room, alice: User, bob: User
) -> None:
    slug, house = slug_of(room), get_property_name(room.property_id)
    dana = Actor.signed_in(bob.id, (Membership(Role.DESK, room.property_id),), uuid.uuid4())
    receive(vouched, "100.50", actor=dana)
    listed = runner.invoke(args=["cash", "list"])
    assert listed.stdout == f"{house}, Bob: 100.50 EUR expected, 1 entry\n"
    whose = ["--person", bob.email]
    shown = runner.invoke(args=["cash", "show", "--property", slug, *whose])
    assert shown.stdout.splitlines()[1].endswith(f" 100.50 EUR {vouched.reference}, Alice: receipt 1")
    refused = runner.invoke(args=["cash", "close", slug, "90", *whose, "--yes"])
    assert (refused.exit_code, "--note: is needed where the count" in refused.stderr) == (2, True)
    unsure = runner.invoke(args=["cash", "close", slug, "100.50", *whose], input="n\n")
    assert (unsure.exit_code, count(CashClosing)) == (1, 0)
    assert f"{house}, Bob: 100.50 EUR expected, 1 entry. Close it with 100.50 EUR?" in unsure.stdout
    closed = runner.invoke(
        args=["cash", "close", slug, "90", *whose, "--keep", "20", "--note", "rolled away"], input="y"
    )
    assert closed.stdout.rstrip().endswith("100.50 EUR expected, 90.00 EUR counted, 10.50 EUR short")
    told, *closings = read(runner, "list", "--property", slug)
    assert (told["state"], told["expected"], told["entries"]) == ("open", "20.00", 0)
    [one] = closings
    assert (one["counted"], one["difference"], one["handedOver"]) == ("90.00", "-10.50", "70.00")
    assert (one["personId"], one["note"], told["after"]) == (encode("user", bob.id), "rolled away", one["closingId"])
    assert one["closedBy"].startswith("system:cli cash close (")
    [whole] = read(runner, "show", one["closingId"])
    assert [(move["amount"], move["reference"]) for move in whole["movements"]] == [("100.50", "receipt 1")]


def test_a_refund_is_paid_out_in_another_way_than_it_was_paid(
    runner: FlaskCliRunner, alice: User, vouched: Booking, desk: BookingContext
) -> None:
    receive(vouched, 100, by="transfer")
    bookings.cancel(acting(alice), vouched.id, desk)
    refund = encode("payment", payments_of(vouched)[-1].id)
    said = runner.invoke(args=["payments", "returned", refund, "--reference", "cash 1", "--by", "desk"])
    assert (said.exit_code, payments_of(vouched)[-1].provider) == (0, "desk")
    assert read(runner, "list")[0]["expected"] == "-100.00"


@pytest.mark.parametrize(
    "words", [[], ["closing_x"], ["--property", "nowhere"], ["--property", "x", "--person", "no@x.example"]]
)
def test_what_is_not_there_is_said(runner: FlaskCliRunner, words: list[str]) -> None:
    said = runner.invoke(args=["cash", "show", *words])
    assert said.exit_code in (1, 2)
    assert "Error: " in said.stderr
