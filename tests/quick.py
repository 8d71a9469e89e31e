"""Which cases of a test are in `make check`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first_quick(cases: Iterable[Any], quick: int = 1) -> list[Any]:
    """Parameters of a test whose every case takes long: the first in the fast loop, all with `make test`."""
    listed = list(cases)
    return listed[:quick] + [_slow(case) for case in listed[quick:]]


def _slow(case: Any) -> Any:
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
