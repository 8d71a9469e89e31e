"""`flask data-requests`: a guest’s request written down, answered and settled; what programs get."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, DataRequest, Room, User
from tests.cast import VISA, acting, count, in_days, order, reload
from tests.domain.reservations.test_desk_bookings import CALLER, staff
from tests.domain.reservations.test_guest_erasure import called

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("app")]


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)


def run(runner: FlaskCliRunner, *words: str) -> Result:
    return runner.invoke(args=["data-requests", *words])


def test_a_request_is_written_down_once_listed_and_answered_by_the_export(
    runner: FlaskCliRunner, booked: Booking, tmp_path: Path
) -> None:
    for _ in range(2):
        [made] = json.loads(run(runner, "record", booked.reference, "export", "--note", "by phone", "--json").stdout)
        assert (made["reference"], made["kind"], made["state"]) == (booked.reference, "export", "open")
    assert count(DataRequest) == 1
    assert f"{booked.reference}  export" in run(runner, "list").stdout
    told, file = json.loads(run(runner, "export", booked.reference).stdout), tmp_path / "guest.json"
    assert told["account"]["email"] == "alice@example.com"
    assert "Nobody waits" in run(runner, "list").stdout
    assert [one["state"] for one in json.loads(run(runner, "list", "--settled", "--json").stdout)] == ["done"]
    assert run(runner, "export", booked.reference, "--to", str(file)).exit_code == 0
    assert json.loads(file.read_text())["bookings"][0]["reference"] == booked.reference
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = run(runner, "export", booked.reference, "--to", str(file))
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)


def test_a_guest_who_is_expected_is_not_forgotten_and_one_without_an_account_is(
    runner: FlaskCliRunner, booked: Booking, room: Room, desk: BookingContext
) -> None:
    refused = run(runner, "erase", booked.reference, "--yes")
    assert refused.exit_code == 1
    assert "Error" in refused.stderr
    caller = called(desk, room, CALLER, start=20)
    bookings.cancel(staff(room), caller.id, desk)
    done = run(runner, "erase", caller.reference, "--json")
    assert json.loads(done.stdout)[0]["state"] == "erased"
    assert reload(caller).id == caller.id


def test_one_is_settled_otherwise(runner: FlaskCliRunner, booked: Booking) -> None:
    [made] = json.loads(run(runner, "record", booked.reference, "erase", "--json").stdout)
    [closed] = json.loads(run(runner, "settle", made["id"], "refused", "--json").stdout)
    assert (closed["state"], closed["kind"]) == ("refused", "erasure")
