"""What the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from booking import api, create_app
from booking.config import Settings
from booking.infra import provider
from tests.cases import each

HOME = Path(__file__).parents[1]
PAGES = [HOME / "README.md", HOME / "CONTRIBUTING.md", HOME / "SECURITY.md", *sorted((HOME / "docs").rglob("*.md"))]
PATH = re.compile(r"`(?:(?:GET|POST|PUT|PATCH|DELETE) )?(/[^\s`]*)`")
FOLDERS = ("/backups", "/dev/", "/etc/", "/proc/", "/srv", "/tmp/", "/usr/", "/var/")  # of a machine


def named() -> list[tuple[str, str]]:
    """(page, path) of every address of ours that a page names."""
    return [
        (str(page.relative_to(HOME)), path)
        for page in PAGES
        for path in PATH.findall(page.read_text())
        if not path.startswith(FOLDERS)
    ]


@pytest.fixture(scope="module")
def answered() -> set[str]:
    """Every path that something answers to, and those it lies below."""
    routes = create_app(Settings.unconnected()).url_map.iter_rules()
    paths = {rule.rule for rule in routes}
    return paths | {path[: end.start()] for path in paths for end in re.finditer("/", path)}


def test_the_documents_name_some_addresses() -> None:
    assert len(named()) >= 5


@each(("page", "path"), named())
def test_every_address_that_a_document_names_is_one_of_ours(answered: set[str], page: str, path: str) -> None:
    whole = re.sub(r"^/api(?!/v\d)", api.PREFIX, path.partition("?")[0])  # /api is another name of /api/v1
    assert whole in answered


@pytest.mark.parametrize("document", ["README.md", "booking/templates/api/docs.html"])
def test_every_test_card_that_behaves_in_its_own_way_is_named(document: str) -> None:
    special = {*provider.DECLINING, provider.SLOW, provider.REFUND_DECLINED, provider.REFUND_SLOW}
    assert special <= set(re.findall(r"pm_card_[a-z_]+", (HOME / document).read_text()))
