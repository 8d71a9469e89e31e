"""A few seconds of staff and guests at the same rooms for every run; `make storm-desk` is the long one."""

import pytest

from tests.faults.desk_storm import Terms, run


@pytest.mark.faults
@pytest.mark.programme
@pytest.mark.timeout(300)
def test_staff_and_guests_at_the_same_rooms_keep_what_they_were_told() -> None:
    outcome = run(Terms(seconds=10, people=10, kills=1, seed=7, serves_within=30))
    print("\n".join(outcome.lines()))
    assert outcome.findings == []
    assert len(outcome.acts) > 5
