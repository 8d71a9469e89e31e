"""`flask invoices`: list, show, create, credit, export."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from tests.cast import VISA, acting, order

pytestmark = pytest.mark.slow


def test_an_operator_issues_shows_credits_and_exports(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext, tmp_path: Path
) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)

    def said(*words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(runner.invoke(args=["invoices", *words, "--json"]).stdout)
        return found

    [made] = said("create", booking.reference)
    assert (made["total"], made["kind"], made["bookings"]) == ("360.00", "invoice", [booking.reference])
    again = runner.invoke(args=["invoices", "create", booking.reference])
    assert (again.exit_code, "nothing to invoice" in again.output) == (1, True)
    assert len(said("show", made["number"])[0]["lines"]) == 3
    assert "Total: €360.00" in runner.invoke(args=["invoices", "show", made["number"].lower()]).output
    file = tmp_path / "invoice.pdf"
    assert runner.invoke(args=["invoices", "pdf", made["number"], "--out", str(file)]).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    credit, anew = said("credit", made["number"], "--reason", "Wrong name")
    assert (credit["credits"], credit["total"], anew["kind"]) == (made["number"], "-360.00", "invoice")
    assert [one["number"] for one in said("list", "--kind", "credit-note")] == [credit["number"]]
    rows = list(csv.DictReader(runner.invoke(args=["invoices", "export", "--search", "alice"]).stdout.splitlines()))
    assert [row["total"] for row in rows] == ["360.00", "-360.00", "360.00"]
    missing = runner.invoke(args=["invoices", "show", "EU-9-2026-00001"])
    assert (missing.exit_code, "does not exist" in missing.output) == (1, True)
