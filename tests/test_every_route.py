"""Every address that answers a GET is looked at as a page, or says why it is none."""

from __future__ import annotations

import pytest

from booking import create_app
from booking.config import Settings
from tests.browser.every_page import NO_PAGES, PAGES


@pytest.fixture(scope="module")
def endpoints() -> set[str]:
    rules = create_app(Settings.unconnected()).url_map.iter_rules()
    return {rule.endpoint for rule in rules if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api")}


def test_every_address_is_in_one_of_the_lists(endpoints: set[str]) -> None:
    listed = [*PAGES, *NO_PAGES]
    assert sorted(endpoints - set(listed)) == [], "new: to be listed in tests/browser/every_page.py"
    assert sorted(set(listed) - endpoints) == [], "gone"
    assert len(listed) == len(set(listed)), "in both"
