"""A short storm of invoices for every run; `make storm-invoices` is the long one."""

import pytest

from booking.infra.embedded import Servers
from tests.faults.invoices_storm import run


@pytest.mark.faults
@pytest.mark.programme
@pytest.mark.timeout(300)
def test_no_number_is_missing_or_there_twice_whoever_is_killed(servers: Servers, number: int) -> None:
    outcome = run(200, 8, 1, 1, servers, f"invoices_{number}")
    print("\n".join(outcome.lines()))
    assert outcome.findings == []
    assert (outcome.kills, outcome.open > 0) == (1, True)
