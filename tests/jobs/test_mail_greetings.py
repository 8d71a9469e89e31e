"""Where the greeting has a line of its own, the email goes on with a capital letter."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path("booking/templates/mail")
AFTER_GREETING = re.compile(r'_\("Hello,"\).*\n\n\{\{ _\("(.)')


def test_each_email_begins_its_first_sentence_with_a_capital() -> None:
    firsts = {
        path.name: found[1]
        for path in TEMPLATES.glob("*.txt")
        if (found := AFTER_GREETING.search(path.read_text(encoding="utf-8")))
    }
    assert len(firsts) >= 7
    assert not [name for name, first in firsts.items() if first.islower()]
