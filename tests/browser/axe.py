"""What axe objects to: all of its rules in the light, those about colours in the dark.

Whether letters can be read takes nine tenths of its time, so it is asked once of all that must look the same: pages
have no styles but those of the style sheets, which go by elements, attributes and the order of siblings.
"""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OF_COLOURS = ["color-contrast", "link-in-text-block"]
OTHERS = {"rules": {rule: {"enabled": False} for rule in OF_COLOURS}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Elements of which each, and each within it, looks as another one before it; the outermost of them.
_ALIKE = """() => {
    const told = new Set(["class", "type", "role", "lang", "dir", "scope", "colspan", "draggable", "aria-current",
        "aria-pressed", "aria-selected", "aria-invalid", "aria-expanded", "aria-sort", "aria-disabled", "aria-hidden"]);
    const seen = new Set(), alike = [];
    const look = (one, place, within) => {
        const attributes = [...one.attributes].map(({name, value}) => told.has(name) ? `${name}=${value}` : name);
        const says = [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
        const holds = [Math.min(one.childElementCount, 5), Boolean(one.querySelector("a, h2, :checked"))];
        const among = [Math.min(place, 3), place % 2, !one.nextElementSibling, one.previousElementSibling?.className];
        const state = [says, one.matches(":checked"), one.matches(":disabled")];
        const how = [within, one.localName, attributes.sort(), holds, among, state].join("|");
        const known = seen.has(how), before = alike.length;
        seen.add(how);
        const all = [...one.children].map((child, at) => look(child, at, how)).every(Boolean);
        if (!known || !all) return false;
        alike.splice(before, alike.length, one);
        return true;
    };
    look(document.body, 0, "");
    return alike;
}"""
_RUN = f"""async ({{rules, once}}) => {{
    const alike = once ? ({_ALIKE})() : [];
    const context = alike.length ? {{include: [document], exclude: alike}} : document;
    const found = await axe.run(context, {{resultTypes: ["violations"], preload: false, ...rules}});
    return found.violations.map(one => `${{one.id}}: ${{one.nodes.map(node => node.target[0])}}`);
}}"""


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page, and with its colours in the dark."""
    page.evaluate(Axe().axe_script)
    found = [f"light: {one}" for one in _run(page, OTHERS)]
    for scheme in SCHEMES:
        # Without transitions: half-way between two schemes, colours are neither.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate("() => new Promise(requestAnimationFrame)")  # colours settle
        colours = {"runOnly": {"type": "rule", "values": OF_COLOURS}}
        found += [f"{scheme}: {one}" for one in _run(page, colours, once=True)]
    return found


def _run(page: Page, rules: dict[str, Any], *, once: bool = False) -> list[str]:
    """`once`: of those that look the same, the first."""
    return list(page.evaluate(_RUN, {"rules": rules, "once": once}))
