"""Backups while guests book: whatever was acknowledged and archived comes back, at any moment that is asked for."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.backup.house import House, restored_bookings
from tests.faults.product import eventually

pytestmark = pytest.mark.timeout(300)


def test_every_acknowledged_booking_comes_back_and_a_moment_is_that_moment(house: House, target: Path) -> None:
    acknowledged: list[str] = []
    done = threading.Event()

    def guests() -> None:
        while not done.is_set():
            acknowledged.append(house.book())
            time.sleep(0.05)

    with house.receiving():
        booking = threading.Thread(target=guests)
        booking.start()
        try:
            eventually(lambda: "backup_made" in house.said(), 60)
            count = len(acknowledged)
            eventually(lambda: len(acknowledged) > count + 5)
        finally:
            done.set()
            booking.join()
        before = house.confirmed()
        assert before >= set(acknowledged)
        moment = house.archived()
        mistake = house.book()
        house.archived()

    drill = house.run("backup", "drill")
    assert drill.returncode == 0, drill.stdout + drill.stderr
    assert f"All agree: {len(before) + 1} bookings" in drill.stdout

    said = house.run("backup", "restore", "--to", str(target), "--at", moment.isoformat())
    assert said.returncode == 0, said.stdout + said.stderr
    assert restored_bookings(house, target) == before
    assert mistake in house.confirmed()
