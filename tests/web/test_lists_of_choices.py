"""Lists of choices whose rows change between two visits: browsers restore ticks by their places, unless told not to."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "booking" / "templates"
CHOICE = re.compile(r'<input[^>]* type="(?:checkbox|radio)"[^>]*>')


def test_no_tick_is_restored_by_its_place() -> None:
    choices = [one for path in TEMPLATES.rglob("*.html") for one in CHOICE.findall(path.read_text())]
    assert choices
    assert [one for one in choices if 'autocomplete="off"' not in one] == []
