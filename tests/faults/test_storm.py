"""A short storm for every run; STORM_ATTEMPTS=5000 STORM_CLIENTS=32 STORM_KILLS=3 is the long one."""

import os

import pytest

from tests.faults.storm import Storm, run


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_whatever_is_killed_every_answer_stays_true():
    sizes = {"attempts": 600, "clients": 12, "kills": 1, "seed": 2026}
    chosen = {name: int(os.environ.get(f"STORM_{name.upper()}", size)) for name, size in sizes.items()}
    storm = run(Storm(**chosen, calm_after=0.4))  # so that leases of the dead run out while others still book
    print("\n".join(storm.lines()))
    assert storm.findings == []
    assert storm.finals["201"] > 50
