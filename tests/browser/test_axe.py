"""What stands on a page many times is looked at once, and what looks different is not missed."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.cases import each

PAGE = """<!doctype html><html lang="en"><title>Rooms</title><style>
    @media (prefers-color-scheme: dark) {{ body {{ background: #000; color: #fff }} }}
    {selector} {{ color: #888; background: #999 }}
</style><main><h1>Rooms</h1><ul>{rows}</ul></main>"""
ROWS = "<li><p><span>Room</span></p><p></p></li>" * 9


@each(
    ("selector", "row"),
    [
        (".late", '<li><p class="late"><span>Room</span></p><p></p></li>'),
        ("[data-gone]", "<li data-gone><p><span>Room</span></p><p></p></li>"),
        ("p + p", "<li><p><span>Room</span></p><p>late</p></li>"),
        ("p > b", "<li><p><span>Room</span></p><p><b>late</b></p></li>"),
        ("li:last-child", "<li><p><span>Room</span></p><p></p></li>"),
        ("li:has(a)", '<li><p><span>Room</span></p><p><a href="/"></a></p></li>'),
        ("[aria-current]", '<li><p><span aria-current="true">Room</span></p><p></p></li>'),
    ],
)
def test_letters_that_nobody_can_read_are_found_wherever_they_stand(page: Page, selector: str, row: str) -> None:
    page.set_content(PAGE.format(selector=selector, rows=ROWS + row + ROWS))
    schemes = [found.split(":")[0] for found in violations(page) if "color-contrast" in found]
    assert schemes == ["light", "dark"]


def test_a_page_without_faults_has_none(page: Page) -> None:
    page.set_content(PAGE.format(selector=".nobody", rows=ROWS))
    assert violations(page) == []
