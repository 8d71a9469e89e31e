"""Postgres in trouble under load, the short form of `make trouble`: 503 in time, /health green, back by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults import trouble
from tests.faults.guests import Guest, registered
from tests.faults.product import Product

pytestmark = [pytest.mark.faults, pytest.mark.programme, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with trouble.copy() as product:
        yield product


@pytest.fixture(scope="module")
def guest(product: Product) -> Guest:
    return registered(product.port, "watcher")


@pytest.mark.parametrize(("number", "name"), list(enumerate(["silent", "read-only", "locked", "gone"])))
def test_who_asks_is_told_in_time_and_it_works_again_by_itself(
    product: Product, guest: Guest, number: int, name: str
) -> None:
    seen = trouble.go_through(product, guest, name, number, 5)
    print(trouble.line(name, seen))
    assert trouble.findings(product, name, seen) == []
